//! Limits on how often an address may do something: one token bucket for each.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use daypass_core::{Time, clock};

use crate::Rate;

/// How many addresses are remembered before full buckets are forgotten.
const MANY: usize = 1024;

/// The buckets of all addresses under one rate.
pub(crate) struct Buckets {
    rate: Rate,
    by_address: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    level: f64,
    at: Time,
}

impl Buckets {
    /// Full buckets for everyone.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, by_address: Mutex::default() }
    }

    /// Takes one from the bucket of `address`; or says after how long there will be one again.
    pub(crate) fn take(&self, address: IpAddr, now: Time) -> Result<(), Duration> {
        self.draw(address, now, 1.0)
    }

    /// Whether one could be taken, without taking it.
    pub(crate) fn check(&self, address: IpAddr, now: Time) -> Result<(), Duration> {
        self.draw(address, now, 0.0)
    }

    fn draw(&self, address: IpAddr, now: Time, count: f64) -> Result<(), Duration> {
        let full = f64::from(self.rate.burst.max(1));
        // What is behind the lock is plain numbers: a panic elsewhere cannot have left them half written.
        let mut buckets = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= MANY && !buckets.contains_key(&address) {
            buckets.retain(|_, bucket| self.refilled(bucket, now) < full);
        }
        let bucket = buckets.entry(address).or_insert(Bucket { level: full, at: now });
        bucket.level = self.refilled(bucket, now);
        bucket.at = now;
        if bucket.level >= 1.0 {
            bucket.level -= count;
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
    fn addresses_with_full_buckets_are_forgotten() {
        let buckets = Buckets::new(Rate { burst: 1, per_second: 1.0 });
        for n in 0..5000_u32 {
            let _ = buckets.take(IpAddr::from(n.to_be_bytes()), at(i64::from(n)));
        }
        assert!(buckets.by_address.lock().unwrap().len() <= MANY + 1);
    }
}
