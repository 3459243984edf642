//! Places at the portal: a number in all, and of these a number per address, so that no address
//! takes them all. If several addresses have taken them all together, a caller from elsewhere gets
//! the oldest place of the address that has the most.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::address::Network;
use tokio::sync::Notify;

/// Places, given out and given back.
#[derive(Clone)]
pub struct Places(Arc<Inner>);

struct Inner {
    /// In all.
    most: usize,
    /// For one address (of IPv6: one /64).
    most_of_one: usize,
    taken: Mutex<Taken>,
    /// Told each time a place is given back.
    back: Notify,
}

#[derive(Default)]
struct Taken {
    all: usize,
    next: u64,
    sites: BTreeMap<Network, Site>,
}

/// The places of one address, by the order in which they were taken.
#[derive(Default)]
struct Site {
    places: BTreeMap<u64, Arc<Notify>>,
    /// It may have them all, and none is taken from it.
    any: bool,
}

impl Taken {
    /// Takes the oldest place of the address that has the most, for one that will still have fewer.
    fn give_away(&mut self, of_one: usize) -> bool {
        let sites = self.sites.values_mut().filter(|site| !site.any);
        let Some(most) = sites.max_by_key(|site| site.places.len()) else { return false };
        if most.places.len() <= of_one + 1 {
            return false;
        }
        let Some((_, oldest)) = most.places.pop_first() else { return false };
        oldest.notify_one();
        self.all = self.all.saturating_sub(1);
        true
    }
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// All are taken.
    All,
    /// This address has as many as one may have.
    Address,
}

/// A place; given back when dropped.
pub struct ConnectionPlace {
    places: Places,
    site: Network,
    number: u64,
    given_away: Arc<Notify>,
}

impl ConnectionPlace {
    /// Returns when the place was given to another address: whatever has it must end.
    pub async fn given_away(&self) {
        self.given_away.notified().await;
    }
}

impl Places {
    /// So many in all, so many for one address.
    pub fn new(most: usize, most_of_one: usize) -> Self {
        let (taken, back) = (Mutex::default(), Notify::new());
        Self(Arc::new(Inner { most, most_of_one, taken, back }))
    }

    /// Takes a place for an address.
    pub fn take(&self, address: IpAddr) -> Result<ConnectionPlace, Full> {
        self.take_of(address, self.0.most_of_one, false)
    }

    /// Takes a place for an address that may have them all.
    pub fn take_any(&self, address: IpAddr) -> Result<ConnectionPlace, Full> {
        self.take_of(address, self.0.most, true)
    }

    fn take_of(&self, address: IpAddr, most: usize, any: bool) -> Result<ConnectionPlace, Full> {
        let site = Network::site(address);
        let mut taken = self.taken();
        let of_one = taken.sites.get(&site).map_or(0, |site| site.places.len());
        if of_one >= most {
            return Err(if of_one >= self.0.most { Full::All } else { Full::Address });
        }
        if taken.all >= self.0.most && !taken.give_away(of_one) {
            return Err(Full::All);
        }
        let (number, given_away) = (taken.next, Arc::new(Notify::new()));
        (taken.next, taken.all) = (number + 1, taken.all + 1);
        let own = taken.sites.entry(site).or_default();
        own.any = any;
        own.places.insert(number, Arc::clone(&given_away));
        Ok(ConnectionPlace { places: self.clone(), site, number, given_away })
    }

    /// Returns once every place has been given back.
    pub async fn all_back(&self) {
        loop {
            let back = self.0.back.notified();
            if self.taken().all == 0 {
                return;
            }
            back.await;
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // A few numbers, changed together: nothing can be half done.
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(site) = taken.sites.get_mut(&self.site) {
            // One that was given away is counted for its new owner.
            let had = site.places.remove(&self.number).is_some();
            if site.places.is_empty() {
                taken.sites.remove(&self.site);
            }
            taken.all = taken.all.saturating_sub(usize::from(had));
        }
        drop(taken);
        // One waits at most, for the end; a permit is kept for it when it does not wait yet.
        self.places.0.back.notify_one();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn address_with_all_its_places_leaves_the_rest_to_others() {
        let places = Places::new(5, 2);
        let take = |text| places.take(address(text));
        let first = take("192.0.2.1").unwrap();
        // The same address, written as IPv6.
        let _second = take("::ffff:192.0.2.1").unwrap();
        assert_eq!(take("192.0.2.1").err(), Some(Full::Address));
        // One site of IPv6 is one address.
        let _third = take("2001:db8::1").unwrap();
        let _fourth = take("2001:db8::ffff").unwrap();
        assert_eq!(take("2001:db8::2").err(), Some(Full::Address));
        let _fifth = take("2001:db8:0:1::1").unwrap();
        drop(first);
        let sixth = take("192.0.2.2").unwrap();
        // It would get no more than the one has that would lose.
        assert_eq!(take("192.0.2.1").err(), Some(Full::All));
        drop(sixth);
        let _again = take("192.0.2.1").unwrap();
    }

    #[tokio::test]
    async fn newcomer_gets_the_oldest_place_of_the_address_that_has_the_most() {
        let places = Places::new(4, 3);
        let take = |text| places.take(address(text));
        let oldest = take("192.0.2.1").unwrap();
        let _more = [take("192.0.2.1").unwrap(), take("192.0.2.1").unwrap()];
        let other = take("192.0.2.2").unwrap();
        let new = take("192.0.2.3").unwrap();
        oldest.given_away().await;
        drop(oldest); // counted for its new owner already
        assert_eq!(places.taken().all, 4);
        // Two against none: once more. Then nobody has more than a newcomer would.
        let _last = take("192.0.2.4").unwrap();
        assert_eq!(take("192.0.2.5").err(), Some(Full::All));
        assert_eq!(take("192.0.2.2").err(), Some(Full::All));
        drop((other, new));
        let _again = take("192.0.2.5").unwrap();
        // A proxy's are everybody's, and none is taken from it.
        let places = Places::new(2, 1);
        let proxy = [(); 2].map(|()| places.take_any(address("192.0.2.1")).unwrap());
        assert_eq!(places.take(address("192.0.2.2")).err(), Some(Full::All));
        drop(proxy);
    }

    #[tokio::test]
    async fn places_are_all_back_when_the_last_is_given_back() {
        let places = Places::new(2, 2);
        let place = places.take(address("192.0.2.1")).unwrap();
        let waiting = tokio::spawn({
            let places = places.clone();
            async move { places.all_back().await }
        });
        drop(place);
        waiting.await.unwrap();
        assert!(places.taken().sites.is_empty());
    }
}
