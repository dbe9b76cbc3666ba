//! What can be set about an authority.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use daypass_core::expiry::MAX_LIFE;
use url::Url;

/// How often something may happen: a bucket of `burst` that refills at `per_second`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How many may happen at once.
    pub burst: u32,
    /// How many a second are allowed in the long run.
    pub per_second: f64,
}

/// Some addresses that begin alike (RFC 4632): `10.0.0.0/8`, or one of them alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many bits of it all have.
    prefix: u32,
}

impl Network {
    /// Whether `address` is one of them. An IPv4 address is the same one inside an IPv6 one.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(32 - self.prefix).unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                (own.to_bits() ^ other.to_bits()).checked_shr(128 - self.prefix).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "write it as an address (10.0.0.7) or a network (10.0.0.0/8)";
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| EXPECTED)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), str::parse).ok().filter(|prefix| *prefix <= most);
        Ok(Self { address, prefix: prefix.ok_or(EXPECTED)? })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// The settings of an authority; [`Config::default`] suits one that is embedded and answers on loopback.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The life of every session whose request does not ask for one, in place of each dialect's default (Discovr 30
    /// min, PocketPaw 24 h, Sitecore Discover 1 d, the native dialect's access tokens 10 min). At least one second, at most 100 years. Credentials keep their own lives: a refresh or
    /// login token that died as soon as the sessions would leave nothing to refresh with.
    pub session_ttl: Option<Duration>,
    /// How many refused credentials and sign-in codes are borne before more are answered with 429: from one client (an IPv4
    /// address, or the /64 of an IPv6 one), and, wherever they come from, at one client id of the native dialect, at one session
    /// that a wrong token names, and at all user codes together. Good credentials are served all the same: on loopback, one broken
    /// client shares its address with all the others. A user code alone, which is short, must wait.
    pub failures: Rate,
    /// The limit of PocketPaw's auth routes for each address, failures or not; its real servers have 1/s, burst 5.
    /// `None` for no limit.
    pub pocketpaw_rate: Option<Rate>,
    /// How many sessions of the native dialect a user may have at once, at least one. What would open one more is refused.
    pub most_sessions: u32,
    /// How long a key signs access tokens until the next one takes its place. The one before verifies until the last of its
    /// tokens has expired.
    pub key_life: Duration,
    /// How long the next key is published before it signs, so that those who keep the public keys have it in time; longer
    /// than the five minutes for which they may be kept.
    pub key_ahead: Duration,
    /// What clients call the authority: `https://sessions.example`, without a slash at its end. Tokens and metadata name it as
    /// their issuer, and requests may name its host. `None` for what each request calls it.
    pub public_url: Option<String>,
    /// Other host names that requests may name, besides those of this machine: in lower case, without a port.
    pub hosts: Vec<String>,
    /// The proxies in front of the authority, whose `X-Forwarded-For` is believed: limits count by the client that it names.
    pub trusted_proxies: Vec<Network>,
    /// The longest request body, in bytes.
    pub max_body: usize,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
    /// How long a request's head may take to arrive; also how long an idle connection is kept.
    pub head_timeout: Duration,
    /// How long a request's body may take to arrive.
    pub body_timeout: Duration,
    /// How many connections are open at once. For one more, the one that has waited longest for its client is closed;
    /// while all are being worked for, it waits.
    pub max_connections: usize,
    /// How many of them one client has, an IPv4 address or the /64 of an IPv6 one; for one more, its own longest waiting
    /// one is closed.
    pub max_connections_each: usize,
    /// How long all is served as before after the end was asked for, while `/readyz` says that it was: the time in which
    /// balancers look elsewhere.
    pub drain_delay: Duration,
    /// How long requests that are under way may take to finish after the end was asked for.
    pub grace: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            session_ttl: None,
            failures: Rate { burst: 100, per_second: 5.0 },
            pocketpaw_rate: None,
            most_sessions: 100,
            key_life: Duration::from_secs(90 * 86_400),
            key_ahead: Duration::from_secs(86_400),
            public_url: None,
            hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            max_body: 64 * 1024,
            handshake_timeout: Duration::from_secs(10),
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            max_connections: 1024,
            max_connections_each: 512,
            drain_delay: Duration::ZERO,
            grace: Duration::from_secs(5),
        }
    }
}

impl Config {
    /// The host of the public URL, in lower case.
    pub(crate) fn public_host(&self) -> Option<String> {
        let url = Url::parse(self.public_url.as_ref()?).ok()?;
        url.host_str().map(str::to_ascii_lowercase)
    }

    /// The life of a session that asked for none, where the dialect's own default is `default`.
    pub(crate) fn life(&self, default: Duration) -> Duration {
        let second = Duration::from_secs(1);
        // The last second is room for rounding up: a JWT that claims more than 100 years is not believed.
        self.session_ttl.map_or(default, |ttl| ttl.clamp(second, MAX_LIFE.saturating_sub(second)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_the_addresses_that_begin_like_it() {
        let network = |text: &str| text.parse::<Network>().unwrap();
        for (text, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.0.0.7", "::ffff:10.0.0.7", "10.0.0.8"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
        ] {
            assert!(network(text).contains(inside.parse().unwrap()), "{text}");
            assert!(!network(text).contains(outside.parse().unwrap()), "{text}");
        }
        for text in ["10.0.0.0/33", "10.0.0", "", "/8", "10.0.0.0/", "::/129", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
