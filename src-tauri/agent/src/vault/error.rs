//! Why the vault does not do what it is asked: every variant says what causes it, and its text what to do.

use std::path::PathBuf;

use daypass_api::view::VaultView;
use daypass_api::{ApiError, ErrorCode};

/// What is wrong with the vault. Nothing of what is stored was changed by any of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VaultError {
    /// It was not opened yet: at the very start, while the keyring is asked for the first time.
    #[error("The vault is shut until the keyring gives its key; it was asked for it just now.")]
    Asked,
    /// The keyring was asked 3 s ago or more, and the answer is not there yet; perhaps a prompt stands open.
    #[error("The keyring has not answered yet; if it asks for its password, unlock it, and Daypass goes on by itself.")]
    Waiting,
    /// The keyring is locked, or the user dismissed its prompt.
    #[error("The keyring is locked; unlock it, and Daypass goes on by itself.")]
    Locked,
    /// Nothing on the session bus speaks for a keyring.
    #[error(
        "There is no keyring here ({reason}); start one, or stop the agent with `daypass agent --stop`, and set DAYPASS_VAULT_KEY_FILE or DAYPASS_PASSPHRASE_FILE where it is started."
    )]
    NoKeyring {
        /// What was tried.
        reason: String,
    },
    /// The keyring answers, and has no key for the vault that is there. It is not given another one.
    #[error(
        "The keyring has no key for the vault {}; unlock the keyring that it was made with, or move the file away and connect the accounts again.", path.display()
    )]
    KeyMissing {
        /// The vault's file.
        path: PathBuf,
    },
    /// The key file or passphrase file cannot be used.
    #[error("The file {} cannot be used for the vault ({reason}); correct it, and Daypass goes on by itself.", path.display())]
    KeyFile {
        /// The file that was named.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The vault was made with another kind of key.
    #[error("The vault was made with {made_with}, not with {given}; start Daypass with {made_with}.")]
    OtherKind {
        /// The kind in the file.
        made_with: &'static str,
        /// The kind that was given.
        given: &'static str,
    },
    /// The key check value does not open under this key.
    #[error("The key does not fit the vault {}; start Daypass with the key that it was made with.", path.display())]
    WrongKey {
        /// The vault's file.
        path: PathBuf,
    },
    /// SQLite cannot read the file, or a part that must be there is not.
    #[error(
        "The vault {} is damaged; nothing was changed. Stop Daypass, and restore the file from a backup, or move it away and connect the accounts again.", path.display()
    )]
    Corrupt {
        /// The vault's file.
        path: PathBuf,
    },
    /// Under the vault's name there is no file any more. A new one is not made from memory: perhaps that is what the user
    /// wants to be rid of.
    #[error(
        "The vault {} was moved away or removed; put it back, and Daypass goes on by itself. What is still held can be saved with `daypass vault export`.", path.display()
    )]
    Gone {
        /// The vault's file.
        path: PathBuf,
    },
    /// Under the vault's name there is another file than the one that is open.
    #[error(
        "The vault {} was replaced by another file while Daypass runs, and that one is left alone; start Daypass again to use it. What is still held can be saved with `daypass vault export`.", path.display()
    )]
    Replaced {
        /// The vault's file.
        path: PathBuf,
    },
    /// The file's format is newer than this program.
    #[error("The vault was written by a newer Daypass (format {version}); update Daypass.")]
    Newer {
        /// The format in the file.
        version: i64,
    },
    /// The file is of an older format, and stays so as long as there is no backup of it.
    #[error(
        "The vault {} has to be brought to a new format, and no backup of it can be made ({reason}); nothing was changed, and Daypass tries it again.", path.display()
    )]
    NoBackup {
        /// The vault's file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// `SQLITE_FULL`.
    #[error("The disk is full, so nothing can be stored; free some space, and Daypass goes on by itself.")]
    Full,
    /// `SQLITE_READONLY`, or no permission.
    #[error("The vault {} cannot be written; make it writable for you, and Daypass goes on by itself.", path.display())]
    ReadOnly {
        /// The vault's file.
        path: PathBuf,
    },
    /// Any other failure of the file system or of SQLite.
    #[error("The vault cannot be read or written ({reason}).")]
    Failed {
        /// SQLite's or the system's words; never a value from the file.
        reason: String,
    },
    /// The agent has ended.
    #[error("The agent is ending; ask again.")]
    Closed,
}

impl VaultError {
    /// The state that a user sees.
    pub(crate) fn view(&self) -> VaultView {
        let message = self.to_string();
        match self {
            // At a start the answer comes in a moment: to call that locked would have every face cry for help, and stop.
            Self::Asked | Self::Waiting => VaultView::Slow { message },
            Self::Locked => VaultView::Locked { message },
            Self::NoKeyring { .. } | Self::KeyFile { .. } => VaultView::Absent { message },
            Self::Full => VaultView::Full { message },
            Self::Corrupt { .. } => VaultView::Corrupt { message },
            Self::KeyMissing { .. }
            | Self::OtherKind { .. }
            | Self::WrongKey { .. }
            | Self::Gone { .. }
            | Self::Replaced { .. }
            | Self::Newer { .. }
            | Self::NoBackup { .. }
            | Self::ReadOnly { .. }
            | Self::Failed { .. }
            | Self::Closed => VaultView::Failing { message },
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
        Self::new(code, error.to_string())
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
