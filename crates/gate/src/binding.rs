//! Proofs by the keys that browsers hold. Signatures are checked here, an outside fact as a
//! password's hash is; what they bind is decided in `access/src/binding.rs` and with each request.
//!
//! Two of them. A service worker of ours signs each request (header `Floorpass-Proof`), with a key that
//! its session derived from this one where it can. On https a browser may prove a key in its hardware now and then (Device Bound Session Credentials, W3C
//! draft) and gets a cookie of ten minutes for it, which counts from one address.

use std::net::IpAddr;
use std::sync::Arc;

use access::binding::{HARDWARE_WINDOW, ProofFault, PublicKey};
use access::refusal::{ServerRefusal, SessionRefusal};
use access::session;
use access::token::{self, Kind};
use access::{By, Call, Command, Digest, Refusal, SessionId, Source};
use data_encoding::BASE64URL_NOPAD;
use store::Key;

use crate::session::table::Found;
use crate::session::{SessionGate, SessionTicket};
use crate::sign_in::Browser;

mod browser_key;
mod hardware;
mod proof;
mod seen;
mod session_key;

pub use browser_key::{BrowserKey, SessionOffer, SessionSigner};
pub use hardware::HardwareProof;
pub(crate) use hardware::is_cookie_of;
use hardware::{challenge, challenged_at, cookie, open_answer};
pub(crate) use proof::check_signature;
pub use proof::{Shown, Shows, SignedRequest};
use proof::{check, decode, key_text, wrong};
pub(crate) use seen::Seen;
use session_key::Owner;
pub(crate) use session_key::SessionKeys;

/// The new key of a browser, which it has shown to hold beside the one that signed the request.
pub(crate) fn check_new_key(
    browser: &Browser,
    key: &str,
    signature: &str,
) -> Result<PublicKey, Refusal> {
    let shown = browser.key.ok_or(SessionRefusal::KeyProofMissing)?;
    let old = shown.own_key().ok_or(wrong(ProofFault::OwnKey))?;
    let new = PublicKey::new(&decode(key)?).ok_or(wrong(ProofFault::Malformed))?;
    check_signature(&new, &key_text(&old, &new), signature)?;
    Ok(new)
}

impl SessionGate<'_> {
    /// Checks the key that a request was signed by.
    pub fn shown(self, request: &SignedRequest<'_>) -> Result<Shown, Refusal> {
        check(request, &self.gate.0.people.session_keys, (self.gate.now(), self.gate.wall()))
    }

    /// What a browser is asked to sign with a key in its hardware, for a session of this token.
    pub fn hardware_challenge(self, token: &str) -> Result<(SessionId, String), Refusal> {
        let session = self.found(token)?.id;
        Ok((session, challenge(&self.gate.0.people.key, session, self.gate.now())))
    }

    /// Binds a session to the key in its device's hardware that signed the challenge; once, soon
    /// after the session began, from the address where it is used.
    pub async fn bind_hardware(
        self,
        token: &str,
        answer: &str,
        address: IpAddr,
    ) -> Result<HardwareProof, Refusal> {
        let found = self.found(token)?;
        let (hardware, signed) = open_answer(answer, None)?;
        // A token that a proof replaced is good for requests on their way, and for no new key.
        if !found.current || found.address != Some(address) {
            return Err(Refusal::Session(SessionRefusal::HardwareProofOver));
        }
        self.answered(found.id, &signed)?;
        let source = Source { address: Some(address), ..Source::local() };
        let command = Command::Session(session::Command::Bind { hardware });
        let call = Arc::new(Call { by: By::Session(found.id), source, command });
        self.gate.0.people.sessions.answers(found.id, self.gate.now());
        self.gate.run_done(Key::Person(found.person), &call).await?;
        Ok(self.hardware_proof(found.id, address))
    }

    /// Renews the cookie that stands for a proof by hardware; also from a new address, where the
    /// key itself says that it is the same machine.
    pub fn prove_hardware(
        self,
        token: &str,
        answer: &str,
        address: IpAddr,
    ) -> Result<HardwareProof, Refusal> {
        let found = self.found(token)?;
        let hardware = found.hardware.ok_or(SessionRefusal::HardwareProofOver)?;
        let (_, signed) = open_answer(answer, Some(hardware))?;
        self.answered(found.id, &signed)?;
        Ok(self.hardware_proof(found.id, address))
    }

    fn found(self, token: &str) -> Result<Found, Refusal> {
        if !token::is_well_formed(Kind::Session, token) {
            return Err(Refusal::Session(SessionRefusal::NotSignedIn));
        }
        let digest = Digest::of(token.as_bytes());
        self.gate
            .0
            .people
            .sessions
            .find(&digest, self.gate.now())
            .ok_or(SessionRefusal::NotSignedIn)?
    }

    /// Takes the answer to a challenge, each once.
    fn answered(self, session: SessionId, signed: &str) -> Result<(), Refusal> {
        let now = self.gate.now();
        let at = challenged_at(&self.gate.0.people.key, session, signed, now);
        self.gate.0.people.sessions.answered(
            session,
            at.ok_or(wrong(ProofFault::Time { now }))?,
            now,
        )
    }

    fn hardware_proof(self, session: SessionId, address: IpAddr) -> HardwareProof {
        let until = self.gate.now() + HARDWARE_WINDOW;
        let cookie = cookie(&self.gate.0.people.key, session, address, until);
        HardwareProof { session, cookie, life: HARDWARE_WINDOW }
    }
}

impl SessionGate<'_> {
    /// Derives a key of this session with the browser that sent this request, from its offer:
    /// `HALF,SIGNATURE` in base64url. Gives `ID,HALF` for the browser to derive the same.
    ///
    /// # Errors
    /// A session that no key of its browser binds, a request that this key did not sign itself, and an
    /// offer that it did not sign, or that cannot be read. None of these harms the request.
    pub fn derive_key(
        self,
        ticket: &SessionTicket,
        shown: Option<&Shown>,
        offer: &str,
    ) -> Result<String, Refusal> {
        let browser = ticket.key.ok_or(SessionRefusal::KeyProofMissing)?;
        let shown = shown.filter(|shown| shown.own_key() == Some(browser));
        let shown = shown.ok_or(wrong(ProofFault::OwnKey))?;
        let malformed = || wrong(ProofFault::Malformed);
        let (half, signature) = offer.split_once(',').ok_or_else(malformed)?;
        let nonce = BASE64URL_NOPAD.encode(&shown.nonce);
        let text = session_key::offer_text(shown.at.0 / 1_000, &nonce, half);
        check_signature(&browser, &text, signature)?;
        let theirs = decode(half)?;
        let derived = session_key::derive(ticket.session, &theirs).map_err(|error| {
            tracing::error!(%error, "no secret can be drawn");
            Refusal::Server(ServerRefusal::StoreFailed)
        })?;
        let (id, key, public) = derived.ok_or_else(malformed)?;
        let owner =
            Owner { person: ticket.person, accounts: Arc::clone(&ticket.accounts), browser };
        let (people, now) = (&self.gate.0.people, self.gate.now());
        people.session_keys.keep(id, owner, key, now);
        // Its end may have come between the two.
        if people.sessions.person(ticket.session).is_none() {
            people.session_keys.forget(ticket.session);
        }
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        Ok(format!("{},{}", text(&id.bytes()), text(&public)))
    }
}

#[cfg(test)]
mod tests;
