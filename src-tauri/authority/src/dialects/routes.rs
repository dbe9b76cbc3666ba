//! The routes of all dialects as patterns: what the log and the figures call a request by, since its path may hold an id,
//! a user code or whatever a client puts there.

/// Every route; a part in braces stands for any one part.
pub(crate) const ROUTES: [&str; 32] = [
    "/auth/session-token",
    "/auth/session",
    "/profiles",
    "/profile/me",
    "/auth/device-codes",
    "/auth/device-codes/{code}/poll",
    "/device",
    "/api/auth/session",
    "/api/token/regenerate",
    "/api/sessions",
    "/api/v1/auth/session",
    "/api/v1/token/regenerate",
    "/api/v1/sessions",
    "/sessions",
    "/sessions/@me",
    "/sessions/{id}",
    "/account/1/access-token",
    "/search-rec/{customer}/3",
    "/oauth2/token",
    "/oauth2/device_authorization",
    "/oauth2/revoke",
    "/oauth2/introspect",
    "/oauth2/sessions",
    "/oauth2/sessions/current",
    "/oauth2/sessions/others",
    "/oauth2/sessions/{id}",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
];

/// What a path is called that is no route's.
pub(crate) const NO_ROUTE: &str = "-";

/// The route that `path` is of, or [`NO_ROUTE`]. Of two that fit, the first: the one with more words of its own.
pub(crate) fn route(path: &str) -> &'static str {
    // Most are asked for by their very words, which is told at once.
    let same = ROUTES.into_iter().find(|route| *route == path);
    same.or_else(|| ROUTES.into_iter().find(|route| fits(route, path))).unwrap_or(NO_ROUTE)
}

fn fits(route: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (route.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted == given || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_called_by_its_route() {
        for (path, expected) in [
            ("/sessions", "/sessions"),
            ("/sessions/@me", "/sessions/@me"),
            ("/sessions/0f", "/sessions/{id}"),
            ("/auth/device-codes/dvc_secret/poll", "/auth/device-codes/{code}/poll"),
            ("/search-rec/77/3", "/search-rec/{customer}/3"),
            ("/search-rec/77/4", NO_ROUTE),
            ("/sessions/a/b", NO_ROUTE),
            ("sessions", NO_ROUTE),
            ("*", NO_ROUTE),
            ("/", NO_ROUTE),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }
}
