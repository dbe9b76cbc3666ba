//! A provider's failure in the words of the local API.

use std::time::Duration;

use daypass_api::{ApiError, ErrorCode};
use daypass_core::fresh::MAX_RETRY_AFTER;
use daypass_core::{Phrase, phrase};
use daypass_providers::ProviderError;

/// How long a provider is left alone after a 429 that does not say for how long: well over the one request a second
/// that PocketPaw allows, and short enough for a person who waits.
pub(crate) const COOL_DOWN: Duration = Duration::from_secs(5);

/// How long a chore rests that the provider would not do.
const AFTER_A_NO: Duration = Duration::from_secs(60 * 60);

/// The error that a caller sees.
pub(crate) fn told(error: &ProviderError) -> ApiError {
    let code = match error {
        ProviderError::Refused { .. } => ErrorCode::NeedsSignIn,
        ProviderError::AlreadyGone => ErrorCode::UnknownSession,
        ProviderError::RateLimited { .. } => ErrorCode::RateLimited,
        ProviderError::TryLater { .. } | ProviderError::Offline { .. } => ErrorCode::Offline,
        ProviderError::Rejected { .. } => ErrorCode::Rejected,
        ProviderError::BadAnswer { .. } => ErrorCode::BadAnswer,
        ProviderError::NotSupported { .. } => ErrorCode::NotSupported,
        ProviderError::BadRequest { .. } => ErrorCode::BadRequest,
    };
    ApiError { retry_after: retry_after(error).map(whole_seconds), ..ApiError::of(code, &phrase(error)) }
}

/// What is said of it.
fn phrase(error: &ProviderError) -> Phrase {
    match error {
        ProviderError::Refused { message }
        | ProviderError::TryLater { message, .. }
        | ProviderError::Offline { message, .. }
        | ProviderError::Rejected { message }
        | ProviderError::BadAnswer { message }
        | ProviderError::NotSupported { message }
        | ProviderError::BadRequest { message } => message.clone(),
        ProviderError::AlreadyGone => phrase!("error-already-gone", "It is already gone."),
        ProviderError::RateLimited { .. } => phrase!(
            "error-pause",
            "The provider asks for a pause of {seconds} s; Daypass goes on by itself.",
            seconds = whole_seconds(pause(error)),
        ),
    }
}

/// How long the server asked us to wait: a 429 always does.
pub(crate) fn retry_after(error: &ProviderError) -> Option<Duration> {
    let wait = match error {
        ProviderError::RateLimited { .. } => Some(pause(error)),
        ProviderError::TryLater { retry_after, .. } => *retry_after,
        _ => None,
    };
    wait.map(|wait| wait.min(MAX_RETRY_AFTER))
}

/// Whether the same call may succeed a little later.
pub(crate) fn is_passing(error: &ProviderError) -> bool {
    matches!(error, ProviderError::Offline { .. } | ProviderError::TryLater { .. } | ProviderError::RateLimited { .. })
}

/// How long a chore rests after `error`: `soon` where the same may succeed later, longer where the provider has said no, and
/// never shorter than it asked for.
pub(crate) fn rest(error: &ApiError, soon: Duration) -> Duration {
    let rest = match error.code {
        ErrorCode::Rejected | ErrorCode::NotSupported | ErrorCode::BadRequest => soon.max(AFTER_A_NO),
        _ => soon,
    };
    rest.max(Duration::from_secs(error.retry_after.unwrap_or_default()))
}

/// Whether the call may have taken effect although it failed.
pub(crate) fn may_be_done(error: &ProviderError) -> bool {
    match error {
        ProviderError::Offline { maybe_done, .. } => *maybe_done,
        ProviderError::BadAnswer { .. } | ProviderError::TryLater { .. } => true,
        ProviderError::Refused { .. }
        | ProviderError::AlreadyGone
        | ProviderError::RateLimited { .. }
        | ProviderError::Rejected { .. }
        | ProviderError::NotSupported { .. }
        | ProviderError::BadRequest { .. } => false,
    }
}

fn pause(error: &ProviderError) -> Duration {
    match error {
        ProviderError::RateLimited { retry_after: Some(wait) } => (*wait).min(MAX_RETRY_AFTER),
        _ => COOL_DOWN,
    }
}

fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
