//! The accounts and the draining lives of their tokens in a terminal, for a machine without a display.
//!
//! On a terminal the picture is drawn again in place, once a second; elsewhere every change is one line.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use daypass_agent::Agent;
use daypass_api::view::{AccountView, Health, Snapshot};
use daypass_core::{Clock, Time, clock};

use crate::failure::Failure;
use crate::system::SystemClock;
use crate::table::{Cell, Table, Tone};
use crate::{output, words};

/// How many characters a whole life is wide.
const BAR: u64 = 20;

/// Shows `agent` on stdout, until the future is dropped.
///
/// # Errors
/// Where stdout cannot be written.
pub(crate) async fn show(agent: &Agent) -> Result<(), Failure> {
    if std::io::stdout().is_terminal() { picture(agent).await } else { log(agent).await }
}

async fn picture(agent: &Agent) -> Result<(), Failure> {
    let mut snapshots = agent.watch();
    let mut second = tokio::time::interval(Duration::from_secs(1));
    let mut height = 0;
    loop {
        let text = table(&snapshots.borrow_and_update(), SystemClock.now()).render();
        // Up to the first line of the last picture, and away with all below. While it is drawn, lines that are too long
        // are cut instead of wrapped (DECAWM): a wrapped one would be higher than it is counted.
        let back = if height == 0 { String::new() } else { format!("\x1b[{height}A\x1b[J") };
        output::write_parts(&["\x1b[?7l", &back, &text, "\x1b[?7h"])?;
        height = text.lines().count();
        tokio::select! {
            _ = second.tick() => {}
            changed = snapshots.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

async fn log(agent: &Agent) -> Result<(), Failure> {
    let mut snapshots = agent.watch();
    let mut told = BTreeMap::new();
    loop {
        let lines = changes(&mut told, &snapshots.borrow_and_update(), SystemClock.now());
        for line in lines {
            output::line(&line)?;
        }
        if snapshots.changed().await.is_err() {
            return Ok(());
        }
    }
}

fn table(snapshot: &Snapshot, now: Time) -> Table {
    let mut table = Table::new(&["ACCOUNT", "LIFE", "", "STATE", "SESSIONS"]);
    for account in &snapshot.accounts {
        let (state, tone) = state(account);
        let left =
            if account.current.is_some() { words::left(now, account.expires_at) } else { "no token yet".to_owned() };
        table.row(vec![
            account.name.as_str().into(),
            bar(account, now).into(),
            left.into(),
            Cell::toned(state, tone),
            account.sessions.len().to_string().into(),
        ]);
    }
    table
}

/// How much of the current token's life is left, as a bar.
fn bar(account: &AccountView, now: Time) -> String {
    let current = account.sessions.iter().find(|session| session.current);
    let created = current.and_then(|session| session.created_at);
    let (Some(created), Some(end)) = (created, account.expires_at) else { return String::new() };
    let (whole, left) = (clock::until(created, end).as_secs().max(1), clock::until(now, end).as_secs());
    // Rounded up: a new token has all of its life, and one with a second left still has some.
    let full = left.saturating_mul(BAR).div_ceil(whole).min(BAR);
    (0..BAR).map(|place| if place < full { '█' } else { '░' }).collect()
}

fn state(account: &AccountView) -> (String, Tone) {
    let problem = || account.problem.as_ref().map(|problem| format!(": {}", problem.message)).unwrap_or_default();
    match account.health {
        Health::Well => ("well".to_owned(), Tone::Plain),
        Health::Refreshing => ("refreshing".to_owned(), Tone::Plain),
        Health::Trouble => (format!("trouble{}", problem()), Tone::Warn),
        Health::NeedsYou => (format!("needs you{}", problem()), Tone::Bad),
    }
}

/// What was last told of an account: its current session, when that ends, and its state, less the passing "refreshing".
type Told = (Option<String>, Option<Time>, Option<String>);

/// One line for every account that is not as it was told; `told` is brought up to date.
fn changes(told: &mut BTreeMap<String, Told>, snapshot: &Snapshot, now: Time) -> Vec<String> {
    let mut lines = Vec::new();
    for account in &snapshot.accounts {
        let trouble = (account.health >= Health::Trouble).then(|| state(account).0);
        let is = (account.current.clone(), account.expires_at, trouble);
        if told.get(&account.name) == Some(&is) {
            continue;
        }
        let what = match &is {
            (_, _, Some(trouble)) => trouble.clone(),
            (None, _, None) => "no token yet".to_owned(),
            (Some(_), end, None) => format!("token {}", words::left(now, *end)),
        };
        lines.push(format!("{}  {}: {what}", words::instant(now), account.name));
        told.insert(account.name.clone(), is);
    }
    told.retain(|name, _| {
        let stays = snapshot.accounts.iter().any(|account| account.name == *name);
        if !stays {
            lines.push(format!("{}  {name}: removed", words::instant(now)));
        }
        stays
    });
    lines
}

#[cfg(test)]
mod tests {
    use daypass_api::ErrorCode;
    use daypass_api::settings::SettingsView;
    use daypass_api::view::{Abilities, Problem, SessionView, VaultView};
    use daypass_core::session::SessionState;

    use super::*;

    const NOW: Time = Time::UNIX_EPOCH;

    fn after(seconds: u64) -> Time {
        clock::later(NOW, Duration::from_secs(seconds))
    }

    /// An account whose current token lives from now on for `life` seconds.
    fn account(name: &str, life: u64) -> AccountView {
        let session = SessionView {
            account: name.to_owned(),
            id: "s1".to_owned(),
            name: None,
            kind: None,
            created_at: Some(NOW),
            expires_at: Some(after(life)),
            state: SessionState::Fresh,
            held: true,
            current: true,
            fingerprint: None,
        };
        AccountView {
            name: name.to_owned(),
            provider: "discovr".to_owned(),
            title: "Discovr".to_owned(),
            base_url: String::new(),
            params: BTreeMap::new(),
            health: Health::Well,
            freshness: None,
            refreshing: false,
            problem: None,
            current: Some("s1".to_owned()),
            expires_at: Some(after(life)),
            next_refresh_at: None,
            last_used_at: None,
            pinned: true,
            abilities: Abilities::default(),
            sessions: vec![session],
        }
    }

    fn snapshot(accounts: Vec<AccountView>) -> Snapshot {
        Snapshot { revision: 1, at: NOW, vault: VaultView::Open, settings: SettingsView::default(), accounts }
    }

    #[test]
    fn a_bar_drains_with_the_life() {
        let bar = |seconds| bar(&account("tv", 200), after(seconds)).chars().filter(|c| *c == '█').count();
        assert_eq!([bar(0), bar(100), bar(189), bar(191), bar(200), bar(900)], [20, 10, 2, 1, 0, 0]);
        let mut none = account("tv", 200);
        none.sessions.clear();
        assert_eq!(super::bar(&none, NOW), "");
    }

    #[test]
    fn only_changes_are_told() {
        let mut told = BTreeMap::new();
        let mut tell = |accounts: Vec<AccountView>, seconds| changes(&mut told, &snapshot(accounts), after(seconds));
        assert_eq!(tell(vec![account("tv", 200)], 0), ["1970-01-01 00:00:00 UTC  tv: token 3 min 20 s left"]);
        assert_eq!(tell(vec![account("tv", 200)], 5), Vec::<String>::new());
        let refreshing = AccountView { health: Health::Refreshing, ..account("tv", 200) };
        assert_eq!(tell(vec![refreshing], 6), Vec::<String>::new());
        assert_eq!(tell(vec![account("tv", 300)], 60), ["1970-01-01 00:01:00 UTC  tv: token 4 min left"]);
        let problem = Problem {
            code: ErrorCode::Offline,
            message: "It is away.".to_owned(),
            since: NOW,
            retry_at: None,
            said: None,
        };
        let trouble = AccountView { health: Health::Trouble, problem: Some(problem), ..account("tv", 300) };
        assert_eq!(tell(vec![trouble], 61), ["1970-01-01 00:01:01 UTC  tv: trouble: It is away."]);
        assert_eq!(tell(vec![], 62), ["1970-01-01 00:01:02 UTC  tv: removed"]);
    }

    #[test]
    fn the_picture_has_a_line_for_each_account() {
        let text = table(&snapshot(vec![account("tv", 200), account("paw", 60)]), after(50)).render();
        assert_eq!(text.lines().count(), 3);
        assert!(text.contains("2 min 30 s left") && text.contains("10 s left"), "{text}");
    }
}
