//! The one function that decides, and what goes in and comes out of it.

use crate::call::{By, Source};
use crate::contact::Reach;
use crate::credential::Door;
use crate::entitlements::{Act, Entitlements, Resource};
use crate::evidence::Event as EvidenceEvent;
use crate::guard::Reads;
use crate::id::{ApprovalId, AuthenticatorId, ContactId, CredentialId, DeviceId, LinkId, PersonId};
use crate::lock::Lock;
use crate::moment::{Moment, Span, Time};
use crate::notice::Disowned;
use crate::recovery::{Begun, ENROLS};
use crate::refusal::{AuthorityRefusal, Refusal, SessionRefusal};
use crate::secret::{SealKey, Secret};
use crate::session::{Method, Session, SessionEnd};
use crate::sign_in::SignedIn;
use crate::slice::Slice;

pub use crate::dispatch::{decide, totp_now};
pub use crate::noun::{Command, Event};

/// What the caller gets. It may hold a secret to show once.
pub enum Answer {
    /// It was done.
    Done,
    /// A person was made.
    PersonCreated {
        /// The person.
        person: PersonId,
    },
    /// A link was made.
    Link {
        /// The link.
        link: LinkId,
        /// What goes into its address.
        token: Secret,
        /// When it expires.
        until: Time,
    },
    /// The password is right: the TOTP code comes next.
    TotpNeeded {
        /// Token of the attempt, for a cookie.
        attempt: Secret,
    },
    /// Both factors are right and the browser is new: its activation code comes next.
    ActivationNeeded {
        /// New token of the attempt, for a cookie; the old one no longer works.
        attempt: Secret,
    },
    /// A phone was asked.
    ApprovalAsked {
        /// Which approval.
        approval: ApprovalId,
    },
    /// Another activation code was sent.
    CodeSent,
    /// Signed in.
    SignedIn(SignedIn),
    /// The person of a session was proven again.
    Proven {
        /// The session's new token; the old one no longer works.
        token: Secret,
    },
    /// A recovery waits.
    RecoveryBegun(Begun),
    /// A code was sent to a mail address; it works in the session that asked.
    MailAsked {
        /// Which contact waits for it.
        contact: ContactId,
    },
    /// What a notice told was said not to be its person's doing, and was stopped.
    Disowned(Disowned),
    /// Sessions were ended.
    SessionsEnded {
        /// How many.
        count: u32,
    },
    /// A way to sign in was added.
    AuthenticatorAdded {
        /// The authenticator.
        authenticator: AuthenticatorId,
    },
    /// A TOTP app can be set up with this; a code from it must follow, unless the server asked.
    TotpOffered {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// The seed in base 32.
        seed: Secret,
        /// The same as an `otpauth://` address, for a QR code.
        uri: Secret,
    },
    /// A set of recovery codes was made.
    RecoveryCodes {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// The codes in groups of four letters, to show once.
        codes: Vec<Secret>,
    },
    /// A credential was created.
    CredentialCreated {
        /// The credential.
        credential: CredentialId,
        /// Its token, if it demands one, to show once.
        token: Option<Secret>,
        /// The way in by which it is used.
        door: Door,
    },
    /// A credential has a new token.
    CredentialRotated {
        /// The credential.
        credential: CredentialId,
        /// The new token, to show once.
        token: Secret,
        /// Until when the one before works.
        until: Time,
    },
    /// A credential was revoked.
    CredentialRevoked {
        /// The credential.
        credential: CredentialId,
        /// Whether its resting orders go too.
        cancel_orders: bool,
    },
    /// A lock is in force; its receipt says what it ended.
    Locked(Lock),
    /// A lock was lifted.
    Unlocked(Lock),
}

/// What was decided: the events to commit, whatever the answer is.
pub struct Decision {
    /// What to commit, in order.
    pub events: Vec<Event>,
    /// What it was decided on: it holds as long as none of that has changed.
    pub reads: Reads,
    /// What to tell the caller.
    pub answer: Result<Answer, Refusal>,
}

impl Decision {
    /// A yes.
    pub(crate) fn new(events: Vec<Event>, answer: Answer) -> Self {
        Self { events, reads: Reads::new(), answer: Ok(answer) }
    }

    /// A no that changes something, say a counter.
    pub(crate) fn refused(events: Vec<Event>, refusal: Refusal) -> Self {
        Self { events, reads: Reads::new(), answer: Err(refusal) }
    }

    /// Of a decision whose one entry of evidence is a refusal, which may be counted together with
    /// others alike: what has to be committed all the same. None of any other decision.
    pub fn beside_refusal(&self) -> Option<&[Event]> {
        match self.events.split_last() {
            Some((Event::Evidence(EvidenceEvent::Refused { .. }), rest))
                if !rest.iter().any(Event::is_evidence) =>
            {
                Some(rest)
            }
            _ => None,
        }
    }
}

/// How old the proof of a person may be by which a session adds or removes a way in: an
/// authenticator, a device, a credential.
pub const RECENT: Span = Span::minutes(15);

/// What every noun's decision is based on.
pub(crate) struct Ground<'a> {
    pub by: By,
    pub source: &'a Source,
    pub moment: &'a Moment,
    pub key: &'a SealKey,
    /// The device that asks, where it is known.
    pub device: Option<DeviceId>,
    /// The mail addresses that notices go to.
    pub reach: Reach,
}

impl Ground<'_> {
    /// Whether the caller may do this to the account, or to the slice's person: the operator, the server
    /// itself, or a live session of that person that is entitled to the act there.
    pub fn authorise(
        &self,
        slice: &Slice,
        act: Act,
        on: impl Into<Resource>,
    ) -> Result<Option<Entitlements>, Refusal> {
        match self.by {
            By::Operator { .. } | By::System => Ok(None),
            By::Visitor => Err(Refusal::Session(SessionRefusal::NotSignedIn)),
            By::Credential(_) => Err(Refusal::Authority(AuthorityRefusal::ActNotAllowed { act })),
            By::Session(_) => {
                let session = self.session(slice)?;
                let (fresh, now) = (self.source.fresh, self.moment.now);
                let entitlements = match on.into() {
                    Resource::Person => slice.own_entitlements(session, fresh, now)?,
                    Resource::Account(id) => slice.session_entitlements(session, id, fresh)?,
                };
                let entitlements = self.at_place(session, entitlements);
                if now >= entitlements.until {
                    return Err(Refusal::Authority(AuthorityRefusal::Expired {
                        until: entitlements.until,
                        now,
                    }));
                }
                if entitlements.acts.contains(act) {
                    return Ok(Some(entitlements));
                }
                Err(entitlements.why_not(act))
            }
        }
    }

    /// What is left of a session's authority where its request comes from.
    pub fn at_place(&self, session: &Session, given: Entitlements) -> Entitlements {
        let elsewhere = self.source.address.is_some_and(|address| session.is_elsewhere(address));
        if elsewhere { given.moved() } else { given }
    }

    /// Whether the person of a session that asks was proven lately, by its sign-in or by a step-up;
    /// the operator and the server need no session. For what would let anyone who took a session over
    /// stay.
    pub fn check_recent(&self, slice: &Slice) -> Result<(), Refusal> {
        if self.by.runs_the_server() || self.source.fresh {
            return Ok(());
        }
        let session = self.session(slice)?;
        let age = self.moment.now.since(session.proven_at);
        let recovered = session.methods == [Method::Recovery];
        let limit = if recovered { ENROLS } else { RECENT };
        if age > limit {
            Err(Refusal::Session(SessionRefusal::ProofTooOld { age, limit }))
        } else {
            Ok(())
        }
    }

    /// Whether the caller is not a session that a recovery holds: those add, and take nothing of
    /// their person's away.
    pub fn check_not_held(&self, slice: &Slice, act: Act) -> Result<(), Refusal> {
        if self.by.runs_the_server() {
            return Ok(());
        }
        match self.session(slice)?.held_until {
            Some(until) => Err(Refusal::Authority(AuthorityRefusal::RecoveryHolds { act, until })),
            None => Ok(()),
        }
    }

    /// Whether a session begun by an enrolment link has shown what its person kept.
    pub fn check_shown(&self, slice: &Slice) -> Result<(), SessionRefusal> {
        let owes = self.session(slice).is_ok_and(|session| slice.owes_proof(session));
        if owes { Err(SessionRefusal::KeptProofMissing) } else { Ok(()) }
    }

    /// The live session that asks. Its idle time is the gate's to watch, in memory.
    pub fn session<'s>(&self, slice: &'s Slice) -> Result<&'s Session, Refusal> {
        let By::Session(id) = self.by else {
            return Err(Refusal::Session(SessionRefusal::NotSignedIn));
        };
        let session = slice.session(id).ok_or(SessionRefusal::NotSignedIn)?;
        let until = session.until;
        if self.moment.now >= until {
            return Err(Refusal::Session(SessionRefusal::SessionEnded {
                at: until,
                reason: SessionEnd::Absolute,
            }));
        }
        Ok(session)
    }
}
