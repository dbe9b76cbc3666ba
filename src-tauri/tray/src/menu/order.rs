//! In which order the accounts stand in the menu, and which of many stand in it at all.

use std::cmp::Reverse;

use daypass_api::view::{AccountView, Health};

/// The accounts that stand in the menu itself, at most `most`, and the others by name.
///
/// The one used last is on top, since it is most often wanted again. Then come those that need the user, so that they are
/// always seen; then the others, the one used last first, and those that were never used by name.
pub(super) fn in_menu(accounts: &[AccountView], most: usize) -> (Vec<&AccountView>, Vec<&AccountView>) {
    let mut all: Vec<&AccountView> = accounts.iter().collect();
    all.sort_by_key(|account| (Reverse(account.last_used_at), &account.name));
    if let Some((_, after)) = all.split_first_mut().filter(|(first, _)| first.last_used_at.is_some()) {
        needy_first(after);
    } else {
        needy_first(&mut all);
    }
    let mut others = all.split_off(most.min(all.len()));
    others.sort_by_key(|account| &account.name);
    (all, others)
}

fn needy_first(accounts: &mut [&AccountView]) {
    // It is stable: what was in order stays in order.
    accounts.sort_by_key(|account| account.health != Health::NeedsYou);
}
