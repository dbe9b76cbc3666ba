//! The key in a real keyring: found, locked, absent, mute, and gone.
//!
//! Every test runs itself again on a session bus of its own, with a gnome-keyring where it wants one: the keyring is
//! found through the environment, which the tests of one process share.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use daypass_agent::{Agent, KeySource};
use daypass_api::ErrorCode;
use daypass_api::view::VaultView;
use zbus::blocking::fdo::DBusProxy;
use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};

use crate::bed::{Bed, account, pass, read, work};

/// Set in a test that runs on its own bus.
const INSIDE: &str = "DAYPASS_TEST_ON_ITS_OWN_BUS";
const PASSWORD: &str = "the keyring's password";
pub(crate) const SERVICE: &str = "org.freedesktop.secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";

/// Runs `story` in the test of this name, on a bus on which nothing is started unasked.
pub(crate) fn on_its_own_bus<F: Future<Output = ()>>(test: &str, story: impl FnOnce() -> F) {
    if std::env::var_os(INSIDE).is_some() {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story());
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("bus.conf");
    let text = format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"
         \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">
        <busconfig><type>session</type><listen>unix:dir={}</listen><auth>EXTERNAL</auth>
        <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/>
        <allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
        home.path().display()
    );
    std::fs::write(&config, text).unwrap();
    let run = home.path().join("run");
    std::fs::create_dir(&run).unwrap();
    std::fs::set_permissions(&run, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let output = Command::new("dbus-run-session")
        .arg(format!("--config-file={}", config.display()))
        .arg("--")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", &run)
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 passed"), "{told}");
}

/// Starts the keyring with its only collection open. It ends with the bus.
pub(crate) fn start_keyring() {
    let mut daemon = Command::new("gnome-keyring-daemon")
        .args(["--unlock", "--components=secrets"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    daemon.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(daemon.wait().unwrap().success());
    // It goes to the background before it is on the bus.
    let bus = Connection::session().unwrap();
    let names = DBusProxy::new(&bus).unwrap();
    let owned = || names.name_has_owner(SERVICE.try_into().unwrap()).unwrap().then_some(());
    daypass_test_support::wait::until("the keyring on the bus", Duration::from_secs(10), owned);
}

fn proxy(bus: &Connection, interface: &'static str) -> Proxy<'static> {
    Proxy::new(bus, SERVICE, "/org/freedesktop/secrets", interface).unwrap()
}

pub(crate) fn lock() {
    let service = proxy(&Connection::session().unwrap(), "org.freedesktop.Secret.Service");
    let collections = [ObjectPath::from_static_str(COLLECTION).unwrap()];
    let _: (Vec<OwnedObjectPath>, OwnedObjectPath) = service.call("Lock", &(&collections[..],)).unwrap();
}

/// Opens the collection with its password, as a login does.
pub(crate) fn unlock() {
    let bus = Connection::session().unwrap();
    let (_, session): (OwnedValue, OwnedObjectPath) =
        proxy(&bus, "org.freedesktop.Secret.Service").call("OpenSession", &("plain", Value::from(""))).unwrap();
    let secret = (session, Vec::<u8>::new(), PASSWORD.as_bytes(), "text/plain");
    let collection = ObjectPath::from_static_str(COLLECTION).unwrap();
    let internal = proxy(&bus, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface");
    let () = internal.call("UnlockWithMasterPassword", &(collection, secret)).unwrap();
}

/// The id of the vault, which the keyring's entry is named after.
fn vault_id(bed: &Bed) -> String {
    let db = rusqlite::Connection::open(bed.home.vault_file()).unwrap();
    db.query_row("SELECT id FROM vault", [], |row| row.get(0)).unwrap()
}

fn secret_tool(bed: &Bed, what: &str) -> String {
    let user = format!("vault-key-{}", vault_id(bed));
    let output = Command::new("secret-tool").args([what, "service", "daypass", "username", &user]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The process id of the keyring that owns the name on the bus.
pub(crate) fn keyring_pid() -> String {
    let output = Command::new("dbus-send")
        .args(["--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"])
        .args(["org.freedesktop.DBus.GetConnectionUnixProcessID", "string:org.freedesktop.secrets"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().split_whitespace().last().unwrap().to_owned()
}

pub(crate) fn signal(signal: &str, pid: &str) {
    assert!(Command::new("kill").args([signal, pid]).status().unwrap().success());
}

/// A keyring that answers, and an agent whose vault has its key there and holds the account `work`.
pub(crate) async fn with_an_account() -> (Bed, Agent) {
    start_keyring();
    let bed = bed();
    let agent = bed.agent().await;
    until_open(&agent).await;
    agent.add_account(account("discovr", "work")).await.unwrap();
    (bed, agent)
}

pub(crate) async fn until_open(agent: &Agent) {
    let open = async {
        while agent.snapshot().vault != VaultView::Open {
            pass(0.05).await;
        }
    };
    let opened = tokio::time::timeout(Duration::from_secs(40), open).await;
    assert!(opened.is_ok(), "still {:?}", agent.snapshot().vault);
}

/// The first state of the vault that comes of the keyring's answer.
pub(crate) async fn settled(agent: &Agent) -> VaultView {
    for _ in 0..400 {
        match &agent.snapshot().vault {
            VaultView::Slow { .. } => pass(0.05).await,
            other => return other.clone(),
        }
    }
    panic!("the keyring was never settled");
}

pub(crate) fn bed() -> Bed {
    Bed { key: KeySource::Keyring, ..Bed::new() }
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

#[test]
fn the_key_is_stored_once_and_found_again() {
    on_its_own_bus("keyring::the_key_is_stored_once_and_found_again", || async {
        let (bed, agent) = with_an_account().await;
        agent.stop().await;
        let key = secret_tool(&bed, "lookup");
        assert!(key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let agent = bed.agent().await;
        read(&agent).await.unwrap();
        agent.stop().await;
        assert_eq!(secret_tool(&bed, "lookup"), key);

        // Another home has a key of its own in the same keyring.
        let other = Bed { key: KeySource::Keyring, chance: bed.chance.clone(), ..Bed::new() };
        let agent = other.agent().await;
        until_open(&agent).await;
        agent.stop().await;
        assert_ne!(secret_tool(&other, "lookup"), key);
        assert_eq!(secret_tool(&bed, "lookup"), key);
    });
}

#[test]
fn a_locked_keyring_is_told_and_opens_without_a_restart() {
    on_its_own_bus("keyring::a_locked_keyring_is_told_and_opens_without_a_restart", || async {
        let (bed, agent) = with_an_account().await;
        lock();
        read(&agent).await.expect("what is held goes on being served");
        agent.refresh("work").await.expect("and refreshed");
        agent.stop().await;
        let before = bytes(&bed.home.vault_file());

        let agent = bed.agent().await;
        let locked = settled(&agent).await;
        assert!(matches!(&locked, VaultView::Locked { message, .. } if message.contains("unlock it")), "{locked:?}");
        assert_eq!(work(&agent).provider, "discovr", "what is no secret is shown all the same");
        assert_eq!(read(&agent).await.unwrap_err().code, ErrorCode::Locked);
        let refused = agent.add_account(account("discovr", "other")).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Locked);
        assert!(bytes(&bed.home.vault_file()) == before);

        unlock();
        until_open(&agent).await;
        read(&agent).await.unwrap();
    });
}

#[test]
fn an_absent_keyring_is_told_and_found_when_it_comes() {
    on_its_own_bus("keyring::an_absent_keyring_is_told_and_found_when_it_comes", || async {
        let bed = bed();
        let agent = bed.agent().await;
        let absent = settled(&agent).await;
        assert!(
            matches!(&absent, VaultView::Absent { message, .. } if message.contains("DAYPASS_VAULT_KEY_FILE")),
            "{absent:?}"
        );
        assert_eq!(agent.add_account(account("discovr", "work")).await.unwrap_err().code, ErrorCode::Locked);
        assert!(!bed.home.vault_file().exists(), "no vault without a key, in no other form either");
        start_keyring();
        // At once, because somebody needs it.
        agent.add_account(account("discovr", "work")).await.unwrap();
        assert_eq!(agent.snapshot().vault, VaultView::Open);
    });
}

#[test]
fn a_mute_keyring_costs_three_seconds_and_nothing_else() {
    on_its_own_bus("keyring::a_mute_keyring_costs_three_seconds_and_nothing_else", || async {
        let (bed, agent) = with_an_account().await;
        agent.stop().await;
        let pid = keyring_pid();
        signal("-STOP", &pid);
        let began = tokio::time::Instant::now();
        let agent = bed.agent().await;
        assert!(began.elapsed() < Duration::from_secs(1), "the start does not wait");
        let error = read(&agent).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Locked);
        assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
        signal("-CONT", &pid);
        until_open(&agent).await;
        read(&agent).await.unwrap();
    });
}

#[test]
fn a_vault_whose_key_is_gone_is_not_given_another() {
    on_its_own_bus("keyring::a_vault_whose_key_is_gone_is_not_given_another", || async {
        let (bed, agent) = with_an_account().await;
        agent.stop().await;
        secret_tool(&bed, "clear");
        let before = bytes(&bed.home.vault_file());
        let agent = bed.agent().await;
        let failing = settled(&agent).await;
        assert!(
            matches!(&failing, VaultView::Failing { message, .. } if message.contains("has no key for the vault")),
            "{failing:?}"
        );
        read(&agent).await.unwrap_err();
        pass(3.0).await;
        agent.stop().await;
        assert_eq!(secret_tool(&bed, "lookup"), "");
        assert!(bytes(&bed.home.vault_file()) == before);
    });
}
