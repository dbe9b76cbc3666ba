//! Incidents: what happens to accounts and to the vault, told to the user once, merged, and only where it matters.
//!
//! A state machine without a clock: every moment is the time that the machine was awake (`Reading::awake`), which nobody
//! sets and which stands still while it sleeps; so neither a jump of the wall clock nor a night makes anything look long.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use daypass_api::view::VaultView;
use daypass_api::{ApiError, Sentence};
use daypass_core::{Phrase, Time, phrase};

use crate::Notice;

/// Accounts to which the same happens within this time of the first are one notice.
pub(crate) const MERGED: Duration = Duration::from_secs(3);
/// What heals itself within this time is not told.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// What comes back within this time after it was mended is the same incident.
pub(crate) const SAME: Duration = Duration::from_secs(5 * 60);
/// Accounts that recover are one notice if they do so within this time, or sooner where none is left in trouble.
pub(crate) const RECOVERY: Duration = Duration::from_secs(30);
/// After waking, an account is not spoken of for this long, unless an attempt has ended for it.
pub(crate) const HUSH: Duration = Duration::from_secs(60);

/// How near the end of an account's token is to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    /// It is urgent, expired, or not there.
    Now,
    /// It becomes urgent after this time.
    In(Duration),
    /// Nobody uses the account any more, so nobody misses a token.
    Not,
}

/// All that is open, and what was told of it.
#[derive(Debug, Default)]
pub(crate) struct Incidents {
    needs: HashMap<String, Need>,
    troubles: HashMap<String, Trouble>,
    recovered: Option<Recoveries>,
    vault: VaultIncident,
    /// When trouble was told last.
    trouble_told: Option<Duration>,
    /// Since the machine woke: until when accounts are not spoken of, and for which an attempt has ended.
    hush: Option<(Duration, HashSet<String>)>,
}

/// An account that needs the user, or did a short while ago.
#[derive(Debug)]
struct Need {
    message: Sentence,
    /// When it is to be told; `None` where it was.
    tell_at: Option<Duration>,
    /// Whether it was told, before it was mended or since.
    told: bool,
    /// Since when it does not need the user any more.
    mended: Option<Duration>,
}

/// An account that cannot be refreshed.
#[derive(Debug)]
struct Trouble {
    message: Sentence,
    /// When it may be worth telling; `None` where it was told.
    look_at: Option<Duration>,
}

/// Accounts whose trouble was told, and is over.
#[derive(Debug)]
struct Recoveries {
    /// When the first of them did.
    since: Duration,
    accounts: BTreeMap<String, Time>,
}

/// The vault that is not open.
#[derive(Debug, Default)]
struct VaultIncident {
    now: Option<VaultView>,
    /// When the notice is due; `None` where it was told, or nothing is wrong.
    tell_at: Option<Duration>,
    /// Which states were told since the vault was last open for [`SAME`].
    told: HashSet<&'static str>,
    opened: Option<Duration>,
}

impl Incidents {
    /// A refresh of `account` has failed, and is tried again.
    pub(crate) fn failed(&mut self, now: Duration, account: &str, error: &ApiError) {
        self.attempted(account);
        let first = || Trouble { message: error.into(), look_at: Some(now + PATIENCE) };
        let trouble = self.troubles.entry(account.to_owned()).or_insert_with(first);
        trouble.message = error.into();
    }

    /// A refresh of `account` has brought a token that dies at `expires_at`.
    pub(crate) fn succeeded(&mut self, now: Duration, account: &str, expires_at: Time) {
        self.attempted(account);
        self.mended(now, account);
        if self.troubles.remove(account).is_some_and(|trouble| trouble.look_at.is_none()) {
            let begin = || Recoveries { since: now, accounts: BTreeMap::new() };
            self.recovered.get_or_insert_with(begin).accounts.insert(account.to_owned(), expires_at);
        }
    }

    /// The credential of `account` was refused.
    pub(crate) fn refused(&mut self, now: Duration, account: &str, error: &ApiError) {
        self.attempted(account);
        self.troubles.remove(account);
        let need = self.needs.entry(account.to_owned()).or_insert(Need {
            message: error.into(),
            tell_at: Some(now + MERGED),
            told: false,
            mended: None,
        });
        need.message = error.into();
        if let Some(mended) = need.mended.take() {
            // Where it was told, it is told again only if it lasts.
            need.tell_at = Some((now + MERGED).max(mended + SAME));
        }
    }

    /// `account` got another credential.
    pub(crate) fn mended(&mut self, now: Duration, account: &str) {
        let Some(need) = self.needs.get_mut(account) else { return };
        need.mended.get_or_insert(now);
        need.tell_at = None;
        if !need.told {
            self.needs.remove(account);
        }
    }

    /// `account` is not there any more.
    pub(crate) fn removed(&mut self, account: &str) {
        self.needs.remove(account);
        self.troubles.remove(account);
    }

    /// The vault is as `view` says.
    pub(crate) fn vault(&mut self, now: Duration, view: &VaultView) {
        let vault = &mut self.vault;
        let was_open = vault.now.is_none();
        if *view == VaultView::Open {
            if !was_open {
                vault.opened = Some(now);
            }
            (vault.now, vault.tell_at) = (None, None);
            return;
        }
        let same = vault.now.as_ref().is_some_and(|before| state(before) == state(view));
        vault.now = Some(view.clone());
        if same {
            return;
        }
        let opened = vault.opened.take_if(|_| was_open);
        if opened.is_some_and(|opened| now >= opened + SAME) {
            vault.told.clear();
        }
        let first = if passes(view) { now + PATIENCE } else { now };
        // What was told is told again only where it was open in between, and if it lasts.
        let again = opened.map(|opened| first.max(opened + SAME));
        vault.tell_at = if vault.told.contains(state(view)) { again } else { Some(first) };
    }

    /// The machine has just woken up.
    pub(crate) fn woke(&mut self, now: Duration) {
        self.hush = Some((now + HUSH, HashSet::new()));
    }

    /// What is to be told at `now`; `touch` says how near the end of an account's token is.
    pub(crate) fn due(&mut self, now: Duration, touch: impl Fn(&str) -> Touch) -> Vec<Notice> {
        self.hush.take_if(|(until, _)| now >= *until);
        let notices = [self.due_needs(now), self.due_trouble(now, touch), self.due_recovered(now), self.due_vault(now)];
        self.needs.retain(|_, need| need.mended.is_none_or(|mended| now < mended + SAME));
        notices.into_iter().flatten().collect()
    }

    /// When [`Incidents::due`] is to be asked next; `None` where nothing is open.
    pub(crate) fn next(&self) -> Option<Duration> {
        let hushed = |account: &str, at: Duration| match &self.hush {
            Some((until, ended)) if !ended.contains(account) => at.max(*until),
            _ => at,
        };
        let needs = self.needs.iter().filter_map(|(name, need)| Some(hushed(name, need.tell_at?)));
        let rest = self.trouble_told.map_or(Duration::ZERO, |told| told + SAME);
        let look_at = |trouble: &Trouble| Some(trouble.look_at? + MERGED);
        let troubles = self.troubles.iter().filter_map(|(name, one)| Some(hushed(name, look_at(one)?).max(rest)));
        let recovered = self.recovered.as_ref().map(|recovered| self.recovery_told_at(recovered));
        let vault = self.vault.tell_at.map(|at| hushed("", at));
        needs.chain(troubles).chain(recovered).chain(vault).min()
    }

    fn due_needs(&mut self, now: Duration) -> Option<Notice> {
        let hush = &self.hush;
        let due = |(name, need): (&String, &Need)| need.tell_at.is_some_and(|at| at <= now) && speaks(hush, name);
        if !self.needs.iter().any(due) {
            return None;
        }
        // Whoever is due a moment later comes along, unless it is held back for longer.
        let mut told = BTreeMap::new();
        for (name, need) in &mut self.needs {
            if need.tell_at.is_some_and(|at| at <= now + MERGED) && speaks(hush, name) {
                (need.tell_at, need.told) = (None, true);
                told.insert(name.clone(), need.message.clone());
            }
        }
        let message = sentence(&told, || {
            phrase!("error-several-refused", "Their credentials were refused; open Daypass to connect them again.")
        });
        Some(Notice::NeedsYou { accounts: told.into_keys().collect(), message })
    }

    fn due_trouble(&mut self, now: Duration, touch: impl Fn(&str) -> Touch) -> Option<Notice> {
        if self.trouble_told.is_some_and(|told| now < told + SAME) {
            return None;
        }
        let hush = &self.hush;
        let due =
            |(name, one): (&String, &Trouble)| one.look_at.is_some_and(|at| at + MERGED <= now) && speaks(hush, name);
        if !self.troubles.iter().any(due) {
            return None;
        }
        let mut told = BTreeMap::new();
        self.troubles.retain(|name, trouble| {
            if trouble.look_at.is_none_or(|at| at > now) || !speaks(hush, name) {
                return true;
            }
            match touch(name) {
                Touch::Now => {
                    trouble.look_at = None;
                    told.insert(name.clone(), trouble.message.clone());
                }
                Touch::In(wait) => trouble.look_at = Some(now + wait),
                Touch::Not => return false,
            }
            true
        });
        if told.is_empty() {
            return None;
        }
        self.trouble_told = Some(now);
        let message = sentence(&told, || {
            phrase!("error-several-fail", "Their tokens run out, since refreshing fails; Daypass goes on trying.")
        });
        Some(Notice::Trouble { accounts: told.into_keys().collect(), message })
    }

    fn due_recovered(&mut self, now: Duration) -> Option<Notice> {
        let due = self.recovered.as_ref().is_some_and(|recovered| self.recovery_told_at(recovered) <= now);
        let recovered = self.recovered.take_if(|_| due)?;
        let expires_at = match recovered.accounts.len() {
            1 => recovered.accounts.values().next().copied(),
            _ => None,
        };
        Some(Notice::Recovered { accounts: recovered.accounts.into_keys().collect(), expires_at })
    }

    fn due_vault(&mut self, now: Duration) -> Option<Notice> {
        if self.hush.is_some() {
            return None;
        }
        self.vault.tell_at.take_if(|at| *at <= now)?;
        let view = self.vault.now.as_ref()?;
        self.vault.told.insert(state(view));
        let message = Sentence { message: view.message()?.to_owned(), said: view.said().cloned() };
        Some(Notice::Vault { message })
    }

    /// When accounts that recovered are told: at once where no trouble is left that was told.
    fn recovery_told_at(&self, recovered: &Recoveries) -> Duration {
        let left = self.troubles.values().any(|trouble| trouble.look_at.is_none());
        recovered.since + if left { RECOVERY } else { MERGED }
    }

    /// An attempt has ended for `account` since the machine woke.
    fn attempted(&mut self, account: &str) {
        if let Some((_, ended)) = &mut self.hush {
            ended.insert(account.to_owned());
        }
    }
}

/// Whether `account` is spoken of so soon after waking.
fn speaks(hush: &Option<(Duration, HashSet<String>)>, account: &str) -> bool {
    hush.as_ref().is_none_or(|(_, ended)| ended.contains(account))
}

/// The sentence of the only account, or the one about several.
fn sentence(told: &BTreeMap<String, Sentence>, several: impl Fn() -> Phrase) -> Sentence {
    match told.values().next() {
        Some(only) if told.len() == 1 => only.clone(),
        _ => (&several()).into(),
    }
}

/// Whether this state often passes by itself: somebody unlocks the keyring, or it starts late.
fn passes(view: &VaultView) -> bool {
    matches!(view, VaultView::Locked { .. } | VaultView::Absent { .. } | VaultView::Slow { .. })
}

/// The state without its sentence.
fn state(view: &VaultView) -> &'static str {
    match view {
        VaultView::Open => "open",
        VaultView::Locked { .. } | VaultView::Absent { .. } | VaultView::Slow { .. } => "no key",
        VaultView::Full { .. } => "full",
        VaultView::Corrupt { .. } => "corrupt",
        VaultView::Failing { .. } => "failing",
    }
}
