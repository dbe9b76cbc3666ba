//! Sign-in by device code (the flow of RFC 8628): the device shows a user code, a person approves it at the authority's
//! own page or by an administrator's command, and the device, which has asked all the while, is given a refresh token.
//!
//! The authority has no passwords: nothing tells one person at this machine from another. So an approval at the page never
//! signs in as a user who is already there; it creates one, with a profile of its own. An administrator, who may do
//! everything on the store anyway, may say whose the session is to be.

use std::time::Duration;

use daypass_core::lineage::Scopes;
use daypass_core::token::opaque;
use daypass_core::{Chance, Secret, Time, clock};

use super::{DISCOVR_REFRESH_LIFE, Service};
use crate::Error;
use crate::admin::{Settled, SignInFacts};
use crate::model::{CredentialKind, Digest, NewDeviceCode, Redeemed, Verdict, storable};

/// How long a device sign-in waits to be approved.
pub(crate) const DEVICE_CODE_LIFE: Duration = Duration::from_secs(600);

/// How long a device waits before it asks again: the default of RFC 8628 section 3.2.
pub(crate) const POLL_EVERY: Duration = Duration::from_secs(5);

/// How many device sign-ins may wait at once: asking for one needs no credential.
const MOST_WAITING: u32 = 1000;

/// The letters of a user code: no vowels, so that no words arise, and none that look alike (RFC 8628 section 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A device sign-in that has begun.
pub(crate) struct DeviceCode {
    /// What the device asks with: `dvc_` and 64 hex digits.
    pub(crate) device_code: Secret,
    /// What the person types: `BCDF-GHJK`.
    pub(crate) user_code: Secret,
}

/// What a device is told that asks.
pub(crate) enum Poll {
    /// Nobody has approved yet.
    Pending,
    /// Signed in.
    Approved {
        /// The new refresh token.
        refresh_token: Secret,
        /// The user's public id.
        public_id: String,
        /// When the refresh token ends.
        expires_at: Time,
    },
    /// The code is unknown, denied or used.
    Unknown,
    /// The code was not approved in time.
    Expired,
}

impl Service {
    /// Begins a device sign-in for the client `client_id`: of the native dialect if there are `scopes`, else of Discovr's.
    /// Nothing, where too many wait already.
    pub(crate) async fn begin_sign_in(
        &self,
        client_id: String,
        scopes: Option<Scopes>,
    ) -> Result<Option<DeviceCode>, Error> {
        let now = self.now();
        let device_code = opaque::hex("dvc_", 32, self.chance());
        let user_code = user_code(self.chance());
        let code = NewDeviceCode {
            digest: Digest::of(&device_code),
            user_code: Digest::of(&user_code),
            client_id,
            scopes,
            created_at: storable(now),
            expires_at: storable(clock::later(now, DEVICE_CODE_LIFE)),
        };
        let stored = self.store.add_device_code(code, MOST_WAITING, now).await?;
        Ok(stored.then_some(DeviceCode { device_code, user_code }))
    }

    /// Whether a device that is told to wait asks sooner than it should, and must wait longer from now on (RFC 8628 section 3.5).
    /// Each process counts for itself: behind a balancer devices are told so later.
    pub(crate) fn is_hasty(&self, device_code: &Secret) -> bool {
        self.polls.is_hasty(Digest::of(device_code), self.now())
    }

    /// Asks after a device sign-in; an approved one is used up by this.
    pub(crate) async fn poll_sign_in(&self, device_code: &Secret) -> Result<Poll, Error> {
        let now = self.now();
        let refresh_token = opaque::hex("rt_", 32, self.chance());
        let expires_at = clock::later(now, DISCOVR_REFRESH_LIFE);
        let credential = self.credential(&refresh_token, CredentialKind::DiscovrRefresh, Some(DISCOVR_REFRESH_LIFE));
        Ok(match self.store.redeem_device_code(Digest::of(device_code), credential, now).await? {
            Redeemed::Pending => Poll::Pending,
            Redeemed::Approved(user_id) => Poll::Approved { refresh_token, public_id: user_id, expires_at },
            // Discovr has no answer of its own for who was denied.
            Redeemed::Denied | Redeemed::Unknown => Poll::Unknown,
            Redeemed::Expired => Poll::Expired,
        })
    }

    /// The device sign-ins that wait to be settled, the newest ones first, at most `most`.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be read.
    pub async fn sign_ins(&self, most: u32) -> Result<Vec<SignInFacts>, Error> {
        self.store.waiting_sign_ins(most, self.now()).await
    }

    /// The one that waits with this user code, as a person typed it: in any case, with or without the hyphen.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be read.
    pub async fn sign_in_facts(&self, typed: &str) -> Result<Option<SignInFacts>, Error> {
        match normal(typed) {
            Some(code) => self.store.waiting_sign_in(Digest::of(&code), self.now()).await,
            None => Ok(None),
        }
    }

    /// Approves the device sign-in with this user code, for the user with the id `user` or else for a new one. Whoever
    /// approves must have been shown what ([`Service::sign_in_facts`]): the code may be somebody else's (RFC 8628 section 5.4).
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn approve_sign_in(&self, typed: &str, user: Option<&str>) -> Result<Settled, Error> {
        let verdict = user.map_or_else(|| Verdict::Add(self.user()), |id| Verdict::For(id.to_owned()));
        self.settle_sign_in(typed, verdict).await
    }

    /// Denies the device sign-in with this user code: its device is told so.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn deny_sign_in(&self, typed: &str) -> Result<Settled, Error> {
        self.settle_sign_in(typed, Verdict::Deny).await
    }

    async fn settle_sign_in(&self, typed: &str, verdict: Verdict) -> Result<Settled, Error> {
        let Some(code) = normal(typed) else { return Ok(Settled::NotWaiting) };
        self.store.settle_device_code(Digest::of(&code), verdict, self.now()).await
    }
}

/// Eight letters drawn evenly: 34 bits, which the limit on failures makes enough for ten minutes.
fn user_code(chance: &dyn Chance) -> Secret {
    let mut code = String::with_capacity(9);
    while code.len() < 9 {
        let mut byte = [0];
        chance.fill(&mut byte);
        // 240 = 12 × 20: bytes above it would favour the first letters.
        if byte[0] < 240 {
            code.push(LETTERS[usize::from(byte[0] % 20)] as char);
            if code.len() == 4 {
                code.push('-');
            }
        }
    }
    Secret::new(code)
}

/// A user code as it was shown, whatever case, spaces and hyphens it was typed with.
fn normal(typed: &str) -> Option<Secret> {
    let letters: String = typed.chars().filter(char::is_ascii_alphabetic).take(9).collect();
    let letters = letters.to_ascii_uppercase();
    (letters.len() == 8).then(|| Secret::new(format!("{}-{}", &letters[..4], &letters[4..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Repeating(std::sync::atomic::AtomicU8);

    impl Chance for Repeating {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn a_user_code_can_be_typed_in_any_way() {
        let code = user_code(&Repeating(0.into()));
        assert_eq!(code.expose().len(), 9);
        let shown = code.expose();
        for typed in [shown.to_lowercase(), shown.replace('-', ""), format!("  {} ", shown.replace('-', " "))] {
            assert_eq!(normal(&typed), Some(code.clone()), "{typed}");
        }
        assert_eq!(normal("BCDF-GHJ"), None);
        assert_eq!(normal("BCDF-GHJKL"), None);
        assert_eq!(normal("ÄÖÜß-ÄÖÜß"), None);
    }
}
