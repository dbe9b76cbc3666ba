//! Broken definitions: each is told with file, line and reason, and none of them is fatal.

use daypass_providers::{Catalog, Definition};

/// The smallest definition that is sound; its lines are counted below.
const SOUND: &str = r#"name = "x"
title = "X"
about = "X."
base_url = "https://x.example"
[credential]
label = "Key"
help = "There."
[session]
header = "Authorization"
[effects]
revoke = "Nothing."
[mint.request]
method = "POST"
path = "/t"
headers.Authorization = "Bearer {credential}"
[mint.answer]
token = "/token"
expires = { at = "/expires", notation = "unix_seconds" }
"#;

/// What is told of `SOUND` with `from` replaced by `to`, with the file's name taken off.
fn told(from: &str, to: &str) -> String {
    assert!(from.is_empty() || SOUND.contains(from), "{from}");
    let text = if from.is_empty() { format!("{SOUND}{to}") } else { SOUND.replacen(from, to, 1) };
    match Definition::parse("x.toml", &text) {
        Ok(_) => "sound".to_owned(),
        Err(error) => error.to_string().strip_prefix("x.toml:").unwrap().to_owned(),
    }
}

#[test]
fn the_smallest_definition_is_sound() {
    assert_eq!(told("", ""), "sound");
}

#[test]
fn what_is_wrong_with_a_value_is_told_where_it_stands() {
    let cases = [
        ("name = \"x\"", "name = ", "1: "),
        ("title = \"X\"", "", "1: missing field `title`"),
        ("title = \"X\"", "titel = \"X\"", "2: unknown field `titel`, expected one of "),
        ("title = \"X\"", "title = 7", "2: invalid type: integer `7`, expected a string"),
        ("name = \"x\"", "name = \"X y\"", "1: \"X y\" is not a name: 1 to 32 of a-z, 0-9, _ and -"),
        (
            "https://x",
            "http://x",
            "4: Plain http is only allowed to this machine (localhost, 127.0.0.1, [::1]); use https.",
        ),
        ("header = \"Authorization\"", "header = \"A b\"", "9: \"A b\" is not a header's name"),
        ("headers.Authorization", "headers.Host", "15: the header \"Host\" is written by Daypass itself"),
        ("POST", "post", "13: unknown variant `post`, expected one of `GET`, `POST`, `PUT`, `PATCH`, `DELETE`"),
        ("\"/token\"", "\"token\"", "17: \"token\" is not a JSON pointer; did you mean \"/token\"?"),
        ("\"/token\"", "[]", "17: the array is empty"),
        ("\"unix_seconds\"", "\"unix\"", "18: unknown variant `unix`, expected one of "),
        ("at = \"/expires\", ", "", "18: an expiry in this notation needs its place (at)"),
        ("\"unix_seconds\"", "\"inside_token\"", "18: an expiry in this notation has no place (at)"),
        ("\"unix_seconds\"", "\"unix_seconds\", life = \"1h\"", "18: `life` only goes with the notation as_requested"),
        (
            "{credential}",
            "{credental}",
            "15: there is no placeholder {credental}; there are credential, grant, session_id, device_code, name, life_seconds, life_ms and param.KEY",
        ),
        (
            "{credential}",
            "{credential",
            "15: a brace in \"Bearer {credential\" has no partner; write {{ or }} for the brace itself",
        ),
        ("path = \"/t\"", "path = \"/t\"\njson.at = 2026-01-01", "15: JSON has no dates; write it in quotes"),
        ("path = \"/t\"", "path = \"/t\"\njson.at = nan", "15: JSON has no such number"),
        (
            "[effects]",
            "[answers]\nalready_gone = { is = \"x\" }\n[effects]",
            "11: a rule needs a status, a place (at) or a text (contains)",
        ),
        (
            "[effects]",
            "[answers]\nalready_gone = { status = 1, is = \"x\" }\n[effects]",
            "11: a rule with `is` needs the place (at) to look at",
        ),
        (
            "title = \"X\"",
            "title = \"X\"\ncreate = \"mnt\"",
            "3: invalid value: string \"mnt\", expected the word \"mint\" or a table",
        ),
        (
            "",
            "[create]\nlive = 1",
            "20: unknown field `live`, expected one of `request`, `answer`, `life`, `default_name`",
        ),
    ];
    for (from, to, expected) in cases {
        let told = told(from, to);
        let same = if expected.ends_with(' ') { told.starts_with(expected) } else { told == expected };
        assert!(same, "{from:?} -> {to:?}\n  told: {told}\n  want: {expected}");
    }
}

#[test]
fn what_is_wrong_between_values_is_told_where_it_stands() {
    let revoke = "[revoke.request]\nmethod = \"DELETE\"\n";
    let life = "life = { min = \"1m\", max = \"1h\", default = \"1m\" }";
    let cases: &[(&str, &str, &str)] = &[
        ("Bearer {credential}", "Bearer x", "12: the request of [mint] does not send {credential}"),
        ("{credential}", "{grant}{credential}", "15: {grant} has no value in [mint]"),
        ("{credential}", "{param.a}{credential}", "15: {param.a} is not among the [[params]]"),
        ("\"/t\"", "\"t\"", "14: a path begins with /"),
        ("\"/t\"", "\"{credential}\"", "14: a path begins with /"),
        (
            "\"/t\"",
            "[\"/t\", \"/t?x=1\"]",
            "14: a path is plain text without spaces, ? and #; parameters of the address go into `query`",
        ),
        ("\"/t\"", "\"/t/{credential}\"", "14: {credential} must not stand in an address: addresses end up in logs"),
        (
            "\"/t\"",
            "\"/t\"\nquery.key = \"{credential}\"",
            "15: {credential} must not stand in an address: addresses end up in logs",
        ),
        ("\"/t\"", "\"/t/{name}\"", "14: {name} cannot stand in a path"),
        ("\"/t\"", "\"/t\"\nform.a = \"1\"\njson.a = 1", "16: a request has a json body or a form body, not both"),
        (
            "\"POST\"\npath = \"/t\"",
            "\"GET\"\npath = \"/t\"\njson.a = 1",
            "14: the request of [mint] is a GET, which has no body",
        ),
        ("\"/t\"", "\"/t\"\njson.a = [\n1,\n{ b = \"{session_id}\" },\n]", "17: {session_id} has no value in [mint]"),
        (
            "\"/t\"",
            "\"/t\"\njson.a = \"{life_ms}\"",
            "12: [mint] sends a life, but has no `life` with min, max and default",
        ),
        (
            "[mint.request]",
            &format!("[mint]\n{life}\n[mint.request]"),
            "13: a life is offered, but the request sends no {life_seconds} or {life_ms}",
        ),
        (
            "[mint.request]\n",
            "[mint]\nlife = { min = \"1m\", max = \"1h\", default = \"1d\" }\n[mint.request]\njson.a = \"{life_ms}\"\n",
            "13: the default life must lie between min and max",
        ),
        (
            "[mint.request]\n",
            "[mint]\nlife = { min = \"0m\", max = \"1h\", default = \"1m\" }\n[mint.request]\n",
            "13: \"0m\" is not between 1s and 100y",
        ),
        (
            "[mint.request]\n",
            "[mint]\ndefault_name = \"a\"\n[mint.request]\n",
            "12: [mint] has a default_name, but the request sends no {name}",
        ),
        (
            "{ at = \"/expires\", notation = \"unix_seconds\" }",
            "{ notation = \"as_requested\" }",
            "18: as_requested: the request asks for no life; give the expiry a `life` to take",
        ),
        ("[effects]", "deletes_predecessor = true\n[effects]", "10: deletes_predecessor needs a [revoke]"),
        ("[effects]", "[effects]\nrevoke_all = \"All.\"", "11: there is no revoke_all that this effect belongs to"),
        (
            "title = \"X\"",
            "title = \"X\"\nrevoke_all = \"one_by_one\"",
            "3: revoke_all needs a sentence in [effects]: what it really does",
        ),
        ("", &format!("{revoke}path = \"/s\""), "19: the request of [revoke] does not send {session_id}"),
        (
            "",
            "[renew]\nrequest = { method = \"PUT\", path = \"/t\", json.g = \"{grant}\" }\nanswer = { token = \"/t\", expires = { notation = \"inside_token\" } }",
            "19: [renew] needs a grant, and [mint.answer] does not say where it stands",
        ),
        (
            "[effects]",
            "[[params]]\nkey = \"a\"\nlabel = \"A\"\nhelp = \"a\"\nrequired = true\ndefault = \"1\"\n[effects]",
            "10: the parameter a has a default, so it cannot be required",
        ),
        (
            "[effects]",
            "[[params]]\nkey = \"a\"\nlabel = \"A\"\nhelp = \"a\"\nkind = \"number\"\ndefault = \"x\"\n[effects]",
            "10: The parameter a is not a number.",
        ),
        (
            "[effects]",
            "[[params]]\nkey = \"a\"\nlabel = \"A\"\nhelp = \"a\"\n[[params]]\nkey = \"a\"\nlabel = \"A\"\nhelp = \"a\"\n[effects]",
            "14: the parameter a is there twice",
        ),
        (
            "",
            "[offers.a]\nrequest = { method = \"GET\", path = \"/a\" }\nanswer = { items = \"\", value = \"/v\" }",
            "19: [offers.a] is for a parameter that there is not",
        ),
    ];
    for (from, to, expected) in cases {
        assert_eq!(told(from, to), *expected, "{from:?} -> {to:?}");
    }
}

#[test]
fn a_path_may_only_use_a_parameter_that_is_always_there() {
    let param = |more: &str| format!("[[params]]\nkey = \"a\"\nlabel = \"A\"\nhelp = \"a\"\n{more}\n[effects]");
    let with = |more: &str| SOUND.replace("[effects]", &param(more)).replace("\"/t\"", "\"/t/{param.a}\"");
    assert!(Definition::parse("x.toml", &with("required = true")).is_ok());
    assert!(Definition::parse("x.toml", &with("default = \"1\"")).is_ok());
    let error = Definition::parse("x.toml", &with("")).unwrap_err();
    assert_eq!(error.reason, "{param.a} stands in a path, so it must be required or have a default");
}

#[test]
fn one_by_one_needs_a_list_and_a_revoke() {
    let text = SOUND
        .replace("title = \"X\"", "title = \"X\"\nrevoke_all = \"one_by_one\"")
        .replace("[effects]", "[effects]\nrevoke_all = \"All.\"");
    let error = Definition::parse("x.toml", &text).unwrap_err();
    assert_eq!(error.to_string(), "x.toml:3: \"one_by_one\" needs a [list] and a [revoke]");
}

#[test]
fn broken_files_are_told_and_left_out_and_hurt_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(dir.path().join(name), text).unwrap();
    write("a-broken.toml", b"name = 'a'\n\nfoo");
    write("b-good.toml", SOUND.as_bytes());
    write("c-twin.toml", SOUND.as_bytes());
    write("d-shadow.toml", SOUND.replace("name = \"x\"", "# a comment\nname = \"pocketpaw\"").as_bytes());
    write("e-bytes.toml", b"\xff\xfe");
    write("f-huge.toml", &vec![b'#'; (256 << 10) + 1]);
    std::fs::create_dir(dir.path().join("g-folder.toml")).unwrap();
    write("h-empty.toml", b"");
    write(".#open.toml", b"an editor's");

    let (catalog, errors) = Catalog::load(dir.path());
    let names: Vec<&str> = catalog.all().map(|definition| definition.name()).collect();
    assert_eq!(names, ["antiraid", "discover", "discovr", "pocketpaw", "x"]);
    assert!(!catalog.find("pocketpaw").unwrap().own());
    assert_eq!(catalog.find("nothing").map(|_| ()), None);

    let folder = format!("{}/", dir.path().display());
    let told: Vec<String> = errors.iter().map(|error| error.to_string().replace(&folder, "")).collect();
    let expected = [
        "a-broken.toml:3: ",
        "c-twin.toml:1: the name \"x\" is taken by another file; choose another",
        "d-shadow.toml:2: the name \"pocketpaw\" is taken by a built-in provider; choose another",
        "e-bytes.toml:1: the file cannot be read: stream did not contain valid UTF-8",
        "f-huge.toml:1: the file is longer than 256 KiB",
        "g-folder.toml:1: this is not a file",
        "h-empty.toml:1: missing field `name`",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told}\n{expected}");
        assert!(!told.contains('\n'), "{told}");
    }
}

#[test]
fn a_folder_that_does_not_exist_is_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let (catalog, errors) = Catalog::load(&dir.path().join("none"));
    assert_eq!((catalog.all().count(), errors.len()), (4, 0));
    let file = dir.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (catalog, errors) = Catalog::load(&file);
    assert_eq!((catalog.all().count(), errors.len()), (4, 1));
    assert!(errors[0].reason.starts_with("the folder cannot be read"), "{errors:?}");
}

#[test]
fn the_built_in_definitions_are_all_there() {
    let catalog = Catalog::built_in();
    let names: Vec<&str> = catalog.all().map(|definition| definition.name()).collect();
    assert_eq!(names, ["antiraid", "discover", "discovr", "pocketpaw"]);
    assert!(catalog.all().all(|definition| !definition.own() && definition.base_url().host().is_some()));
}
