//! PostgreSQL's own password file, read as libpq reads it ("The Password File" in its documentation): a line
//! `host:port:database:user:password` for each password, the first that fits is taken.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use daypass_core::Secret;
use tokio_postgres::config::Host;
use zeroize::Zeroizing;

use super::address::{self, SOCKETS};
use crate::Error;

/// The port where a URL says none.
const PORT: u16 = 5432;

/// The largest file that is taken for one, in bytes.
const LARGEST: u64 = 1 << 16;

/// A password file: what PostgreSQL's own programs find by `PGPASSFILE`, or as `.pgpass` in a home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordFile {
    path: PathBuf,
    guarded: bool,
}

impl PasswordFile {
    /// The one at `path`, which is used only while nobody but its owner may read it.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, guarded: false }
    }

    /// The one at `path` in a folder that is closed to others, as that of systemd's credentials is. The rights of the file
    /// itself are not looked at: systemd may give them to the service by an access list, which looks like a group's.
    #[must_use]
    pub fn guarded(path: PathBuf) -> Self {
        Self { path, guarded: true }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The password for the database at `url`. None where there is no such file, or it has none for that.
    ///
    /// # Errors
    /// [`Error::PasswordFile`] where the file is not to be used: others may read it, it is no file, it cannot be read, or
    /// it has not the same password for each host of the URL, of which any may answer. [`Error::Address`].
    pub fn password(&self, url: &Secret) -> Result<Option<Secret>, Error> {
        let wanted = wanted(url)?;
        let Some(text) = self.read()? else { return Ok(None) };
        let mut found = wanted.iter().map(|[host, port, database, user]| look_up(&text, [host, port, database, user]));
        let first = found.next().flatten();
        let first = first.as_ref().map(|password| password.expose());
        if !found.all(|other| other.as_ref().map(|password| password.expose()) == first) {
            return Err(self.refused("it has not one password for all hosts of the URL"));
        }
        Ok(first.map(Secret::new))
    }

    fn refused(&self, why: &'static str) -> Error {
        Error::PasswordFile { path: self.path.clone(), why }
    }

    /// What stands in it, if it is there and nobody else can read it.
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
        let unreadable = |_: std::io::Error| self.refused("it cannot be read");
        // Looked at before it is opened: a pipe would be waited for.
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error)),
            Ok(found) if !found.is_file() => return Err(self.refused("it is no plain file")),
            Ok(_) => {}
        }
        let mut file = File::open(&self.path).map_err(unreadable)?;
        let opened = file.metadata().map_err(unreadable)?;
        if opened.len() > LARGEST {
            return Err(self.refused("it is too large for one"));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            if !self.guarded && opened.permissions().mode() & 0o077 != 0 {
                return Err(self.refused("others may read it; its mode should be 0600"));
            }
        }
        // As large as it will be: what grows leaves copies behind that nobody wipes.
        let mut text = Zeroizing::new(Vec::with_capacity(usize::try_from(LARGEST).unwrap_or_default()));
        file.by_ref().take(LARGEST).read_to_end(&mut text).map_err(unreadable)?;
        Ok(Some(text))
    }
}

/// Host, port, database and user of each server that a URL names, as a line must have them.
fn wanted(url: &Secret) -> Result<Vec<[String; 4]>, Error> {
    let config = address::read(url)?.1;
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    // Who is not named fits a star alone.
    let user = config.get_user().unwrap_or_default();
    let database = config.get_dbname().unwrap_or(user);
    let server = |at: usize| {
        let host = match hosts.get(at) {
            Some(Host::Tcp(name)) => name.clone(),
            // The usual socket is this machine, another one goes by its folder.
            #[cfg(unix)]
            Some(Host::Unix(folder)) if folder == Path::new(SOCKETS) => "localhost".to_owned(),
            #[cfg(unix)]
            Some(Host::Unix(folder)) => folder.to_string_lossy().into_owned(),
            None => addresses.get(at).map(ToString::to_string).unwrap_or_default(),
        };
        let port = ports.get(at).or(ports.first()).copied().unwrap_or(PORT);
        [host, port.to_string(), database.to_owned(), user.to_owned()]
    };
    Ok((0..hosts.len().max(addresses.len())).map(server).collect())
}

/// The password of the first line of `text` that fits.
fn look_up(text: &[u8], wanted: [&str; 4]) -> Option<Secret> {
    text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#")).find_map(|line| {
        let line = std::str::from_utf8(line.strip_suffix(b"\r").unwrap_or(line)).ok()?;
        let rest = wanted.iter().try_fold(line, |rest, wanted| after(rest, wanted))?;
        Some(field(rest)).filter(|password| !password.is_empty()).map(Secret::new)
    })
}

/// What stands behind the first field of `line`, if that is `wanted` or a star.
fn after<'a>(line: &'a str, wanted: &str) -> Option<&'a str> {
    if let Some(rest) = line.strip_prefix("*:") {
        return Some(rest);
    }
    let mut expected = wanted.chars();
    let mut letters = line.chars();
    loop {
        let letter = match letters.next()? {
            ':' => return expected.next().is_none().then_some(letters.as_str()),
            '\\' => letters.next()?,
            letter => letter,
        };
        if expected.next() != Some(letter) {
            return None;
        }
    }
}

/// The first field of `line` as it is meant: a backslash stands before a colon or a backslash that belongs to it.
fn field(line: &str) -> String {
    let mut meant = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ':' => break,
            '\\' => meant.push(letters.next().unwrap_or('\\')),
            letter => meant.push(letter),
        }
    }
    meant
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# db.example:5432:daypass:me:a comment
db.example:5432:daypass:me:one
db.example:6000:*:me:two:and what is behind
\\:\\:1:5432:da\\:y\\\\pass:me:th\\:r\\\\ee
localhost:*:daypass:me:four\r
/run/pg:5432:daypass:me:five
*:*:*:empty:
*:*:*:*:the rest
db.example:5432:daypass:me:too late
too:few
";

    fn found(url: &str) -> Result<Option<Secret>, Error> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgpass");
        std::fs::write(&file, FILE).unwrap();
        PasswordFile::guarded(file).password(&Secret::new(url))
    }

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        for (url, password) in [
            ("postgres://me@db.example/daypass", "one"),
            ("postgres://me@db.example:6000/other", "two"),
            ("postgres://me@[::1]/da%3Ay%5Cpass", "th:r\\ee"),
            ("postgres://me@/daypass", "four"),
            ("postgres://me@localhost:7000/daypass", "four"),
            ("postgres://me@%2Frun%2Fpg/daypass", "five"),
            ("postgres://empty@db.example/daypass", "the rest"),
            ("postgres://me@db.example.org/daypass", "the rest"),
            ("postgres://me@db.exampl/daypass", "the rest"),
            ("postgres://db.example/daypass", "the rest"),
            // The name counts, and only where there is none the address.
            ("postgres://me@db.example/daypass?hostaddr=10.0.0.7", "one"),
            ("postgres://me@/daypass?hostaddr=10.0.0.7&sslmode=disable", "the rest"),
        ] {
            assert_eq!(
                found(url).unwrap().map(|password| password.expose().to_owned()).as_deref(),
                Some(password),
                "{url}"
            );
        }
    }

    #[test]
    fn a_password_of_one_host_is_not_given_to_another() {
        let error = found("postgres://me@db.example,localhost/daypass").unwrap_err();
        assert!(error.to_string().contains("not one password for all hosts"), "{error}");
        assert_eq!(found("postgres://me@a,b/daypass").unwrap().unwrap().expose(), "the rest");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_may_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        let url = Secret::new("postgres://me@db.example/daypass");
        let ask = |file: PasswordFile| file.password(&url).map(|found| found.map(|found| found.expose().to_owned()));
        assert_eq!(ask(PasswordFile::new(path.clone())).unwrap(), None, "it need not be there");
        std::fs::write(&path, "*:*:*:*:hunter2").unwrap();
        for (mode, used) in
            [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o620, false), (0o601, false)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            match ask(PasswordFile::new(path.clone())) {
                Ok(found) => assert!(used && found.as_deref() == Some("hunter2"), "{mode:o}"),
                Err(error) => {
                    let said = error.to_string();
                    assert!(!used && said.contains("pgpass") && said.contains("0600"), "{mode:o}: {said}");
                    assert!(!said.contains("hunter2"), "{said}");
                }
            }
            assert_eq!(ask(PasswordFile::guarded(path.clone())).unwrap().as_deref(), Some("hunter2"), "{mode:o}");
        }
        let error = ask(PasswordFile::new(folder.path().to_owned())).unwrap_err();
        assert!(error.to_string().contains("no plain file"), "{error}");
    }
}
