//! Which notifications speak of something that lasts, so that they go when it is over: nobody is to be called to a vault
//! that is open, or to an account that is mended.

use daypass_api::view::{Health, Snapshot};

use crate::note::Topic;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Told {
    vault: Call,
    accounts: Call,
}

/// How a call for help stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Call {
    /// None is shown.
    #[default]
    None,
    /// It is shown; a snapshot that says why may still be on its way.
    Made,
    /// It is shown, and a snapshot has said why.
    Seen,
}

impl Told {
    /// A notification of this topic is shown.
    pub(crate) fn note(&mut self, topic: Topic) {
        match topic {
            Topic::Vault => self.vault = Call::Made,
            Topic::NeedsYou => self.accounts = Call::Made,
            // These tell of what has happened, which stays true.
            Topic::Copied
            | Topic::CopiedIsOver
            | Topic::Trouble
            | Topic::Recovered
            | Topic::Revoked
            | Topic::Failed
            | Topic::NoTray => {}
        }
    }

    /// The topics of the notifications that `snapshot` has put an end to.
    pub(crate) fn over(&mut self, snapshot: &Snapshot) -> Vec<Topic> {
        let needy = snapshot.accounts.iter().any(|account| account.health == Health::NeedsYou);
        let vault = self.vault.is_over(snapshot.vault.message().is_some()).then_some(Topic::Vault);
        let accounts = self.accounts.is_over(needy).then_some(Topic::NeedsYou);
        vault.into_iter().chain(accounts).collect()
    }
}

impl Call {
    /// Whether it was shown for something that does not hold any more.
    fn is_over(&mut self, holds: bool) -> bool {
        let (next, over) = match (*self, holds) {
            (Self::None, _) => (Self::None, false),
            (Self::Made | Self::Seen, true) => (Self::Seen, false),
            (Self::Made, false) => (Self::Made, false),
            (Self::Seen, false) => (Self::None, true),
        };
        *self = next;
        over
    }
}
