//! The scripted providers, as the agent asks them: every call has its fate, and takes effect in true time.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use daypass_agent::{Asked, Upstream};
use daypass_core::expiry::Timing;
use daypass_core::session::Session;
use daypass_core::{Clock, Secret, Time, clock};
use daypass_providers::{
    Definition, DeviceCode, Grant, Inspected, Listed, Minted, Offer, Poll, ProviderError, Regenerated, Target, Wish,
};

use crate::conduct::{Call, End, Op};
use crate::dice::Dice;
use crate::laws;
use crate::reading::{self, Told};
use crate::stage::{Phase, Scene, Stage};
use crate::truth::{Brought, Death, Given, Key, Kind};
use crate::weather::{Answer, Fate};

/// All the providers of one world.
pub(crate) struct Providers(pub(crate) Arc<Stage>);

/// What a call that took effect brought, and when by which clocks.
pub(crate) struct Heard<T> {
    pub(crate) brought: T,
    pub(crate) timing: Timing,
    /// How far off an absolute moment in the answer may be for the client.
    pub(crate) slack: Duration,
    /// How much time passed meanwhile that no clock of the machine has seen.
    pub(crate) unseen: Duration,
}

/// A call under way. When its agent dies with it, the request may be acted on all the same.
struct UnderWay<'a, T, F: FnOnce(&mut Scene, Time) -> Result<T, ProviderError>> {
    stage: &'a Stage,
    call: Call<'a>,
    act: Option<F>,
    sent: bool,
    over: bool,
}

impl<T, F: FnOnce(&mut Scene, Time) -> Result<T, ProviderError>> Drop for UnderWay<'_, T, F> {
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let now = self.stage.now();
        let mut scene = self.stage.scene();
        scene.under_way -= 1;
        scene.conduct.cut_off(self.call);
        if let Some(act) = self.act.take().filter(|_| self.sent) {
            let _ = act(&mut scene, now);
        }
    }
}

impl Providers {
    /// One call: `act` is what the provider does when it takes effect.
    async fn call<T>(
        &self,
        op: Op,
        of: &str,
        secret: &Secret,
        act: impl FnOnce(&mut Scene, Time) -> Result<T, ProviderError>,
    ) -> Result<Heard<T>, ProviderError> {
        let stage = &*self.0;
        let (begun, awake, wrong_by) = (stage.now(), stage.machine.awake(), stage.machine.wrong_by());
        let (sent_at, unseen) = (stage.machine.now(), stage.machine.unseen());
        let (call, fate) = self.begin(op, of, secret, begun, awake)?;
        let mut under_way = UnderWay { stage, call, act: Some(act), sent: fate.sent, over: false };
        if stage.strikes(Phase::Begun) {
            std::future::pending::<()>().await;
        }
        let acts_at = begun + fate.effect_after;
        stage.until(acts_at).await;
        let done = under_way.act.take().filter(|_| fate.effect).map(|act| act(&mut stage.scene(), acts_at));
        if stage.strikes(Phase::Acted) {
            std::future::pending::<()>().await;
        }
        stage.until(begun + fate.answer_after).await;

        let now = stage.now();
        let waited = stage.machine.awake().saturating_sub(awake);
        let slept = clock::until(begun, now).saturating_sub(waited);
        let cut = slept > Duration::ZERO && !(fate.patient && slept < Duration::from_secs(600));
        let answer = if cut { Answer::Lost } else { fate.answer };
        let answered = match (answer, done) {
            (Answer::Plain, Some(Ok(brought))) => {
                let server_date = Time::from_timestamp(acts_at.timestamp(), 0);
                // As the engine does, by the setting of the wall clock that the request was sent at.
                let unseen = stage.machine.unseen().saturating_sub(unseen);
                let took = clock::until(begun, now).saturating_sub(unseen);
                let received_at = clock::later(sent_at, took);
                let timing = Timing { sent_at, received_at, server_date };
                let apart = wrong_by.abs().to_std().unwrap_or_default() + unseen;
                let slack = apart.min(took + Duration::from_secs(1));
                Ok(Heard { brought, timing, slack, unseen })
            }
            (Answer::Plain, Some(Err(error))) => Err(error),
            (answer, _) => Err(error_of(answer, op)),
        };
        under_way.over = true;
        self.end(call, secret, now, answered.as_ref().err());
        answered
    }

    fn begin<'a>(
        &self,
        op: Op,
        of: &'a str,
        secret: &Secret,
        now: Time,
        awake: Duration,
    ) -> Result<(Call<'a>, Fate), ProviderError> {
        let stage = &*self.0;
        let mut scene = stage.scene();
        let Some(party) = scene.truth.owner(secret.expose()) else {
            drop(scene);
            stage.breaks("nothing stored ever disappears", "a secret is presented that nobody ever gave");
            return Err(refused());
        };
        if let Some(&Key::Credential(_, index)) = scene.truth.keys.get(secret.expose()) {
            // Who presents it has it, unless it is only tried.
            let there = &mut scene.truth.parties[party];
            there.credentials[index].held |= !there.connecting;
        }
        if op == Op::RevokeAll && scene.truth.parties[party].kind == Kind::PocketPaw {
            // What is held is not believed until it is known what came of this.
            scene.truth.parties[party].current = None;
            scene.conduct.token_dropped(party);
        }
        let origin = scene.truth.parties[party].origin;
        let held = match scene.truth.keys.get(secret.expose()) {
            Some(&Key::Credential(_, index)) => scene.truth.parties[party].credentials[index].held,
            _ => true,
        };
        // A flight that began with a credential that was replaced since goes on with it to its end.
        let replaced = match scene.truth.keys.get(secret.expose()) {
            Some(&Key::Credential(_, index)) if scene.truth.parties[party].kind != Kind::Ring => {
                scene.truth.parties[party].credentials[index + 1..].iter().any(|later| later.held)
            }
            _ => false,
        };
        let era = scene.conduct.era(party).wrapping_sub(u32::from(replaced));
        let trial = scene.truth.parties[party].connecting && !held;
        let call = Call { op, party, origin, of, begun: now, trial, era };
        scene.calls += 1;
        scene.under_way += 1;
        let count = scene.calls_of[party];
        scene.calls_of[party] += 1;
        let mut dice = Dice::of(stage.seed, &[0xca11, party as u64, count]);
        let fate = scene.origins[origin].fate(&mut dice, now);
        let name = scene.truth.parties[party].name.clone();
        let judged = scene.conduct.begins(call, now, awake);
        drop(scene);
        stage.tell(format!("{name}: {op:?} {of} with {} begins", short(secret.expose())));
        if let Err((law, how)) = judged {
            stage.breaks(law, &format!("{name}: {op:?}: {how}"));
        }
        Ok((call, fate))
    }

    fn end(&self, call: Call<'_>, secret: &Secret, now: Time, error: Option<&ProviderError>) {
        let stage = &*self.0;
        let mut scene = stage.scene();
        scene.under_way -= 1;
        let end = match error {
            None | Some(ProviderError::AlreadyGone) => End::Done,
            Some(ProviderError::Refused { .. }) => {
                if let Some(&Key::Session(session)) = scene.truth.keys.get(secret.expose()) {
                    scene.truth.opened[session].known_dead = true;
                    if scene.truth.parties[call.party].current == Some(session) {
                        scene.conduct.token_dropped(call.party);
                    }
                }
                End::Refused
            }
            Some(ProviderError::RateLimited { retry_after }) => End::Pause(*retry_after),
            Some(ProviderError::TryLater { retry_after, .. }) => {
                End::Failed { retry_after: *retry_after, offline: false }
            }
            Some(ProviderError::Offline { .. }) => End::Failed { retry_after: None, offline: true },
            Some(_) => End::Failed { retry_after: None, offline: false },
        };
        let truth = &scene.truth;
        let party = &truth.parties[call.party];
        // One that is about to die may be dead already for the agent.
        let lives = |current: &usize| {
            let opened = &truth.opened[*current];
            let dead = opened.dead.is_some() || opened.known_dead;
            !dead && opened.told_end > Some(clock::later(now, Duration::from_secs(1)))
        };
        let held = party.current.filter(lives);
        let life = held.and_then(|held| truth.opened[held].life).map(|life| life.length());
        let origins: Vec<usize> = truth.parties.iter().map(|party| party.origin).collect();
        let name = party.name.clone();
        scene.conduct.ended(call, end, now, life, |other| origins[other] == call.origin);
        drop(scene);
        let how = error.map_or("done".to_owned(), |error| format!("{error:?}"));
        stage.tell(format!("{name}: {:?} {} ends: {how}", call.op, call.of));
    }

    /// Opens a session by mint, create or renewal.
    async fn open(
        &self,
        op: Op,
        definition: &Definition,
        secret: &Secret,
        wish: &Wish,
    ) -> Result<Minted, ProviderError> {
        let name = wish.name.clone().or((definition.name() == Kind::AntiRaid.name()).then(|| "Daypass".to_owned()));
        let presented = secret.expose().to_owned();
        let act = |scene: &mut Scene, at: Time| {
            let party = admitted(scene, &presented, at)?;
            let life = wish.life.unwrap_or(scene.truth.parties[party].life);
            let mut brought = scene.truth.open(party, &presented, at, name.as_deref(), life);
            if scene.truth.parties[party].kind == Kind::Discover && op != Op::Renew {
                let lives = life.saturating_mul(4).max(Duration::from_secs(3600));
                brought.grant = Some(scene.truth.grant(party, at, lives));
            }
            Ok(brought)
        };
        let heard = self.call(op, "", secret, act).await?;
        let told = Told { definition, wish, name: name.as_deref(), renewed: op == Op::Renew };
        let minted = reading::minted(&mut self.0.scene(), &told, &heard)?;
        self.hold(&heard, op, &minted);
        // From here on the agent has it.
        self.0.strikes(Phase::Answered);
        Ok(minted)
    }

    /// Notes what the agent has been given.
    fn hold(&self, heard: &Heard<Brought>, op: Op, minted: &Minted) {
        let now = self.0.now();
        let mut scene = self.0.scene();
        let truth = &mut scene.truth;
        let opened = &mut truth.opened[heard.brought.session];
        (opened.life, opened.slack, opened.unseen) = (Some(minted.life), heard.slack, heard.unseen);
        let left = clock::until(heard.timing.received_at, minted.life.expires_at);
        opened.told_end = Some(clock::later(now, left));
        let party = opened.party;
        let dies = opened.dies;
        if op.is_flight() {
            let there = &mut truth.parties[party];
            there.current = Some(heard.brought.session);
            // Where two of one second are the same, what was created is refreshed with the current one.
            there.created.retain(|created| *created != heard.brought.session);
        }
        let credential = heard.brought.successor;
        if let Some(successor) = credential {
            truth.parties[party].credentials[successor].held = true;
        }
        scene.given.push(Given { at: now, party, session: Some(heard.brought.session), credential });
        drop(scene);
        let lives = clock::until(now, dies);
        self.0
            .tell(format!("  it is given {}, which lives for {lives:?}, and believes in {left:?}", minted.session.id));
    }
}

impl Upstream for Providers {
    fn mint<'a>(&'a self, d: &'a Definition, _: &'a Target, secret: &'a Secret, wish: &'a Wish) -> Asked<'a, Minted> {
        Box::pin(self.open(Op::Mint, d, secret, wish))
    }

    fn renew<'a>(&'a self, d: &'a Definition, _: &'a Target, grant: &'a Grant) -> Asked<'a, Minted> {
        Box::pin(async move {
            let wish = Wish { name: None, life: Some(grant.life) };
            let minted = self.open(Op::Renew, d, &grant.token, &wish).await?;
            Ok(Minted { grant: Some(grant.clone()), ..minted })
        })
    }

    fn inspect<'a>(&'a self, _: &'a Definition, _: &'a Target, secret: &'a Secret) -> Asked<'a, Inspected> {
        Box::pin(async move {
            let act = |scene: &mut Scene, at: Time| {
                let party = admitted(scene, secret.expose(), at)?;
                let truth = &scene.truth;
                let own = truth.opened.iter().find(|opened| {
                    opened.party == party
                        && (opened.token == secret.expose()
                            || opened.of.is_some_and(|of| truth.parties[party].credentials[of].text == secret.expose()))
                });
                Ok(own.map(|own| own.id.clone()).unwrap_or_default())
            };
            let heard = self.call(Op::Inspect, "", secret, act).await?;
            Ok(Inspected { id: heard.brought, kind: Some("api".to_owned()), barred: None })
        })
    }

    fn list<'a>(&'a self, _: &'a Definition, _: &'a Target, secret: &'a Secret) -> Asked<'a, Listed> {
        Box::pin(async move {
            let act = |scene: &mut Scene, at: Time| {
                let party = admitted(scene, secret.expose(), at)?;
                Ok(scene.truth.listed(party, at))
            };
            let heard = self.call(Op::List, "", secret, act).await?;
            let scene = self.0.scene();
            let told = |index: &usize| {
                let opened = &scene.truth.opened[*index];
                Session {
                    id: opened.id.clone(),
                    name: opened.name.clone(),
                    kind: Some("api".to_owned()),
                    created_at: Some(heard.timing.by_our_clock(opened.made)),
                    expires_at: Some(heard.timing.by_our_clock(opened.dies)),
                }
            };
            Ok(Listed { sessions: heard.brought.iter().map(told).collect(), whole: true })
        })
    }

    fn create<'a>(&'a self, d: &'a Definition, _: &'a Target, secret: &'a Secret, wish: &'a Wish) -> Asked<'a, Minted> {
        Box::pin(self.open(Op::Create, d, secret, wish))
    }

    fn revoke<'a>(&'a self, _: &'a Definition, _: &'a Target, secret: &'a Secret, id: &'a str) -> Asked<'a, ()> {
        Box::pin(async move {
            let act = |scene: &mut Scene, at: Time| {
                let party = admitted(scene, secret.expose(), at)?;
                let found = scene.truth.listed(party, at).into_iter().find(|index| scene.truth.opened[*index].id == id);
                let session = found.ok_or(ProviderError::AlreadyGone)?;
                let age = self.0.machine.age();
                if let Some(how) = laws::revoked_behind(scene, session, at) {
                    scene.story.breaks(age, "no promise is broken in the background", &how);
                }
                scene.truth.kill_session(session, Death::RevokedUnheard);
                Ok(session)
            };
            let heard = self.call(Op::Revoke, id, secret, act).await?;
            self.0.scene().truth.kill_session(heard.brought, Death::Revoked);
            Ok(())
        })
    }

    fn revoke_all<'a>(&'a self, d: &'a Definition, _: &'a Target, secret: &'a Secret) -> Asked<'a, Regenerated> {
        Box::pin(async move {
            let signs_out = d.name() == Kind::Discovr.name();
            if !signs_out && !d.regenerates_credential() {
                return Err(ProviderError::NotSupported { message: "One by one.".into() });
            }
            let act = |scene: &mut Scene, at: Time| {
                let party = admitted(scene, secret.expose(), at)?;
                if signs_out {
                    scene.truth.kill_credentials(party, Death::Revoked);
                    scene.truth.parties[party].signed_out = true;
                    return Ok((party, None));
                }
                scene.truth.parties[party].replacing = true;
                scene.truth.kill_credentials(party, Death::Replaced);
                scene.truth.kill_sessions(party, Death::Replaced);
                Ok((party, Some(scene.truth.new_credential(party, at, None))))
            };
            let heard = self.call(Op::RevokeAll, "", secret, act).await?;
            let (party, master) = heard.brought;
            let mut scene = self.0.scene();
            scene.truth.parties[party].current = None;
            scene.truth.parties[party].created.clear();
            if master.is_some() {
                let credentials = &mut scene.truth.parties[party].credentials;
                let newest = credentials.len() - 1;
                credentials[newest].held = true;
                let at = self.0.now();
                scene.given.push(Given { at, party, session: None, credential: Some(newest) });
            }
            drop(scene);
            self.0.strikes(Phase::Answered);
            Ok(Regenerated { credential: master.map(Secret::new), signed_out: signs_out, tokens_live_on: signs_out })
        })
    }

    fn begin_sign_in<'a>(&'a self, _: &'a Definition, _: &'a Target) -> Asked<'a, DeviceCode> {
        Box::pin(async { Err(ProviderError::NotSupported { message: "Nobody signs in here.".into() }) })
    }

    fn poll_sign_in<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a DeviceCode) -> Asked<'a, Poll> {
        Box::pin(async { Err(ProviderError::NotSupported { message: "Nobody signs in here.".into() }) })
    }

    fn offers<'a>(&'a self, _: &'a Definition, _: &'a Target, _: &'a Secret, _: &'a str) -> Asked<'a, Vec<Offer>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Lets a secret in, by the provider's rate limit and by what it is worth.
fn admitted(scene: &mut Scene, secret: &str, now: Time) -> Result<usize, ProviderError> {
    let Some(party) = scene.truth.owner(secret) else { return Err(refused()) };
    let origin = &mut scene.origins[scene.truth.parties[party].origin];
    if origin.too_much(now) {
        let retry_after = origin.says_how_long.then_some(Duration::from_secs(2));
        return Err(ProviderError::RateLimited { retry_after });
    }
    scene.truth.admit(secret, now).map_err(|_| refused())
}

fn refused() -> ProviderError {
    ProviderError::Refused { message: "The credential is not valid.".into() }
}

fn error_of(answer: Answer, op: Op) -> ProviderError {
    let message = format!("{op:?} failed.");
    match answer {
        Answer::Refused => ProviderError::Offline { message: message.into(), maybe_done: false },
        // What was to be an answer in time came too late for one.
        Answer::Lost | Answer::Plain => ProviderError::Offline { message: message.into(), maybe_done: true },
        Answer::Later(retry_after) => ProviderError::TryLater { message: message.into(), retry_after },
        Answer::Pause(retry_after) => ProviderError::RateLimited { retry_after },
        Answer::Odd => ProviderError::BadAnswer { message: message.into() },
        Answer::Forbidden => ProviderError::Rejected { message: message.into() },
    }
}

/// A secret as it stands in a story; these are nobody's.
fn short(secret: &str) -> &str {
    secret.get(..24).unwrap_or(secret)
}

/// Which way a moment lies from another, for the story.
pub(crate) fn apart(wrong_by: TimeDelta) -> String {
    let sign = if wrong_by < TimeDelta::zero() { '-' } else { '+' };
    format!("{sign}{:?}", wrong_by.abs().to_std().unwrap_or_default())
}
