//! Runs a definition's operations over HTTP.

use std::sync::Arc;
use std::time::Duration;

use daypass_core::{Clock, Secret};

use crate::{Definition, DeviceCode, Grant, Inspected, Minted, Offer, Poll, ProviderError, Regenerated, Target, Wish};
use daypass_core::session::Session;

/// How long and how much a call may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the connection: name, TCP and TLS together.
    pub connect: Duration,
    /// For the whole call, the connection included.
    pub total: Duration,
    /// The longest body of an answer, in bytes.
    pub body: usize,
}

impl Default for Limits {
    /// 5 s, 20 s, 1 MiB.
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), total: Duration::from_secs(20), body: 1 << 20 }
    }
}

/// Runs the operations of definitions. Cheap to clone; all clones share their connections' settings.
#[derive(Clone)]
pub struct Engine {
    _clock: Arc<dyn Clock>,
}

#[allow(clippy::todo, unused_variables, missing_docs)]
impl Engine {
    pub fn new(clock: Arc<dyn Clock>, limits: Limits) -> Result<Self, ProviderError> {
        todo!()
    }
    pub async fn mint(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        wish: &Wish,
    ) -> Result<Minted, ProviderError> {
        todo!()
    }
    pub async fn renew(
        &self,
        definition: &Definition,
        target: &Target,
        grant: &Grant,
    ) -> Result<Minted, ProviderError> {
        todo!()
    }
    pub async fn inspect(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
    ) -> Result<Inspected, ProviderError> {
        todo!()
    }
    pub async fn list(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
    ) -> Result<Vec<Session>, ProviderError> {
        todo!()
    }
    pub async fn create(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        wish: &Wish,
    ) -> Result<Minted, ProviderError> {
        todo!()
    }
    pub async fn revoke(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        id: &str,
    ) -> Result<(), ProviderError> {
        todo!()
    }
    pub async fn revoke_all(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
    ) -> Result<Regenerated, ProviderError> {
        todo!()
    }
    pub async fn begin_sign_in(&self, definition: &Definition, target: &Target) -> Result<DeviceCode, ProviderError> {
        todo!()
    }
    pub async fn poll_sign_in(
        &self,
        definition: &Definition,
        target: &Target,
        code: &DeviceCode,
    ) -> Result<Poll, ProviderError> {
        todo!()
    }
    pub async fn offers(
        &self,
        definition: &Definition,
        target: &Target,
        credential: &Secret,
        param: &str,
    ) -> Result<Vec<Offer>, ProviderError> {
        todo!()
    }
}
