//! Letting in: one way for each kind of proof, and every door has one of them.
//!
//! | who comes | what shows it | lets in |
//! |---|---|---|
//! | a person, at the portal or on a phone | a session's token, and all that it is bound to | [`Gate::enter`] |
//! | a program, at a socket | the port, and the token where one is required | [`Gate::enter_socket`] |
//! | a program, at the HTTP API | the token | [`Gate::enter_api`] |
//! | the operator, at the control socket | the kernel's word whose process it is | [`Actor`](crate::Actor), made by that door |
//!
//! A program is let in by the door that its credential is for and by no other. The operator has no right
//! to trade: an order by command is a credential's, let in as at its socket. What comes before a session (a
//! sign-in, a recovery, an enrolment) lets nobody in and is bound to its browser by [`access::binding`]; a
//! browser that proves the key in its hardware ([`crate::binding`]) may do nothing else by that.
//!
//! For a person, the door turns its bytes into what the request shows ([`Presented`]) and what the place it asks for
//! takes ([`Doorway`]). The order of the checks is part of the answer, for each tells more than the one
//! before: the session and all that it is bound to; the token of its forms, for what acts; a proof of
//! the person, where one came; the act itself.
//!
//! What comes of it names three authorities, and none stands in for another:
//!
//! - [`Entered::ticket`] says *who asks*, from where, and whether they were proven by this very request.
//!   It goes with every command about people. By itself it allows nothing: what its session may do is
//!   worked out from the tables by each decision.
//! - [`Entered::admission`] is what the session *may do now*: orders, reads and streams go by it. It is
//!   live: a lock or an end takes from it at once, in every hand that has it.
//! - [`Entered::sees`] is what pages and previews are *shown by*. For a session that nothing binds to
//!   its browser it is what the session could do if the act came with a sign-in, so that a form can be
//!   filled in first. It is never good for an act: whoever acts by it skips the sign-in that it
//!   presumes.

use std::net::IpAddr;
use std::sync::Arc;

use access::credential::Door;
use access::refusal::{AuthorityRefusal, CredentialRefusal};
use access::{Act, CredentialId, PaperAccountId, Refusal, Secret, SessionId};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Gate;
use crate::admission::Admission;
use crate::binding::{Shown, Shows};
use crate::live::{Place, Slot};
use crate::session::{SessionGate, SessionTicket};
use crate::step_up::Reissued;

/// What a place takes of whoever comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doorway {
    /// The act that the session has to be entitled to.
    pub act: Option<Act>,
    /// What the request is about to do, for the sentence that says what to sign in for.
    pub meant: Act,
    /// Whether it sends a form: then the form's token is checked.
    pub posts: bool,
    /// Whether it changes nothing of anyone's, so that a session that nothing binds may send it.
    pub looks: bool,
    /// Whether its person is behind it: then the session's idle limit slides.
    pub is_use: bool,
}

/// Which of its person's accounts a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichAccount {
    /// It does not say: the first.
    First,
    /// The one that was looked at last, or the first where that is not its person's any more.
    Kept(PaperAccountId),
    /// This one and no other: what was shown was of it.
    Named(PaperAccountId),
    /// It names one, and what it says is no account.
    Unreadable,
}

impl WhichAccount {
    /// The session, for a request about that account.
    fn of(self, ticket: SessionTicket) -> Result<SessionTicket, Refusal> {
        match self {
            Self::First => Ok(ticket),
            Self::Kept(account) => Ok(ticket.on(account).unwrap_or(ticket)),
            Self::Named(account) => Ok(ticket.on(account)?),
            Self::Unreadable => Err(Refusal::not_found("account")),
        }
    }
}

/// What a request shows of who sends it.
pub struct Presented<'a> {
    /// The token of its session.
    pub token: Option<&'a str>,
    /// The key that it was signed by, if one did; why not, when its proof does not count.
    pub key: Result<Option<Shown>, Refusal>,
    /// The cookie that stands for a proof by hardware.
    pub hardware: Option<&'a str>,
    /// From where it comes.
    pub address: IpAddr,
    /// The account that it is about.
    pub subject: WhichAccount,
    /// The token of its form; empty where it has none.
    pub form: &'a str,
    /// The person's password and the code of their app, where the request comes with a sign-in of its own.
    pub person: Option<(Secret, &'a str)>,
}

/// What a program shows at a socket.
#[derive(Clone, Copy)]
pub struct SocketProof<'a> {
    /// The credential that the port names.
    pub credential: CredentialId,
    /// The peer's address.
    pub address: IpAddr,
    /// The token in its connect options, if any.
    pub token: Option<&'a Secret>,
}

/// What a program shows at the HTTP API.
#[derive(Clone, Copy)]
pub struct ApiProof<'a> {
    /// The peer's address.
    pub address: IpAddr,
    /// Its token, which names its credential.
    pub token: &'a Secret,
}

/// A request that was let in.
#[derive(Debug)]
pub struct Entered {
    /// Who asks.
    pub ticket: SessionTicket,
    /// What they may do now.
    pub admission: Admission,
    /// What they are shown by.
    pub sees: Admission,
    /// What the session's browser gets for the proof that came with the request.
    pub reissued: Option<Reissued>,
}

/// Why a request was not let in.
#[derive(Debug)]
pub enum Barred {
    /// No session comes with it, or none that counts; none where it shows no token at all.
    Unknown(Option<Refusal>),
    /// Its form is of another session, or of none.
    Form(SessionId),
    /// It takes a proof of its person that did not come with it, or was wrong.
    Unproven(Box<Entered>, Refusal),
    /// Its session may not do that.
    Refused(Box<Entered>, Refusal),
    /// It cannot be told now what its session may do.
    Failed(Refusal),
}

impl SessionGate<'_> {
    /// The live session of a request that shows all that it is bound to. None where it names no session.
    pub fn present(
        self,
        proof: &Presented<'_>,
        is_use: bool,
    ) -> Option<Result<SessionTicket, Refusal>> {
        Some(self.gate.seek(proof, is_use)?.and_then(|ticket| proof.subject.of(ticket)))
    }

    /// The token of every form of a session. It needs no table, outlives restarts and the session's
    /// own tokens, so that a page in another tab still counts after a proof in this one, and ends with
    /// the session.
    pub fn form_token(self, session: SessionId) -> String {
        let mac = self.gate.form_mac(session);
        mac.map_or_else(String::new, |mac| BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
    }
}

impl Gate {
    /// Lets a request in at a door, or says what it lacks.
    pub async fn enter(&self, door: &Doorway, proof: Presented<'_>) -> Result<Entered, Barred> {
        let ticket = self.seek(&proof, door.is_use).ok_or(Barred::Unknown(None))?;
        let ticket = ticket.map_err(|why| Barred::Unknown(Some(why)))?;
        let (ticket, foreign) = match proof.subject.of(ticket.clone()) {
            Ok(ticket) => (ticket, None),
            Err(why) => (ticket, Some(why)),
        };
        let admission = self.sessions().admit(&ticket);
        let admission = admission.map_err(|why| Barred::Unknown(Some(why)))?;
        if door.posts && !self.is_form_of(ticket.session, proof.form) {
            return Err(Barred::Form(ticket.session));
        }
        let sees = admission.clone();
        let mut entered = Entered { ticket, admission, sees, reissued: None };
        if let Some(why) = foreign {
            return Err(Barred::Refused(Box::new(entered), why));
        }
        if door.posts
            && let Err(why) = self.prove_person(&mut entered, door, proof.person).await
        {
            return Err(Barred::Unproven(Box::new(entered), why));
        }
        let Some(act) = door.act else { return Ok(entered) };
        let ticket = &entered.ticket;
        let acts = door.posts && !door.looks;
        entered.sees = if acts || ticket.is_bound() || ticket.enrolling {
            entered.admission.clone()
        } else {
            self.step_ups().foresee(ticket).await.map_err(Barred::Failed)?
        };
        match self.admissions().may(&entered.sees, proof.address, act, None) {
            Ok(()) => Ok(entered),
            Err(why) => Err(Barred::Refused(Box::new(entered), why)),
        }
    }

    fn seek(&self, proof: &Presented<'_>, is_use: bool) -> Option<Result<SessionTicket, Refusal>> {
        let token = proof.token?;
        let key = match &proof.key {
            Ok(shown) => *shown,
            Err(refusal) => return Some(Err(refusal.clone())),
        };
        let shows = Shows { key, hardware: proof.hardware };
        Some(if is_use {
            self.sessions().by_token(token, proof.address, shows)
        } else {
            self.sessions().by_token_unused(token, proof.address, shows)
        })
    }

    /// Password and code that come with a request prove its person for what it asks. A session that
    /// nothing binds does nothing without.
    async fn prove_person(
        &self,
        entered: &mut Entered,
        door: &Doorway,
        person: Option<(Secret, &str)>,
    ) -> Result<(), Refusal> {
        let ticket = &entered.ticket;
        let Some((password, code)) = person else {
            let free = ticket.is_bound() || ticket.enrolling || door.looks;
            return if free {
                Ok(())
            } else {
                Err(Refusal::Authority(AuthorityRefusal::SessionUnbound { act: door.meant }))
            };
        };
        let (proven, reissued) = self.step_ups().fresh(ticket, password, code).await?;
        // Whatever becomes of the act, the browser's old token no longer works.
        entered.reissued = Some(reissued);
        entered.admission = self.step_ups().foresee(&proven).await?;
        entered.sees = entered.admission.clone();
        entered.ticket = proven;
        Ok(())
    }

    /// Whether a form's token is its session's, compared in constant time.
    fn is_form_of(&self, session: SessionId, given: &str) -> bool {
        let given = BASE64URL_NOPAD.decode(given.as_bytes()).unwrap_or_default();
        self.form_mac(session).is_some_and(|mac| mac.verify_slice(&given).is_ok())
    }

    fn form_mac(&self, session: SessionId) -> Option<Hmac<Sha256>> {
        let secret = HEXLOWER.encode(&self.0.people.key.tag("session forms", &[&session.0]).0);
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
        mac.update(b"floorpass portal form");
        Some(mac)
    }
}

impl Gate {
    /// Lets a program in at a credential's socket, or says why not, and records that.
    pub fn enter_socket(&self, proof: &SocketProof<'_>) -> Result<Admission, Refusal> {
        let comes =
            Comes { credential: proof.credential, address: proof.address, token: proof.token };
        let is_here = |door| match door {
            Door::Socket { .. } => true,
            Door::Api => false,
        };
        self.enter_program(&comes, is_here)
    }

    /// Lets a program in at the HTTP API, or says why not, and records that. A token that nobody has is
    /// recorded nowhere: there is no credential that it was shown for.
    pub fn enter_api(&self, proof: &ApiProof<'_>) -> Result<Admission, Refusal> {
        let named = self.0.live.of_token(&proof.token.digest());
        let credential = named.ok_or(Refusal::Credential(CredentialRefusal::TokenWrong))?;
        let comes = Comes { credential, address: proof.address, token: Some(proof.token) };
        let is_here = |door| match door {
            Door::Socket { .. } => false,
            Door::Api => true,
        };
        self.enter_program(&comes, is_here)
    }

    fn enter_program(
        &self,
        comes: &Comes<'_>,
        is_here: impl Fn(Door) -> bool,
    ) -> Result<Admission, Refusal> {
        let admitted = self.check_program(comes, is_here);
        if let Err(refusal) = &admitted {
            let (code, text) = (refusal.code(), refusal.evidence_text());
            self.admissions().note_turned_away(comes.credential, comes.address, code, text);
        }
        admitted
    }

    /// The credential on each account that it may come in on; why not, where it may on none.
    fn check_program(
        &self,
        comes: &Comes<'_>,
        is_here: impl Fn(Door) -> bool,
    ) -> Result<Admission, Refusal> {
        let (mut slots, mut ended) = (Vec::new(), None);
        for place in self.0.live.places(comes.credential) {
            if !is_here(place.door) {
                let door = place.door;
                return Err(Refusal::Credential(CredentialRefusal::OtherDoor { door }));
            }
            match place.slot.check_open() {
                // What its token or its place lacks, it lacks on every account.
                Ok(()) => slots.push(self.check_place(comes, place)?),
                Err(reason) => ended = ended.or(Some(reason)),
            }
        }
        Admission::of_all(slots)
            .ok_or(ended.unwrap_or(Refusal::Credential(CredentialRefusal::CredentialUnknown)))
    }

    fn check_place(&self, comes: &Comes<'_>, place: Place) -> Result<Arc<Slot>, Refusal> {
        let Place { mut slot, bearers, .. } = place;
        let now = self.now();
        if !bearers.is_empty() {
            let token = comes.token.ok_or(CredentialRefusal::TokenMissing)?;
            let Some(bearer) = bearers.into_iter().find(|one| one.token.is_of(token)) else {
                return Err(self.wrong_token(comes.credential, comes.address));
            };
            if bearer.until <= now {
                return Err(Refusal::Credential(CredentialRefusal::TokenReplaced {
                    at: bearer.until,
                }));
            }
            slot = bearer.slot;
            slot.check_open()?;
        }
        let entitlements = slot.entitlements();
        if now >= entitlements.until {
            return Err(Refusal::Authority(AuthorityRefusal::Expired {
                until: entitlements.until,
                now,
            }));
        }
        if !entitlements.addresses.contain(comes.address) {
            return Err(Refusal::Authority(AuthorityRefusal::AddressNotAllowed {
                address: comes.address,
            }));
        }
        Ok(slot)
    }
}

/// A program at one of its doors, and the credential that it comes by.
struct Comes<'a> {
    credential: CredentialId,
    address: IpAddr,
    token: Option<&'a Secret>,
}
