//! Limits on how often somebody may do something: one token bucket for each client, or for each name.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use data_encoding::HEXLOWER;
use daypass_core::lineage::chain::Token;
use daypass_core::token::jwt;
use daypass_core::{Secret, Time, clock};

use crate::Rate;
use crate::model::Digest;

/// How many buckets are at hand. Beyond twice as many, those that were not drawn from for longest are forgotten, which
/// makes them full: who has as many addresses is not held up by a limit on each.
const MANY: usize = 16 * 1024;

/// Who is one client: an IPv4 address, or the /64 of an IPv6 one, which is the least that a network gets (RFC 6177), so
/// that everyone has 2^64 addresses in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client(IpAddr);

impl Client {
    /// The client at `address`.
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
            v4 => v4,
        })
    }
}

/// What is guessed at, wherever the guesses come from. Most credentials are found by their hash, so that a wrong one is a guess at
/// nobody's; these say whose they are beside what is secret. The name may be one of ours or made up. Kept as its hash, so that
/// a long one costs no more than a short one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Target([u8; 32]);

impl Target {
    /// The client of the native dialect with this id.
    pub(crate) fn client(id: &str) -> Self {
        Self::of("client", id)
    }

    /// The session that `token` says it is of, whether or not it is: a refresh token of the native dialect by the id in it, a
    /// JWT by its `sid`.
    pub(crate) fn session(token: &Secret) -> Option<Self> {
        if let Some(token) = Token::parse(token) {
            return Some(Self::of("session", &HEXLOWER.encode(&token.id())));
        }
        let said = jwt::contents(token).ok()?.claims;
        said.get("sid")?.as_str().map(|id| Self::of("session", id))
    }

    /// All user codes that wait: they are short, and a guess that is none of them could have been any.
    pub(crate) fn user_codes() -> Self {
        Self::of("user codes", "")
    }

    fn of(kind: &str, name: &str) -> Self {
        // No kind has a line break in it.
        Self(Digest::of(&Secret::new(format!("{kind}\n{name}"))).0)
    }
}

/// The buckets of all under one rate.
pub(crate) struct Buckets<K> {
    rate: Rate,
    kept: Mutex<Kept<K>>,
}

/// The buckets that were drawn from lately, and those from before. When the first are many, they become the second: so
/// memory is bounded, and no draw ever walks over all of them.
struct Kept<K> {
    late: HashMap<K, Bucket>,
    before: HashMap<K, Bucket>,
}

#[derive(Clone, Copy)]
struct Bucket {
    level: f64,
    at: Time,
}

impl<K: Copy + Eq + Hash> Buckets<K> {
    /// Full buckets for everyone.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, kept: Mutex::new(Kept { late: HashMap::new(), before: HashMap::new() }) }
    }

    /// Takes one from the bucket of `who`; or says after how long there will be one again.
    pub(crate) fn take(&self, who: K, now: Time) -> Result<(), Duration> {
        self.draw(who, now, 1.0)
    }

    /// Whether one could be taken, without taking it.
    pub(crate) fn check(&self, who: K, now: Time) -> Result<(), Duration> {
        self.draw(who, now, 0.0)
    }

    fn draw(&self, who: K, now: Time, count: f64) -> Result<(), Duration> {
        let full = f64::from(self.rate.burst.max(1));
        // What is behind the lock is plain numbers: a panic elsewhere cannot have left them half written.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.late.get(&who).or_else(|| kept.before.get(&who)).copied();
        let mut bucket = known.unwrap_or(Bucket { level: full, at: now });
        bucket.level = self.refilled(&bucket, now);
        bucket.at = now;
        let enough = bucket.level >= 1.0;
        if enough {
            bucket.level -= count;
        }
        // A full bucket need not be kept.
        if known.is_some() || bucket.level < full {
            kept.keep(who, bucket);
        }
        if enough {
            return Ok(());
        }
        let missing = (1.0 - bucket.level) / self.rate.per_second.max(f64::MIN_POSITIVE);
        Err(Duration::try_from_secs_f64(missing).unwrap_or(Duration::MAX))
    }

    /// The level at `now`. A clock that went back refills nothing, and counts on from where it stands.
    fn refilled(&self, bucket: &Bucket, now: Time) -> f64 {
        let gained = clock::until(bucket.at, now).as_secs_f64() * self.rate.per_second;
        (bucket.level + gained).min(f64::from(self.rate.burst.max(1)))
    }
}

impl<K: Eq + Hash> Kept<K> {
    fn keep(&mut self, who: K, bucket: Bucket) {
        if self.late.len() >= MANY && !self.late.contains_key(&who) {
            self.before = std::mem::take(&mut self.late);
        }
        self.late.insert(who, bucket);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn at(seconds: i64) -> Time {
        Time::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_burst_is_let_through_and_then_one_for_each_refill() {
        let buckets = Buckets::new(Rate { burst: 3, per_second: 0.5 });
        for _ in 0..3 {
            assert_eq!(buckets.take(HERE, at(100)), Ok(()));
        }
        assert_eq!(buckets.take(HERE, at(100)), Err(Duration::from_secs(2)));
        assert_eq!(buckets.check(HERE, at(102)), Ok(()));
        assert_eq!(buckets.take(HERE, at(102)), Ok(()));
        assert_eq!(buckets.check(HERE, at(102)), Err(Duration::from_secs(2)));
        let other = IpAddr::from([127, 0, 0, 2]);
        assert_eq!(buckets.take(other, at(102)), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_back_neither_refills_nor_locks_out() {
        let buckets = Buckets::new(Rate { burst: 1, per_second: 1.0 });
        assert_eq!(buckets.take(HERE, at(1000)), Ok(()));
        assert!(buckets.take(HERE, at(10)).is_err());
        assert_eq!(buckets.take(HERE, at(11)), Ok(()));
    }

    #[test]
    fn a_crowd_takes_bounded_memory_and_who_came_lately_is_remembered() {
        let buckets = Buckets::new(Rate { burst: 1, per_second: 0.001 });
        let many = u32::try_from(MANY).unwrap();
        for n in 0..5 * many {
            assert_eq!(buckets.take(n, at(0)), Ok(()));
            let kept = buckets.kept.lock().unwrap();
            assert!(kept.late.len() + kept.before.len() <= 2 * MANY);
        }
        for n in 4 * many..5 * many {
            assert!(buckets.take(n, at(0)).is_err(), "{n}");
        }
        assert_eq!(buckets.take(0, at(0)), Ok(()), "the first one was long ago");
    }

    #[test]
    fn who_never_fails_is_not_kept() {
        let buckets = Buckets::new(Rate { burst: 1, per_second: 1.0 });
        for n in 0..10_u8 {
            assert_eq!(buckets.check(n, at(0)), Ok(()));
        }
        assert!(buckets.kept.lock().unwrap().late.is_empty());
    }

    #[test]
    fn a_token_is_a_guess_at_the_session_that_it_names_whatever_else_is_wrong_with_it() {
        let part = |text: &str| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let jwt = |claims: &str| Secret::new(format!("{}.{}.bm90aGluZw", part("{\"alg\":\"none\"}"), part(claims)));
        let id = "00112233445566778899aabbccddeeff";
        let named = Target::session(&jwt(&format!("{{\"sid\":\"{id}\",\"exp\":1}}")));
        assert!(named.is_some());
        assert_ne!(named, Some(Target::client(id)), "a client may be called alike");
        assert_ne!(named, Target::session(&jwt("{\"sid\":\"other\"}")));
        // The id, then generation, secret and tag.
        let mut bytes = data_encoding::HEXLOWER.decode(id.as_bytes()).unwrap();
        bytes.resize(16 + 4 + 32 + 16, 7);
        let refresh = Secret::new(format!("dprt_{}", data_encoding::BASE64URL_NOPAD.encode(&bytes)));
        assert_eq!(Target::session(&refresh), named);
        for nameless in ["", "x", "rt_0", "a.b.c", "dprt_AAAA"] {
            assert_eq!(Target::session(&Secret::new(nameless)), None, "{nameless}");
        }
        for nameless in ["{}", "{\"sid\":7}", "[]"] {
            assert_eq!(Target::session(&jwt(nameless)), None, "{nameless}");
        }
    }

    #[test]
    fn a_client_is_an_address_or_a_network_of_the_new_kind() {
        let client = |text: &str| Client::of(text.parse().unwrap());
        assert_eq!(client("2001:db8:1:2::1"), client("2001:db8:1:2:ffff::9"));
        assert_ne!(client("2001:db8:1:2::1"), client("2001:db8:1:3::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }
}
