//! What the user is told of, as stories: one notice for one incident, merged, and none for what heals itself.

use std::path::PathBuf;
use std::time::Duration;

use daypass_agent::{Agent, Notice};
use daypass_api::request::{AddAccount, TokenRequest};
use daypass_api::view::{Health, VaultView};
use daypass_core::Secret;
use daypass_providers::ProviderError;
use tokio::sync::broadcast::Receiver;

use crate::bed::{Bed, account, notices, pass, read, read_fresh, work};

fn offline() -> ProviderError {
    ProviderError::Offline { message: "The provider cannot be reached.".into(), maybe_done: false }
}

/// Every call fails from now on.
fn cut(bed: &Bed) {
    bed.script.fail(&offline(), 100_000);
}

/// And not any more.
fn mend(bed: &Bed) {
    bed.script.plot().failures.clear();
}

/// Connects accounts of these names, and reads the token of each.
async fn connect(agent: &Agent, names: &[&str]) {
    for name in names {
        agent.add_account(AddAccount { check: false, ..account("discovr", name) }).await.unwrap();
        agent.token(name, TokenRequest::default()).await.unwrap();
    }
}

/// The provider refuses the account's credential from now on, and is asked at once.
async fn refuse(bed: &Bed, agent: &Agent, name: &str) {
    bed.script.plot().refused.push(format!("credential-of-{name}"));
    agent.token(name, TokenRequest { fresh: true, ..TokenRequest::default() }).await.unwrap_err();
}

/// The user connects the account again, with its old credential, which is taken once more.
async fn connect_again(bed: &Bed, agent: &Agent, name: &str) {
    bed.script.plot().refused.clear();
    let credential = Secret::new(format!("credential-of-{name}"));
    agent
        .add_account(AddAccount { check: false, credential: Some(credential), ..account("discovr", name) })
        .await
        .unwrap();
}

/// A vault whose file is not in its place: nothing can be stored.
struct MovedAway {
    file: PathBuf,
    away: PathBuf,
}

impl MovedAway {
    fn new(bed: &Bed) -> Self {
        let (file, away) = (bed.home.vault_file(), bed.dir.path().join("away"));
        std::fs::rename(&file, &away).unwrap();
        Self { file, away }
    }

    fn put_back(self) {
        std::fs::rename(&self.away, &self.file).unwrap();
    }
}

/// The names of accounts that need the user, one list a notice; any other notice fails the test.
#[track_caller]
fn needs_you(heard: &mut Receiver<Notice>) -> Vec<Vec<String>> {
    let names = |notice| match notice {
        Notice::NeedsYou { accounts, .. } => accounts,
        other => panic!("{other:?}"),
    };
    notices(heard).into_iter().map(names).collect()
}

#[tokio::test(start_paused = true)]
async fn accounts_that_need_you_at_the_same_time_are_one_notice_and_a_later_one_names_itself() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    connect(&agent, &["a", "b", "c"]).await;
    let mut heard = agent.notices();
    refuse(&bed, &agent, "b").await;
    pass(1.0).await;
    refuse(&bed, &agent, "a").await;
    assert_eq!(needs_you(&mut heard), Vec::<Vec<String>>::new(), "another may come");
    pass(5.0).await;
    assert_eq!(needs_you(&mut heard), [["a", "b"]]);
    refuse(&bed, &agent, "c").await;
    pass(5.0).await;
    assert_eq!(needs_you(&mut heard), [["c"]]);
    // It is told once, however long it lasts, and over a restart.
    agent.token("a", TokenRequest { fresh: true, ..TokenRequest::default() }).await.unwrap_err();
    pass(3600.0).await;
    agent.stop().await;
    let agent = bed.agent().await;
    let mut heard_later = agent.notices();
    pass(3600.0).await;
    assert_eq!(needs_you(&mut heard).len() + needs_you(&mut heard_later).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_mended_at_once_is_not_told_of() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut heard = agent.notices();
    read(&agent).await.unwrap();
    refuse(&bed, &agent, "work").await;
    connect_again(&bed, &agent, "work").await;
    pass(3600.0).await;
    assert_eq!(notices(&mut heard), []);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_flaps_is_one_incident_until_it_lasts() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut heard = agent.notices();
    read(&agent).await.unwrap();
    refuse(&bed, &agent, "work").await;
    pass(5.0).await;
    assert_eq!(needs_you(&mut heard), [["work"]]);
    for _ in 0..3 {
        connect_again(&bed, &agent, "work").await;
        pass(30.0).await;
        refuse(&bed, &agent, "work").await;
        pass(30.0).await;
    }
    assert_eq!(notices(&mut heard), []);
    // The last refusal lasts: five minutes after the last mending it is told again.
    pass(235.0).await;
    assert_eq!(notices(&mut heard), []);
    pass(10.0).await;
    assert_eq!(needs_you(&mut heard), [["work"]]);

    connect_again(&bed, &agent, "work").await;
    read(&agent).await.unwrap();
    pass(301.0).await;
    refuse(&bed, &agent, "work").await;
    pass(5.0).await;
    assert_eq!(needs_you(&mut heard), [["work"]], "minutes later it is another incident");
}

#[tokio::test(start_paused = true)]
async fn trouble_that_heals_itself_within_a_minute_is_not_told() {
    // A pinned account that has no token yet: its user is touched from the first failure on.
    for (seconds, is_told) in [(40.0, false), (80.0, true)] {
        let bed = Bed::new();
        let agent = bed.agent().await;
        let mut heard = agent.notices();
        cut(&bed);
        agent.add_account(AddAccount { check: false, pinned: true, ..account("discovr", "work") }).await.unwrap();
        pass(seconds).await;
        assert!(bed.script.count("mint") > 1);
        mend(&bed);
        pass(600.0).await;
        assert_eq!(work(&agent).health, Health::Well);
        let told = notices(&mut heard);
        let both = matches!(told.as_slice(), [Notice::Trouble { .. }, Notice::Recovered { .. }]);
        assert!(if is_told { both } else { told.is_empty() }, "{seconds}: {told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_is_told_when_it_touches_the_user_and_its_end_is_told_once() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut heard = agent.notices();
    read(&agent).await.unwrap();
    pass(1100.0).await;
    cut(&bed);
    // Refreshing fails since 1200 s at the latest, but the token is good until it is urgent.
    pass(510.0).await;
    assert_eq!(notices(&mut heard), []);
    pass(20.0).await;
    let told = notices(&mut heard);
    let sentence = "The provider cannot be reached.";
    let wanted = |notice: &Notice| matches!(notice, Notice::Trouble { accounts, message } if *accounts == ["work"] && **message == *sentence);
    assert!(told.len() == 1 && wanted(&told[0]), "{told:?}");
    pass(7200.0).await;
    assert_eq!(notices(&mut heard), [], "once");

    mend(&bed);
    pass(120.0).await;
    let told = notices(&mut heard);
    assert!(
        matches!(told.as_slice(), [Notice::Recovered { accounts, expires_at: Some(_) }] if *accounts == ["work"]),
        "{told:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn trouble_that_touched_nobody_is_not_told_when_it_is_over() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut heard = agent.notices();
    read(&agent).await.unwrap();
    pass(1100.0).await;
    cut(&bed);
    pass(400.0).await;
    mend(&bed);
    pass(3600.0).await;
    assert_eq!(notices(&mut heard), []);
}

#[tokio::test(start_paused = true)]
async fn trouble_and_recovery_are_merged_over_accounts() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    connect(&agent, &["a", "b", "c"]).await;
    let mut heard = agent.notices();
    pass(1100.0).await;
    cut(&bed);
    pass(700.0).await;
    let told = notices(&mut heard);
    assert!(matches!(told.as_slice(), [Notice::Trouble { accounts, .. }] if *accounts == ["a", "b", "c"]), "{told:?}");
    mend(&bed);
    pass(120.0).await;
    let told = notices(&mut heard);
    let all = |accounts: &[String]| accounts == ["a", "b", "c"];
    assert!(matches!(told.as_slice(), [Notice::Recovered { accounts, expires_at: None }] if all(accounts)), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn neither_a_sleep_nor_a_clock_that_is_set_makes_trouble_look_long() {
    let turns: [fn(&Bed); 3] = [|bed| bed.clock.sleep(7200), |bed| bed.clock.set(86_400), |bed| bed.clock.set(-86_400)];
    for (number, turn) in turns.into_iter().enumerate() {
        let bed = Bed::new();
        let agent = bed.agent().await;
        let mut heard = agent.notices();
        cut(&bed);
        agent.add_account(AddAccount { check: false, pinned: true, ..account("discovr", "work") }).await.unwrap();
        // In trouble for 50 s, and in the middle of them something happens to the clocks.
        pass(30.0).await;
        turn(&bed);
        pass(20.0).await;
        mend(&bed);
        pass(600.0).await;
        assert_eq!(work(&agent).health, Health::Well);
        assert_eq!(notices(&mut heard), [], "{number}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_waking_an_account_is_spoken_of_once_an_attempt_has_ended_or_a_minute_has_passed() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    connect(&agent, &["before", "after"]).await;
    let mut heard = agent.notices();
    refuse(&bed, &agent, "before").await;
    bed.clock.sleep(3600);
    pass(1.0).await;
    refuse(&bed, &agent, "after").await;
    pass(10.0).await;
    assert_eq!(needs_you(&mut heard), [["after"]]);
    pass(60.0).await;
    assert_eq!(needs_you(&mut heard), [["before"]]);
}

#[tokio::test(start_paused = true)]
async fn after_waking_the_vault_is_not_spoken_of_for_a_minute() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut heard = agent.notices();
    read(&agent).await.unwrap();
    bed.clock.sleep(3600);
    let vault = MovedAway::new(&bed);
    let _ = read_fresh(&agent).await;
    pass(30.0).await;
    assert_eq!(notices(&mut heard), []);
    pass(60.0).await;
    let told = notices(&mut heard);
    assert!(matches!(told.as_slice(), [Notice::Vault { .. }]), "{told:?}");
    vault.put_back();
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_fails_is_told_at_once_and_once() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let mut heard = agent.notices();
    let vault = MovedAway::new(&bed);
    let _ = read(&agent).await;
    pass(2.0).await;
    let told = notices(&mut heard);
    assert!(matches!(told.as_slice(), [Notice::Vault { message }] if message.contains("vault")), "{told:?}");
    pass(3600.0).await;
    assert_eq!(notices(&mut heard), []);

    // Open for a moment, and shut again: told anew only after five minutes.
    vault.put_back();
    pass(60.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    let vault = MovedAway::new(&bed);
    let _ = read_fresh(&agent).await;
    pass(200.0).await;
    assert!(!matches!(agent.snapshot().vault, VaultView::Open));
    assert_eq!(notices(&mut heard), []);
    pass(150.0).await;
    assert!(matches!(notices(&mut heard).as_slice(), [Notice::Vault { .. }]));
    vault.put_back();
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_waits_for_its_key_is_told_after_a_minute() {
    let bed = Bed::new();
    bed.connected("discovr").await.stop().await;
    let (key, away) = (bed.dir.path().join("key"), bed.dir.path().join("away"));
    std::fs::rename(&key, &away).unwrap();
    let agent = bed.agent().await;
    let mut heard = agent.notices();
    pass(50.0).await;
    assert_eq!(notices(&mut heard), []);
    pass(20.0).await;
    assert!(matches!(notices(&mut heard).as_slice(), [Notice::Vault { .. }]));
    pass(3600.0).await;
    assert_eq!(notices(&mut heard), []);
    std::fs::rename(&away, &key).unwrap();
    pass(60.0).await;
    assert_eq!(agent.snapshot().vault, VaultView::Open);
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(notices(&mut heard), []);
}
