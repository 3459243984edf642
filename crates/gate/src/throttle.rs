//! Tries by address, whosever name they are for: what counts beside each person's own failures.
//!
//! A person's failures stop whoever guesses at one name. These stop whoever goes from name to name,
//! or hammers a port with a wrong token. They live in memory alone, since they are over in minutes,
//! and are bounded: a guesser with many addresses fills the table and then shares one count with
//! all who are not in it. Trusted browsers, passkeys and right tokens never meet them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use access::address::Network;
use access::throttle::{self, Place};
use access::{By, CredentialId, Refusal, Slice, Span, Time};

use crate::Gate;
use crate::sign_in::Browser;

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

/// The failures of every site. Each is one time: when all of its failures are forgiven.
#[derive(Default)]
pub(crate) struct Sites(Mutex<Table>);

#[derive(Default)]
struct Table {
    forgiven_at: HashMap<Site, Time>,
    /// Of all that the table has no place for.
    rest: Time,
}

/// Whether one more failure fits, by when those before are forgiven.
fn check(forgiven_at: Time, (burst, each): (i64, Span), now: Time) -> Result<(), Refusal> {
    let full = Span(each.0 * (burst - 1));
    if forgiven_at.since(now).0 > full.0 {
        return Err(Refusal::AddressThrottled { retry_at: forgiven_at - full });
    }
    Ok(())
}

impl Table {
    /// The count of a site that has one, or else of the rest.
    fn count(&mut self, site: Site, now: Time) -> (&mut Time, (i64, Span)) {
        if !self.forgiven_at.contains_key(&site) && self.forgiven_at.len() >= MOST {
            self.forgiven_at.retain(|_, at| *at > now);
        }
        let full = self.forgiven_at.len() >= MOST;
        if full && !self.forgiven_at.contains_key(&site) {
            return (&mut self.rest, (REST_BURST, REST_EACH));
        }
        (self.forgiven_at.entry(site).or_default(), (BURST, EACH))
    }
}

impl Sites {
    /// Whether a try of the site counts now.
    pub(crate) fn check(&self, site: Site, now: Time) -> Result<(), Refusal> {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match table.forgiven_at.get(&site) {
            Some(at) => check(*at, (BURST, EACH), now),
            None if table.forgiven_at.len() < MOST => Ok(()),
            None => check(table.rest, (REST_BURST, REST_EACH), now),
        }
    }

    /// One more failure.
    pub(crate) fn fail(&self, site: Site, now: Time) {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, (_, each)) = table.count(site, now);
        *at = (*at).max(now) + each;
    }
}

/// Whether a refusal is of a guess that was wrong.
const fn is_wrong_guess(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::SignInFailed
            | Refusal::CodeWrong
            | Refusal::CodeReplayed
            | Refusal::ActivationWrong { .. }
    )
}

impl Gate {
    /// The site of a browser that is not trusted; none of one that is.
    fn site(&self, slice: &Slice, browser: &Browser) -> Option<Site> {
        let place = throttle::place(slice, &browser.source(), self.now());
        let untrusted = place == Place::Untrusted;
        untrusted.then(|| Site::SignIn(Network::site(browser.address)))
    }

    /// Refuses, on record, a try from an address that had too many wrong ones.
    pub(crate) async fn check_site(
        &self,
        slice: &Slice,
        browser: &Browser,
    ) -> Result<Option<Site>, Refusal> {
        let Some(site) = self.site(slice, browser) else { return Ok(None) };
        if let Err(refusal) = self.0.people.sites.check(site, self.now()) {
            self.record_refusal(By::Visitor, &browser.source(), slice, &refusal).await;
            return Err(refusal);
        }
        Ok(Some(site))
    }

    /// Counts what a try came to. What was refused unchecked, or could not be checked, counts nothing.
    pub(crate) fn count_try<T>(
        &self,
        site: Option<Site>,
        done: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if let (Some(site), Err(refusal)) = (site, &done)
            && is_wrong_guess(refusal)
        {
            self.0.people.sites.fail(site, self.now());
        }
        done
    }

    /// A wrong token at a port: the same refusal each time, until it is told when to come back. A
    /// right one is let in whatever came before it.
    pub(crate) fn wrong_token(&self, credential: CredentialId, address: IpAddr) -> Refusal {
        let (site, now) = (Site::Token(credential, Network::site(address)), self.now());
        if let Err(refusal) = self.0.people.sites.check(site, now) {
            return refusal;
        }
        self.0.people.sites.fail(site, now);
        Refusal::TokenWrong
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(sites.check(site(1), NOW), Err(Refusal::AddressThrottled { retry_at }));
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
        let table = sites.0.lock().unwrap_or_else(PoisonError::into_inner).forgiven_at.len();
        assert_eq!(table, MOST);
        assert!(sites.check(site(5_000_000), NOW).is_err(), "newcomers share what they did");
        assert!(sites.check(site(7), NOW).is_ok(), "who has a count has their own");
        let later = NOW + EACH + Span(1);
        sites.fail(site(5_000_000), later);
        let table = sites.0.lock().unwrap_or_else(PoisonError::into_inner).forgiven_at.len();
        assert_eq!(table, 1);
    }

    #[test]
    fn clock_that_steps_back_forgives_nothing() {
        let sites = Sites::default();
        fail(&sites, site(1), BURST);
        assert!(sites.check(site(1), NOW - Span::hours(1)).is_err());
    }
}
