//! Where Daypass keeps its things, by the environment.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use daypass_api::home::private_folder;
use daypass_api::{ErrorCode, Home};

/// The home under an environment that has these variables alone.
fn home(variables: &[(&str, &str)]) -> Result<Home, daypass_api::ApiError> {
    Home::from_env(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| OsString::from(value)))
}

#[test]
fn one_variable_puts_all_under_one_folder() {
    let home = home(&[("DAYPASS_HOME", "/srv/daypass"), ("HOME", "/me"), ("XDG_DATA_HOME", "/data")]).unwrap();
    assert_eq!(home, Home::under(Path::new("/srv/daypass")));
    assert_eq!(home.vault_file(), Path::new("/srv/daypass/data/vault.sqlite"));
    assert_eq!(home.providers_dir(), Path::new("/srv/daypass/config/providers"));
    assert_eq!(home.socket().unwrap(), Path::new("/srv/daypass/run/agent.sock"));
}

#[test]
fn otherwise_the_base_directories_count() {
    let home = home(&[
        ("HOME", "/me"),
        ("XDG_CONFIG_HOME", "/config"),
        ("XDG_DATA_HOME", "/data"),
        ("XDG_RUNTIME_DIR", "/run/user/1000"),
    ])
    .unwrap();
    assert_eq!(home.providers_dir(), Path::new("/config/daypass/providers"));
    assert_eq!(home.vault_file(), Path::new("/data/daypass/vault.sqlite"));
    assert_eq!(home.socket().unwrap(), Path::new("/run/user/1000/daypass/agent.sock"));
}

#[test]
fn each_has_its_documented_default() {
    let home = home(&[("HOME", "/me")]).unwrap();
    assert_eq!(home.providers_dir(), Path::new("/me/.config/daypass/providers"));
    assert_eq!(home.vault_file(), Path::new("/me/.local/share/daypass/vault.sqlite"));
    assert_eq!(home.socket().unwrap(), Path::new("/me/.local/share/daypass/run/agent.sock"));
}

#[test]
fn relative_and_empty_ones_are_ignored() {
    let with =
        home(&[("HOME", "/me"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", ""), ("XDG_RUNTIME_DIR", "run")]);
    assert_eq!(with, home(&[("HOME", "/me")]));
    assert_eq!(home(&[("DAYPASS_HOME", ""), ("HOME", "/me")]), home(&[("HOME", "/me")]));
}

#[test]
fn without_any_the_user_is_told_what_to_set() {
    let error = home(&[]).unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(error.message.contains("DAYPASS_HOME"), "{error}");
}

#[test]
fn a_home_that_depends_on_the_present_folder_is_refused() {
    let error = home(&[("HOME", "me")]).unwrap_err();
    assert!(error.message.contains("HOME is not an absolute path"), "{error}");
    // Where nothing is looked for in it, it does not matter.
    home(&[("HOME", "me"), ("XDG_CONFIG_HOME", "/config"), ("XDG_DATA_HOME", "/data")]).unwrap();
}

#[test]
fn a_path_that_no_socket_can_have_is_told_and_not_cut() {
    // `/…/run/agent.sock` of 107 bytes is the longest that the kernel takes.
    let of_length =
        |length: usize| Home::under(Path::new(&format!("/{}", "x".repeat(length - 1 - "/run/agent.sock".len()))));
    assert_eq!(of_length(107).socket().unwrap().as_os_str().len(), 107);
    let error = of_length(108).socket().unwrap_err();
    assert!(error.message.contains("set DAYPASS_HOME to a shorter one"), "{error}");
}

#[test]
fn a_private_folder_is_for_its_owner_alone_however_it_was_made() {
    let scratch = tempfile::tempdir().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = scratch.path().join("home/run");
    private_folder(&folder).unwrap();
    assert_eq!((mode(&folder), mode(folder.parent().unwrap())), (0o700, 0o700));
    for widened in [0o755, 0o777, 0o500] {
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(widened)).unwrap();
        private_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700, "from {widened:o}");
    }
    let file = scratch.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("run")] {
        let error = private_folder(&path).unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal);
        assert!(error.message.contains("cannot be made") && !error.message.contains("os error"), "{error}");
    }
}

#[test]
fn a_private_folder_of_another_user_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let theirs = scratch.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    // Root gives a folder away; anybody else finds one of root's.
    let theirs = if std::os::unix::fs::chown(&theirs, Some(65534), None).is_ok() { theirs } else { "/".into() };
    let before = std::fs::metadata(&theirs).unwrap().permissions();
    let error = private_folder(&theirs).unwrap_err();
    assert!(error.message.contains("another user"), "{error}");
    assert_eq!(std::fs::metadata(&theirs).unwrap().permissions(), before);
}
