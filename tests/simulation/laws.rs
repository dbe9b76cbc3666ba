//! The laws that hold after every step, and those that hold when all is well again.

use std::time::Duration;

use daypass_agent::{Agent, Notice};
use daypass_api::ErrorCode;
use daypass_api::request::{LogQuery, TokenRequest};
use daypass_api::view::{AccountView, TokenView};
use daypass_core::clock;
use daypass_core::fresh::Freshness;
use daypass_core::session::SessionState;
use tokio::sync::broadcast::Receiver;

use crate::conduct::hard_threshold;
use crate::stage::{Scene, Stage};
use crate::truth::{Death, Key, Kind, Opened};

/// Clocks are read a moment apart, and some providers write whole seconds.
const TOLERANCE: Duration = Duration::from_millis(5);
/// Accounts used within this time are surely kept warm.
const SURELY_WARM: Duration = Duration::from_secs(3600);

/// No token is served that the provider would refuse, for a reason that a client can know; none that lives shorter than
/// was asked for without a word about it.
pub(crate) fn served(stage: &Stage, party: usize, request: &TokenRequest, view: &TokenView) {
    let now = stage.now();
    let mut scene = stage.scene();
    scene.served += 1;
    let there = &mut scene.truth.parties[party];
    (there.resting, there.served_at) = (false, Some((now, stage.machine.awake())));
    let name = there.name.clone();
    let broken = match scene.truth.keys.get(view.token.expose()).copied() {
        Some(Key::Session(session)) => {
            let until = clock::later(now, promised(&scene, session, request.min_ttl));
            let opened = &mut scene.truth.opened[session];
            opened.promised = opened.promised.max(Some(until));
            worth(&scene, session, request, view, now, stage.machine.behind())
        }
        _ => Some("it is no session's token".to_owned()),
    };
    drop(scene);
    let told = if view.short_because.is_some() { " and told that it is short" } else { "" };
    stage.tell(format!("{name}: a reader gets {}, {} s left{told}", view.session_id, view.remaining_seconds));
    if let Some(how) = broken {
        stage.breaks(
            "no token is served that the provider would refuse",
            &format!("{name}: {}: {how}", view.session_id),
        );
    }
}

/// How long a token must live on that is handed out now.
fn promised(scene: &Scene, session: usize, min_ttl: Option<u64>) -> Duration {
    let usual = scene.truth.opened[session].life.map(|life| {
        let renews = life.kind == daypass_core::fresh::RefreshKind::Renews;
        hard_threshold(life.length(), renews)
    });
    min_ttl.map(Duration::from_secs).or(usual).unwrap_or_default()
}

/// A session is not revoked in the background before the promises that were made with its token have ended.
pub(crate) fn revoked_behind(scene: &Scene, session: usize, now: daypass_core::Time) -> Option<String> {
    let opened = &scene.truth.opened[session];
    let left = clock::until(now, opened.promised?);
    let wished = opened.to_revoke || scene.conduct.somebody_asks(opened.party);
    (left > TOLERANCE && !wished).then(|| format!("{} is revoked {left:?} before that made with it ends", opened.id))
}

/// What is wrong with serving this session's token now.
fn worth(
    scene: &Scene,
    session: usize,
    request: &TokenRequest,
    view: &TokenView,
    now: daypass_core::Time,
    behind: Duration,
) -> Option<String> {
    let opened = &scene.truth.opened[session];
    if opened.known_dead && view.short_because.is_none() {
        return Some("it was refused when it was presented as a credential".to_owned());
    }
    match opened.dead {
        // Nobody told the agent.
        Some(Death::Elsewhere | Death::RevokedUnheard) => return None,
        Some(Death::Replaced) if scene.truth.parties[opened.party].replacing => return None,
        Some(death) => return Some(format!("{death:?}")),
        None => {}
    }
    let told = view.short_because.is_some();
    // While the wall clock is behind as well, nobody can know what passed unseen; once it was put forward, nobody can
    // know whether it did, and says so.
    let unknown = if told || !behind.is_zero() { opened.unseen } else { Duration::ZERO };
    let forgiven = opened.slack + TOLERANCE + unknown;
    let left = clock::until(now, opened.dies);
    if left.is_zero() && !scene.truth.in_time(session, now) {
        let dead_for = clock::until(opened.dies, now);
        return (dead_for > forgiven).then(|| format!("dead for {dead_for:?}"));
    }
    if told {
        return None;
    }
    let promised = promised(scene, session, request.min_ttl);
    let short = left + forgiven + not_doubted(opened) < promised;
    short.then(|| format!("{left:?} left, {promised:?} promised"))
}

/// How much of a life may have passed unseen without that it is doubted: what every reader keeps in hand.
fn not_doubted(opened: &Opened) -> Duration {
    let hard = opened.life.map(|life| life.thresholds().hard);
    opened.unseen.min(hard.unwrap_or_default())
}

/// What a user is told: a part of the story, and without a secret.
pub(crate) fn noticed(stage: &Stage, notices: &mut Receiver<Notice>) {
    while let Ok(notice) = notices.try_recv() {
        keeps_secrets(stage, &format!("{notice:?}"));
        match notice {
            // It names the file of this run.
            Notice::Vault { .. } => stage.tell("the user is told that the vault is out of order"),
            notice => stage.tell(format!("the user is told: {notice:?}")),
        }
    }
}

/// Nobody is told a secret by the way.
pub(crate) fn keeps_secrets(stage: &Stage, text: &str) {
    let secret = |mark: &str| {
        text.match_indices(mark).any(|(at, _)| text[at + mark.len()..].starts_with(|next: char| next.is_ascii_digit()))
    };
    if text.contains("token-of-") || secret("credential-") || secret("grant-") {
        stage.breaks("no message holds a secret", text);
    }
}

/// The history is in its order, and holds no secret.
pub(crate) async fn history(stage: &Stage, agent: &Agent) {
    let query = LogQuery { limit: Some(1000), ..LogQuery::default() };
    let entries = match agent.log(query).await {
        Ok(log) => log.entries,
        Err(error) => return stage.breaks("the history can be read", &error.message),
    };
    if !entries.is_sorted_by(|later, earlier| later.id > earlier.id) {
        stage.breaks(
            "the history is in order",
            &format!("{:?}", entries.iter().map(|entry| entry.id).collect::<Vec<_>>()),
        );
    }
    for entry in &entries {
        keeps_secrets(stage, &format!("{entry:?}"));
    }
}

/// What must hold of the agent's picture of itself at any moment.
pub(crate) fn picture(stage: &Stage, agent: &Agent, revision: &mut u64) {
    let now = stage.now();
    let snapshot = agent.snapshot();
    if snapshot.revision < *revision {
        stage.breaks("revisions grow", &format!("{} after {revision}", snapshot.revision));
    }
    *revision = snapshot.revision;
    let scene = stage.scene();
    let mut broken = Vec::new();
    for party in 0..scene.truth.parties.len() {
        let there = &scene.truth.parties[party];
        if !there.connected {
            continue;
        }
        let Some(view) = snapshot.accounts.iter().find(|view| view.name == there.name) else {
            broken.push(("no account ever vanishes", there.name.clone()));
            continue;
        };
        let needs = view.problem.as_ref().filter(|problem| problem.code == ErrorCode::NeedsSignIn);
        if let Some(problem) = needs.filter(|_| !there.signed_out && scene.truth.can_open(party, now)) {
            let how = format!("{} needs the user though its credential lives: {}", there.name, problem.message);
            broken.push(("no credential is given up that lives", how));
        }
    }
    drop(scene);
    for (law, how) in broken {
        stage.breaks(law, &how);
    }
}

/// When all is well again, every warm account whose credential lives is fresh.
pub(crate) fn all_fresh(stage: &Stage, agent: &Agent) {
    let now = stage.now();
    let snapshot = agent.snapshot();
    let scene = stage.scene();
    let mut stale = Vec::new();
    for (party, there) in scene.truth.parties.iter().enumerate() {
        let used = there.served_at.is_some_and(|(at, _)| clock::until(at, now) < SURELY_WARM);
        let warm = there.connected && !there.resting && (there.pinned || used);
        if !warm || there.signed_out || !scene.truth.can_open(party, now) {
            continue;
        }
        let Some(view) = snapshot.accounts.iter().find(|view| view.name == there.name) else { continue };
        let held = view.current.as_ref().and_then(|id| scene.truth.opened.iter().rposition(|one| one.id == *id));
        let fresh = held.is_some_and(|held| {
            let opened = &scene.truth.opened[held];
            let hard = hard_threshold(opened.life.map_or(Duration::ZERO, |life| life.length()), false);
            // What died elsewhere looks well.
            opened.dead == Some(Death::Elsewhere)
                || opened.dead == Some(Death::RevokedUnheard)
                || opened.dead.is_none() && clock::until(now, opened.dies) + opened.slack + not_doubted(opened) >= hard
        });
        // A life that a step of the clock has made doubtful is not left at that.
        let fresh = fresh && view.freshness < Some(Freshness::Urgent);
        if !fresh {
            stale.push(format!("{}: {:?} {:?} {:?}", there.name, view.health, view.freshness, view.problem));
        }
    }
    drop(scene);
    for how in stale {
        stage.breaks("when all is well again, everything warm is fresh within 60 s", &how);
    }
}

/// Every session that the agent opened and that lives is held, or shown as an orphan; what it said it holds, it holds.
pub(crate) fn nothing_lost(stage: &Stage, agent: &Agent, after: &str) {
    let now = stage.now();
    let snapshot = agent.snapshot();
    let scene = stage.scene();
    let mut lost = Vec::new();
    for (party, there) in scene.truth.parties.iter().enumerate().filter(|(_, there)| there.connected) {
        let Some(view) = snapshot.accounts.iter().find(|view| view.name == there.name) else { continue };
        for (session, opened) in scene.truth.opened.iter().enumerate() {
            let listed = there.kind == Kind::AntiRaid && opened.of.is_none() && scene.truth.can_open(party, now);
            let listed = listed && !opened.forgotten && scene.truth.can_be_told(session);
            let settled = opened.life.is_some() || !there.resting;
            let ours = opened.party == party && (listed && settled || there.created.contains(&session));
            if !ours || !scene.truth.session_lives(session, now) {
                continue;
            }
            if !shows(view, &opened.id) {
                lost.push(format!("{} of {} lives, and is neither held nor an orphan {after}", opened.id, there.name));
            }
        }
    }
    drop(scene);
    for how in lost {
        stage.breaks("nothing stored ever disappears", &how);
    }
}

fn shows(view: &AccountView, id: &str) -> bool {
    view.sessions.iter().any(|session| session.id == id && (session.held || session.state == SessionState::Orphan))
}

/// Nothing is left open in the journal of an account that can act.
pub(crate) fn journal_closed(stage: &Stage, vault: &std::path::Path) {
    let now = stage.now();
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let db = rusqlite::Connection::open_with_flags(vault, flags).unwrap();
    let query = "SELECT account.name, journal.intent FROM journal JOIN account ON account.id = journal.account
                 WHERE ended_at IS NULL";
    let mut open = db.prepare(query).unwrap();
    let open = open.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
    let open: Vec<(String, String)> = open.map(Result::unwrap).collect();
    let scene = stage.scene();
    let can = |name: &str| {
        let party = scene.truth.parties.iter().position(|there| there.name == name);
        party.is_some_and(|party| {
            let there = &scene.truth.parties[party];
            // Where an account rests, nothing is settled until it is used.
            scene.truth.can_open(party, now) && !there.signed_out && !there.resting
        })
    };
    let left = open.iter().filter(|(name, _)| can(name));
    let left: Vec<String> = left.map(|(name, intent)| format!("{name}: {intent}")).collect();
    drop(scene);
    for how in left {
        stage.breaks("no intent is left open when all is well and idle", &how);
    }
}
