//! What the controller knows of the clipboard: which copy was asked for last, and which tokens may still be on it.
//!
//! It keeps digests, not tokens: a digest is enough to ask whether the clipboard still holds what was put there.

use std::time::Duration;

use daypass_api::view::{CopyView, TokenView};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::{Time, clock};
use tokio::time::Instant;

use crate::face::Answer;

/// How long a token stays on the clipboard.
pub const CLEAR_AFTER: Duration = Duration::from_secs(45);

/// See the module.
#[derive(Default)]
pub(crate) struct Clip {
    count: u64,
    wish: Option<Wish>,
    held: Vec<Held>,
}

/// A copy that waits for its token.
pub(crate) struct Wish {
    number: u64,
    /// The account whose token was asked for.
    pub(crate) account: String,
    /// Where the answer goes; `None` where it was the menu.
    pub(crate) answer: Option<Answer<CopyView>>,
}

/// A token on its way to the clipboard.
pub(crate) struct Put {
    /// What is told of it.
    pub(crate) view: CopyView,
    /// Why it is shorter-lived than it should be, where it is.
    pub(crate) short_because: Option<ApiError>,
    /// Where the answer goes; `None` where it was the menu.
    pub(crate) answer: Option<Answer<CopyView>>,
}

/// A token that may be on the clipboard.
struct Held {
    digest: String,
    due: Instant,
    /// The same by the wall clock: the other one stands still while the machine sleeps.
    due_at: Time,
}

impl Clip {
    /// Notes a wish for a copy, and answers its number. A clipboard holds one thing: an earlier wish that still waits
    /// is told that it has been overtaken.
    pub(crate) fn begin(&mut self, account: &str, answer: Option<Answer<CopyView>>) -> u64 {
        self.count += 1;
        let wish = Wish { number: self.count, account: account.to_owned(), answer };
        if let Some(answer) = self.wish.replace(wish).and_then(|earlier| earlier.answer) {
            let message = "Another token was copied in the meantime; ask again.";
            let _ = answer.send(Err(ApiError::new(ErrorCode::Rejected, message)));
        }
        self.count
    }

    /// The wish of this number, where it has not been overtaken.
    pub(crate) fn answered(&mut self, number: u64) -> Option<Wish> {
        self.wish.take_if(|wish| wish.number == number)
    }

    /// Notes that the token goes to the clipboard now, before it does, so that an end in between clears it too.
    pub(crate) fn put(&mut self, wish: Wish, token: &TokenView, now: Instant, wall: Time) -> Put {
        let digest = token.token.digest();
        let due_at = clock::later(wall, CLEAR_AFTER);
        self.held.retain(|held| held.digest != digest);
        self.held.push(Held { digest, due: now + CLEAR_AFTER, due_at });
        let view = CopyView {
            account: token.account.clone(),
            session_id: token.session_id.clone(),
            expires_at: token.expires_at,
            cleared_at: due_at,
        };
        Put { view, short_because: token.short_because.clone(), answer: wish.answer }
    }

    /// When the next token must leave the clipboard.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.held.iter().map(|held| held.due).min()
    }

    /// The digests of the tokens whose time is over by either clock.
    pub(crate) fn take_due(&mut self, now: Instant, wall: Time) -> Vec<String> {
        let due = self.held.extract_if(.., |held| now >= held.due || wall >= held.due_at);
        due.map(|held| held.digest).collect()
    }

    /// The digests of all tokens that may be on the clipboard.
    pub(crate) fn take_all(&mut self) -> Vec<String> {
        self.held.drain(..).map(|held| held.digest).collect()
    }
}
