//! What can be set about an authority.

use std::time::Duration;

use daypass_core::expiry::MAX_LIFE;

/// How often something may happen: a bucket of `burst` that refills at `per_second`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// How many may happen at once.
    pub burst: u32,
    /// How many a second are allowed in the long run.
    pub per_second: f64,
}

/// The settings of an authority; [`Config::default`] suits one that is embedded and answers on loopback.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The life of every session whose request does not ask for one, in place of each dialect's default (Discovr 30
    /// min, PocketPaw 24 h, Sitecore Discover 1 d, the native dialect's access tokens 10 min). At least one second, at most 100 years. Credentials keep their own lives: a refresh or
    /// login token that died as soon as the sessions would leave nothing to refresh with.
    pub session_ttl: Option<Duration>,
    /// How many refused credentials and sign-in codes are borne from one client (an IPv4 address, or the /64 of
    /// an IPv6 one), and at one client id of the native dialect wherever they come from, before more are answered with 429. Good credentials are served all the same: on loopback, one broken client shares its address with
    /// all the others.
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
    /// The longest request body, in bytes.
    pub max_body: usize,
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
            max_body: 64 * 1024,
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
    /// The life of a session that asked for none, where the dialect's own default is `default`.
    pub(crate) fn life(&self, default: Duration) -> Duration {
        let second = Duration::from_secs(1);
        // The last second is room for rounding up: a JWT that claims more than 100 years is not believed.
        self.session_ttl.map_or(default, |ttl| ttl.clamp(second, MAX_LIFE.saturating_sub(second)))
    }
}
