//! Which `Host` a request may name: a web page that points a name of its own at this machine (DNS rebinding) must not
//! get in, so names are answered for only where they mean this machine.

use std::net::IpAddr;

use hyper::header::{HOST, HeaderMap};
use hyper::{Uri, http::uri::Authority};

use crate::Config;
use crate::call::Problem;

/// The host and port that a request names, if it is ours: `localhost` or a name under it, a loopback address, `own`, the
/// address at which the connection came in, or a name that the operator gave.
///
/// The port is not compared: behind a forwarded port it is another one.
pub(super) fn named_host(uri: &Uri, headers: &HeaderMap, own: IpAddr, config: &Config) -> Result<String, Problem> {
    let mut values = headers.get_all(HOST).iter();
    let header = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    };
    // RFC 9112 section 3.2: missing, repeated or unreadable is 400.
    let header = header.ok_or(Problem::Malformed("The request must have one Host header".into()))?;
    let authority: Authority =
        header.parse().map_err(|_| Problem::Malformed("The Host header cannot be read".into()))?;
    // An address in the request line goes before the header (section 3.2.2): neither may be a stranger's.
    let named = uri.authority().into_iter().chain([&authority]);
    for authority in named {
        if authority.as_str().contains('@') || !is_ours(authority.host(), own, config) {
            return Err(Problem::Misdirected);
        }
    }
    Ok(header.to_owned())
}

fn is_ours(host: &str, own: IpAddr, config: &Config) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        let address = address.to_canonical();
        return address.is_loopback() || address == own.to_canonical();
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    // Everything under localhost is this machine (RFC 6761 section 6.3).
    let local = name == "localhost" || name.ends_with(".localhost");
    local || config.hosts.contains(&name) || config.public_host().is_some_and(|public| public == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(uri: &str, hosts: &[&str]) -> Result<String, Problem> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, host.parse().unwrap());
        }
        named_host(&uri.parse().unwrap(), &headers, IpAddr::from([192, 168, 1, 7]), &Config::default())
    }

    #[test]
    fn names_of_this_machine_are_ours() {
        for host in
            ["localhost", "LOCALHOST:80", "a.localhost:1", "127.0.0.1:7277", "127.9.9.9", "[::1]:9", "192.168.1.7"]
        {
            assert_eq!(named("/", &[host]), Ok(host.to_owned()), "{host}");
        }
    }

    #[test]
    fn other_names_are_strangers() {
        for host in ["evil.example", "127.0.0.1.evil.example", "192.168.1.8", "localhost.evil", "me@localhost"] {
            assert_eq!(named("/", &[host]), Err(Problem::Misdirected), "{host}");
        }
        assert_eq!(named("http://evil.example/", &["localhost"]), Err(Problem::Misdirected));
    }

    #[test]
    fn names_that_the_operator_gave_are_ours() {
        let public_url = Some("https://Sessions.example:8443".to_owned());
        let config = Config { public_url, hosts: vec!["inner".to_owned()], ..Config::default() };
        let named = |host: &str| {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            named_host(&"/".parse().unwrap(), &headers, IpAddr::from([192, 168, 1, 7]), &config).is_ok()
        };
        assert!(named("sessions.example") && named("SESSIONS.example:1") && named("inner") && named("localhost"));
        assert!(!named("example") && !named("x.sessions.example") && !named("inner.evil"));
    }

    #[test]
    fn there_must_be_exactly_one_host() {
        assert!(matches!(named("/", &[]), Err(Problem::Malformed(_))));
        assert!(matches!(named("/", &["localhost", "localhost"]), Err(Problem::Malformed(_))));
        assert!(matches!(named("/", &["local host"]), Err(Problem::Malformed(_))));
    }
}
