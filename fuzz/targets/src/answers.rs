//! What providers answer, through the real engine, definitions and rules; only the connection is not there.
//!
//! The first line of an input names a definition and an operation, such as `antiraid mint`. What follows is what the
//! server sends: a status line, headers, an empty line, a body. `\n--\n` stands between the answers to several requests
//! (alternatives, redirects); the last is repeated. Words that are not known stand for one that is.
//!
//! Whatever comes: what is taken is usable, nothing dead or nameless is kept, no request leaves the origin, the number of
//! requests is bounded, and no error holds a secret or a line that cannot be shown.

use std::sync::{Arc, LazyLock, Mutex};

use daypass_core::Secret;
use daypass_core::session::Session;
use daypass_providers::{Catalog, Definition, Engine, Grant, Limits, Listed, Minted, ProviderError, Target, Wish};

use crate::is_a_sentence;
use crate::still::{Still, now, run};

/// A definition that uses all that the format has.
const MILL: &str = include_str!("../../../tests/providers/mill.toml");
/// Nothing else of a request is like it.
const CREDENTIAL: &str = "zq7-credential-zq7";
const GRANT: &str = "zq7-grant-zq7";
/// Two alternatives of a path times two of a header, each with three redirects.
const MOST_REQUESTS: usize = 16;
const OPERATIONS: [&str; 10] =
    ["mint", "renew", "create", "list", "inspect", "revoke", "revoke_all", "begin", "poll", "offers"];

static DEFINITIONS: LazyLock<Vec<Arc<Definition>>> = LazyLock::new(|| {
    let mill = Definition::parse("mill.toml", MILL).expect("the definition of the tests is sound");
    Catalog::built_in().all().cloned().chain([Arc::new(mill)]).collect()
});

/// What a server sends.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What the next requests are answered with, and what they were.
struct Play {
    answers: Vec<Answer>,
    origin: String,
    /// Whether the server itself writes a secret, so that it may stand where a redirect leads.
    knows_it: bool,
    count: usize,
    astray: Vec<String>,
}

static PLAY: Mutex<Option<Play>> = Mutex::new(None);

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    Engine::answered(Arc::new(Still), Limits::default(), |_, url, _, _| {
        let mut play = PLAY.lock().unwrap();
        let play = play.as_mut().expect("there is a play");
        let told = !play.knows_it && [CREDENTIAL, GRANT].iter().any(|secret| url.as_str().contains(secret));
        if url.origin().ascii_serialization() != play.origin || told {
            play.astray.push(url.to_string());
        }
        let Answer { status, headers, body } = &play.answers[play.count.min(play.answers.len() - 1)];
        play.count += 1;
        let mut response = http::Response::new(body.clone());
        *response.status_mut() = http::StatusCode::from_u16(*status).unwrap_or_default();
        for (name, value) in headers {
            let header = (http::HeaderName::try_from(name.as_str()), http::HeaderValue::try_from(value.as_str()));
            if let (Ok(name), Ok(value)) = header {
                response.headers_mut().append(name, value);
            }
        }
        response
    })
    .expect("an engine needs nothing of the machine")
});

/// See the module.
pub fn answers(bytes: &[u8]) {
    /// One play at a time, also where tests run beside each other.
    static STAGE: Mutex<()> = Mutex::new(());
    let (first, rest) = split(bytes, b"\n").unwrap_or((bytes, b""));
    let first = String::from_utf8_lossy(first);
    let (name, operation) = first.split_once(' ').unwrap_or((&first, ""));
    let definition = &DEFINITIONS[known(name, DEFINITIONS.iter().map(|definition| definition.name()))];
    let operation = OPERATIONS[known(operation, OPERATIONS.into_iter())];

    let mut answers = Vec::new();
    let mut rest = Some(rest);
    while let Some(text) = rest {
        let (one, more) = split(text, b"\n--\n").map_or((text, None), |(one, more)| (one, Some(more)));
        answers.push(answer(one));
        rest = more;
    }
    let needed = definition.params().iter().filter(|param| param.required);
    let target = definition.target(None, needed.map(|param| (param.key.clone(), "1".to_owned())).collect()).unwrap();
    let _alone = STAGE.lock().unwrap_or_else(|broken| broken.into_inner());
    let origin = target.base_url.origin().ascii_serialization();
    let text = String::from_utf8_lossy(bytes);
    let knows_it = text.contains(CREDENTIAL) || text.contains(GRANT) || text.contains('%');
    *PLAY.lock().unwrap() = Some(Play { answers, origin, knows_it, count: 0, astray: Vec::new() });
    run(ask(definition, operation, &target));
    let play = PLAY.lock().unwrap().take().expect("the play is over");
    assert!(play.astray.is_empty(), "{:?}", play.astray);
    assert!(play.count <= MOST_REQUESTS, "{} requests", play.count);
}

/// The place of `word` among the known ones, or one that its letters choose.
fn known<'a>(word: &str, words: impl Iterator<Item = &'a str> + Clone) -> usize {
    let chosen = word.bytes().map(usize::from).sum::<usize>() % words.clone().count();
    words.clone().position(|known| known == word).unwrap_or(chosen)
}

fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = bytes.windows(at.len()).position(|window| window == at)?;
    Some((&bytes[..place], &bytes[place + at.len()..]))
}

fn answer(text: &[u8]) -> Answer {
    let (head, body) = split(text, b"\n\n").unwrap_or((text, b""));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let status = status.filter(|status| (200..1000).contains(status)).unwrap_or(200);
    Answer { status, headers, body: body.to_vec() }
}

async fn ask(definition: &Definition, operation: &str, target: &Target) {
    let (engine, credential) = (&*ENGINE, Secret::new(CREDENTIAL));
    let wish = Wish { name: Some("testbed".to_owned()), life: None };
    match operation {
        "mint" => minted(engine.mint(definition, target, &credential, &wish).await, CREDENTIAL),
        "create" => minted(engine.create(definition, target, &credential, &wish).await, CREDENTIAL),
        "renew" => {
            let life = std::time::Duration::from_secs(1800);
            let grant = Grant { token: Secret::new(GRANT), expires_at: None, life };
            minted(engine.renew(definition, target, &grant).await, GRANT);
        }
        "list" => listed(engine.list(definition, target, &credential).await),
        "inspect" => {
            if let Some(inspected) = told(engine.inspect(definition, target, &credential).await, CREDENTIAL) {
                assert!(is_an_id(&inspected.id), "{inspected:?}");
                assert!(inspected.barred.is_none_or(|why| is_a_sentence(&why)));
            }
        }
        "revoke" => drop(told(engine.revoke(definition, target, &credential, "a/../b?c").await, CREDENTIAL)),
        "revoke_all" => {
            if let Some(done) = told(engine.revoke_all(definition, target, &credential).await, CREDENTIAL) {
                done.credential.iter().for_each(usable);
            }
        }
        "begin" | "poll" => {
            let Some(code) = told(engine.begin_sign_in(definition, target).await, "") else { return };
            usable(&code.device_code);
            assert!(is_a_sentence(&code.user_code) && code.expires_at > now(), "{code:?}");
            assert!((1..=60).contains(&code.interval.as_secs()), "{code:?}");
            assert!(code.qr.as_ref().is_none_or(|qr| qr.starts_with("data:image/")), "{code:?}");
            if let Some(daypass_providers::Poll::Done(secret)) =
                told(engine.poll_sign_in(definition, target, &code).await, code.device_code.expose())
            {
                usable(&secret);
            }
        }
        _ => {
            let offered = definition.params().iter().find(|param| param.offered);
            let key = offered.map_or("none", |param| param.key.as_str());
            for offer in
                told(engine.offers(definition, target, &credential, key).await, CREDENTIAL).into_iter().flatten()
            {
                assert!(is_an_id(&offer.value) && is_a_sentence(&offer.label), "{offer:?}");
            }
        }
    }
}

fn minted(outcome: Result<Minted, ProviderError>, sent: &str) {
    let Some(minted) = told(outcome, sent) else { return };
    usable(&minted.token);
    minted.credential.iter().for_each(usable);
    assert!(minted.life.sent_at == now() && minted.life.expires_at > now(), "{minted:?}");
    assert_eq!(minted.session.expires_at, Some(minted.life.expires_at));
    session(&minted.session);
    if let Some(grant) = &minted.grant {
        usable(&grant.token);
        assert!(grant.expires_at.is_none_or(|at| at > now()) && !grant.life.is_zero(), "{grant:?}");
    }
    // What the planner makes of it is planned without a fault.
    let thresholds = minted.life.thresholds();
    assert!(thresholds.hard <= thresholds.soft && minted.life.refresh_at(0.5) <= minted.life.expires_at);
}

fn listed(outcome: Result<Listed, ProviderError>) {
    told(outcome, CREDENTIAL).iter().flat_map(|listed| &listed.sessions).for_each(session);
}

fn session(of: &Session) {
    assert!(is_an_id(&of.id), "{of:?}");
    for text in [&of.name, &of.kind].into_iter().flatten() {
        assert!(is_a_sentence(text), "{of:?}");
    }
}

fn is_an_id(id: &str) -> bool {
    is_a_sentence(id) && id.chars().count() <= 256
}

/// A secret that can be sent in a header.
fn usable(secret: &Secret) {
    let text = secret.expose();
    assert!((1..=8 << 10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()));
}

/// What was brought; an error is one that can be shown, and does not hold the secret that was sent.
fn told<T: std::fmt::Debug>(outcome: Result<T, ProviderError>, sent: &str) -> Option<T> {
    if let Err(error) = &outcome {
        assert!(is_a_sentence(&error.to_string()), "{error:?}");
        // A short device code may be a part of any sentence.
        assert!(sent.len() < 8 || !format!("{error:?}").contains(sent), "{error:?}");
    }
    outcome.ok()
}
