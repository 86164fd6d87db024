//! Accounts that several people use (T/TSAC 001—2025 §7.5 a, A8): the same account from more places at once than it may
//! be used from. A place is an address and, where a device is bound, the device.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use yingbi_crypto::Pseudonym;

/// From where each account was used lately.
pub struct Accounts {
    window: Duration,
    places: usize,
    /// By the first byte of the account, so that callers don't wait for each other.
    shards: [Mutex<Used>; SHARDS],
}

/// When each account was used last from which places.
type Used = HashMap<Pseudonym, Vec<(Place, Instant)>>;

/// An address, as a pseudonym, and a device.
pub type Place = (Option<Pseudonym>, String);

impl Accounts {
    /// Accounts may be used from so many places within such a time.
    pub fn new(window: Duration, places: usize) -> Accounts {
        Accounts { window, places, shards: Default::default() }
    }

    /// An account is used from a place; whether it is used from more places than it may.
    pub fn is_shared(&self, account: Pseudonym, place: Place, now: Instant) -> bool {
        let mut shard = self.shard(account);
        if shard.len() > MOST_ACCOUNTS {
            let is_recent = |(_, last): &(Place, Instant)| now.duration_since(*last) < self.window;
            shard.retain(|_, places| places.iter().any(is_recent));
        }
        let places = shard.entry(account).or_default();
        places.retain(|(_, last)| now.duration_since(*last) < self.window);
        match places.iter_mut().find(|(own, _)| *own == place) {
            Some((_, last)) => *last = now,
            None => {
                // One more than counts is enough to know.
                if places.len() > self.places {
                    places.remove(0);
                }
                places.push((place, now));
            }
        }
        places.len() > self.places
    }

    fn shard(&self, account: Pseudonym) -> MutexGuard<'_, Used> {
        let at = usize::from(account.0[0]) % SHARDS;
        #[expect(clippy::indexing_slicing, reason = "a remainder by the number of shards is one of them")]
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const SHARDS: usize = 16;
/// Of one shard, before those not used lately are forgotten.
const MOST_ACCOUNTS: usize = 1 << 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a8_an_account_in_two_places_at_once_is_shared_and_one_that_moved_is_not() {
        let accounts = Accounts::new(Duration::from_secs(60), 1);
        let [anna, bo] = [1, 2].map(|nth| Pseudonym([nth; 16]));
        let place = |nth: u8, device: &str| (Some(Pseudonym([nth; 16])), device.to_owned());
        let begun = Instant::now();
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        assert!(!accounts.is_shared(anna, place(9, ""), at(0)));
        assert!(!accounts.is_shared(anna, place(9, ""), at(10)));
        assert!(!accounts.is_shared(bo, place(8, ""), at(10)));
        assert!(accounts.is_shared(anna, place(8, ""), at(20)), "another address");
        assert!(accounts.is_shared(anna, place(9, ""), at(30)));
        assert!(!accounts.is_shared(anna, place(9, ""), at(80)), "the other was left a minute ago");
        assert!(accounts.is_shared(anna, place(9, "laptop"), at(81)), "another device at one address");
        for nth in 10..60 {
            assert!(accounts.is_shared(anna, place(nth, ""), at(82)));
        }
        assert!(!accounts.is_shared(anna, place(9, ""), at(200)));
    }
}
