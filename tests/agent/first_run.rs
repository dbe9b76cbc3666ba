//! Connecting for the first time: from a pasted command, and to the local authority, which runs as the settings say.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use daypass_agent::{Agent, Authority, AuthorityFuture};
use daypass_api::request::{AddAccount, Recognize};
use daypass_api::settings::AuthorityView;
use daypass_api::view::{AccountView, Health};
use daypass_api::{ApiError, ErrorCode};
use daypass_core::Secret;
use daypass_providers::ProviderError;
use serde_json::json;

use crate::bed::{Bed, account, read, read_fresh};
use crate::rotation::renewing;

/// How long something may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const COMMAND: &str = "curl -X POST https://api.discovr.media/auth/session-token -H 'Authorization: Bearer rt_5f2b6c1a' \
                       --json '{\"profileId\": \"p1\"}'";

fn pasted(command: &str) -> AddAccount {
    AddAccount { credential: None, command: Some(Secret::new(command)), ..account("discovr", "work") }
}

#[tokio::test(start_paused = true)]
async fn a_command_is_recognized_and_connects_without_its_credential_being_answered() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let found = agent.recognize(&Recognize { command: Secret::new(COMMAND) }).unwrap();
    assert_eq!((found.provider.as_str(), found.base_url.as_deref(), found.credential), ("discovr", None, true));
    assert_eq!(found.params["profile_id"], "p1");
    assert!(!serde_json::to_string(&found).unwrap().contains("rt_5f2b6c1a"));

    let added = agent.add_account(pasted(COMMAND)).await.unwrap();
    assert_eq!(bed.script.plot().calls, ["mint rt_5f2b6c1a"]);
    assert!(!serde_json::to_string(&added).unwrap().contains("rt_5f2b6c1a"));
}

#[tokio::test(start_paused = true)]
async fn a_credential_goes_where_its_command_takes_it_and_not_to_the_providers_own_address() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let elsewhere = COMMAND.replace("api.discovr.media", "elsewhere.example");
    let found = agent.recognize(&Recognize { command: Secret::new(elsewhere.as_str()) }).unwrap();
    assert_eq!(found.base_url.as_deref(), Some("https://elsewhere.example"));
    let added = agent.add_account(AddAccount { base_url: None, ..pasted(&elsewhere) }).await.unwrap();
    assert_eq!(added.base_url, "https://elsewhere.example/");
    let own = AddAccount { name: "own".to_owned(), base_url: None, ..pasted(COMMAND) };
    assert_eq!(agent.add_account(own).await.unwrap().base_url, "https://api.discovr.media/");
    assert_eq!(bed.script.plot().addresses, ["https://elsewhere.example/", "https://api.discovr.media/"]);
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_of_no_use_is_refused_with_the_reason() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let placeholder = COMMAND.replace("rt_5f2b6c1a", "<token>");
    let other = "curl https://api.rfksrv.com/account/1/access-token -H 'x-api-key: 01-90d33624' -d '{}'";
    for (request, field, says) in [
        (pasted(&placeholder), "command", "only a placeholder"),
        (pasted(other), "command", "one for Sitecore Discover, not for Discovr"),
        (pasted("wget https://api.discovr.media"), "command", "no curl command"),
        (AddAccount { credential: None, ..account("discovr", "work") }, "credential", "Give either"),
        (AddAccount { command: Some(Secret::new(COMMAND)), ..account("discovr", "work") }, "credential", "Give either"),
    ] {
        let error = agent.add_account(request).await.unwrap_err();
        assert_eq!((error.code, error.field.as_deref()), (ErrorCode::BadRequest, Some(field)), "{error}");
        assert!(error.message.contains(says) && error.said.is_some(), "{error:?}");
    }
    assert_eq!(bed.script.plot().calls, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_names_the_part_that_it_is_about() {
    let bed = Bed::new();
    let agent = bed.connected("discovr").await;
    let good = || account("discovr", "other");
    for (request, field) in [
        (AddAccount { name: "a b".to_owned(), ..good() }, "name"),
        (account("discovr", "work"), "name"),
        (account("pocketpaw", "work"), "name"),
        (AddAccount { credential: Some(Secret::new("a\nb")), ..good() }, "credential"),
        (AddAccount { params: Default::default(), ..good() }, "params.profile_id"),
        (AddAccount { params: [("nonsense".to_owned(), "1".to_owned())].into(), ..good() }, "params.nonsense"),
        (AddAccount { base_url: Some("http://example.com".to_owned()), ..good() }, "base_url"),
        (AddAccount { life: Some(0), ..account("antiraid", "other") }, "life"),
    ] {
        let error = agent.add_account(request).await.unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{error}");
    }
    for (failure, field) in [
        (ProviderError::Refused { message: "It says no (401, TOKEN_INVALID).".into() }, "credential"),
        (ProviderError::Offline { message: "It does not answer.".into(), maybe_done: false }, "base_url"),
    ] {
        bed.script.fail(&failure, 1);
        let error = agent.add_account(good()).await.unwrap_err();
        assert_eq!(error.field.as_deref(), Some(field), "{error}");
        // In the provider's own words.
        assert!(error.message.starts_with(&failure.to_string()), "{error}");
    }
}

/// An authority that only says what is asked of it.
#[derive(Default)]
struct Noted {
    told: Mutex<Vec<String>>,
    /// Ports that are taken.
    taken: Mutex<Vec<u16>>,
    users: Mutex<u32>,
}

impl Noted {
    fn note(&self, what: String) {
        self.told.lock().unwrap().push(what);
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

impl Authority for Noted {
    fn listen(&self, port: u16) -> AuthorityFuture<'_, Result<String, ApiError>> {
        self.note(format!("listen {port}"));
        let taken = self.taken.lock().unwrap().contains(&port);
        let port = if port == 0 { 40_000 } else { port };
        let answer = if taken {
            Err(ApiError::new(ErrorCode::Internal, "It is taken."))
        } else {
            Ok(format!("http://127.0.0.1:{port}"))
        };
        Box::pin(std::future::ready(answer))
    }

    fn close(&self) -> AuthorityFuture<'_, ()> {
        self.note("close".to_owned());
        Box::pin(std::future::ready(()))
    }

    fn providers(&self) -> &[&'static str] {
        &["discovr", "pocketpaw", "antiraid", "discover"]
    }

    fn new_user(&self) -> AuthorityFuture<'_, Result<Vec<AddAccount>, ApiError>> {
        *self.users.lock().unwrap() += 1;
        let user = *self.users.lock().unwrap();
        let unnamed = |provider: &&str| AddAccount {
            credential: Some(Secret::new(format!("{provider}-of-user-{user}"))),
            name: String::new(),
            base_url: None,
            ..account(provider, "")
        };
        Box::pin(std::future::ready(Ok(self.providers().iter().map(unnamed).collect())))
    }
}

async fn with_authority(bed: &Bed) -> (Agent, Arc<Noted>) {
    let agent = bed.agent().await;
    let authority = Arc::new(Noted::default());
    agent.take_authority(authority.clone());
    (agent, authority)
}

/// Waits until the authority stands as `wanted` says.
async fn stands(agent: &Agent, wanted: impl Fn(&AuthorityView) -> bool) {
    let mut snapshots = agent.watch();
    let found = tokio::time::timeout(SOON, snapshots.wait_for(|snapshot| wanted(&snapshot.settings.authority))).await;
    assert!(found.is_ok(), "it stays {:?}", agent.settings().authority);
}

async fn runs_at(agent: &Agent, port: u16) {
    let url = format!("http://127.0.0.1:{port}");
    stands(agent, |view| *view == AuthorityView::Running { url: url.clone() }).await;
}

async fn change(agent: &Agent, authority: serde_json::Value) {
    agent.change_settings(json!({ "authority": authority })).await.unwrap();
}

#[tokio::test]
async fn the_authority_runs_as_the_settings_say() {
    let bed = Bed::new();
    let (agent, authority) = with_authority(&bed).await;
    change(&agent, json!({ "enabled": true })).await;
    runs_at(&agent, 7277).await;
    change(&agent, json!({ "port": 7300 })).await;
    runs_at(&agent, 7300).await;
    change(&agent, json!({ "enabled": false })).await;
    stands(&agent, |view| *view == AuthorityView::Off).await;
    assert_eq!(authority.told(), ["listen 7277", "listen 7300", "close"]);
}

#[tokio::test]
async fn a_port_that_is_taken_is_told_and_another_one_helps() {
    let bed = Bed::new();
    let (agent, authority) = with_authority(&bed).await;
    authority.taken.lock().unwrap().push(7277);
    change(&agent, json!({ "enabled": true })).await;
    stands(&agent, |view| matches!(view, AuthorityView::Failed { message, .. } if message == "It is taken.")).await;
    change(&agent, json!({ "port": 7278 })).await;
    runs_at(&agent, 7278).await;
}

#[tokio::test]
async fn it_ends_with_the_agent() {
    let bed = Bed::new();
    let (agent, authority) = with_authority(&bed).await;
    change(&agent, json!({ "enabled": true })).await;
    runs_at(&agent, 7277).await;
    agent.stop().await;
    assert!(authority.told().contains(&"close".to_owned()));
}

fn names(accounts: &[AccountView]) -> Vec<&str> {
    accounts.iter().map(|account| account.name.as_str()).collect()
}

const TRIED: [&str; 4] = ["try-discovr", "try-pocketpaw", "try-antiraid", "try-discover"];

#[tokio::test]
async fn trying_it_connects_an_account_of_each_and_a_second_time_finds_them() {
    let bed = Bed::new();
    let (agent, authority) = with_authority(&bed).await;
    let accounts = agent.try_out().await.unwrap();
    assert_eq!(names(&accounts), TRIED);
    for account in &accounts {
        assert_eq!(account.base_url, "http://127.0.0.1:7277/");
        assert!(account.current.is_some(), "{} has no token yet", account.name);
    }
    assert!(agent.settings().settings.authority.enabled);
    let calls = bed.script.plot().calls.len();
    assert_eq!(names(&agent.try_out().await.unwrap()), TRIED);
    assert_eq!((bed.script.plot().calls.len(), *authority.users.lock().unwrap()), (calls, 1));
}

#[tokio::test]
async fn trying_it_again_mends_what_needs_the_user_and_leaves_the_rest() {
    let bed = Bed::new();
    let (agent, _authority) = with_authority(&bed).await;
    agent.try_out().await.unwrap();
    bed.script.plot().refused.push("pocketpaw-of-user-1".to_owned());
    let fresh = daypass_api::request::TokenRequest { fresh: true, ..Default::default() };
    agent.token("try-pocketpaw", fresh).await.unwrap_err();
    agent.remove_account("try-discover").await.unwrap();
    assert_eq!(agent.account("try-pocketpaw").unwrap().health, Health::NeedsYou);
    let before = agent.account("try-discovr").unwrap().current;
    let accounts = agent.try_out().await.unwrap();
    assert_eq!(names(&accounts), TRIED);
    assert!(accounts.iter().all(|account| account.health == Health::Well), "{accounts:?}");
    assert_eq!(agent.account("try-discovr").unwrap().current, before);
}

#[tokio::test]
async fn trying_it_leaves_accounts_alone_that_only_have_such_a_name() {
    let bed = Bed::new();
    let (agent, _authority) = with_authority(&bed).await;
    agent.add_account(account("pocketpaw", "try-pocketpaw")).await.unwrap();
    agent.add_account(account("discovr", "try-antiraid")).await.unwrap();
    let fresh = || daypass_api::request::TokenRequest { fresh: true, ..Default::default() };
    bed.script.plot().refused.push("credential-of-try-pocketpaw".to_owned());
    agent.token("try-pocketpaw", fresh()).await.unwrap_err();
    let own = |name: &str| agent.account(name).unwrap();
    let before = [own("try-pocketpaw"), own("try-antiraid")];
    assert_eq!(before[0].health, Health::NeedsYou);

    let tried = ["try-discovr", "try-pocketpaw-2", "try-antiraid-2", "try-discover"];
    assert_eq!(names(&agent.try_out().await.unwrap()), tried);
    assert_eq!([own("try-pocketpaw"), own("try-antiraid")], before);
    assert_eq!(names(&agent.try_out().await.unwrap()), tried, "they are found again");
    // Also where the one whose name was taken has gone.
    agent.remove_account("try-pocketpaw").await.unwrap();
    assert_eq!(names(&agent.try_out().await.unwrap()), tried);
}

#[tokio::test]
async fn why_it_cannot_be_tried_is_told() {
    let bed = Bed::new();
    let (agent, authority) = with_authority(&bed).await;
    authority.taken.lock().unwrap().push(7277);
    let error = agent.try_out().await.unwrap_err();
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::Internal, "It is taken."));
    assert_eq!(agent.snapshot().accounts, []);
    // Once the port is free the next try succeeds, without a pause.
    authority.taken.lock().unwrap().clear();
    let again = tokio::time::timeout(SOON, agent.try_out()).await.expect("it waits for the next attempt");
    assert_eq!(again.unwrap().len(), 4);

    let without = Bed::new();
    assert_eq!(without.agent().await.try_out().await.unwrap_err().code, ErrorCode::NotSupported);
}

#[tokio::test]
async fn its_accounts_move_along_with_it() {
    let bed = Bed::new();
    let (agent, _authority) = with_authority(&bed).await;
    agent.try_out().await.unwrap();
    agent.add_account(account("pocketpaw", "work")).await.unwrap();
    change(&agent, json!({ "port": 7300 })).await;
    runs_at(&agent, 7300).await;
    for name in TRIED {
        assert_eq!(agent.account(name).unwrap().base_url, "http://127.0.0.1:7300/");
    }
    assert_eq!(agent.account("work").unwrap().base_url, "http://127.0.0.1:9/", "it is somebody else's");
    read_fresh(&agent).await.unwrap();

    // While no agent runs, the file is changed by hand.
    agent.stop().await;
    std::fs::write(bed.home.settings_file(), "[authority]\nenabled = true\nport = 7400\n").unwrap();
    let (agent, _authority) = with_authority(&bed).await;
    runs_at(&agent, 7400).await;
    assert_eq!(agent.account("try-discovr").unwrap().base_url, "http://127.0.0.1:7400/");
}

/// An agent with an account at its authority, a renewal of which is under way: it `takes` so long, and will bring the only copy of a grant.
async fn renewing_there(bed: &mut Bed, takes: Duration) -> (Agent, tokio::task::JoinHandle<()>) {
    renewing(bed, true);
    bed.script.plot().delay = Duration::ZERO;
    let (agent, _authority) = with_authority(bed).await;
    change(&agent, json!({ "enabled": true })).await;
    runs_at(&agent, 7277).await;
    let there = Some("http://127.0.0.1:7277".to_owned());
    agent.add_account(AddAccount { base_url: there, ..account("renewing", "work") }).await.unwrap();
    read(&agent).await.unwrap();
    bed.script.plot().delay = takes;
    let flying = agent.clone();
    let renewal = tokio::spawn(async move { drop(read_fresh(&flying).await) });
    while bed.script.count("renew") == 0 {
        tokio::task::yield_now().await;
    }
    (agent, renewal)
}

#[tokio::test]
async fn what_was_answered_before_a_move_is_not_lost_by_it() {
    let mut bed = Bed::new();
    let (agent, renewal) = renewing_there(&mut bed, Duration::from_millis(500)).await;
    change(&agent, json!({ "port": 7300 })).await;
    runs_at(&agent, 7300).await;
    renewal.await.unwrap();
    assert_eq!(agent.account("work").unwrap().base_url, "http://127.0.0.1:7300/");
    read_fresh(&agent).await.unwrap();
    let calls = bed.script.plot().calls.clone();
    assert_eq!(calls[1..], ["renew grant-1", "renew grant-2"]);
}

#[tokio::test]
async fn who_tries_it_while_it_is_switched_off_is_told() {
    let mut bed = Bed::new();
    let (agent, renewal) = renewing_there(&mut bed, Duration::from_secs(3)).await;
    change(&agent, json!({ "port": 7300 })).await;
    stands(&agent, |view| *view == AuthorityView::Starting).await;
    // It waits for the accounts that move along, so it starts still, and sees no change until that is over.
    change(&agent, json!({ "enabled": false })).await;
    let trying = tokio::spawn({
        let agent = agent.clone();
        async move { agent.try_out().await }
    });
    while !agent.settings().settings.authority.enabled {
        tokio::task::yield_now().await;
    }
    change(&agent, json!({ "enabled": false })).await;
    let tried = tokio::time::timeout(SOON, trying).await.expect("it waits for ever").unwrap();
    assert_eq!(tried.unwrap_err().message, "The local authority was switched off meanwhile.");
    renewal.await.unwrap();
}

#[tokio::test]
async fn any_free_port_is_the_one_of_last_time() {
    let bed = Bed::new();
    let (agent, authority) = with_authority(&bed).await;
    change(&agent, json!({ "enabled": true, "port": 0 })).await;
    runs_at(&agent, 40_000).await;
    agent.stop().await;
    let (agent, again) = with_authority(&bed).await;
    runs_at(&agent, 40_000).await;
    assert_eq!((authority.told()[0].as_str(), again.told()[0].as_str()), ("listen 0", "listen 40000"));
}
