//! The way to a PostgreSQL server: whom the authority believes, what it demands, and who gets to see its password.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use daypass_authority::{Config, Error, PasswordFile, Store};
use daypass_core::Secret;
use daypass_test_support::postgres::{self, Server};
use daypass_test_support::wait;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::encrypted::{FOLDER, write};
use crate::world::World;

/// The password of the users that need one.
const PASSWORD: &str = "hunter2";

/// Who may come in: `sealed` through TLS alone, `open` in either way, and nobody who is not from this machine.
const RULES: &str =
    "local all daypass trust\nhostssl all sealed samehost scram-sha-256\nhost all open samehost scram-sha-256\n";

/// `CREATE ROLE` of both.
const USERS: &str =
    "CREATE ROLE sealed SUPERUSER LOGIN PASSWORD 'hunter2'; CREATE ROLE open SUPERUSER LOGIN PASSWORD 'hunter2'";

/// A folder with what a client may believe: `other.pem` has not signed for anybody.
static CERTIFICATES: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "elsewhere.example");
    std::fs::rename(folder.path().join("cert.pem"), folder.path().join("other.pem")).unwrap();
    write(folder.path(), "localhost");
    folder
});

fn root() -> PathBuf {
    Path::new(FOLDER).join("root.cert.pem")
}

/// The server that speaks TLS with a certificate for `localhost`, and the one that does not; started when one is asked for.
static SERVERS: LazyLock<[Server; 2]> = LazyLock::new(|| {
    let read = |name: &str| std::fs::read_to_string(CERTIFICATES.path().join(name)).unwrap();
    let (certificate, key) = (read("cert.pem"), read("key.pem"));
    [("on", 0), ("off", 1)].map(|(ssl, which)| {
        let listen = format!("listen_addresses={}", postgres::address(which));
        let settings = [listen.as_str(), &format!("ssl={ssl}"), "fsync=off"];
        let files = [("pg_hba.conf", RULES), ("server.crt", &certificate), ("server.key", &key)];
        let server = Server::start_with(&settings, &files);
        server.database().run(USERS);
        server
    })
});

/// The URL of `database` for `user` at the host `name`, which is found at the address of one of [`SERVERS`].
fn url(user: &str, name: &str, which: u8, database: &str, more: &str) -> Secret {
    Secret::new(format!("postgres://{user}@{name}/{database}?hostaddr={}{more}", postgres::address(which)))
}

fn believing(root: &Path) -> String {
    format!("&sslrootcert={}", root.display())
}

fn opened(url: &Secret) -> Result<Store, Error> {
    Store::postgres(url, Some(&Secret::new(PASSWORD)))
}

#[tokio::test]
async fn every_connection_of_an_authority_is_encrypted_where_that_is_demanded() {
    let database = spawn_blocking(|| SERVERS[0].database()).await.unwrap();
    let ways = "SELECT count(*) > 1, bool_and(ssl), min(version) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                WHERE datname = current_database() AND application_name = 'daypass'";
    // A root that is named says that it is to be asked for.
    for demand in ["&sslmode=verify-full", "&sslmode=require", "", "&channel_binding=require"] {
        for user in ["sealed", "open"] {
            let url = url(user, "localhost", 0, database.name(), &format!("{}{demand}", believing(&root())));
            let world = World::with(Config::default(), opened(&url).unwrap()).await;
            // One for its steps, and one on which it hears.
            let both = wait::until("its connections", Duration::from_secs(30), || {
                database.run(ways).strip_prefix("t|").map(str::to_owned)
            });
            assert_eq!(both, "t|TLSv1.3", "{demand}");
            world.end().await;
        }
    }
}

#[test]
fn who_cannot_show_a_certificate_for_the_name_gets_nothing() {
    let database = SERVERS[0].database();
    let other = CERTIFICATES.path().join("other.pem");
    for (name, demand, problem) in [
        ("localhost", format!("&sslmode=verify-full{}", believing(&other)), "UnknownIssuer"),
        ("localhost", format!("&sslmode=require{}", believing(&other)), "UnknownIssuer"),
        ("localhost", "&sslmode=verify-full".to_owned(), "certificate"),
        ("localhost", "&sslmode=require".to_owned(), "certificate"),
        ("db.example", format!("&sslmode=verify-full{}", believing(&root())), "not valid for name"),
        ("db.example", format!("&sslmode=require{}", believing(&root())), "not valid for name"),
        ("127.0.0.1", format!("&sslmode=require{}", believing(&root())), "not valid for name"),
    ] {
        for user in ["sealed", "open"] {
            let url = url(user, name, 0, database.name(), &demand);
            let error = opened(&url).err().unwrap_or_else(|| panic!("{name}{demand} was reached"));
            assert!(matches!(error, Error::Unreachable(_)), "{error}");
            assert!(error.to_string().contains(problem), "{name}{demand}: {error}");
        }
    }
    let tables = "SELECT count(*) FROM pg_class WHERE relname = 'daypass_schema'";
    assert_eq!(database.run(tables), "0", "nobody came in");
}

#[test]
fn a_way_that_is_not_encrypted_is_taken_where_both_sides_have_it_so() {
    let [sealed, plain] = &*SERVERS;
    let (sealed, plain) = (sealed.database(), plain.database());
    opened(&url("open", "localhost", 0, sealed.name(), "&sslmode=disable")).unwrap();
    opened(&url("open", "localhost", 0, sealed.name(), "")).unwrap();
    opened(&url("open", "localhost", 1, plain.name(), "&sslmode=disable")).unwrap();
    opened(&url("open", "localhost", 1, plain.name(), "")).unwrap();
    // The server's own rule.
    for demand in ["&sslmode=disable", ""] {
        let error = opened(&url("sealed", "localhost", 0, sealed.name(), demand)).err().unwrap();
        assert!(matches!(&error, Error::Postgres(said) if said.contains("no encryption")), "{error}");
    }
    for demand in ["&sslmode=require", "&sslmode=verify-full", ""] {
        let error = opened(&url("open", "localhost", 1, plain.name(), &format!("{demand}{}", believing(&root()))));
        let error = error.err().unwrap();
        assert!(matches!(&error, Error::Unreachable(said) if said.contains("does not support TLS")), "{error}");
    }
    let error = opened(&url("open", "localhost", 0, sealed.name(), "&sslmode=disable&channel_binding=require"));
    assert!(error.is_err(), "there is nothing to bind to");
}

#[tokio::test]
async fn somebody_on_the_way_who_says_that_there_is_no_tls_is_told_nothing() {
    // What libpq sends first, and waits for a letter: the length and the number of an SSLRequest.
    const REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    for (answer, demand) in
        [("N", "require"), ("N", "verify-full"), ("E", "verify-full"), ("R\0\0\0\x08\0\0\0\x03", "require")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url =
            format!("postgres://me@localhost:{}/daypass?hostaddr=127.0.0.1", listener.local_addr().unwrap().port());
        let url = Secret::new(format!("{url}&sslmode={demand}{}", believing(&root())));
        let asking = spawn_blocking(move || opened(&url).err());
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut first = [0; 8];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(first, REQUEST);
        stream.write_all(answer.as_bytes()).await.unwrap();
        let mut more = Vec::new();
        let read = timeout(Duration::from_secs(30), stream.read_to_end(&mut more)).await.expect("it stays");
        assert!(more.is_empty(), "{more:?} ({read:?})");
        assert!(matches!(asking.await.unwrap(), Some(Error::Unreachable(_))), "{answer}");
    }
}

#[test]
fn the_password_file_opens_what_it_has_a_line_for() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = SERVERS[0].database();
    let url = url("sealed", "localhost", 0, database.name(), &believing(&root()));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pgpass");
    std::fs::write(&path, format!("localhost:5432:{}:sealed:{PASSWORD}\n", database.name())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let password = PasswordFile::new(path).password(&url).unwrap();
    Store::postgres(&url, password.as_ref()).unwrap();
    let error = Store::postgres(&url, None).err().unwrap().to_string();
    assert!(error.contains("password"), "{error}");
    let error = Store::postgres(&url, Some(&Secret::new("wrong"))).err().unwrap().to_string();
    assert!(error.contains("password") && !error.contains("wrong"), "{error}");
}
