//! How an agent must behave towards its providers: the policy, written down apart from the code that follows it.
//!
//! - One flight (a mint or a renewal) an account at a time.
//! - After a 429 the whole provider is left alone for as long as it says, 5 s where it does not say; whoever asks.
//! - After any other failure with a `Retry-After` no flight of that account begins before it has passed; whoever asks.
//! - In the background a failed refresh of a token that lives rests for 30 s, or a tenth of its life where that is
//!   shorter. Only what failed for want of a connection may be tried sooner: when a network came up, the machine woke,
//!   or the provider answered somebody else.
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
}

/// The conduct of one agent.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    parties: Vec<Manner>,
    pauses: HashMap<usize, Time>,
    /// When the machine woke last, by its awake clock, while this agent was running.
    woke: Option<Duration>,
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
        self.parties.iter_mut().for_each(|manner| *manner = Manner::default());
    }

    pub(crate) fn woke(&mut self, awake: Duration) {
        self.woke = Some(awake);
        self.lift(|_| true);
    }

    pub(crate) fn network_came_up(&mut self) {
        self.lift(|_| true);
    }

    /// What failed for want of a connection may be tried again.
    fn lift(&mut self, of: impl Fn(usize) -> bool) {
        for (index, manner) in self.parties.iter_mut().enumerate() {
            if let Some(failed) = manner.failed.as_mut().filter(|failed| failed.offline && of(index)) {
                failed.lifted = true;
            }
        }
    }

    /// Another credential, or none: what failed says nothing of it.
    pub(crate) fn forget_failure(&mut self, party: usize) {
        self.parties[party].failed = None;
    }

    pub(crate) fn reader_comes(&mut self, party: usize) {
        self.parties[party].asking += 1;
    }

    pub(crate) fn reader_goes(&mut self, party: usize, now: Time) {
        let manner = &mut self.parties[party];
        manner.asking = manner.asking.saturating_sub(1);
        manner.asked_at = Some(now);
    }

    /// Until when somebody asked to be left alone: an account's provider, or the account itself.
    pub(crate) fn paused_until(&self) -> Option<Time> {
        let forbidden = self.parties.iter().filter_map(|manner| {
            let failed = manner.failed?;
            Some(clock::later(failed.at, failed.retry_after?))
        });
        self.pauses.values().copied().chain(forbidden).max()
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
        let flight = call.op.is_flight();
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
        }
        let rest = manner.rests.get(&(call.op, call.of.to_owned())).copied();
        if let Some(left) = left(rest, now).filter(|_| behind && !same_move) {
            return Err(("never sooner than the policy allows", format!("{:?} again {left:?} too soon", call.op)));
        }
        Ok(())
    }

    /// A call was cut off with its agent.
    pub(crate) fn cut_off(&mut self, call: Call<'_>) {
        if call.op.is_flight() {
            let manner = &mut self.parties[call.party];
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
        manner.refused_at = matches!(end, End::Refused).then_some(now);
        let behind = manner.asking == 0;
        let (retry_after, offline) = match end {
            End::Done | End::Refused => {
                manner.rests.remove(&(call.op, call.of.to_owned()));
                if call.op.is_flight() {
                    manner.failed = None;
                }
                return;
            }
            End::Pause(said) => {
                let pause = said.unwrap_or(COOL_DOWN).min(LONGEST_PAUSE);
                let until = self.pauses.entry(call.origin).or_insert(now);
                *until = clock::later(now, pause).max(*until);
                (Some(pause), false)
            }
            End::Failed { retry_after, offline } => (retry_after.map(|pause| pause.min(LONGEST_PAUSE)), offline),
        };
        if call.op.is_flight() {
            let rest = life.map(|life| (life / 10).min(LONGEST_REST));
            manner.failed = Some(Failed { at: now, retry_after, offline, lifted: false, rest });
        } else if behind && matches!(call.op, Op::List | Op::Revoke) {
            let rested = clock::later(call.begun, LONGEST_REST);
            let paused = clock::later(now, retry_after.unwrap_or_default());
            manner.rests.insert((call.op, call.of.to_owned()), rested.max(paused));
        }
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

/// How much is left until then, where it is worth a word.
fn left(until: Option<Time>, now: Time) -> Option<Duration> {
    Some(clock::until(now, until?)).filter(|left| *left > TOLERANCE)
}
