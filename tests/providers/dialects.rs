//! The four definitions against the four dialects of the embedded authority, over real HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use daypass_authority::{Config, DemoUser, Service, Store};
use daypass_core::{Chance, Clock, Secret, Time};
use daypass_providers::{Definition, Engine, Limits, Minted, Poll, ProviderError, Target, Wish};
use reqwest::StatusCode;
use tokio::net::TcpListener;

use crate::server::{built_in, map, seconds, secret};

/// The real time, because the server writes it into `Date`.
struct Real;

impl Clock for Real {
    #[expect(clippy::disallowed_methods, reason = "both ends of a real connection live by the real clock")]
    fn now(&self) -> Time {
        chrono::Utc::now()
    }
}

/// Different bytes at every call, the same in every run.
struct Counted(AtomicU64);

impl Chance for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            let digest = Secret::new(count.to_string()).digest();
            chunk.copy_from_slice(&digest.as_bytes()[..chunk.len()]);
        }
    }
}

/// A running authority with one user, and the engine that asks it.
struct House {
    url: String,
    user: DemoUser,
    engine: Engine,
    http: reqwest::Client,
}

impl House {
    async fn build(config: Config) -> Self {
        let engine = Engine::new(Arc::new(Real), Limits::default()).unwrap();
        let chance = Arc::new(Counted(AtomicU64::new(0)));
        let service = Service::open(Store::in_memory().unwrap(), Arc::new(Real), chance, config).unwrap();
        let user = service.create_demo_user().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(daypass_authority::run(listener, service, std::future::pending()));
        Self { url, user, engine, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn target(&self, definition: &Definition) -> Target {
        let params = match definition.name() {
            "discovr" => map(&[("profile_id", &self.user.discovr_profile_id)]),
            _ => map(&[]),
        };
        definition.target(Some(&self.url), params).unwrap()
    }

    /// What the protected route `path` says to a token, sent as the definition says.
    async fn shows(&self, definition: &Definition, path: &str, token: &Secret) -> StatusCode {
        let (header, prefix) = definition.header();
        let value = format!("{prefix}{}", token.expose());
        self.http.get(format!("{}{path}", self.url)).header(header, value).send().await.unwrap().status()
    }
}

/// Whether a token lives about as long as it should: a few seconds of the run are allowed for.
fn lives(minted: &Minted, length: Duration) -> bool {
    let told = minted.life.length();
    told <= length + seconds(1) && told + seconds(5) >= length
}

fn short() -> Config {
    Config { session_ttl: Some(seconds(120)), ..Config::default() }
}

#[tokio::test]
async fn every_dialect_issues_a_token_that_its_protected_route_accepts() {
    let house = House::build(short()).await;
    let user = &house.user;
    for (name, credential, path) in [
        ("discovr", &user.discovr_refresh_token, "/profile/me"),
        ("pocketpaw", &user.pocketpaw_master_token, "/api/sessions"),
        ("antiraid", &user.antiraid_login_token, "/sessions/@me"),
        ("discover", &user.discover_api_key, "/search-rec/customer/3"),
    ] {
        let definition = built_in(name);
        let target = house.target(&definition);
        let wish = Wish::default();
        let minted = house.engine.mint(&definition, &target, credential, &wish).await.unwrap();
        // AntiRaid is asked for its seven days by name; the others decide, and the authority was told two minutes.
        let length = if name == "antiraid" { seconds(604_800) } else { seconds(120) };
        assert!(lives(&minted, length), "{name}: {:?}", minted.life);
        assert_eq!(house.shows(&definition, path, &minted.token).await, StatusCode::OK, "{name}");
        assert_eq!(house.shows(&definition, path, &secret("nonsense")).await, StatusCode::UNAUTHORIZED, "{name}");

        let wrong = Secret::new(format!("{}x", credential.expose()));
        let error = house.engine.mint(&definition, &target, &wrong, &wish).await.unwrap_err();
        assert!(matches!(error, ProviderError::Refused { .. }), "{name}: {error:?}");
        assert!(!error.to_string().contains(credential.expose()));
    }
}

#[tokio::test]
async fn discovr_offers_profiles_and_signs_out() {
    let house = House::build(short()).await;
    let discovr = built_in("discovr");
    let (target, credential) = (house.target(&discovr), &house.user.discovr_refresh_token);
    let offers = house.engine.offers(&discovr, &target, credential, "profile_id").await.unwrap();
    assert!(offers.iter().any(|offer| offer.value == house.user.discovr_profile_id));

    let first = house.engine.mint(&discovr, &target, credential, &Wish::default()).await.unwrap();
    let second = house.engine.mint(&discovr, &target, credential, &Wish::default()).await.unwrap();
    assert_ne!(first.session.id, second.session.id);
    // A session token is the wrong kind of credential.
    let error = house.engine.mint(&discovr, &target, &first.token, &Wish::default()).await.unwrap_err();
    assert!(error.to_string().contains("WRONG_TOKEN_KIND"), "{error}");

    let all = house.engine.revoke_all(&discovr, &target, credential).await.unwrap();
    assert!(all.signed_out && all.tokens_live_on && all.credential.is_none());
    let error = house.engine.mint(&discovr, &target, credential, &Wish::default()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
    assert_eq!(house.shows(&discovr, "/profile/me", &first.token).await, StatusCode::OK, "it lives on");
}

#[tokio::test]
async fn discovr_signs_in_by_device_code() {
    let house = House::build(short()).await;
    let discovr = built_in("discovr");
    let target = discovr.partial_target(Some(&house.url), map(&[])).unwrap();
    for decision in ["approve", "deny"] {
        let code = house.engine.begin_sign_in(&discovr, &target).await.unwrap();
        assert!(code.qr.as_ref().unwrap().starts_with("data:image/"));
        assert_eq!(house.engine.poll_sign_in(&discovr, &target, &code).await, Ok(Poll::Pending));
        let form = [("user_code", code.user_code.as_str()), ("decision", decision)];
        let page = format!("{}/device", house.url);
        let settled = house.http.post(page).header("Origin", &house.url).form(&form).send().await.unwrap();
        assert_eq!(settled.status(), StatusCode::OK);
        let polled = house.engine.poll_sign_in(&discovr, &target, &code).await;
        match polled {
            Ok(Poll::Done(credential)) if decision == "approve" => {
                let offers = house.engine.offers(&discovr, &target, &credential, "profile_id").await.unwrap();
                assert!(!offers.is_empty(), "the new credential works");
            }
            Err(ProviderError::Refused { .. }) if decision == "deny" => {}
            other => panic!("{decision}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn pocketpaw_regenerates_and_the_old_world_is_dead_at_once() {
    let house = House::build(short()).await;
    let pocketpaw = built_in("pocketpaw");
    let (target, master) = (house.target(&pocketpaw), &house.user.pocketpaw_master_token);
    let minted = house.engine.mint(&pocketpaw, &target, master, &Wish::default()).await.unwrap();
    let error = house.engine.mint(&pocketpaw, &target, &minted.token, &Wish::default()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Refused { .. }), "a session token cannot mint: {error:?}");

    let all = house.engine.revoke_all(&pocketpaw, &target, master).await.unwrap();
    let successor = all.credential.unwrap();
    assert!(!all.signed_out && !all.tokens_live_on);
    assert_eq!(house.shows(&pocketpaw, "/api/sessions", &minted.token).await, StatusCode::UNAUTHORIZED);
    let error = house.engine.mint(&pocketpaw, &target, master, &Wish::default()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
    house.engine.mint(&pocketpaw, &target, &successor, &Wish::default()).await.unwrap();
}

#[tokio::test]
async fn antiraid_rotates_by_creating_and_then_deleting() {
    let house = House::build(short()).await;
    let antiraid = built_in("antiraid");
    let (target, login) = (house.target(&antiraid), &house.user.antiraid_login_token);
    let engine = &house.engine;
    let own = engine.inspect(&antiraid, &target, login).await.unwrap();
    assert_eq!((own.kind.as_deref(), own.barred), (Some("login"), None));

    let wish = Wish { name: Some("bench".into()), life: Some(seconds(60)) };
    let first = engine.mint(&antiraid, &target, login, &wish).await.unwrap();
    assert!(lives(&first, seconds(60)));
    // The session's token is the credential of its successor.
    let second = engine.mint(&antiraid, &target, &first.token, &wish).await.unwrap();
    let listed = engine.list(&antiraid, &target, &second.token).await.unwrap().sessions;
    let ids: Vec<&str> = listed.iter().map(|session| session.id.as_str()).collect();
    for id in [&own.id, &first.session.id, &second.session.id] {
        assert!(ids.contains(&id.as_str()), "{ids:?}");
    }
    let row = listed.iter().find(|session| session.id == second.session.id).unwrap();
    assert_eq!((row.name.as_deref(), row.kind.as_deref()), (Some("bench"), Some("api")));
    assert!(row.created_at.is_some() && row.expires_at.is_some());

    engine.revoke(&antiraid, &target, &second.token, &first.session.id).await.unwrap();
    let again = engine.revoke(&antiraid, &target, &second.token, &first.session.id).await;
    assert_eq!(again, Err(ProviderError::AlreadyGone));
    let error = engine.list(&antiraid, &target, &first.token).await.unwrap_err();
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");

    let longest = Wish { life: Some(antiraid.abilities().create.as_ref().unwrap().life.unwrap().max), ..wish };
    engine.create(&antiraid, &target, &second.token, &longest).await.unwrap();
}

#[tokio::test]
async fn discover_renews_and_falls_back_to_the_key() {
    let house = House::build(Config::default()).await;
    let discover = built_in("discover");
    let (target, key) = (house.target(&discover), &house.user.discover_api_key);
    let engine = &house.engine;
    let wish = Wish { life: Some(seconds(300)), ..Wish::default() };
    let minted = engine.mint(&discover, &target, key, &wish).await.unwrap();
    assert!(lives(&minted, seconds(300)));
    let mut grant = minted.grant.unwrap();
    assert!(grant.expires_at.is_some());
    let renewed = engine.renew(&discover, &target, &grant).await.unwrap();
    assert_ne!(renewed.token, minted.token);
    assert!(lives(&renewed, seconds(300)));
    assert_eq!(house.shows(&discover, "/search-rec/customer/3", &renewed.token).await, StatusCode::OK);
    assert_eq!(renewed.grant.unwrap().token, grant.token);

    grant.token = secret("gone");
    let error = engine.renew(&discover, &target, &grant).await.unwrap_err();
    assert!(matches!(error, ProviderError::Refused { .. }), "{error:?}");
    assert!(lives(&engine.mint(&discover, &target, key, &Wish::default()).await.unwrap(), seconds(86_400)));
}
