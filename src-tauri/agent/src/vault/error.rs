//! Why the vault does not do what it is asked: every variant says what causes it, and its text what to do.

use std::path::PathBuf;

use daypass_api::view::VaultView;
use daypass_api::{ApiError, ErrorCode, Said};
use daypass_core::{Phrase, phrase};

/// What is wrong with the vault. Nothing of what is stored was changed by any of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.phrase())]
pub(crate) enum VaultError {
    /// It was not opened yet: at the very start, while the keyring is asked for the first time.
    Asked,
    /// The keyring was asked 3 s ago or more, and the answer is not there yet; perhaps a prompt stands open.
    Waiting,
    /// The keyring is locked, or the user dismissed its prompt.
    Locked,
    /// Nothing on the session bus speaks for a keyring.
    NoKeyring {
        /// What was tried.
        reason: String,
    },
    /// The keyring answers, and has no key for the vault that is there. It is not given another one.
    KeyMissing {
        /// The vault's file.
        path: PathBuf,
    },
    /// The key file or passphrase file cannot be used.
    KeyFile {
        /// The file that was named.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The vault was made with another kind of key.
    OtherKind {
        /// The kind in the file.
        made_with: &'static str,
        /// The kind that was given.
        given: &'static str,
    },
    /// The key check value does not open under this key.
    WrongKey {
        /// The vault's file.
        path: PathBuf,
    },
    /// SQLite cannot read the file, or a part that must be there is not.
    Corrupt {
        /// The vault's file.
        path: PathBuf,
    },
    /// Under the vault's name there is no file any more. A new one is not made from memory: perhaps that is what the user
    /// wants to be rid of.
    Gone {
        /// The vault's file.
        path: PathBuf,
    },
    /// Under the vault's name there is another file than the one that is open.
    Replaced {
        /// The vault's file.
        path: PathBuf,
    },
    /// The file's format is newer than this program.
    Newer {
        /// The format in the file.
        version: i64,
    },
    /// The file is of an older format, and stays so as long as there is no backup of it.
    NoBackup {
        /// The vault's file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// `SQLITE_FULL`.
    Full,
    /// `SQLITE_READONLY`, or no permission.
    ReadOnly {
        /// The vault's file.
        path: PathBuf,
    },
    /// Any other failure of the file system or of SQLite.
    Failed {
        /// SQLite's or the system's words; never a value from the file.
        reason: String,
    },
    /// The agent has ended.
    Closed,
}

impl VaultError {
    /// What causes it, and what to do.
    pub(crate) fn phrase(&self) -> Phrase {
        match self {
            Self::Asked => phrase!(
                "error-vault-asked",
                "The vault is shut until the keyring gives its key; it was asked for it just now."
            ),
            Self::Waiting => phrase!(
                "error-vault-waiting",
                "The keyring has not answered yet; if it asks for its password, unlock it, and Daypass goes on by itself."
            ),
            Self::Locked => {
                phrase!("error-vault-locked", "The keyring is locked; unlock it, and Daypass goes on by itself.")
            }
            Self::NoKeyring { reason } => phrase!(
                "error-vault-no-keyring",
                "There is no keyring here ({reason}); start one, or stop the agent with `daypass agent --stop`, and set DAYPASS_VAULT_KEY_FILE or DAYPASS_PASSPHRASE_FILE where it is started.",
                reason = reason,
            ),
            Self::KeyMissing { path } => phrase!(
                "error-vault-key-missing",
                "The keyring has no key for the vault {vault}; unlock the keyring that it was made with, or move the file away and connect the accounts again.",
                vault = path.display(),
            ),
            Self::KeyFile { path, reason } => phrase!(
                "error-vault-key-file",
                "The file {file} cannot be used for the vault ({reason}); correct it, and Daypass goes on by itself.",
                file = path.display(),
                reason = reason,
            ),
            Self::OtherKind { made_with, given } => phrase!(
                "error-vault-other-kind",
                "The vault was made with {made_with}, not with {given}; start Daypass with {made_with}.",
                made_with = made_with,
                given = given,
            ),
            Self::WrongKey { path } => phrase!(
                "error-vault-wrong-key",
                "The key does not fit the vault {vault}; start Daypass with the key that it was made with.",
                vault = path.display(),
            ),
            Self::Corrupt { path } => phrase!(
                "error-vault-corrupt",
                "The vault {vault} is damaged; nothing was changed. Stop Daypass, and restore the file from a backup, or move it away and connect the accounts again.",
                vault = path.display(),
            ),
            Self::Gone { path } => phrase!(
                "error-vault-gone",
                "The vault {vault} was moved away or removed; put it back, and Daypass goes on by itself. What is still held can be saved with `daypass vault export`.",
                vault = path.display(),
            ),
            Self::Replaced { path } => phrase!(
                "error-vault-replaced",
                "The vault {vault} was replaced by another file while Daypass runs, and that one is left alone; start Daypass again to use it. What is still held can be saved with `daypass vault export`.",
                vault = path.display(),
            ),
            Self::Newer { version } => phrase!(
                "error-vault-newer",
                "The vault was written by a newer Daypass (format {version}); update Daypass.",
                version = version,
            ),
            Self::NoBackup { path, reason } => phrase!(
                "error-vault-no-backup",
                "The vault {vault} has to be brought to a new format, and no backup of it can be made ({reason}); nothing was changed, and Daypass tries it again.",
                vault = path.display(),
                reason = reason,
            ),
            Self::Full => phrase!(
                "error-vault-full",
                "The disk is full, so nothing can be stored; free some space, and Daypass goes on by itself."
            ),
            Self::ReadOnly { path } => phrase!(
                "error-vault-read-only",
                "The vault {vault} cannot be written; make it writable for you, and Daypass goes on by itself.",
                vault = path.display(),
            ),
            Self::Failed { reason } => {
                phrase!("error-vault-failed", "The vault cannot be read or written ({reason}).", reason = reason,)
            }
            Self::Closed => phrase!("error-vault-closed", "The agent is ending; ask again."),
        }
    }

    /// The state that a user sees.
    pub(crate) fn view(&self) -> VaultView {
        let phrase = self.phrase();
        let (message, said) = (phrase.to_string(), Said::of(&phrase));
        match self {
            // At a start the answer comes in a moment: to call that locked would have every face cry for help, and stop.
            Self::Asked | Self::Waiting => VaultView::Slow { message, said },
            Self::Locked => VaultView::Locked { message, said },
            Self::NoKeyring { .. } | Self::KeyFile { .. } => VaultView::Absent { message, said },
            Self::Full => VaultView::Full { message, said },
            Self::Corrupt { .. } => VaultView::Corrupt { message, said },
            Self::KeyMissing { .. }
            | Self::OtherKind { .. }
            | Self::WrongKey { .. }
            | Self::Gone { .. }
            | Self::Replaced { .. }
            | Self::Newer { .. }
            | Self::NoBackup { .. }
            | Self::ReadOnly { .. }
            | Self::Failed { .. }
            | Self::Closed => VaultView::Failing { message, said },
        }
    }

    /// SQLite's failure, told without any value of the file.
    pub(crate) fn of_sqlite(error: &rusqlite::Error, path: &std::path::Path) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => match failure.code {
                Code::DiskFull => Self::Full,
                Code::ReadOnly | Code::PermissionDenied | Code::AuthorizationForStatementDenied => {
                    Self::ReadOnly { path }
                }
                Code::DatabaseCorrupt | Code::NotADatabase => Self::Corrupt { path },
                // SQLite knows a full disk where it writes, but neither a full quota nor one that it maps.
                Code::SystemIoFailure if no_room_beside(&path) => Self::Full,
                _ => Self::Failed { reason: rusqlite::ffi::code_to_str(failure.extended_code).to_owned() },
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::SqlInputError { .. }
            | rusqlite::Error::QueryReturnedNoRows => Self::Corrupt { path },
            _ => Self::Failed { reason: "SQLite refused".to_owned() },
        }
    }
}

impl From<VaultError> for ApiError {
    fn from(error: VaultError) -> Self {
        let code = match error {
            VaultError::Asked
            | VaultError::Waiting
            | VaultError::Locked
            | VaultError::NoKeyring { .. }
            | VaultError::KeyFile { .. } => ErrorCode::Locked,
            VaultError::Closed => ErrorCode::Offline,
            _ => ErrorCode::Internal,
        };
        Self::of(code, &error.phrase())
    }
}

/// Whether there is no room for a page beside `path`, tried.
fn no_room_beside(path: &std::path::Path) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let mut name = path.as_os_str().to_owned();
    name.push(".room");
    let tried = std::fs::write(&name, [0; 4096]);
    // It never holds anything.
    let _ = std::fs::remove_file(&name);
    tried.is_err_and(|error| matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge))
}
