//! Sessions that cannot be renewed: create the next, store it, switch, and only then delete the old.

use std::time::Duration;

use daypass_api::request::{AddAccount, TokenRequest};
use daypass_api::view::Health;
use daypass_core::Secret;
use daypass_providers::ProviderError;
use tokio::time::Instant;

use crate::bed::{Bed, account, pass, read, read_fresh, settle_down, work};
use crate::journal::open_intents;

const DAY: f64 = 86_400.0;

#[tokio::test(start_paused = true)]
async fn the_held_session_is_the_credential_of_the_next() {
    let bed = Bed::new();
    let agent = bed.agent().await;
    let life = Some(2 * 86_400);
    agent.add_account(AddAccount { life, pinned: true, ..account("antiraid", "work") }).await.unwrap();
    settle_down().await;
    assert_eq!(bed.script.plot().calls, ["inspect credential-of-work", "mint credential-of-work"]);
    let first = work(&agent);
    assert!(
        first.sessions[0].name.as_deref().is_some_and(|name| name.starts_with("testbed-")),
        "named after the machine"
    );

    // The login token dies after an hour; nobody needs it any more.
    bed.script.plot().refused.push("credential-of-work".to_owned());
    pass(10.0 * DAY).await;
    let calls = bed.script.plot().calls.clone();
    assert_eq!(calls[2], "mint token-1");
    let minted: Vec<_> = calls.iter().filter(|call| call.starts_with("mint")).collect();
    assert!((5..=7).contains(&minted.len()), "{minted:?}");
    assert_eq!(work(&agent).sessions.len(), 1, "predecessors are gone");
    assert_eq!(bed.script.plot().listed.len(), 1, "at the provider too");
}

#[tokio::test(start_paused = true)]
async fn a_predecessor_is_revoked_when_the_promises_made_with_it_have_ended() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    bed.script.plot().life = Duration::from_secs(7 * 86_400);
    read(&agent).await.unwrap();
    agent.token("work", TokenRequest { min_ttl: Some(600), ..TokenRequest::default() }).await.unwrap();
    let second = read_fresh(&agent).await.unwrap();
    assert_eq!(second.session_id, "s2");
    let listed = |bed: &Bed| bed.script.plot().listed.iter().map(|s| s.id.clone()).collect::<Vec<_>>();

    pass(550.0).await;
    assert_eq!(listed(&bed), ["s1", "s2"], "somebody was told that token-1 lives for ten minutes");
    pass(60.0).await;
    assert_eq!(listed(&bed), ["s2"]);
    assert_eq!(bed.script.plot().calls.last().unwrap(), "revoke s1 token-2", "the new token has proved itself");
    assert_eq!(work(&agent).sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_revocation_that_fails_is_tried_again_and_survives_a_restart() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    read_fresh(&agent).await.unwrap();
    bed.script.fail(&ProviderError::Offline { message: "Cut.".into(), maybe_done: false }, 1);
    // H = T/10 = 180 s.
    pass(185.0).await;
    assert_eq!((bed.script.count("revoke"), bed.script.plot().listed.len()), (1, 2));
    agent.stop().await;
    let agent = bed.agent().await;
    pass(1.0).await;
    assert_eq!(bed.script.plot().listed.len(), 1);
    assert_eq!(work(&agent).sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_held_session_that_was_revoked_elsewhere_falls_back_on_the_credential() {
    let bed = Bed::new();
    let agent = bed.connected("antiraid").await;
    read(&agent).await.unwrap();
    bed.script.plot().refused.push("token-1".to_owned());
    let next = read_fresh(&agent).await.unwrap();
    assert_eq!(next.token, Secret::new("token-2"));
    assert_eq!(bed.script.plot().calls[1..3], ["mint token-1", "mint credential-of-work"]);
}

#[tokio::test(start_paused = true)]
async fn a_rotated_credential_is_stored_with_the_session_that_brought_it() {
    let mut bed = Bed::new();
    let toml = r#"
name = "rotor"
title = "Rotor"
about = "Replaces its credential with every mint."
base_url = "https://rotor.example"
[credential]
label = "Refresh token"
help = "anywhere"
[session]
header = "Authorization"
prefix = "Bearer "
[effects]
revoke = "Forgets it here."
[mint.request]
method = "POST"
path = "/token"
headers.Authorization = "Bearer {credential}"
[mint.answer]
token = "/access_token"
expires = { at = "/expires_in", notation = "seconds_from_now" }
credential = "/refresh_token"
"#;
    let dir = bed.home.providers_dir();
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("rotor.toml"), toml).unwrap();
    let (catalog, errors) = daypass_providers::Catalog::load(&dir);
    assert_eq!(errors, []);
    bed.catalog = catalog;
    let agent = bed.connected("rotor").await;
    bed.script.plot().successor = Some("successor-1".to_owned());
    read(&agent).await.unwrap();
    agent.stop().await;
    let agent = bed.agent().await;
    read_fresh(&agent).await.unwrap();
    assert_eq!(bed.script.plot().calls, ["mint credential-of-work", "mint successor-1"]);
}

/// A provider of the user's own whose renewals bring a successor of the grant, or do not.
pub(crate) fn renewing(bed: &mut Bed, rotates: bool) {
    let built_in = include_str!("../../src-tauri/providers/definitions/discover.toml");
    let mut toml = built_in.replace("name = \"discover\"", "name = \"renewing\"");
    if rotates {
        toml = toml.replace("[renew.answer]", "[renew.answer]\ngrant = \"/refreshToken\"");
    }
    let dir = bed.dir.path().join("providers");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("renewing.toml"), toml).unwrap();
    let (catalog, errors) = daypass_providers::Catalog::load(&dir);
    assert!(errors.is_empty(), "{errors:?}");
    bed.catalog = catalog;
    let mut plot = bed.script.plot();
    (plot.grants, plot.rotates_grants, plot.delay) = (true, rotates, Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_stop_waits_for_a_rotation_as_long_as_it_takes_and_not_for_other_calls() {
    for (rotates, waits) in [(true, 16.0..25.0), (false, 4.0..6.0)] {
        let mut bed = Bed::new();
        renewing(&mut bed, rotates);
        let agent = bed.connected("renewing").await;
        read(&agent).await.unwrap();
        bed.script.plot().delay = Duration::from_secs(18);
        let flying = agent.clone();
        let reader = tokio::spawn(async move { read_fresh(&flying).await });
        pass(1.0).await;
        let begun = Instant::now();
        agent.stop().await;
        assert!(waits.contains(&begun.elapsed().as_secs_f64()), "{rotates}: {:?}", begun.elapsed());
        reader.abort();
        bed.script.plot().delay = Duration::ZERO;
        let agent = bed.agent().await;
        read_fresh(&agent).await.unwrap();
        let wanted = if rotates { "renew grant-2" } else { "renew grant-1" };
        assert_eq!(bed.script.plot().calls.last().unwrap(), wanted);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_uses_the_grant_up_is_written_down_before() {
    for rotates in [false, true] {
        let mut bed = Bed::new();
        renewing(&mut bed, rotates);
        let agent = bed.connected("renewing").await;
        read(&agent).await.unwrap();
        let renewing = tokio::spawn({
            let agent = agent.clone();
            async move { read_fresh(&agent).await.unwrap() }
        });
        pass(2.0).await;
        let written = open_intents(&bed);
        assert_eq!(written, if rotates { vec![r#"{"what":"renew"}"#] } else { vec![] });
        renewing.await.unwrap();
        assert_eq!(open_intents(&bed), Vec::<String>::new());
        read_fresh(&agent).await.unwrap();
        let last = if rotates { "renew grant-2" } else { "renew grant-1" };
        assert_eq!(bed.script.plot().calls.last().unwrap(), last);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_whose_answer_is_lost_is_settled_by_the_old_grant_and_then_the_credential() {
    let mut bed = Bed::new();
    renewing(&mut bed, true);
    let agent = bed.connected("renewing").await;
    read(&agent).await.unwrap();
    bed.script.plot().lose_answer = true;
    read_fresh(&agent).await.unwrap_err();
    assert_eq!(open_intents(&bed).len(), 1);
    agent.stop().await;
    // The old grant was used up.
    bed.script.plot().takes_grants = false;
    let agent = bed.agent().await;
    pass(10.0).await;
    assert_eq!(bed.script.plot().calls[2..], ["renew grant-1", "mint credential-of-work"], "settled without a reader");
    assert_eq!(open_intents(&bed), Vec::<String>::new());
    assert_eq!(work(&agent).health, Health::Well);
}
