//! Tries by address, whosever name they are for: what counts beside each person's own failures.
//!
//! A person's failures stop anyone who guesses at one name. These stop anyone who goes from name to name,
//! or hammers a port with a wrong token. They are counted in memory and kept in a table, so that a restart
//! forgives nobody, and are bounded: a guesser with many addresses fills the table and then shares one count with
//! all who are not in it. Trusted browsers, passkeys and right tokens never meet them.

use std::net::IpAddr;

use access::address::Network;
use access::refusal::{CredentialRefusal, SignInRefusal};
use access::throttle::{self, Place};
use access::{By, CredentialId, Refusal, Slice};

use crate::Gate;
use crate::sign_in::Browser;

mod sites;

use sites::Site;
pub(crate) use sites::Sites;

/// Whether a refusal is of a guess that was wrong.
const fn is_wrong_guess(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::SignIn(
            SignInRefusal::SignInFailed
                | SignInRefusal::CodeWrong
                | SignInRefusal::CodeReplayed
                | SignInRefusal::ActivationWrong { .. }
        )
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
    pub(crate) async fn count_try<T>(
        &self,
        site: Option<Site>,
        done: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if let (Some(site), Err(refusal)) = (site, &done)
            && is_wrong_guess(refusal)
        {
            self.0.people.sites.fail(site, self.now());
            // Before the answer: who sees it can rely on its count, even after a restart.
            Box::pin(self.keep_sites()).await;
        }
        done
    }

    /// Takes up the counts from before the start.
    pub(crate) async fn load_sites(&self) -> Result<(), store::StoreError> {
        let people = &self.0.people;
        people.sites.take_up(people.store.sites(self.now()).await?);
        Ok(())
    }

    /// Writes down what the tables do not have yet. Where they cannot be written, memory goes on counting.
    pub(crate) async fn keep_sites(&self) {
        let people = &self.0.people;
        let unkept = people.sites.unkept();
        if unkept.is_empty() {
            return;
        }
        if let Err(error) = people.store.put_sites(&people.sites.rows(&unkept)).await {
            tracing::warn!(%error, "failed tries are counted only in memory for now");
            people.sites.put_back(unkept);
        }
    }

    /// A wrong token at a port: the same refusal each time, until it is told when to come back. A
    /// right one is let in whatever came before it.
    pub(crate) fn wrong_token(&self, credential: CredentialId, address: IpAddr) -> Refusal {
        let (site, now) = (Site::Token(credential, Network::site(address)), self.now());
        if let Err(refusal) = self.0.people.sites.check(site, now) {
            return refusal;
        }
        self.0.people.sites.fail(site, now);
        Refusal::Credential(CredentialRefusal::TokenWrong)
    }
}
