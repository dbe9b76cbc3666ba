//! A real PostgreSQL for tests: a server of their own in a folder of its own, and a database for each test.
//!
//! It listens on a Unix socket in its folder and, unless it is started for that, nowhere else. Whoever started it may end in any way: a guard holds the
//! other end of a pipe, and stops the server and removes the folder when that is closed.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// What the guard does when its pipe is closed. A Ctrl-C in the terminal is not for it.
const GUARD: &str = r#"trap "" INT TERM HUP; cat; "$1/pg_ctl" -s -m immediate -D "$2/data" stop; rm -rf "$2""#;

/// A server, stopped when this is dropped or its process has ended.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    settings: String,
    guard: Child,
}

/// The server that all tests of a binary share, started when the first one asks. It does not wait for the disk.
pub fn shared() -> &'static Server {
    static SHARED: OnceLock<Server> = OnceLock::new();
    SHARED.get_or_init(|| Server::start(&["fsync=off", "synchronous_commit=off", "full_page_writes=off"]))
}

/// An address of this machine that no other process takes for a server of its own, for each `which`: the usual port is
/// free there. (Linux answers on all of 127.0.0.0/8.)
pub fn address(which: u8) -> std::net::Ipv4Addr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    // A process number has 22 bits.
    std::net::Ipv4Addr::new(127, 128 | (high & 0x3f) | (which & 1) << 6, middle, low)
}

impl Server {
    /// Starts one with `settings` of postgresql.conf.
    pub fn start(settings: &[&str]) -> Self {
        Self::start_with(settings, &[])
    }

    /// Starts one that listens at [`address`] too, with `files` (name and text) in the folder of its data, and there alone
    /// readable: `pg_hba.conf` says who may come in, `server.crt` and `server.key` are for TLS.
    pub fn start_with(settings: &[&str], files: &[(&str, &str)]) -> Self {
        let folder = tempfile::Builder::new().prefix("daypass-pg-").tempdir().unwrap().keep();
        let settings = settings.iter().map(|setting| format!(" -c {setting}")).collect::<String>();
        let settings = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c max_connections=400 -c shared_buffers=32MB{settings}",
            folder.display()
        );
        if let Some(user) = user() {
            chown(&folder, Some(user.0), Some(user.1)).unwrap();
        }
        let mut guard = as_user("sh");
        guard.args(["-c", GUARD, "guard"]).arg(programs()).arg(&folder);
        let guard = guard.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let server = Self { folder, settings, guard: guard.unwrap() };
        let data = server.data();
        let options = ["-A", "trust", "-U", "daypass", "-E", "UTF8", "--locale=C", "--no-sync"];
        done(as_user(program("initdb")).arg("-D").arg(&data).args(options));
        for (name, text) in files {
            let file = data.join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some(user) = user() {
                chown(&file, Some(user.0), Some(user.1)).unwrap();
            }
        }
        server.start_again();
        server
    }

    /// Starts it after [`Self::stop`], and waits until it answers.
    pub fn start_again(&self) {
        let log = self.folder.join("log");
        let mut start = as_user(program("pg_ctl"));
        start.args(["-s", "-w", "-t", "60"]).arg("-D").arg(self.data()).arg("-l").arg(log).args([
            "-o",
            &self.settings,
            "start",
        ]);
        // Not a pipe for its output: the server would keep it open.
        let status = start.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
        assert!(status.success(), "{}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
    }

    /// Stops it in `mode` (`fast` cuts its clients off, `immediate` is a crash), and waits until it has ended.
    pub fn stop(&self, mode: &str) {
        done(as_user(program("pg_ctl")).args(["-s", "-w", "-m", mode]).arg("-D").arg(self.data()).arg("stop"));
    }

    /// A new database.
    pub fn database(&self) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let database = Database { folder: self.folder.clone(), name };
        database.by("postgres", &format!("CREATE DATABASE {}", database.name));
        database
    }

    /// What it has written into its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap()
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        let _ = self.guard.wait();
    }
}

/// A database, removed when this is dropped.
#[derive(Debug)]
pub struct Database {
    folder: PathBuf,
    name: String,
}

impl Database {
    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The URL that leads to it; there is no password.
    pub fn url(&self) -> String {
        self.url_of(&self.name)
    }

    /// Runs `sql` by `psql`, and answers what it prints: a line for each row, `|` between columns.
    pub fn run(&self, sql: &str) -> String {
        self.by(&self.name, sql)
    }

    /// Runs a program of PostgreSQL with `arguments` on it.
    pub fn tool(&self, name: &str, arguments: &[&str]) -> Vec<u8> {
        done(Command::new(program(name)).arg("-d").arg(self.url()).args(arguments))
    }

    /// A client that stays connected.
    pub fn session(&self) -> Session {
        let options = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url()];
        let spawned = Command::new(program("psql")).args(options).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut psql = spawned.unwrap();
        let answers = BufReader::new(psql.stdout.take().unwrap());
        Session { psql, answers }
    }

    fn by(&self, database: &str, sql: &str) -> String {
        let options = ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", &self.url_of(database), "-c", sql];
        let printed = done(Command::new(program("psql")).args(options));
        String::from_utf8(printed).unwrap().trim_end().to_owned()
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://daypass@{}/{database}", self.folder.display().to_string().replace('/', "%2F"))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Where the server is gone, so is this.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = Command::new(program("psql")).args(["-X", "-q", "-d", &self.url_of("postgres"), "-c", &sql]).output();
    }
}

/// A client of a database, cut off when this is dropped.
#[derive(Debug)]
pub struct Session {
    psql: Child,
    answers: BufReader<ChildStdout>,
}

impl Session {
    /// Runs `sql`, and waits until it is done.
    pub fn run(&mut self, sql: &str) {
        let input = self.psql.stdin.as_mut().unwrap();
        writeln!(input, "{sql};\n\\echo done").unwrap();
        input.flush().unwrap();
        let mut line = String::new();
        while line != "done\n" {
            line.clear();
            assert!(self.answers.read_line(&mut line).unwrap() > 0, "psql has ended");
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.psql.kill();
        let _ = self.psql.wait();
    }
}

/// The standard output of a program that must succeed.
fn done(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    if !output.status.success() {
        let _ = std::io::stderr().write_all(&output.stderr);
        panic!("{command:?} failed: {}", output.status);
    }
    output.stdout
}

/// The command `program`, in the name of [`user`] where that is needed.
fn as_user(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = user() {
        // Its own folder: the server looks at where it is, which its user may not be allowed to.
        command.uid(user).gid(group).current_dir("/");
    }
    command
}

/// Whom the server runs as where we are root, whom it refuses: `postgres`, whom its Debian package brings, or `nobody`.
fn user() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let named = |name: &str| {
        let mut fields = users.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.split(':');
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(named("postgres").or_else(|| named("nobody")).expect("a user that is not root"))
}

/// The folder of the newest PostgreSQL of this machine, as Debian installs them.
fn programs() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let versions =
            fs::read_dir("/usr/lib/postgresql").expect("no PostgreSQL: please install the package postgresql");
        let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
        let newest = versions.flatten().map(|entry| entry.path()).max_by_key(number);
        newest.expect("no PostgreSQL: please install the package postgresql").join("bin")
    })
}

fn program(name: &str) -> PathBuf {
    programs().join(name)
}
