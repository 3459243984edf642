//! Confirming the person of a session again, and what that allows: for a while, changes to the ways
//! to sign in; and the one request that comes with it.

use std::sync::Arc;

use access::policy::NewNetwork;
use access::refusal::{SessionRefusal, SignInRefusal};
use access::stay::Stay;
use access::step_up::Command as StepUp;
use access::{Answer, By, Call, Command, Digest, Refusal, Secret, Time};
use store::Key;

use crate::Gate;
use crate::admission::Admission;
use crate::ask::Done;
use crate::live::Slot;
use crate::passkey::{Ceremony, Opening};
use crate::session::SessionTicket;

/// What a proof of its person gives a session, for its browser's cookie.
pub struct Reissued {
    /// The new token; the old one no longer works.
    pub token: Secret,
    /// How long the browser was asked to stay signed in.
    pub stay: Stay,
    /// Until when the session lasts.
    pub until: Time,
}

impl std::fmt::Debug for Reissued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reissued").field("until", &self.until).finish_non_exhaustive()
    }
}

/// Times that a proof is made again when its row has moved meanwhile.
const PROOFS: usize = 3;

/// Proofs of the person of a session, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct StepUpGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Proofs of the person of a session, through the gate.
    pub fn step_ups(&self) -> StepUpGate<'_> {
        StepUpGate { gate: self }
    }
}

impl StepUpGate<'_> {
    /// Proves the person of a session again by password and TOTP code.
    pub async fn password(
        self,
        ticket: &SessionTicket,
        password: Secret,
        code: &str,
    ) -> Result<Reissued, Refusal> {
        let key = Key::Person(ticket.person);
        for _ in 0..PROOFS {
            let slice = self.gate.load(key).await?;
            // A wrong one counts for the browser that the session is in, not for all others.
            let mut source = ticket.source();
            source.device = slice.device(ticket.device).and_then(|device| device.token);
            let proof = self.gate.prove_at(&slice, &password, &source).await?;
            let code = Secret::from_text(code.to_owned());
            let command = Command::StepUp(StepUp::Password { proof, code });
            let call = Arc::new(Call { by: By::Session(ticket.session), source, command });
            match self.gate.run(key, Some(slice), &call).await {
                Err(Refusal::SignIn(SignInRefusal::ProofStale)) => {}
                done => return reissued(ticket, done?),
            }
        }
        Err(Refusal::SignIn(SignInRefusal::ProofStale))
    }

    /// Starts a proof by passkey.
    pub fn passkey_start(self, ticket: &SessionTicket) -> Result<Ceremony, Refusal> {
        self.gate.proof_by_passkey(ticket, None)
    }

    /// Finishes a proof by a passkey of the session's person; a failed ceremony is on record too.
    pub async fn passkey_finish(
        self,
        ticket: &SessionTicket,
        ceremony: &Secret,
        answer: &str,
    ) -> Result<Reissued, Refusal> {
        self.gate.proven_by_passkey(ticket, (ceremony, None), answer).await
    }

    /// The person of a session is proven by the approval that it asked for.
    pub async fn approved(self, ticket: &SessionTicket) -> Result<Reissued, Refusal> {
        let call = ticket.call(Command::StepUp(StepUp::Approved));
        reissued(ticket, self.gate.run(Key::Person(ticket.person), None, &call).await?)
    }

    /// The session for one request whose person is proven in it, by password and TOTP code: all that
    /// an unbound session does beside looking. Its authority is what [`StepUpGate::foresee`] says.
    pub async fn fresh(
        self,
        ticket: &SessionTicket,
        password: Secret,
        code: &str,
    ) -> Result<(SessionTicket, Reissued), Refusal> {
        let reissued = self.password(ticket, password, code).await?;
        Ok((ticket.proven(), reissued))
    }

    /// What the session could do with a sign-in for the act: for pages and previews, which do
    /// nothing. An act needs [`StepUpGate::fresh`].
    pub async fn foresee(self, ticket: &SessionTicket) -> Result<Admission, Refusal> {
        let parent = self.gate.0.people.sessions.slot(ticket.session, ticket.account)?;
        // Before the tables are read: what narrows meanwhile changes the state. A lock stands in
        // memory before it does in the tables.
        let state = parent.open_state()?;
        let lock = parent.entitlements().lock;
        let mut entitlements = self.fresh_entitlements(ticket).await?;
        if ticket.elsewhere && entitlements.new_network == NewNetwork::Look {
            entitlements = entitlements.moved();
        }
        Ok(Admission::new(Slot::of_act(entitlements.locked(lock), (parent, state))))
    }

    async fn fresh_entitlements(
        self,
        ticket: &SessionTicket,
    ) -> Result<access::Entitlements, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let session = slice.session(ticket.session).ok_or(SessionRefusal::NotSignedIn)?;
        slice.session_entitlements(session, ticket.account, true)
    }
}

impl Gate {
    /// The same for only one thing.
    pub(crate) fn proof_by_passkey(
        &self,
        ticket: &SessionTicket,
        purpose: Option<Digest>,
    ) -> Result<Ceremony, Refusal> {
        let moment = self.moment()?;
        let (address, begun) = (ticket.address, ticket.beginner());
        let opening = Opening { moment: &moment, address, purpose, begun };
        self.0.people.passkeys.start_sign_in(&opening)
    }

    /// The same for a ceremony that is for only one thing.
    pub(crate) async fn proven_by_passkey(
        &self,
        ticket: &SessionTicket,
        ceremony: (&Secret, Option<Digest>),
        answer: &str,
    ) -> Result<Reissued, Refusal> {
        let key = Key::Person(ticket.person);
        let slice = self.load(key).await?;
        let outcome = self.passkey_outcome(&slice, ceremony, answer);
        let call = ticket.call(Command::StepUp(StepUp::Passkey { outcome }));
        reissued(ticket, self.run(key, Some(slice), &call).await?)
    }
}

impl SessionTicket {
    /// The session for one request whose person was proven with it.
    pub(crate) fn proven(&self) -> Self {
        Self { fresh: true, ..self.clone() }
    }
}

/// What the session's browser gets after a proof.
fn reissued(ticket: &SessionTicket, done: Done) -> Result<Reissued, Refusal> {
    let lasts = done.after.session(ticket.session).map(|session| (session.stay, session.until));
    let token = done.read(By::Session(ticket.session), |answer, _| match answer {
        Answer::Proven { token } => Some(token),
        _ => None,
    })?;
    let (stay, until) = lasts.ok_or(SessionRefusal::NotSignedIn)?;
    Ok(Reissued { token, stay, until })
}
