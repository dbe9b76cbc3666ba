//! What is in an export: every account with its secrets, as JSON that only ever exists sealed.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use daypass_core::fresh::Life;
use daypass_core::rotation::Intent;
use daypass_core::session::{Session, Standing};
use daypass_core::{Secret, Time};
use daypass_providers::Grant;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::vault::{AccountRecord, Refusal, Sealed, SessionRecord};

/// All of it.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) accounts: Vec<Exported>,
}

/// An account. What is added to it later is to have a default, so that older exports can be read.
#[derive(Serialize, Deserialize)]
pub(super) struct Exported {
    pub(super) name: String,
    provider: String,
    base_url: Option<String>,
    params: BTreeMap<String, String>,
    life: Option<Duration>,
    pinned: bool,
    created_at: Time,
    last_used_at: Option<Time>,
    refused: Option<Refusal>,
    live_until: Option<Time>,
    #[serde(with = "exposed")]
    credential: Option<Secret>,
    grant: Option<ExportedGrant>,
    sessions: Vec<ExportedSession>,
    /// What was begun and has not ended: whoever imports it settles it.
    pub(super) intents: Vec<ExportedIntent>,
}

#[derive(Serialize, Deserialize)]
struct ExportedGrant {
    #[serde(with = "exposed")]
    token: Option<Secret>,
    expires_at: Option<Time>,
    life: Duration,
}

#[derive(Serialize, Deserialize)]
struct ExportedSession {
    session: Session,
    standing: Standing,
    current: bool,
    retire_at: Option<Time>,
    #[serde(with = "exposed")]
    token: Option<Secret>,
    life: Option<Life>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct ExportedIntent {
    pub(super) intent: Intent,
    pub(super) begun_at: Time,
}

impl Content {
    /// As JSON, in memory that is wiped.
    ///
    /// # Errors
    /// None that can be met: all of it can be written.
    pub(super) fn write(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let mut text = Wiped::default();
        serde_json::to_writer(&mut text, self)?;
        Ok(text.0)
    }

    /// Leaves the tokens of sessions out, at the providers that `again` says: there a use opens them again.
    pub(super) fn leave_tokens_out(&mut self, again: impl Fn(&str) -> bool) {
        for account in self.accounts.iter_mut().filter(|account| again(&account.provider)) {
            account.sessions.iter_mut().for_each(|session| (session.token, session.life) = (None, None));
        }
    }

    /// # Errors
    /// Where it is not what [`Content::write`] wrote.
    pub(super) fn read(text: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(text)
    }
}

impl Exported {
    /// What an export holds of `record`. What cannot be opened cannot be exported.
    pub(super) fn of(record: &AccountRecord, intents: Vec<ExportedIntent>) -> Self {
        let grant = record.grant.open().map(|grant| ExportedGrant {
            token: Some(grant.token.clone()),
            expires_at: grant.expires_at,
            life: grant.life,
        });
        let sessions = record.sessions.iter().map(|kept| ExportedSession {
            session: kept.session.clone(),
            standing: kept.standing,
            current: kept.current,
            retire_at: kept.retire_at,
            token: kept.token.open().cloned(),
            life: kept.life,
        });
        Self {
            name: record.name.clone(),
            provider: record.provider.clone(),
            base_url: record.base_url.clone(),
            params: record.params.clone().into(),
            life: record.life,
            pinned: record.pinned,
            created_at: record.created_at,
            last_used_at: record.last_used_at,
            refused: record.refused.clone(),
            live_until: record.live_until,
            credential: record.credential.open().cloned(),
            grant,
            sessions: sessions.collect(),
            intents,
        }
    }

    /// As an account of this machine that is not stored yet. It rests until it is used here: the machine that it comes
    /// from may still refresh it, and of a single-use credential only one of the two can use the same.
    pub(super) fn record(self) -> AccountRecord {
        let grant = self
            .grant
            .and_then(|grant| Some(Grant { token: grant.token?, expires_at: grant.expires_at, life: grant.life }));
        let sessions = self.sessions.into_iter().map(|kept| SessionRecord {
            row: None,
            session: kept.session,
            standing: kept.standing,
            current: kept.current,
            retire_at: kept.retire_at,
            token: sealed(kept.token),
            life: kept.life,
            print: Default::default(),
        });
        AccountRecord {
            row: 0,
            name: self.name,
            provider: self.provider,
            base_url: self.base_url,
            params: self.params.into(),
            life: self.life,
            pinned: self.pinned,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
            resting: true,
            refused: self.refused,
            live_until: self.live_until,
            credential: sealed(self.credential),
            generation: 0,
            grant: sealed(grant),
            sessions: sessions.collect(),
            damaged: Vec::new(),
        }
    }
}

fn sealed<T>(secret: Option<T>) -> Sealed<T> {
    secret.map_or(Sealed::Nothing, Sealed::Open)
}

/// A buffer that leaves nothing behind when it grows.
#[derive(Default)]
struct Wiped(Zeroizing<Vec<u8>>);

impl Write for Wiped {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.capacity() - self.0.len() < bytes.len() {
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * (self.0.len() + bytes.len()).max(4096)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `#[serde(with = "exposed")]`: the secret itself. The JSON that it goes to is sealed before it leaves the process.
mod exposed {
    use daypass_core::Secret;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        secret.as_ref().map(Secret::expose).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
        Option::<String>::deserialize(deserializer).map(|secret| secret.map(Secret::new))
    }
}
