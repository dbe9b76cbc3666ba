//! The truth about the providers: which credentials, grants and sessions live, and until when by true time.

use std::collections::HashMap;
use std::time::Duration;

use daypass_core::Time;
use daypass_core::fresh::Life;

/// A provider, with what is peculiar to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Mints from a refresh token that stays; sessions cannot be revoked, and survive a sign-out.
    Discovr,
    /// Mints from a master token; regenerating it kills every session at once.
    PocketPaw,
    /// Lists, creates and revokes sessions whose tokens are shown once and mint their own successors.
    AntiRaid,
    /// Mints from an API key, and renews by a grant.
    Discover,
    /// Every mint uses the refresh token up for its successor.
    Ring,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [Self::Discovr, Self::PocketPaw, Self::AntiRaid, Self::Discover, Self::Ring];

    /// The name of its definition.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Discovr => "discovr",
            Self::PocketPaw => "pocketpaw",
            Self::AntiRaid => "antiraid",
            Self::Discover => "discover",
            Self::Ring => "ring",
        }
    }
}

/// Why something is dead before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// The agent revoked it, and heard that it did.
    Revoked,
    /// The agent revoked it, and never heard of it.
    RevokedUnheard,
    /// The agent replaced what it hangs on, whether or not it heard of it.
    Replaced,
    /// Somebody else did, and the agent cannot know.
    Elsewhere,
}

/// A long-lived secret of an account.
#[derive(Debug, Clone)]
pub(crate) struct Credential {
    pub(crate) text: String,
    pub(crate) dies: Option<Time>,
    pub(crate) dead: Option<Death>,
    /// Whether the agent surely has it.
    pub(crate) held: bool,
    /// The one that was used up for it, where its provider takes a step back from who failed to store.
    pub(crate) forgives: Option<usize>,
    /// Whether it was ever presented.
    pub(crate) used: bool,
}

/// A session that was opened.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) party: usize,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) name: Option<String>,
    pub(crate) made: Time,
    pub(crate) dies: Time,
    pub(crate) dead: Option<Death>,
    /// The life that the agent was told, as the engine reads it; `None` until an answer with it was delivered.
    pub(crate) life: Option<Life>,
    /// How far the agent may be mistaken about its end: while the answer is under way nobody can tell how the clocks differ.
    pub(crate) slack: Duration,
    /// When it ends by what the agent was told, in true time.
    pub(crate) told_end: Option<Time>,
    /// How much time passed since that no clock of the machine has seen.
    pub(crate) unseen: Duration,
    /// Whether a user asked the agent to forget it.
    pub(crate) forgotten: bool,
    /// Whether a user asked the agent to revoke it; where the answer was lost, that is finished in the background.
    pub(crate) to_revoke: bool,
    /// Until when its token was promised to live to whoever got it.
    pub(crate) promised: Option<Time>,
    /// Whether the agent presented its token and was refused: from then on it knows.
    pub(crate) known_dead: bool,
    /// The credential whose own session this is, where it is not one that the agent opened.
    pub(crate) of: Option<usize>,
}

impl Opened {
    /// A session that lives, of which nobody was told yet.
    fn new(party: usize, id: String, token: String, name: Option<String>, made: Time, dies: Time) -> Self {
        Self {
            party,
            id,
            token,
            name,
            made,
            dies,
            dead: None,
            life: None,
            slack: Duration::ZERO,
            told_end: None,
            unseen: Duration::ZERO,
            forgotten: false,
            to_revoke: false,
            promised: None,
            known_dead: false,
            of: None,
        }
    }
}

/// A secret that renews.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) text: String,
    pub(crate) party: usize,
    pub(crate) dies: Time,
}

/// What a secret is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key {
    Credential(usize, usize),
    Session(usize),
    Grant(usize),
}

/// An account, as its provider knows it.
#[derive(Debug)]
pub(crate) struct Party {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) origin: usize,
    /// How long its sessions live where none is wished for.
    pub(crate) life: Duration,
    pub(crate) credentials: Vec<Credential>,
    /// The session that the agent was given last by a mint or a renewal.
    pub(crate) current: Option<usize>,
    /// Signed out at the agent's own wish.
    pub(crate) signed_out: bool,
    /// Whether it is kept fresh always.
    pub(crate) pinned: bool,
    /// Whether the agent has it.
    pub(crate) connected: bool,
    /// Whether it is just being connected again: a credential that is tried is not held yet.
    pub(crate) connecting: bool,
    /// Revoked by the user and not used since, so that nothing is opened in the background.
    pub(crate) resting: bool,
    /// When its token was handed out last, and when that was by the awake clock.
    pub(crate) served_at: Option<(Time, Duration)>,
    /// Whether a revocation has replaced the credential, and whoever asked for it has not heard of it yet.
    pub(crate) replacing: bool,
    /// Further sessions that the agent said it holds, and that nobody has asked it to drop.
    pub(crate) created: Vec<usize>,
}

/// Something that the agent was given. Until it is stored, a crash may take it away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given {
    pub(crate) at: Time,
    pub(crate) party: usize,
    pub(crate) session: Option<usize>,
    pub(crate) credential: Option<usize>,
}

/// All of it.
pub(crate) struct Truth {
    pub(crate) parties: Vec<Party>,
    pub(crate) opened: Vec<Opened>,
    pub(crate) grants: Vec<Grant>,
    pub(crate) keys: HashMap<String, Key>,
    /// When the last pause of the machine ended.
    pub(crate) paused_at: Option<Time>,
    count: u64,
}

/// What opening a session brought.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Brought {
    pub(crate) session: usize,
    pub(crate) grant: Option<usize>,
    pub(crate) successor: Option<usize>,
}

/// The credential is dead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refused;

impl Truth {
    pub(crate) fn new() -> Self {
        let (parties, opened, grants) = (Vec::new(), Vec::new(), Vec::new());
        Self { parties, opened, grants, keys: HashMap::new(), paused_at: None, count: 0 }
    }

    fn made_up(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}-{}", self.count)
    }

    /// A new credential of an account, which the agent does not have yet.
    pub(crate) fn new_credential(&mut self, party: usize, now: Time, lives: Option<Duration>) -> String {
        let text = self.made_up("credential");
        let dies = lives.map(|lives| now + lives);
        let (dead, held, forgives, used) = (None, false, None, false);
        let credentials = &mut self.parties[party].credentials;
        credentials.push(Credential { text: text.clone(), dies, dead, held, forgives, used });
        let index = credentials.len() - 1;
        self.keys.insert(text.clone(), Key::Credential(party, index));
        if self.parties[party].kind == Kind::AntiRaid {
            // It is a session like any other, and listed with them.
            let (id, dies) = (self.made_up("login"), dies.unwrap_or(Time::MAX_UTC));
            let own = Opened::new(party, id, String::new(), None, now, dies);
            self.opened.push(Opened { dead, of: Some(index), ..own });
        }
        text
    }

    /// Whose secret this is.
    pub(crate) fn owner(&self, secret: &str) -> Option<usize> {
        Some(match *self.keys.get(secret)? {
            Key::Credential(party, _) => party,
            Key::Session(session) => self.opened[session].party,
            Key::Grant(grant) => self.grants[grant].party,
        })
    }

    /// Whether an account's credential would be taken at `now`.
    pub(crate) fn credential_lives(&self, party: usize, index: usize, now: Time) -> bool {
        let credentials = &self.parties[party].credentials;
        let credential = &credentials[index];
        let in_time = credential.dies.is_none_or(|dies| now < dies);
        // A provider that forgives takes the parent until the child was used.
        let forgiven = credential.dead == Some(Death::Replaced)
            && credentials.iter().any(|child| child.forgives == Some(index) && !child.used && child.dead.is_none());
        in_time && (credential.dead.is_none() || forgiven)
    }

    /// Whether a session's token would be taken at `now`.
    pub(crate) fn session_lives(&self, session: usize, now: Time) -> bool {
        let opened = &self.opened[session];
        opened.dead.is_none() && self.in_time(session, now)
    }

    /// Whether a session has not come to its own end. PocketPaw's stamp is good until its second is over.
    pub(crate) fn in_time(&self, session: usize, now: Time) -> bool {
        let opened = &self.opened[session];
        match self.parties[opened.party].kind {
            Kind::PocketPaw => now <= opened.dies,
            _ => now < opened.dies,
        }
    }

    /// Whether the agent surely has something that its provider would open a session for.
    pub(crate) fn can_open(&self, party: usize, now: Time) -> bool {
        let there = &self.parties[party];
        let own = (0..there.credentials.len())
            .any(|index| there.credentials[index].held && self.credential_lives(party, index, now));
        own || there.kind == Kind::AntiRaid && there.current.is_some_and(|current| self.session_lives(current, now))
    }

    /// Checks a presented secret.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) fn admit(&mut self, secret: &str, now: Time) -> Result<usize, Refused> {
        match self.keys.get(secret).copied().ok_or(Refused)? {
            Key::Credential(party, index) if self.credential_lives(party, index, now) => {
                let credential = &mut self.parties[party].credentials[index];
                let first = !credential.used;
                credential.used = true;
                if let Some(parent) = credential.forgives.filter(|_| first) {
                    self.parties[party].credentials[parent].dead = Some(Death::Replaced);
                }
                Ok(party)
            }
            Key::Session(session)
                if self.parties[self.opened[session].party].kind == Kind::AntiRaid
                    && self.session_lives(session, now) =>
            {
                Ok(self.opened[session].party)
            }
            Key::Grant(grant) if now < self.grants[grant].dies => Ok(self.grants[grant].party),
            _ => Err(Refused),
        }
    }

    /// Opens a session.
    pub(crate) fn open(
        &mut self,
        party: usize,
        secret: &str,
        now: Time,
        name: Option<&str>,
        life: Duration,
    ) -> Brought {
        let kind = self.parties[party].kind;
        let id = self.made_up("s");
        let dies = match kind {
            // These write whole seconds.
            Kind::Discovr | Kind::PocketPaw => Time::from_timestamp((now + life).timestamp(), 0).unwrap(),
            _ => now + life,
        };
        let token = match kind {
            Kind::PocketPaw => {
                // Two of one second and one master are the same token.
                let master: u64 = secret.bytes().fold(7, |sum, byte| sum * 31 % 0xffff_fffb + u64::from(byte));
                format!("{}:{:064x}", dies.timestamp(), master)
            }
            _ => format!("token-of-{id}"),
        };
        let session = match self.keys.get(&token) {
            Some(Key::Session(same)) => *same,
            _ => {
                self.opened.push(Opened::new(party, id, token.clone(), name.map(str::to_owned), now, dies));
                self.keys.insert(token, Key::Session(self.opened.len() - 1));
                self.opened.len() - 1
            }
        };
        let successor = (kind == Kind::Ring).then(|| self.rotate(party, secret, now));
        Brought { session, grant: None, successor }
    }

    /// Uses a refresh token up for its successor.
    fn rotate(&mut self, party: usize, secret: &str, now: Time) -> usize {
        let Some(&Key::Credential(_, parent)) = self.keys.get(secret) else { unreachable!("admitted before") };
        let forgiving = self.parties[party].origin.is_multiple_of(2);
        let dies = self.parties[party].credentials[parent].dies;
        let lives = dies.map(|dies| daypass_core::clock::until(now, dies));
        self.new_credential(party, now, lives);
        let credentials = &mut self.parties[party].credentials;
        let child = credentials.len() - 1;
        // Two children of one parent: the younger takes the place of the elder.
        for other in credentials.iter_mut().filter(|other| other.forgives == Some(parent)) {
            (other.dead, other.forgives) = (Some(Death::Replaced), None);
        }
        credentials[parent].dead = Some(Death::Replaced);
        credentials[child].forgives = forgiving.then_some(parent);
        child
    }

    /// A grant for an account.
    pub(crate) fn grant(&mut self, party: usize, now: Time, lives: Duration) -> usize {
        let (text, index) = (self.made_up("grant"), self.grants.len());
        self.keys.insert(text.clone(), Key::Grant(index));
        self.grants.push(Grant { text, party, dies: now + lives });
        index
    }

    /// Kills a session, and the credential that it belongs to.
    pub(crate) fn kill_session(&mut self, session: usize, death: Death) {
        let opened = &mut self.opened[session];
        opened.dead = Some(death);
        if let Some(index) = opened.of {
            self.parties[opened.party].credentials[index].dead = Some(death);
        }
    }

    /// Kills every session of an account that still lives.
    pub(crate) fn kill_sessions(&mut self, party: usize, death: Death) {
        for session in 0..self.opened.len() {
            if self.opened[session].party == party && self.opened[session].dead.is_none() {
                self.kill_session(session, death);
            }
        }
    }

    /// Kills every credential of an account that still lives.
    pub(crate) fn kill_credentials(&mut self, party: usize, death: Death) {
        for credential in &mut self.parties[party].credentials {
            credential.dead.get_or_insert(death);
            credential.forgives = None;
        }
    }

    /// The machine was paused for this long: what the agent was told before it believes for so much longer.
    pub(crate) fn paused(&mut self, span: Duration, now: Time) {
        self.paused_at = Some(now);
        for opened in self.opened.iter_mut().filter(|opened| opened.life.is_some()) {
            opened.unseen += span;
            opened.told_end = opened.told_end.map(|end| daypass_core::clock::later(end, span));
        }
    }

    /// Whether a session whose answer was lost may be told from others of its name: where a user chose the name, only the
    /// moment of its creation tells, and that cannot be known of what was created before a pause.
    pub(crate) fn can_be_told(&self, session: usize) -> bool {
        let opened = &self.opened[session];
        let named = opened.name.as_ref().is_some_and(|name| name.starts_with("by hand"));
        !named || opened.life.is_some() || self.paused_at.is_none_or(|at| at <= opened.made)
    }

    /// The sessions that a provider lists: what lives.
    pub(crate) fn listed(&self, party: usize, now: Time) -> Vec<usize> {
        let of_it = |index: &usize| self.opened[*index].party == party;
        (0..self.opened.len()).filter(of_it).filter(|index| self.session_lives(*index, now)).collect()
    }
}
