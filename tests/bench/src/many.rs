//! An agent with many accounts: the real program, a home of its own, and the accounts put in by its API.

use std::time::Duration;

use anyhow::Context as _;
use daypass_api::request::AddAccount;
use daypass_api::view::{AccountView, Snapshot};
use daypass_api::{Client, Home};
use daypass_test_support::program::{Installation, Running};
use daypass_test_support::wait;
use rustix::process::Signal;

use crate::programs::Programs;

/// How long a running agent is left alone before it is measured.
pub(crate) const REST: Duration = Duration::from_secs(3);

/// A home and the agent in it.
pub(crate) struct Many {
    pub(crate) agent: Running,
    pub(crate) client: Client,
    installation: Installation,
}

impl Many {
    /// A new home with an agent, and no account.
    ///
    /// # Errors
    /// Where the socket's path is too long.
    pub(crate) fn start(programs: &Programs) -> anyhow::Result<Self> {
        let installation = Installation::new(&programs.daypass);
        let agent = installation.agent();
        let client = Client::new(&Home::under(&installation.root()))?;
        Ok(Self { agent, client, installation })
    }

    /// Connects accounts without trying their credentials.
    ///
    /// # Errors
    /// Where the agent refuses one.
    pub(crate) fn add(&self, accounts: impl IntoIterator<Item = AddAccount>) -> anyhow::Result<()> {
        for account in accounts {
            let name = account.name.clone();
            let request = AddAccount { check: false, ..account };
            self.client.post::<AccountView>("/v1/accounts", &request).with_context(|| format!("adding {name}"))?;
        }
        Ok(())
    }

    /// Ends the agent and starts it anew: what it holds then is what it needs.
    pub(crate) fn restart(&mut self) {
        self.agent.end_by(Signal::TERM);
        self.agent = self.installation.agent();
    }

    /// All that faces see.
    ///
    /// # Errors
    /// Where the agent does not answer.
    pub(crate) fn snapshot(&self) -> anyhow::Result<Snapshot> {
        Ok(self.client.get("/v1/snapshot")?)
    }

    /// Waits until every account is as it should be.
    pub(crate) fn wait_for_all(&self, what: &str, limit: Duration, is_so: impl Fn(&AccountView) -> bool) {
        let all = || self.snapshot().is_ok_and(|snapshot| snapshot.accounts.iter().all(&is_so));
        wait::until(what, limit, || all().then_some(()));
    }
}
