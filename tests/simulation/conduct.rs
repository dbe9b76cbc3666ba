//! How an agent must behave towards its providers: the policy, written down apart from the code that follows it.
//!
//! - One flight (a mint or a renewal) an account at a time.
//! - After a 429 the whole provider is left alone for as long as it says, 5 s where it does not say; whoever asks. It
//!   is no failure of the account that met it.
//! - After any other failure with a `Retry-After` no flight of that account begins before it has passed; whoever asks.
//! - In the background a failed refresh of a token that lives rests for 30 s, or a tenth of its life where that is
//!   shorter. Only what failed for want of a connection may be tried sooner: when a network came up, the machine woke,
//!   or the provider answered somebody else.
//! - Where no token lives any more it is tried again after a part of a span that doubles from 1 s to 30 s: half of it in
//!   the middle.
//! - In the background nothing begins within 3 s of waking up.
//! - A settlement or revocation that failed in the background begins again 30 s after it began, and after its
//!   `Retry-After`.

use std::collections::HashMap;
use std::time::Duration;

use daypass_core::{Time, clock};

/// What is asked of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Op {
    Mint,
    Renew,
    Inspect,
    List,
    Create,
    Revoke,
    RevokeAll,
}

impl Op {
    /// Whether it is a flight, of which an account has one at a time.
    pub(crate) fn is_flight(self) -> bool {
        matches!(self, Self::Mint | Self::Renew)
    }
}

/// How long a provider is left alone after a 429 that does not say.
const COOL_DOWN: Duration = Duration::from_secs(5);
/// A `Retry-After` beyond this is nonsense.
const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);
/// What follows within this is one move: the next credential after a refusal, the refresh behind a reader.
const ONE_MOVE: Duration = Duration::from_millis(100);
/// Clocks are read a moment apart.
const TOLERANCE: Duration = Duration::from_millis(2);
const LONGEST_REST: Duration = Duration::from_secs(30);
const GRACE: Duration = Duration::from_secs(3);

/// The hard threshold of a token of this whole life: what every reader gets at least, unless it is told otherwise.
pub(crate) fn hard_threshold(life: Duration, renews: bool) -> Duration {
    let cap = if renews { Duration::from_secs(4 * 3600) } else { Duration::from_secs(15 * 60) };
    let soft = (life / 3).min(cap);
    (life / 10).clamp(Duration::from_secs(10), Duration::from_secs(300)).min(soft / 2)
}

/// What has to be remembered of an account to judge the next call.
#[derive(Debug, Default)]
pub(crate) struct Manner {
    flights: u32,
    era: u32,
    failed: Option<Failed>,
    refused_at: Option<Time>,
    /// How many readers wait just now, and when the last of them was answered.
    asking: u32,
    asked_at: Option<Time>,
    /// When something else failed in the background, by what and of which session.
    rests: HashMap<(Op, String), Time>,
}

#[derive(Debug, Clone, Copy)]
struct Failed {
    /// How often in a row.
    count: u32,
    at: Time,
    retry_after: Option<Duration>,
    /// For want of a connection.
    offline: bool,
    /// Something has happened since that makes another attempt worth while.
    lifted: bool,
    /// How long it rests in the background, where the token lived.
    rest: Option<Duration>,
}

/// How a call ended, as far as the policy cares.
#[derive(Debug, Clone, Copy)]
pub(crate) enum End {
    Done,
    Refused,
    Pause(Option<Duration>),
    Failed { retry_after: Option<Duration>, offline: bool },
}

/// A call that is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) op: Op,
    pub(crate) party: usize,
    pub(crate) origin: usize,
    /// The session that it is about, if it is about one.
    pub(crate) of: &'a str,
    pub(crate) begun: Time,
    /// Whether it only tries a credential that a user has in hand: no flight, and of no concern to one.
    pub(crate) trial: bool,
    /// Of which credential's time it is.
    pub(crate) era: u32,
}

impl Call<'_> {
    fn is_flight(&self) -> bool {
        !self.trial && matches!(self.op, Op::Mint | Op::Renew)
    }
}

/// The conduct of one agent.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    parties: Vec<Manner>,
    pauses: HashMap<usize, Time>,
    /// When the machine woke last, by its awake clock, while this agent was running.
    woke: Option<Duration>,
    /// How long it was waited between attempts without a living token, and how long at most that may be.
    pub(crate) waited: (Duration, Duration),
}

/// A law and how it was broken.
pub(crate) type Breach = (&'static str, String);

impl Conduct {
    /// One more account.
    pub(crate) fn another(&mut self) {
        self.parties.push(Manner::default());
    }

    /// Another agent begins: it cannot know what its predecessor was told.
    pub(crate) fn begin_anew(&mut self) {
        self.pauses.clear();
        self.woke = None;
        for manner in &mut self.parties {
            *manner = Manner { era: manner.era + 1, ..Manner::default() };
        }
    }

    pub(crate) fn woke(&mut self, awake: Duration) {
        self.woke = Some(awake);
        self.lift(|_| true);
    }

    pub(crate) fn network_came_up(&mut self) {
        self.lift(|_| true);
    }

    /// The machine was paused for this long, and no clock of it has seen that: what it waits for it waits for longer.
    pub(crate) fn paused(&mut self, span: Duration) {
        let later = |at: &mut Time| *at = clock::later(*at, span);
        self.pauses.values_mut().for_each(later);
        for manner in &mut self.parties {
            let failed = manner.failed.as_mut().map(|failed| &mut failed.at);
            let recent = manner.refused_at.iter_mut().chain(&mut manner.asked_at);
            manner.rests.values_mut().chain(failed).chain(recent).for_each(later);
        }
    }

    /// What failed for want of a connection may be tried again.
    fn lift(&mut self, of: impl Fn(usize) -> bool) {
        for (index, manner) in self.parties.iter_mut().enumerate() {
            if let Some(failed) = manner.failed.as_mut().filter(|failed| failed.offline && of(index)) {
                failed.lifted = true;
            }
        }
    }

    /// Another credential, or none: what failed says nothing of it, and what is still under way does not concern it.
    pub(crate) fn another_credential(&mut self, party: usize) {
        let manner = &mut self.parties[party];
        (manner.failed, manner.flights) = (None, 0);
        manner.era += 1;
    }

    /// The account's token was dropped at the user's wish, or is not believed: none lives for whose sake a refresh rests.
    pub(crate) fn token_dropped(&mut self, party: usize) {
        if let Some(failed) = &mut self.parties[party].failed {
            failed.rest = None;
        }
    }

    /// Of which credential's time a call of this account is now.
    pub(crate) fn era(&self, party: usize) -> u32 {
        self.parties[party].era
    }

    pub(crate) fn reader_comes(&mut self, party: usize) {
        self.parties[party].asking += 1;
    }

    pub(crate) fn reader_goes(&mut self, party: usize, now: Time) {
        let manner = &mut self.parties[party];
        manner.asking = manner.asking.saturating_sub(1);
        manner.asked_at = Some(now);
    }

    /// Whether a user does something with an account just now.
    pub(crate) fn somebody_asks(&self, party: usize) -> bool {
        self.parties[party].asking > 0
    }

    /// Until when something waits because a provider asked for it, or because it failed.
    pub(crate) fn paused_until(&self) -> Option<Time> {
        let forbidden = self.parties.iter().filter_map(|manner| {
            let failed = manner.failed?;
            Some(clock::later(failed.at, failed.retry_after?))
        });
        let rests = self.parties.iter().flat_map(|manner| manner.rests.values().copied());
        self.pauses.values().copied().chain(forbidden).chain(rests).max()
    }

    /// A call begins.
    ///
    /// # Errors
    /// The law that it breaks.
    pub(crate) fn begins(&mut self, call: Call<'_>, now: Time, awake: Duration) -> Result<(), Breach> {
        let pause = self.pauses.get(&call.origin).copied();
        let graced = self.woke.is_some_and(|woke| awake + TOLERANCE < woke + GRACE);
        let manner = &mut self.parties[call.party];
        let recent = |at: Option<Time>| at.is_some_and(|at| clock::until(at, now) <= ONE_MOVE);
        let behind = manner.asking == 0 && !recent(manner.asked_at);
        let flight = call.is_flight() && call.era == manner.era;
        let same_move = recent(manner.refused_at);
        if flight {
            manner.flights += 1;
        }
        if flight && manner.flights > 1 {
            return Err(("never two flights for one account", format!("{} under way", manner.flights)));
        }
        if let Some(left) = left(pause, now) {
            return Err(("never within a provider's cool-down", format!("{left:?} too soon")));
        }
        if flight && !same_move {
            if behind && graced {
                return Err(("nothing in the background within 3 s of waking", String::new()));
            }
            manner.may_fly(now, behind)?;
            if let Some(failed) = manner.failed.filter(|failed| behind && failed.waits_by_chance()) {
                self.waited.0 += clock::until(failed.at, now).min(failed.ceiling());
                self.waited.1 += failed.ceiling();
            }
        }
        let rest = manner.rests.get(&(call.op, call.of.to_owned())).copied();
        if let Some(left) = left(rest, now).filter(|_| behind && !same_move) {
            return Err(("never sooner than the policy allows", format!("{:?} again {left:?} too soon", call.op)));
        }
        Ok(())
    }

    /// A call was cut off with its agent.
    pub(crate) fn cut_off(&mut self, call: Call<'_>) {
        let manner = &mut self.parties[call.party];
        if call.is_flight() && call.era == manner.era {
            manner.flights = manner.flights.saturating_sub(1);
        }
    }

    /// A call has ended; `life` is the whole life of the token that is held and lives, if there is one, and `same` says
    /// which accounts have the same provider.
    pub(crate) fn ended(
        &mut self,
        call: Call<'_>,
        end: End,
        now: Time,
        life: Option<Duration>,
        same: impl Fn(usize) -> bool,
    ) {
        self.cut_off(call);
        if !matches!(end, End::Failed { offline: true, .. }) {
            self.lift(same);
        }
        let manner = &mut self.parties[call.party];
        if call.era != manner.era {
            // It says nothing of the credential of now; a provider that wants to be left alone wants it all the same.
            if let End::Pause(said) = end {
                close(&mut self.pauses, call.origin, now, said);
            }
            return;
        }
        manner.refused_at = matches!(end, End::Refused).then_some(now);
        let behind = manner.asking == 0;
        let (retry_after, offline) = match end {
            End::Done | End::Refused => {
                manner.rests.remove(&(call.op, call.of.to_owned()));
                if call.is_flight() {
                    manner.failed = None;
                }
                return;
            }
            End::Pause(said) => {
                close(&mut self.pauses, call.origin, now, said);
                return;
            }
            End::Failed { retry_after, offline } => (retry_after.map(|pause| pause.min(LONGEST_PAUSE)), offline),
        };
        if call.is_flight() {
            let rest = life.map(|life| (life / 10).min(LONGEST_REST));
            let count = manner.failed.map_or(0, |failed| failed.count) + 1;
            manner.failed = Some(Failed { count, at: now, retry_after, offline, lifted: false, rest });
        } else if behind && matches!(call.op, Op::List | Op::Revoke) {
            let rested = clock::later(call.begun, LONGEST_REST);
            let paused = clock::later(now, retry_after.unwrap_or_default());
            manner.rests.insert((call.op, call.of.to_owned()), rested.max(paused));
        }
    }
}

impl Failed {
    /// Whether nothing but chance says how long it rests in the background.
    fn waits_by_chance(&self) -> bool {
        self.rest.is_none() && self.retry_after.is_none() && !self.offline
    }

    fn ceiling(&self) -> Duration {
        Duration::from_secs(1 << (self.count - 1).min(5)).min(LONGEST_REST)
    }
}

impl Manner {
    fn may_fly(&self, now: Time, behind: bool) -> Result<(), Breach> {
        let Some(failed) = self.failed else { return Ok(()) };
        let after = |span: Duration| left(Some(clock::later(failed.at, span)), now);
        if let Some(left) = failed.retry_after.and_then(after) {
            return Err(("never within Retry-After", format!("{left:?} too soon")));
        }
        if failed.lifted {
            return Ok(());
        }
        match failed.rest.filter(|_| behind).and_then(after) {
            Some(left) => {
                Err(("never sooner than the policy allows", format!("{left:?} too soon, and the token lives")))
            }
            None => Ok(()),
        }
    }
}

/// A provider is to be left alone.
fn close(pauses: &mut HashMap<usize, Time>, origin: usize, now: Time, said: Option<Duration>) {
    let until = pauses.entry(origin).or_insert(now);
    *until = clock::later(now, said.unwrap_or(COOL_DOWN).min(LONGEST_PAUSE)).max(*until);
}

/// How much is left until then, where it is worth a word.
fn left(until: Option<Time>, now: Time) -> Option<Duration> {
    Some(clock::until(now, until?)).filter(|left| *left > TOLERANCE)
}
