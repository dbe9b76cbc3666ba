//! The keys of access tokens as this process knows them: those of the store, looked at often enough to act as one with the
//! other processes on it.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use daypass_core::Time;
use daypass_core::token::access::Signer;
use daypass_core::token::ring::{Key, Phase, Plan, Ring};
use serde_json::Value;
use tokio::time::Instant;

use super::Service;
use super::native::ACCESS_LIFE;
use crate::Error;
use crate::model::{KeyChange, KeyDeed, SigningKey, storable};

/// How long the keys are believed to be those of the store: a withdrawn key is dead everywhere within a second.
const LOOK: Duration = Duration::from_millis(500);

/// The keys as they were read last.
#[derive(Default)]
pub(super) struct Keychain {
    read: RwLock<Option<Arc<Keys>>>,
    /// One who reads at a time.
    reading: tokio::sync::Mutex<()>,
}

/// The keys of the store, as they were at an instant.
pub(super) struct Keys {
    ring: Ring<Signer>,
    read_at: Instant,
}

/// A key that signs access tokens, as it is shown: without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its id, the thumbprint of RFC 7638: 43 characters of base64url.
    pub id: String,
    /// Where it stands.
    pub phase: Phase,
    /// Since when it is published.
    pub created_at: Time,
    /// When it begins to sign, or began.
    pub active_at: Time,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Time>,
}

impl Keys {
    /// The key that signs at `now`.
    pub(super) fn signer(&self, now: Time) -> Result<&Signer, Error> {
        self.ring.signing(now).map(|key| &key.secret).ok_or(Error::Damaged("there is no key that signs"))
    }

    /// The key with this id, if what it has signed is believed at `now`.
    pub(super) fn verifier(&self, id: &str, now: Time) -> Option<&Signer> {
        self.good(now).find(|signer| signer.id() == id)
    }

    /// Those that sign, have signed or will sign what is believed.
    fn good(&self, now: Time) -> impl Iterator<Item = &Signer> {
        let good = |phase| matches!(phase, Phase::Published | Phase::Active | Phase::Retiring);
        self.ring.phases(now).filter(move |(phase, _)| good(*phase)).map(|(_, key)| &key.secret)
    }

    fn facts(&self, now: Time) -> Vec<KeyFacts> {
        let facts = |(phase, key): (Phase, &Key<Signer>)| KeyFacts {
            id: key.secret.id().to_owned(),
            phase,
            created_at: key.times.created_at,
            active_at: key.times.active_at,
            withdrawn_at: key.times.withdrawn_at,
        };
        self.ring.phases(now).map(facts).collect()
    }
}

impl Service {
    /// The keys, as the store had them half a second ago or later.
    pub(super) async fn keys(&self) -> Result<Arc<Keys>, Error> {
        if let Some(keys) = self.known_keys() {
            return Ok(keys);
        }
        let _reading = self.keychain.reading.lock().await;
        // Another may have read them while this one waited.
        if let Some(keys) = self.known_keys() {
            return Ok(keys);
        }
        // Before they are read: what changes in between is seen by the next look.
        let read_at = Instant::now();
        let mut ring = self.store.access_keys().await?;
        let now = storable(self.now());
        if ring.needs_tending(&self.plan(), now) {
            (ring, _) = self.store.change_access_keys(self.change(KeyDeed::Tend), now).await?;
        }
        self.learn(&ring, read_at)
    }

    /// The public keys that access tokens are verified with, as JWKs: also those that will sign soon.
    pub(crate) async fn public_keys(&self) -> Result<Vec<Value>, Error> {
        Ok(self.keys().await?.good(self.now()).map(Signer::jwk).collect())
    }

    /// The keys that sign access tokens, in the order in which they sign, withdrawn ones too until all they have signed has
    /// expired.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be read.
    pub async fn list_keys(&self) -> Result<Vec<KeyFacts>, Error> {
        Ok(self.keys().await?.facts(self.now()))
    }

    /// Publishes the next key, which signs after [`crate::Config::key_ahead`] or `at_once`; where the next one is published
    /// already, it is that one. Answers all keys.
    ///
    /// Refresh tokens and Discovr's tokens do not depend on these keys: no session ends by this.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn rotate_key(&self, at_once: bool) -> Result<Vec<KeyFacts>, Error> {
        self.change_keys(KeyDeed::Rotate { at_once }).await.map(|(keys, _)| keys)
    }

    /// Withdraws the key with this id: no process believes what it has signed any more, within one second. If it was the one
    /// that signs, the next one signs from now on. `None` where there is no such key; else answers all keys.
    ///
    /// Sessions live on: their refresh tokens bring access tokens of the next key.
    ///
    /// # Errors
    /// [`Error::Database`] where the store cannot be written.
    pub async fn withdraw_key(&self, id: &str) -> Result<Option<Vec<KeyFacts>>, Error> {
        let (keys, found) = self.change_keys(KeyDeed::Withdraw(id.to_owned())).await?;
        Ok(found.then_some(keys))
    }

    async fn change_keys(&self, deed: KeyDeed) -> Result<(Vec<KeyFacts>, bool), Error> {
        // A store that was never used has no key yet.
        self.keys().await?;
        let read_at = Instant::now();
        let now = storable(self.now());
        let (ring, found) = self.store.change_access_keys(self.change(deed), now).await?;
        Ok((self.learn(&ring, read_at)?.facts(now), found))
    }

    fn change(&self, deed: KeyDeed) -> KeyChange {
        let mut fresh = SigningKey::new([0; 32]);
        self.chance.fill(fresh.as_mut());
        KeyChange { deed, fresh, plan: self.plan() }
    }

    /// How keys follow each other here. Access tokens end in whole seconds, rounded up.
    fn plan(&self) -> Plan {
        let token_life = Duration::from_secs(self.config.life(ACCESS_LIFE).as_secs().saturating_add(2));
        Plan { life: self.config.key_life, ahead: self.config.key_ahead, token_life }
    }

    fn known_keys(&self) -> Option<Arc<Keys>> {
        let keys = self.keychain.read.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        let fresh = keys.read_at.elapsed() < LOOK && !keys.ring.needs_tending(&self.plan(), storable(self.now()));
        fresh.then_some(keys)
    }

    fn learn(&self, ring: &Ring<SigningKey>, read_at: Instant) -> Result<Arc<Keys>, Error> {
        let signer = |key: &Key<SigningKey>| {
            let secret = Signer::from_seed(&key.secret).map_err(|_| Error::Damaged("an access key is not one"))?;
            Ok(Key { secret, times: key.times })
        };
        let ring = Ring::new(ring.keys().iter().map(signer).collect::<Result<_, Error>>()?);
        let keys = Arc::new(Keys { ring, read_at });
        *self.keychain.read.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&keys));
        Ok(keys)
    }
}
