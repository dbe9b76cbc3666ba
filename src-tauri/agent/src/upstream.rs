//! What the agent asks of the providers, as one trait: the engine in the programs, a script in the tests.

mod engine;

use std::future::Future;
use std::pin::Pin;

use daypass_core::Secret;
use daypass_providers::{
    Definition, DeviceCode, Grant, Inspected, Listed, Minted, Offer, Poll, ProviderError, Regenerated, Target, Wish,
};

/// A boxed future, so that [`Upstream`] can be a trait object.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// The operations of the providers. Each does one call (with the alternatives that its definition names) and has its
/// own time-outs; the agent decides when to ask, and what to do about a failure.
///
/// # Errors
/// Every method answers [`ProviderError`].
pub trait Upstream: Send + Sync + 'static {
    /// Opens a session from the credential.
    fn mint<'a>(
        &'a self,
        d: &'a Definition,
        t: &'a Target,
        credential: &'a Secret,
        wish: &'a Wish,
    ) -> Asked<'a, Minted>;
    /// Gets a new token by the session's grant; `Refused` means that the credential has to mint again.
    fn renew<'a>(&'a self, d: &'a Definition, t: &'a Target, grant: &'a Grant) -> Asked<'a, Minted>;
    /// Asks what the credential is.
    fn inspect<'a>(&'a self, d: &'a Definition, t: &'a Target, credential: &'a Secret) -> Asked<'a, Inspected>;
    /// Lists the provider's sessions.
    fn list<'a>(&'a self, d: &'a Definition, t: &'a Target, credential: &'a Secret) -> Asked<'a, Listed>;
    /// Opens a further session.
    fn create<'a>(
        &'a self,
        d: &'a Definition,
        t: &'a Target,
        credential: &'a Secret,
        wish: &'a Wish,
    ) -> Asked<'a, Minted>;
    /// Revokes one session; `AlreadyGone` is as good as done.
    fn revoke<'a>(&'a self, d: &'a Definition, t: &'a Target, credential: &'a Secret, id: &'a str) -> Asked<'a, ()>;
    /// Revokes everything at once; `NotSupported` where that is done one by one.
    fn revoke_all<'a>(&'a self, d: &'a Definition, t: &'a Target, credential: &'a Secret) -> Asked<'a, Regenerated>;
    /// Begins a sign-in by device code.
    fn begin_sign_in<'a>(&'a self, d: &'a Definition, t: &'a Target) -> Asked<'a, DeviceCode>;
    /// Asks how it stands.
    fn poll_sign_in<'a>(&'a self, d: &'a Definition, t: &'a Target, code: &'a DeviceCode) -> Asked<'a, Poll>;
    /// The values that a parameter can take.
    fn offers<'a>(
        &'a self,
        d: &'a Definition,
        t: &'a Target,
        credential: &'a Secret,
        param: &'a str,
    ) -> Asked<'a, Vec<Offer>>;
}
