//! What the agent shows: its state as the values of the local API.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use daypass_api::settings::SettingsView;
use daypass_api::view::{
    Abilities, AccountView, CreateForm, CredentialForm, Health, LifeForm, ParamForm, Problem, ProviderView,
    SessionView, Snapshot, VaultView,
};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::fresh::{self, Plan};
use daypass_core::session::{Session, SessionState, Standing};
use daypass_core::{Time, clock};
use daypass_providers::Definition;

use crate::state::{Account, State};
use crate::vault::{Sealed, SessionRecord, VaultError};

/// The snapshot of `state` at `now`.
pub(crate) fn snapshot(state: &State, now: Time, revision: u64) -> Snapshot {
    let accounts = state.accounts.values().map(|account| self::account(state, account, now)).collect();
    Snapshot { revision, at: now, vault: vault(state.vault.as_ref()), settings: settings(state), accounts }
}

/// The settings, with what became of the shortcut and of the local authority: the file does not know.
pub(crate) fn settings(state: &State) -> SettingsView {
    SettingsView { shortcut: state.shortcut.clone(), authority: state.authority.clone(), ..state.settings.clone() }
}

/// When time alone changes what is shown after `now`: a token passes from one state into the next.
pub(crate) fn next_change(state: &State, now: Time) -> Option<Time> {
    let sessions = state.accounts.values().flat_map(|account| &account.record.sessions);
    let changes = sessions.filter_map(|session| session.life).flat_map(|life| {
        let thresholds = life.thresholds();
        [thresholds.soft, thresholds.hard, Duration::ZERO].map(|early| clock::earlier(life.expires_at, early))
    });
    changes.filter(|at| *at > now).min()
}

/// The vault's state.
pub(crate) fn vault(error: Option<&VaultError>) -> VaultView {
    error.map_or(VaultView::Open, VaultError::view)
}

/// An account at `now`.
pub(crate) fn account(state: &State, account: &Account, now: Time) -> AccountView {
    let record = &account.record;
    let definition = account.definition.as_deref();
    let life = record.current().and_then(|session| session.life);
    let next = match fresh::plan(now, &state.facts(account, now)) {
        Plan::Rest => None,
        Plan::Wait(at) => Some(at),
        Plan::Refresh => Some(now),
    };
    let problem = problem(account, next);
    let refreshing = account.in_flight().is_some();
    let health = match &problem {
        Some(problem) if problem.code == ErrorCode::NeedsSignIn || account.barred.is_some() => Health::NeedsYou,
        Some(_) => Health::Trouble,
        None if refreshing => Health::Refreshing,
        None => Health::Well,
    };
    AccountView {
        name: record.name.clone(),
        provider: record.provider.clone(),
        title: definition.map_or(&*record.provider, Definition::title).to_owned(),
        base_url: match (account.target(), &record.base_url) {
            (Ok(target), _) => target.base_url.to_string(),
            (Err(_), given) => given.clone().unwrap_or_default(),
        },
        params: record.params.map(),
        health,
        freshness: life.map(|life| life.freshness(now)),
        refreshing,
        problem,
        current: record.current().map(|session| session.session.id.clone()),
        expires_at: life.map(|life| life.expires_at),
        next_refresh_at: next.filter(|_| !state.refresh().paused),
        last_used_at: record.last_used_at,
        pinned: record.pinned,
        abilities: definition.map(abilities).unwrap_or_default(),
        sessions: sessions(account, now),
    }
}

/// What is wrong, worst first.
fn problem(account: &Account, next: Option<Time>) -> Option<Problem> {
    let of = |error: &ApiError, since, retry_at| Problem {
        code: error.code,
        message: error.message.clone(),
        since,
        retry_at,
        said: error.said.as_deref().cloned(),
    };
    let record = &account.record;
    if let Some(refused) = &record.refused {
        return Some(of(&refused.error(), refused.since, None));
    }
    if let Some(error) = &account.barred {
        return Some(of(error, record.created_at, None));
    }
    if matches!(record.credential, Sealed::Nothing | Sealed::Damaged) {
        return Some(of(&account.no_credential(), record.created_at, None));
    }
    account.trouble.as_deref().map(|(error, since)| of(error, *since, next))
}

/// The sessions: the current one, then held, foreign and orphaned ones, each newest first.
pub(crate) fn sessions(account: &Account, now: Time) -> Vec<SessionView> {
    let mut known: Vec<(u8, SessionView)> = Vec::new();
    for kept in &account.record.sessions {
        let rank = match kept.standing {
            _ if kept.current => 0,
            Standing::Held => 1,
            Standing::Foreign => 2,
            Standing::Orphan => 3,
        };
        known.push((rank, kept_session(account, kept, now)));
    }
    let kept: HashSet<&str> = account.record.sessions.iter().map(|kept| &*kept.session.id).collect();
    for session in &account.listed {
        if !kept.contains(&*session.id) {
            known.push((2, session_view(account, session, Standing::Foreign, None, now)));
        }
    }
    known.sort_by_key(|(rank, view)| (*rank, std::cmp::Reverse(view.created_at)));
    known.into_iter().map(|(_, view)| view).collect()
}

/// A session that we keep.
pub(crate) fn kept_session(account: &Account, kept: &SessionRecord, now: Time) -> SessionView {
    session_view(account, &kept.session, kept.standing, Some(kept), now)
}

fn session_view(
    account: &Account,
    session: &Session,
    standing: Standing,
    kept: Option<&SessionRecord>,
    now: Time,
) -> SessionView {
    let life = kept.and_then(|kept| kept.life.as_ref());
    SessionView {
        account: account.record.name.clone(),
        id: session.id.clone(),
        name: session.name.clone(),
        kind: session.kind.clone(),
        created_at: session.created_at.or_else(|| life.map(|life| life.sent_at)),
        expires_at: life.map(|life| life.expires_at).or(session.expires_at),
        state: SessionState::of(standing, life, session.expires_at, now),
        held: standing == Standing::Held,
        current: kept.is_some_and(|kept| kept.current),
        fingerprint: kept.and_then(SessionRecord::fingerprint).map(str::to_owned),
    }
}

/// A provider that accounts can be connected to.
pub(crate) fn provider(definition: &Arc<Definition>) -> ProviderView {
    let credential = definition.credential();
    let params = definition.params().iter().map(|param| ParamForm {
        key: param.key.clone(),
        label: param.label.clone(),
        help: param.help.clone(),
        required: param.required,
        default: param.default.clone(),
        offered: param.offered,
    });
    ProviderView {
        name: definition.name().to_owned(),
        title: definition.title().to_owned(),
        about: definition.about().to_owned(),
        base_url: definition.base_url().to_string(),
        credential: CredentialForm { label: credential.label.clone(), help: credential.help.clone() },
        params: params.collect(),
        abilities: abilities(definition),
        own: definition.own(),
    }
}

/// What a provider can do.
pub(crate) fn abilities(definition: &Definition) -> Abilities {
    let abilities = definition.abilities();
    let create = abilities.create.as_ref().map(|create| CreateForm {
        name_is_sent: create.name_is_sent,
        life: create.life.map(|life| LifeForm {
            min: life.min.as_secs(),
            max: life.max.as_secs(),
            default: life.default.as_secs(),
        }),
    });
    Abilities {
        list: abilities.list,
        create,
        revoke: abilities.revoke,
        revoke_effect: abilities.revoke_effect.clone(),
        revoke_all_effect: abilities.revoke_all_effect.clone(),
        sign_in: abilities.sign_in,
    }
}
