//! What an answer means: done, or which error.

use daypass_core::phrase;
use serde_json::Value;

use super::wire::Reply;
use crate::values::Values;
use crate::{Definition, ProviderError};

/// What was asked, as far as it changes what an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Mint,
    Renew,
    Inspect,
    List,
    Create,
    Revoke,
    RevokeAll,
    BeginSignIn,
    PollSignIn,
    Offers,
}

/// Where providers put the short word for what went wrong.
const CODES: [&str; 4] = ["/code", "/error/code", "/error", "/error_code"];
/// Where they put a sentence about it.
const MESSAGES: [&str; 5] = ["/message", "/error/message", "/error_description", "/detail", "/title"];
/// The longest sentence of a provider that is passed on, in characters.
const MAX_MESSAGE: usize = 160;
/// The longest word in it. A longer one could be a token, and says nothing to a person.
const MAX_WORD: usize = 32;

/// Whether the answer is a success that can be read.
///
/// The definition's own rules come first, whatever the status: a 200 may carry an error, and a 500 may mean "already
/// gone". Then the status speaks for itself (RFC 9110 section 15).
///
/// # Errors
/// [`ProviderError`] by the meaning of the answer.
pub(super) fn judge(
    operation: Operation,
    definition: &Definition,
    reply: &Reply,
    values: &Values<'_>,
) -> Result<(), ProviderError> {
    let rules = &definition.checked.operations.answers;
    let (status, text, json) = (reply.status, reply.text(), reply.json());
    let title = definition.title();
    let told = || detail(status, json, values);
    let refused = || ProviderError::Refused {
        message: match operation {
            Operation::Renew => phrase!(
                "error-not-renewed",
                "{provider} does not renew this session any more ({told}).",
                provider = title,
                told = told(),
            ),
            Operation::PollSignIn | Operation::BeginSignIn => phrase!(
                "error-sign-in-ended",
                "{provider} has ended this sign-in ({told}); begin again.",
                provider = title,
                told = told(),
            ),
            _ => phrase!(
                "error-credential-refused",
                "{provider} does not accept the credential ({told}).",
                provider = title,
                told = told(),
            ),
        },
    };
    let rejected = || ProviderError::Rejected {
        message: phrase!(
            "error-request-refused",
            "{provider} refused the request ({told}).",
            provider = title,
            told = told(),
        ),
    };
    let later = || ProviderError::TryLater {
        message: phrase!(
            "error-try-later",
            "{provider} cannot answer now ({told}); it is worth trying later.",
            provider = title,
            told = told(),
        ),
        retry_after: reply.retry_after,
    };

    if rules.sign_in_again.match_any(status, &text, json) {
        return Err(refused());
    }
    if operation == Operation::Revoke && rules.already_gone.match_any(status, &text, json) {
        return Err(ProviderError::AlreadyGone);
    }
    if rules.rejected.match_any(status, &text, json) {
        return Err(rejected());
    }
    if rules.try_later.match_any(status, &text, json) {
        return Err(later());
    }
    match status {
        200..=299 => Ok(()),
        401 => Err(refused()),
        429 => Err(ProviderError::RateLimited { retry_after: reply.retry_after }),
        408 | 500..=599 => Err(later()),
        400..=499 => Err(rejected()),
        _ => {
            let message = phrase!(
                "error-odd-status",
                "{provider} answered with the odd status {status}.",
                provider = title,
                status = status
            );
            Err(ProviderError::BadAnswer { message })
        }
    }
}

/// What the provider says of an error, to stand in brackets: its status, code and sentence, as far as they can be passed on.
fn detail(status: u16, json: Option<&Value>, values: &Values<'_>) -> String {
    let find = |places: &[&str]| {
        let strings = places.iter().filter_map(|at| json?.pointer(at)?.as_str());
        strings.map(str::trim).find(|text| may_pass(text, values)).map(str::to_owned)
    };
    let mut parts = vec![status.to_string()];
    parts.extend(find(&CODES));
    let message = find(&MESSAGES);
    parts.extend(message.map(|text| text.trim_end_matches('.').to_owned()).filter(|text| !parts.contains(text)));
    parts.join(", ")
}

/// Whether a text of the answer may stand in a message: short, plain, and nothing that could be a secret.
fn may_pass(text: &str, values: &Values<'_>) -> bool {
    let short = !text.is_empty() && text.chars().count() <= MAX_MESSAGE;
    let plain = !text.chars().any(char::is_control);
    let wordy = text.split_whitespace().all(|word| word.chars().count() <= MAX_WORD);
    let secret = values.secrets().any(|secret| !secret.is_empty() && text.contains(secret.expose()));
    short && plain && wordy && !secret
}

#[cfg(test)]
mod tests {
    use daypass_core::Secret;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_short_plain_text_without_a_secret_passes() {
        let secret = Secret::new("hunter2");
        let values = Values { credential: Some(&secret), ..Values::default() };
        let told = |json: Value| detail(400, Some(&json), &values);
        assert_eq!(
            told(json!({"code": "BadName", "message": "The name is taken."})),
            "400, BadName, The name is taken"
        );
        assert_eq!(told(json!({"error": {"code": "E1", "message": "no"}})), "400, E1, no");
        assert_eq!(told(json!({"detail": "Unauthorized"})), "400, Unauthorized");
        for bad in ["token hunter2 is bad", &"x".repeat(33), &"word ".repeat(40), "two\nlines", "", "\u{1b}[31m"] {
            assert_eq!(told(json!({"message": bad})), "400", "{bad}");
        }
        assert_eq!(told(json!([1, 2])), "400");
        assert_eq!(detail(502, None, &values), "502");
    }
}
