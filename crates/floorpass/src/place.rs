//! Places at the portal: so many in all, and of them so many for one address, so that none takes them all.

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
    sites: BTreeMap<Network, usize>,
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
pub struct Place {
    places: Places,
    site: Network,
}

impl Places {
    /// So many in all, so many for one address.
    pub fn new(most: usize, most_of_one: usize) -> Self {
        let (taken, back) = (Mutex::default(), Notify::new());
        Self(Arc::new(Inner { most, most_of_one, taken, back }))
    }

    /// Takes a place for an address.
    pub fn take(&self, address: IpAddr) -> Result<Place, Full> {
        self.take_of(address, self.0.most_of_one)
    }

    /// Takes a place for an address that may have them all.
    pub fn take_any(&self, address: IpAddr) -> Result<Place, Full> {
        self.take_of(address, self.0.most)
    }

    fn take_of(&self, address: IpAddr, most: usize) -> Result<Place, Full> {
        let site = Network::site(address);
        let mut taken = self.taken();
        if taken.all >= self.0.most {
            return Err(Full::All);
        }
        let of_one = taken.sites.entry(site).or_default();
        if *of_one >= most {
            return Err(Full::Address);
        }
        *of_one += 1;
        taken.all += 1;
        Ok(Place { places: self.clone(), site })
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

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(of_one) = taken.sites.get_mut(&self.site) {
            *of_one = of_one.saturating_sub(1);
            if *of_one == 0 {
                taken.sites.remove(&self.site);
            }
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
        assert_eq!(take("192.0.2.2").err(), Some(Full::All));
        drop(first);
        let _again = take("192.0.2.1").unwrap();
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
