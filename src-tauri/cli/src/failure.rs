//! Why a command failed: one sentence for stderr, and the exit code that goes with it.

use daypass_api::client::CallError;
use daypass_api::{ApiError, ErrorCode};

/// The exit codes, as the help lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What no other code says: a full disk, a broken file, no tray app, our own fault.
    Other = 1,
    /// The command line is wrong, or what it names is not allowed.
    Usage = 2,
    /// The credential was refused.
    NeedsSignIn = 3,
    /// The vault cannot be opened now.
    Locked = 4,
    /// The provider cannot be reached, or does not do its part.
    Provider = 5,
    /// No such account or session.
    Unknown = 6,
    /// The provider cannot do this.
    NotSupported = 7,
}

impl From<ErrorCode> for Exit {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::Internal => Self::Other,
            ErrorCode::BadRequest => Self::Usage,
            ErrorCode::NeedsSignIn => Self::NeedsSignIn,
            ErrorCode::Locked => Self::Locked,
            ErrorCode::Offline | ErrorCode::Rejected | ErrorCode::RateLimited | ErrorCode::BadAnswer => Self::Provider,
            ErrorCode::UnknownAccount | ErrorCode::UnknownSession => Self::Unknown,
            ErrorCode::NotSupported => Self::NotSupported,
        }
    }
}

/// A failed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the process ends with.
    pub(crate) exit: Exit,
    /// One sentence that says what to do.
    pub(crate) message: String,
}

impl Failure {
    /// A failure of the kind `exit`.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// A failure that no code of its own speaks of.
    pub(crate) fn other(message: impl Into<String>) -> Self {
        Self::new(Exit::Other, message)
    }

    /// A wrong use of the command line that only shows after parsing.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let message = match error.retry_after {
            Some(seconds) => format!("{} Try again in {seconds} s.", error.message),
            None => error.message,
        };
        Self::new(error.code.into(), message)
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::NotRunning => Self::other("The agent has just ended; try again."),
            error @ CallError::Ended => Self::other(ApiError::from(error).message),
            CallError::Api(error) => error.into(),
        }
    }
}
