//! The settings' file: read, followed and changed, and what its settings do to the keeper.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use daypass_agent::Agent;
use daypass_api::settings::{KeepFresh, Settings, SettingsView, Theme};
use daypass_api::{ApiError, ErrorCode};
use serde_json::{Value, json};

use crate::bed::Bed;

/// How long an edit may take to be in force on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// A file with what a user would lose: comments, an order of its own, every way to write a table.
const OWN: &str = "\
# my settings, keep out
refresh = { keep_fresh = \"all\" } # all of them

clipboard.clear_after = 0x1e # half a minute
[appearance] # looks
language   =   'de'
# dark at night
theme = \"dark\"  # and by day
";

fn write(bed: &Bed, text: &str) {
    let file = bed.home.settings_file();
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn text(bed: &Bed) -> String {
    fs::read_to_string(bed.home.settings_file()).unwrap()
}

/// Waits until the settings are as `wanted` says, and answers them.
async fn until(agent: &Agent, wanted: impl Fn(&SettingsView) -> bool) -> SettingsView {
    let mut snapshots = agent.watch();
    let found = tokio::time::timeout(SOON, snapshots.wait_for(|snapshot| wanted(&snapshot.settings))).await;
    match found {
        Ok(snapshot) => snapshot.unwrap().settings.clone(),
        Err(_) => panic!("they stay {:?}", agent.settings()),
    }
}

/// Waits until copied tokens are cleared away after `seconds`.
async fn clears_after(agent: &Agent, seconds: u64) {
    until(agent, |view| view.settings.clipboard.clear_after == seconds && view.error.is_none()).await;
}

/// Waits until the file is said to be wrong in `line`.
async fn wrong_in(agent: &Agent, line: Option<u32>) -> SettingsView {
    until(agent, |view| view.error.as_ref().is_some_and(|error| error.line == line)).await
}

async fn change(agent: &Agent, patch: Value) -> Result<SettingsView, ApiError> {
    agent.change_settings(patch).await
}

#[tokio::test]
async fn without_a_file_the_defaults_are_in_force() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let view = agent.settings();
    assert_eq!((view.settings, view.error), (Settings::default(), None));
    assert_eq!(Path::new(&view.file), bed.home.settings_file());
    assert!(!bed.home.settings_file().exists(), "nobody asked for one");
}

#[tokio::test]
async fn what_the_file_says_is_in_force_from_the_start() {
    let bed = Bed::new();
    write(&bed, OWN);
    let agent = bed.agent().await;
    let Settings { refresh, clipboard, appearance, notifications, .. } = agent.settings().settings;
    assert_eq!((refresh.keep_fresh, clipboard.clear_after, appearance.theme), (KeepFresh::All, 30, Theme::Dark));
    assert_eq!(notifications, Settings::default().notifications, "what is left out is as by default");
    assert_eq!(agent.watch_settings().borrow().clipboard.clear_after, 30);
}

#[tokio::test]
async fn what_is_wrong_is_told_with_its_line_and_the_defaults_are_in_force() {
    for (wrong, line, words) in [
        ("\n\n[clipboard\nclear_after = 30\n", Some(3), "not TOML"),
        ("[clipboard]\nclear_after = 30\nclear_after = 31\n", Some(3), "duplicate key"),
        ("[clipboard]\n\nclear_aftre = 30\n", Some(3), "no setting \"clear_aftre\" here; there are clear_after"),
        ("# one\n[clipbord]\nclear_after = 30\n", Some(2), "no setting \"clipbord\""),
        ("[refresh]\npaused = \"yes\"\n", Some(2), "\"paused\" is true or false"),
        ("clipboard = 30\n", Some(1), "a group of settings"),
        ("[authority]\nport = 1.5\n", Some(2), "\"port\" is a whole number"),
        ("[quick_copy]\nshortcut = 5\n", Some(2), "\"shortcut\" is a text"),
        ("[clipboard]\nclear_after = 601\n", Some(2), "\"clear_after\" is a whole number from 5 to 600"),
        ("[clipboard]\nclear_after = 4\n", Some(2), "5 to 600"),
        ("[clipboard]\nclear_after = -1\n", Some(2), "\"clear_after\""),
        ("[authority]\nenabled = true\nport = 70000\n", Some(3), "\"port\" is a whole number from 0 to 65535"),
        ("[appearance]\ntheme = \"pink\"\n", Some(2), "\"theme\" is one of these: system, light, dark"),
    ] {
        let bed = Bed::new();
        write(&bed, wrong);
        let view = bed.agent().await.settings();
        assert_eq!(view.settings, Settings::default(), "{wrong}");
        let error = view.error.unwrap_or_else(|| panic!("nothing is said of {wrong}"));
        assert_eq!(error.line, line, "{wrong}: {error:?}");
        assert!(error.message.contains(words) && error.message.ends_with('.'), "{wrong}: {}", error.message);
        assert!(!error.message.contains('\n') && error.said.is_some(), "{error:?}");
    }
}

#[tokio::test]
async fn what_is_no_file_of_settings_is_told_and_nobody_waits_for_it() {
    let bed = Bed::new();
    let file = bed.home.settings_file();
    write(&bed, "");
    for (make, line, words) in [
        (&(|| fs::create_dir(&file)) as &dyn Fn() -> std::io::Result<()>, None, "not a file"),
        (&|| fs::write(&file, b"# fine\n\xff"), Some(2), "UTF-8"),
        (&|| fs::write(&file, "#".repeat(65 << 10)), None, "64 KiB"),
        (&|| symlink("nowhere", &file), None, "link"),
        (
            &|| {
                rustix::fs::mkfifoat(rustix::fs::CWD, &file, rustix::fs::Mode::RUSR)?;
                Ok(())
            },
            None,
            "not a file",
        ),
    ] {
        let _ = fs::remove_file(&file).or_else(|_| fs::remove_dir(&file));
        make().unwrap();
        let agent = bed.agent().await;
        let error = agent.settings().error.unwrap();
        assert_eq!(error.line, line, "{error:?}");
        assert!(error.message.contains(words), "{error:?}");
        agent.stop().await;
    }
}

#[tokio::test]
async fn an_edit_is_in_force_at_once_however_the_file_is_saved() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let (file, other) = (bed.home.settings_file(), bed.dir.path().join("other"));
    let with = |seconds: u64| format!("[clipboard]\nclear_after = {seconds}\n");
    // The folder is made later than the agent started.
    write(&bed, &with(10));
    clears_after(&agent, 10).await;
    fs::write(&file, with(11)).unwrap();
    clears_after(&agent, 11).await;
    // As editors do.
    fs::write(file.with_extension("new"), with(12)).unwrap();
    fs::rename(file.with_extension("new"), &file).unwrap();
    clears_after(&agent, 12).await;
    fs::rename(&file, file.with_extension("toml~")).unwrap();
    fs::write(&file, with(13)).unwrap();
    clears_after(&agent, 13).await;
    fs::remove_file(&file).unwrap();
    clears_after(&agent, 45).await;
    // A collection of such files elsewhere, with links into it.
    fs::create_dir(&other).unwrap();
    fs::write(other.join("daypass.toml"), with(14)).unwrap();
    symlink("daypass.toml", other.join("today.toml")).unwrap();
    symlink(other.join("today.toml"), &file).unwrap();
    clears_after(&agent, 14).await;
    fs::write(other.join("daypass.toml"), with(15)).unwrap();
    clears_after(&agent, 15).await;
    fs::write(other.join("new"), with(16)).unwrap();
    fs::rename(other.join("new"), other.join("daypass.toml")).unwrap();
    clears_after(&agent, 16).await;
    fs::write(other.join("tomorrow.toml"), with(17)).unwrap();
    symlink("tomorrow.toml", other.join("link")).unwrap();
    fs::rename(other.join("link"), other.join("today.toml")).unwrap();
    clears_after(&agent, 17).await;
    // The whole folder goes, and comes back.
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
    clears_after(&agent, 45).await;
    write(&bed, &with(18));
    clears_after(&agent, 18).await;
}

#[tokio::test]
async fn the_last_good_file_stays_in_force_over_bad_ones() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    write(&bed, "[clipboard]\nclear_after = 20\n");
    clears_after(&agent, 20).await;
    let mut applied = agent.watch_settings();
    applied.mark_unchanged();
    write(&bed, "[clipboard]\nclear_after = 1000\n");
    assert_eq!(wrong_in(&agent, Some(2)).await.settings.clipboard.clear_after, 20);
    write(&bed, "clear_after = 30\n");
    assert_eq!(wrong_in(&agent, Some(1)).await.settings.clipboard.clear_after, 20);
    let file = bed.home.settings_file();
    fs::remove_file(&file).unwrap();
    symlink("gone", &file).unwrap();
    assert_eq!(wrong_in(&agent, None).await.settings.clipboard.clear_after, 20, "no file was taken away");
    assert!(!applied.has_changed().unwrap());
    fs::remove_file(&file).unwrap();
    write(&bed, "[clipboard]\nclear_after = 21\n");
    clears_after(&agent, 21).await;
    assert!(applied.has_changed().unwrap());
}

#[tokio::test(start_paused = true)]
async fn what_the_kernel_does_not_tell_is_seen_within_half_a_minute() {
    let bed = Bed::new();
    let (config, root) = (bed.home.settings_file().parent().unwrap().to_path_buf(), bed.dir.path());
    for (name, seconds) in [("one", 10), ("two", 11)] {
        fs::create_dir(root.join(name)).unwrap();
        fs::write(root.join(name).join("config.toml"), format!("clipboard.clear_after = {seconds}")).unwrap();
    }
    symlink("one", &config).unwrap();
    let agent = bed.agent().await;
    assert_eq!(agent.settings().settings.clipboard.clear_after, 10);
    // The folder that was watched stays as it is: only the way to it is another.
    symlink("two", root.join("link")).unwrap();
    fs::rename(root.join("link"), &config).unwrap();
    crate::bed::pass(31.0).await;
    assert_eq!(agent.settings().settings.clipboard.clear_after, 11);
    // Written by another name that it has: the folder that is watched hears nothing of that.
    fs::hard_link(config.join("config.toml"), root.join("elsewhere")).unwrap();
    crate::bed::pass(31.0).await;
    fs::write(root.join("elsewhere"), "clipboard.clear_after = 120").unwrap();
    crate::bed::pass(31.0).await;
    assert_eq!(agent.settings().settings.clipboard.clear_after, 120);
}

#[tokio::test]
async fn the_first_change_makes_a_file_that_explains_itself() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let view = change(&agent, json!({"clipboard": {"clear_after": 30}, "start_at_login": true})).await.unwrap();
    assert_eq!((view.settings.clipboard.clear_after, view.settings.start_at_login), (30, true));
    assert_eq!(agent.watch_settings().borrow().clipboard.clear_after, 30);
    let made = text(&bed);
    assert!(made.starts_with("# The settings of Daypass."), "{made}");
    assert!(made.contains("clear_after = 30\n") && made.contains("start_at_login = true\n"), "{made}");
    let values: Vec<_> = made.lines().zip(made.lines().skip(1)).filter(|(_, line)| line.contains(" = ")).collect();
    assert_eq!(values.len(), 16, "every setting: {values:?}");
    for (above, line) in values {
        assert!(above.starts_with("# ") && above.ends_with('.'), "{line} is explained");
    }
    let mode = fs::metadata(bed.home.settings_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let back = json!({"clipboard": {"clear_after": 45}, "start_at_login": false});
    assert_eq!(change(&agent, back).await.unwrap().settings, Settings::default(), "all else is as by default");
    let others = fs::read_dir(bed.home.settings_file().parent().unwrap()).unwrap().count();
    assert_eq!(others, 1, "nothing is left beside it");
}

#[tokio::test]
async fn a_change_leaves_everything_else_as_its_user_wrote_it() {
    let bed = Bed::new();
    write(&bed, OWN);
    let agent = bed.agent().await;
    change(&agent, json!({"clipboard": {"clear_after": 60}})).await.unwrap();
    assert_eq!(text(&bed), OWN.replace("0x1e", "60"));
    change(&agent, json!({"appearance": {"theme": "light"}})).await.unwrap();
    assert_eq!(text(&bed), OWN.replace("0x1e", "60").replace("\"dark\"", "\"light\""));
    change(&agent, json!({"appearance": {"theme": "dark"}, "clipboard": {"clear_after": 30}})).await.unwrap();
    let paused = json!({"refresh": {"paused": true}, "authority": {"port": 7278}});
    assert!(change(&agent, paused).await.unwrap().settings.refresh.paused);
    let expected = OWN.replace("0x1e", "30").replace("\"all\" }", "\"all\" , paused = true }")
        + "\n[authority]\n# Its port on the loopback address; 0 for any that is free.\nport = 7278\n";
    let without_space = |text: &str| text.replace(" ,", ",");
    assert_eq!(without_space(&text(&bed)), without_space(&expected));
}

#[tokio::test]
async fn nothing_is_written_where_nothing_changes() {
    let bed = Bed::new();
    write(&bed, OWN);
    let agent = bed.agent().await;
    for patch in [json!({}), json!({"clipboard": {}}), json!({"clipboard": {"clear_after": 30}})] {
        change(&agent, patch).await.unwrap();
        assert_eq!(text(&bed), OWN);
    }
    change(&agent, json!({"clipboard": {"clear_after": null}, "refresh": null})).await.unwrap();
    let settings = agent.settings().settings;
    assert_eq!((settings.clipboard.clear_after, settings.refresh.keep_fresh), (45, KeepFresh::Used), "as by default");
}

#[tokio::test]
async fn whoever_is_told_of_a_change_meets_it_in_the_snapshot() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let snapshots = agent.watch();
    for seconds in [50, 60, 70] {
        change(&agent, json!({"clipboard": {"clear_after": seconds}})).await.unwrap();
        assert_eq!(snapshots.borrow().settings.settings.clipboard.clear_after, seconds);
    }
}

#[tokio::test]
async fn a_change_that_does_not_fit_changes_nothing() {
    let bed = Bed::new();
    write(&bed, OWN);
    let agent = bed.agent().await;
    for patch in [
        json!([]),
        json!("dark"),
        json!({"clipboard": {"clear_after": 601}}),
        json!({"clipboard": {"clear_after": 30.5}}),
        json!({"clipboard": 30}),
        json!({"nonsense": true}),
        json!({"appearance": {"theme": "pink", "language": "en"}}),
        json!({"quick_copy": {"shortcut": ["Ctrl+C"]}}),
    ] {
        let error = change(&agent, patch.clone()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::BadRequest, "{patch}: {error}");
        assert_eq!(text(&bed), OWN);
    }
    assert_eq!(agent.settings().settings.clipboard.clear_after, 30);
}

#[tokio::test]
async fn a_file_with_an_error_is_its_users_to_mend() {
    let bed = Bed::new();
    write(&bed, OWN);
    let agent = bed.agent().await;
    let wrong = format!("{OWN}colour = 5\n");
    write(&bed, &wrong);
    // Whether or not the edit was noticed before.
    let error = change(&agent, json!({"clipboard": {"clear_after": 60}})).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(error.message.contains("in line 9") && error.message.contains("colour"), "{error}");
    assert_eq!(text(&bed), wrong);
    let view = agent.settings();
    assert_eq!((view.settings.clipboard.clear_after, view.error.unwrap().line), (30, Some(9)));
}

#[tokio::test]
async fn a_change_goes_through_a_link_and_the_link_stays() {
    let bed = Bed::new();
    let (file, own) = (bed.home.settings_file(), bed.dir.path().join("mine.toml"));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&own, OWN).unwrap();
    fs::set_permissions(&own, Permissions::from_mode(0o644)).unwrap();
    symlink("../mine.toml", &file).unwrap();
    let agent = bed.agent().await;
    change(&agent, json!({"clipboard": {"clear_after": 60}})).await.unwrap();
    assert!(file.is_symlink());
    assert_eq!(fs::read_to_string(&own).unwrap(), OWN.replace("0x1e", "60"));
    assert_eq!(fs::metadata(&own).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn where_the_file_cannot_be_written_nothing_changes() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    // Its folder cannot be made.
    fs::write(bed.home.settings_file().parent().unwrap(), "").unwrap();
    let error = change(&agent, json!({"clipboard": {"clear_after": 60}})).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal, "{error}");
    fs::remove_file(bed.home.settings_file().parent().unwrap()).unwrap();
    clears_after(&agent, 45).await;
    agent.stop().await;
    let error = change(&agent, json!({"clipboard": {"clear_after": 60}})).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Offline);
    assert!(!bed.home.settings_file().exists());
}

#[tokio::test]
async fn changes_that_come_together_are_all_kept() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let patches = [
        json!({"clipboard": {"clear_after": 60}}),
        json!({"refresh": {"paused": true}}),
        json!({"appearance": {"theme": "dark"}}),
        json!({"notifications": {"copied": false}}),
    ];
    let changes: Vec<_> = patches
        .into_iter()
        .map(|patch| {
            let agent = agent.clone();
            tokio::spawn(async move { change(&agent, patch).await.unwrap() })
        })
        .collect();
    for change in changes {
        change.await.unwrap();
    }
    let Settings { clipboard, refresh, appearance, notifications, .. } = agent.settings().settings;
    assert_eq!((clipboard.clear_after, refresh.paused), (60, true));
    assert_eq!((appearance.theme, notifications.copied), (Theme::Dark, false));
    let again = bed.agent().await.settings();
    assert_eq!((again.settings, again.error), (agent.settings().settings, None));
}
