//! The real upstream: the engine that runs the definitions over HTTP.

use daypass_core::Secret;
use daypass_providers::{
    Definition, DeviceCode, Engine, Grant, Inspected, Listed, Minted, Offer, Poll, Regenerated, Target, Wish,
};

use super::{Asked, Upstream};

impl Upstream for Engine {
    fn mint<'a>(
        &'a self,
        d: &'a Definition,
        t: &'a Target,
        credential: &'a Secret,
        wish: &'a Wish,
    ) -> Asked<'a, Minted> {
        Box::pin(self.mint(d, t, credential, wish))
    }

    fn renew<'a>(&'a self, d: &'a Definition, t: &'a Target, grant: &'a Grant) -> Asked<'a, Minted> {
        Box::pin(self.renew(d, t, grant))
    }

    fn inspect<'a>(&'a self, d: &'a Definition, t: &'a Target, credential: &'a Secret) -> Asked<'a, Inspected> {
        Box::pin(self.inspect(d, t, credential))
    }

    fn list<'a>(&'a self, d: &'a Definition, t: &'a Target, credential: &'a Secret) -> Asked<'a, Listed> {
        Box::pin(self.list(d, t, credential))
    }

    fn create<'a>(
        &'a self,
        d: &'a Definition,
        t: &'a Target,
        credential: &'a Secret,
        wish: &'a Wish,
    ) -> Asked<'a, Minted> {
        Box::pin(self.create(d, t, credential, wish))
    }

    fn revoke<'a>(&'a self, d: &'a Definition, t: &'a Target, credential: &'a Secret, id: &'a str) -> Asked<'a, ()> {
        Box::pin(self.revoke(d, t, credential, id))
    }

    fn revoke_all<'a>(&'a self, d: &'a Definition, t: &'a Target, credential: &'a Secret) -> Asked<'a, Regenerated> {
        Box::pin(self.revoke_all(d, t, credential))
    }

    fn begin_sign_in<'a>(&'a self, d: &'a Definition, t: &'a Target) -> Asked<'a, DeviceCode> {
        Box::pin(self.begin_sign_in(d, t))
    }

    fn poll_sign_in<'a>(&'a self, d: &'a Definition, t: &'a Target, code: &'a DeviceCode) -> Asked<'a, Poll> {
        Box::pin(self.poll_sign_in(d, t, code))
    }

    fn offers<'a>(
        &'a self,
        d: &'a Definition,
        t: &'a Target,
        credential: &'a Secret,
        param: &'a str,
    ) -> Asked<'a, Vec<Offer>> {
        Box::pin(self.offers(d, t, credential, param))
    }
}
