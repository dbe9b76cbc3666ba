//! Every kind of secret at every door: only its own doors take it, and the others change nothing.

use daypass_authority::{Config, Rate};
use daypass_core::Secret;
use serde_json::json;

use crate::native::{by, form, introspect, signed_in};
use crate::world::{RequestBuilder, World, answer, good, secret};

/// What can be presented somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    DiscovrRefresh,
    DiscovrSession,
    DiscovrDeviceCode,
    PocketPawMaster,
    PocketPawSession,
    AntiRaidLogin,
    AntiRaidApi,
    DiscoverKey,
    DiscoverAccess,
    DiscoverRefresh,
    NativeAccess,
    NativeClientAccess,
    NativeRefresh,
    NativeClientSecret,
    NativeDeviceCode,
}

use Kind::{
    AntiRaidApi, AntiRaidLogin, DiscoverAccess, DiscoverKey, DiscoverRefresh, DiscovrDeviceCode, DiscovrRefresh,
    DiscovrSession, NativeAccess, NativeClientAccess, NativeClientSecret, NativeDeviceCode, NativeRefresh,
    PocketPawMaster, PocketPawSession,
};

/// Where something is presented.
pub(crate) struct Door {
    pub(crate) name: String,
    takes: &'static [Kind],
    ask: Ask,
}

/// How something is presented.
type Ask = Box<dyn Fn(&World, &str) -> RequestBuilder>;

impl Door {
    /// The request that presents `token` here.
    pub(crate) fn ask(&self, world: &World, token: &Secret) -> RequestBuilder {
        (self.ask)(world, token.expose())
    }
}

/// A door that is opened by a header.
fn by_header(method: &'static str, path: &'static str, header: &'static str, takes: &'static [Kind]) -> Door {
    let ask = move |world: &World, token: &str| {
        let value = if header == "authorization" { format!("Bearer {token}") } else { token.to_owned() };
        let request = world.request(method, path).header(header, value.as_str());
        // Good for every door that reads one, so that the token alone decides.
        let body = json!({
            "profileId": world.demo.discovr_profile_id, "name": "x", "type": "api", "expiry": 600, "scope": ["search-rec"],
        });
        if matches!(method, "POST" | "PATCH") && !path.starts_with("/oauth2") {
            request.json(&body)
        } else if method == "PATCH" || method == "POST" {
            request.json(&json!({ "name": "x" }))
        } else {
            request
        }
    };
    Door { name: format!("{method} {path} ({header})"), takes, ask: Box::new(ask) }
}

/// A door of the token endpoint: `field` beside the demo client's own credentials, or in place of its secret.
fn by_field(grant: &'static str, field: &'static str, takes: &'static [Kind]) -> Door {
    let ask = move |world: &World, token: &str| {
        let fields = [("grant_type", grant), (field, token)];
        if field == "client_secret" {
            form(world, "token", &[fields[0], fields[1], ("client_id", &world.demo.native_client.id)])
        } else {
            by(world, &world.demo.native_client, "token", &fields)
        }
    };
    Door { name: format!("POST /oauth2/token ({field})"), takes, ask: Box::new(ask) }
}

/// Every door that takes a secret, introspection and revocation aside: these answer everything.
pub(crate) fn doors() -> Vec<Door> {
    const BEARER: &str = "authorization";
    const RAID: &[Kind] = &[AntiRaidLogin, AntiRaidApi];
    const PAW: &[Kind] = &[PocketPawMaster, PocketPawSession];
    let poll = |world: &World, token: &str| world.request("POST", &format!("/auth/device-codes/{token}/poll"));
    let raw = |world: &World, token: &str| world.request("GET", "/sessions/@me").header("authorization", token);
    vec![
        by_header("POST", "/auth/session-token", BEARER, &[DiscovrRefresh]),
        by_header("DELETE", "/auth/session", BEARER, &[DiscovrRefresh]),
        by_header("GET", "/profiles", BEARER, &[DiscovrRefresh]),
        by_header("POST", "/profiles", BEARER, &[DiscovrRefresh]),
        by_header("GET", "/profile/me", BEARER, &[DiscovrSession]),
        Door { name: "a device's poll".to_owned(), takes: &[DiscovrDeviceCode], ask: Box::new(poll) },
        by_header("POST", "/api/auth/session", BEARER, &[PocketPawMaster]),
        by_header("POST", "/api/v1/auth/session", BEARER, &[PocketPawMaster]),
        by_header("POST", "/api/token/regenerate", BEARER, PAW),
        by_header("GET", "/api/sessions", BEARER, PAW),
        by_header("GET", "/api/v1/sessions", BEARER, PAW),
        by_header("GET", "/sessions/@me", BEARER, RAID),
        Door { name: "GET /sessions/@me (as it is)".to_owned(), takes: RAID, ask: Box::new(raw) },
        by_header("GET", "/sessions", BEARER, RAID),
        by_header("POST", "/sessions", BEARER, RAID),
        by_header("DELETE", "/sessions/00000000-0000-4000-8000-000000000000", BEARER, RAID),
        by_header("POST", "/account/1/access-token", "x-api-key", &[DiscoverKey]),
        by_header("PUT", "/account/1/access-token", BEARER, &[DiscoverRefresh]),
        by_header("PUT", "/account/1/access-token", "refresh-token", &[DiscoverRefresh]),
        by_header("GET", "/search-rec/1/3", BEARER, &[DiscoverAccess]),
        by_header("POST", "/search-rec/1/3", BEARER, &[DiscoverAccess]),
        by_field("refresh_token", "refresh_token", &[NativeRefresh]),
        by_field("client_credentials", "client_secret", &[NativeClientSecret]),
        by_field("urn:ietf:params:oauth:grant-type:device_code", "device_code", &[NativeDeviceCode]),
        by_header("GET", "/oauth2/sessions", BEARER, NATIVE),
        by_header("POST", "/oauth2/sessions", BEARER, NATIVE),
        by_header("DELETE", "/oauth2/sessions", BEARER, NATIVE),
        by_header("DELETE", "/oauth2/sessions/others", BEARER, NATIVE),
        by_header("GET", "/oauth2/sessions/current", BEARER, NATIVE),
        by_header("PATCH", "/oauth2/sessions/current", BEARER, NATIVE),
        by_header("DELETE", "/oauth2/sessions/current", BEARER, NATIVE),
    ]
}

/// A client's own token is one of ours, but has no user: it is told so (see `native_sessions`).
const NATIVE: &[Kind] = &[NativeAccess, NativeClientAccess];

/// One of every kind, all good.
pub(crate) async fn all(world: &World) -> Vec<(Kind, Secret)> {
    let demo = &world.demo;
    let body = json!({ "profileId": demo.discovr_profile_id });
    let discovr = good(world.bearing("POST", "/auth/session-token", &demo.discovr_refresh_token).json(&body)).await;
    let waiting = good(world.request("POST", "/auth/device-codes").json(&json!({ "clientID": "tv" }))).await;
    let paw = good(world.bearing("POST", "/api/auth/session", &demo.pocketpaw_master_token)).await;
    let body = json!({ "name": "x", "type": "api", "expiry": 600 });
    let raid = good(world.bearing("POST", "/sessions", &demo.antiraid_login_token).json(&body)).await;
    let request = world.request("POST", "/account/1/access-token").json(&json!({ "scope": ["search-rec"] }));
    let shop = good(request.header("x-api-key", demo.discover_api_key.expose())).await;
    let own = [("grant_type", "client_credentials")];
    let own = good(by(world, &demo.native_client, "token", &own)).await;
    let native = signed_in(world, &demo.native_client).await;
    let begun = good(by(world, &demo.native_client, "device_authorization", &[])).await;
    vec![
        (DiscovrRefresh, demo.discovr_refresh_token.clone()),
        (DiscovrSession, secret(&discovr, "sessionToken")),
        (DiscovrDeviceCode, secret(&waiting, "deviceCode")),
        (PocketPawMaster, demo.pocketpaw_master_token.clone()),
        (PocketPawSession, secret(&paw, "session_token")),
        (AntiRaidLogin, demo.antiraid_login_token.clone()),
        (AntiRaidApi, secret(&raid, "token")),
        (DiscoverKey, demo.discover_api_key.clone()),
        (DiscoverAccess, secret(&shop, "accessToken")),
        (DiscoverRefresh, secret(&shop, "refreshToken")),
        (NativeAccess, secret(&native, "access_token")),
        (NativeClientAccess, secret(&own, "access_token")),
        (NativeRefresh, secret(&native, "refresh_token")),
        (NativeClientSecret, demo.native_client.secret.clone().unwrap()),
        (NativeDeviceCode, secret(&begun, "device_code")),
    ]
}

/// The kinds that introspection knows.
const INTROSPECTED: [Kind; 3] = [NativeAccess, NativeClientAccess, NativeRefresh];

#[tokio::test]
async fn every_secret_opens_its_own_doors_and_no_other() {
    let config = Config { failures: Rate { burst: 10_000, per_second: 1.0 }, ..Config::default() };
    let world = World::of(config).await;
    let secrets = all(&world).await;
    for (kind, token) in &secrets {
        for door in doors().iter().filter(|door| !door.takes.contains(kind)) {
            let (status, body) = answer(door.ask(&world, token)).await;
            let refused = match status.as_u16() {
                401 => true,
                400 => body["error"] == "invalid_grant",
                _ => false,
            };
            assert!(refused, "{kind:?} at {}: {status} {body}", door.name);
        }
        let known = introspect(&world, token).await["active"] == true;
        assert_eq!(known, INTROSPECTED.contains(kind), "{kind:?}");
        if !INTROSPECTED.contains(kind) {
            good(by(&world, &world.demo.native_client, "revoke", &[("token", token.expose())])).await;
        }
    }
    live(&world, &secrets).await;
}

/// That all of `secrets` live: each is let in at the first of its doors.
pub(crate) async fn live(world: &World, secrets: &[(Kind, Secret)]) {
    for (kind, token) in secrets {
        let doors = doors();
        let door = doors.iter().find(|door| door.takes.contains(kind)).unwrap();
        let (status, body) = answer(door.ask(world, token)).await;
        let let_in = match kind {
            NativeDeviceCode => body["error"] == "authorization_pending",
            NativeClientAccess => status == 403,
            _ => status == 200,
        };
        assert!(let_in, "{kind:?} at {}: {status} {body}", door.name);
    }
}
