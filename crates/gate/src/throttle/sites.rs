//! The failures of every site, in memory: who may try now, and what the tables do not have yet.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use access::address::Network;
use access::refusal::SignInRefusal;
use access::{CredentialId, Refusal, Span, Time};

/// Failures of one address at once: an office of sixty that all mistype shares one.
const BURST: i64 = 60;
/// How long until one of them is forgiven: 8,640 guesses a day, over all names.
const EACH: Span = Span::seconds(10);
/// How many failures at once those share that the table has no place for.
const REST_BURST: i64 = 20 * BURST;
/// How long until one of those is forgiven.
const REST_EACH: Span = Span::milliseconds(500);
/// Addresses that are counted at once; some 100 bytes each.
const MOST: usize = 20_000;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Site {
    /// Sign-ins from an address (of IPv6: one /64).
    SignIn(Network),
    /// Tokens shown at a credential's port from there.
    Token(CredentialId, Network),
}

/// As the table has it.
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SignIn(network) => write!(f, "sign-in {network}"),
            Self::Token(credential, network) => write!(f, "token {credential} {network}"),
        }
    }
}

/// A name in the table that is no site: altered, or of a later version.
#[derive(Debug)]
pub(crate) struct NoSite;

impl FromStr for Site {
    type Err = NoSite;

    fn from_str(text: &str) -> Result<Self, NoSite> {
        let network = |text: &str| text.parse::<Network>().map_err(|_| NoSite);
        match text.split(' ').collect::<Vec<_>>().as_slice() {
            ["sign-in", from] => network(from).map(Self::SignIn),
            ["token", credential, from] => {
                let credential = credential.parse().map_err(|_| NoSite)?;
                network(from).map(|network| Self::Token(credential, network))
            }
            _ => Err(NoSite),
        }
    }
}

/// The name of the sites that share a count.
const REST: &str = "rest";

/// The failures of every site. Each is one time: when all of its failures are forgiven.
#[derive(Default)]
pub(crate) struct Sites(Mutex<Table>);

#[derive(Default)]
struct Table {
    forgiven_at: HashMap<Site, Time>,
    /// Of all that the table has no place for.
    rest: Time,
    /// What the tables do not have yet; none is the rest.
    unkept: HashSet<Option<Site>>,
}

/// Whether one more failure fits, by when those before are forgiven.
fn check(forgiven_at: Time, (burst, each): (i64, Span), now: Time) -> Result<(), SignInRefusal> {
    let full = Span(each.0 * (burst - 1));
    if forgiven_at.since(now).0 > full.0 {
        return Err(SignInRefusal::AddressThrottled { retry_at: forgiven_at - full });
    }
    Ok(())
}

impl Table {
    /// The count of a site that has one, or else of the rest.
    fn count(&mut self, site: Site, now: Time) -> (&mut Time, Span) {
        if !self.forgiven_at.contains_key(&site) && self.forgiven_at.len() >= MOST {
            self.forgiven_at.retain(|_, at| *at > now);
        }
        let full = self.forgiven_at.len() >= MOST;
        if full && !self.forgiven_at.contains_key(&site) {
            self.unkept.insert(None);
            return (&mut self.rest, REST_EACH);
        }
        self.unkept.insert(Some(site));
        (self.forgiven_at.entry(site).or_default(), EACH)
    }
}

impl Sites {
    /// Whether a try of the site counts now.
    pub(crate) fn check(&self, site: Site, now: Time) -> Result<(), Refusal> {
        let table = self.table();
        match table.forgiven_at.get(&site) {
            Some(at) => check(*at, (BURST, EACH), now)?,
            None if table.forgiven_at.len() < MOST => {}
            None => check(table.rest, (REST_BURST, REST_EACH), now)?,
        }
        Ok(())
    }

    /// One more failure.
    pub(crate) fn fail(&self, site: Site, now: Time) {
        let mut table = self.table();
        let (at, each) = table.count(site, now);
        *at = (*at).max(now) + each;
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up what the tables kept. What is no site is left alone: it lets nobody in.
    pub(super) fn take_up(&self, kept: Vec<(String, Time)>) {
        let mut table = self.table();
        for (name, at) in kept {
            if name == REST {
                table.rest = table.rest.max(at);
            } else if let Ok(site) = name.parse::<Site>()
                && table.forgiven_at.len() < MOST
            {
                let known = table.forgiven_at.entry(site).or_default();
                *known = (*known).max(at);
            }
        }
    }

    /// What the tables do not have yet. The caller writes it down, or gives it back.
    pub(super) fn unkept(&self) -> HashSet<Option<Site>> {
        std::mem::take(&mut self.table().unkept)
    }

    /// Takes back what could not be written down.
    pub(super) fn put_back(&self, unkept: HashSet<Option<Site>>) {
        self.table().unkept.extend(unkept);
    }

    pub(super) fn rows(&self, sites: &HashSet<Option<Site>>) -> Vec<(String, Time)> {
        let table = self.table();
        let row = |site: &Option<Site>| match site {
            None => Some((REST.to_owned(), table.rest)),
            Some(site) => table.forgiven_at.get(site).map(|at| (site.to_string(), *at)),
        };
        sites.iter().filter_map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const NOW: Time = Time::from_seconds(1_795_000_000);

    fn site(number: u32) -> Site {
        Site::SignIn(Network::site(IpAddr::V4(number.into())))
    }

    fn fail(sites: &Sites, site: Site, times: i64) {
        for _ in 0..times {
            sites.fail(site, NOW);
        }
    }

    #[test]
    fn address_is_refused_after_its_burst_and_told_when_the_next_try_counts() {
        let sites = Sites::default();
        fail(&sites, site(1), BURST - 1);
        assert_eq!(sites.check(site(1), NOW), Ok(()));
        sites.fail(site(1), NOW);
        let retry_at = NOW + EACH;
        assert_eq!(
            sites.check(site(1), NOW),
            Err(Refusal::SignIn(SignInRefusal::AddressThrottled { retry_at }))
        );
        assert_eq!(sites.check(site(1), retry_at), Ok(()));
        assert_eq!(sites.check(site(2), NOW), Ok(()), "another address is not meant");
    }

    #[test]
    fn addresses_of_one_ipv6_network_count_together() {
        let sites = Sites::default();
        for number in 0..BURST {
            let text = format!("2001:db8:0:7::{number:x}");
            let address = text.parse().unwrap_or(IpAddr::V4(0.into()));
            sites.fail(Site::SignIn(Network::site(address)), NOW);
        }
        let (same, other) = ("2001:db8:0:7:ffff::1".parse(), "2001:db8:0:8::1".parse());
        let check = |address: Result<IpAddr, _>| {
            address.map(|one| sites.check(Site::SignIn(Network::site(one)), NOW).is_ok())
        };
        assert_eq!((check(same), check(other)), (Ok(false), Ok(true)));
    }

    #[test]
    fn table_that_is_full_counts_the_rest_together_and_forgets_what_is_forgiven() {
        let sites = Sites::default();
        let count = |from: u32, times: i64| {
            for number in (from..).take(usize::try_from(times).unwrap_or(0)) {
                sites.fail(site(number), NOW);
            }
        };
        let most = i64::try_from(MOST).unwrap_or(0);
        count(0, most);
        count(1_000_000, REST_BURST);
        let table = sites.table().forgiven_at.len();
        assert_eq!(table, MOST);
        assert!(sites.check(site(5_000_000), NOW).is_err(), "newcomers share what they did");
        assert!(sites.check(site(7), NOW).is_ok(), "who has a count has their own");
        let later = NOW + EACH + Span(1);
        sites.fail(site(5_000_000), later);
        let table = sites.table().forgiven_at.len();
        assert_eq!(table, 1);
    }

    #[test]
    fn clock_that_steps_back_forgives_nothing() {
        let sites = Sites::default();
        fail(&sites, site(1), BURST);
        assert!(sites.check(site(1), NOW - Span::hours(1)).is_err());
    }
    #[test]
    fn counts_are_taken_up_as_they_were_kept_and_what_is_no_site_is_left() {
        let before = Sites::default();
        let token = Site::Token(CredentialId([7; 16]), Network::site(IpAddr::V4(1.into())));
        let six = Site::SignIn(Network::site(IpAddr::V6(1.into())));
        for site in [site(1), token, six] {
            fail(&before, site, BURST);
        }
        before.table().rest = NOW;
        before.table().unkept.insert(None);
        let mut rows = before.rows(&before.unkept());
        assert_eq!((rows.len(), before.unkept().len()), (4, 0));
        rows.extend(
            ["", "sign-in", "sign-in x", "token y 10.0.0.0/8", "sign-in 10.0.0.0/8 z"]
                .map(|odd| (odd.to_owned(), Time::FAR)),
        );
        let after = Sites::default();
        after.take_up(rows);
        for site in [site(1), token, six] {
            assert!(after.check(site, NOW).is_err(), "{site}");
        }
        assert!(after.check(site(2), NOW).is_ok());
        let table = after.table();
        assert_eq!((table.rest, table.forgiven_at.len()), (NOW, 3));
    }
}
