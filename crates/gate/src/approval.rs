//! Approvals: asked for at one place, answered on a phone, used where they were asked for.

use access::approval::{self, Approval, Asker, Content, ContentKind, Say};
use access::device::{self, Approver, Standing};
use access::refusal::{ApprovalRefusal, SessionRefusal};
use access::sign_in::Command as SignIn;
use access::{ApprovalId, Command, DeviceId, Refusal, Secret, Time};
use store::Key;
use tokio::sync::watch;

use crate::Gate;
use crate::binding::check_signature;
use crate::session::SessionTicket;
use crate::sign_in::{Browser, SignInStep, copy, step};

/// An approval as a phone shows it.
#[derive(Debug, Clone)]
pub struct ApprovalInfo {
    /// Its id.
    pub id: ApprovalId,
    /// What is to be approved.
    pub content: Content,
    /// Whether the number of the asking page has to be typed.
    pub asks_number: bool,
    /// Wrong numbers that are left.
    pub tries_left: u32,
    /// When it ends.
    pub until: Time,
}

/// The state of an approval, for the page that asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApprovalState {
    /// It waits for its answer.
    Waits {
        /// The number to type on the phone; none where one tap is enough.
        number: Option<String>,
        /// When it ends.
        until: Time,
    },
    /// The phone said yes, and the page may go on.
    Granted,
    /// It was turned down, used, or is too old.
    Ended,
}

/// An answer of a phone.
pub struct Answered<'a> {
    /// To which approval.
    pub approval: ApprovalId,
    /// The answer.
    pub say: Say,
    /// The number that was typed; empty where none is asked for.
    pub number: &'a str,
    /// The phone's signature over what it showed, in base64url.
    pub signature: &'a str,
}

/// A phone as pages list it.
#[derive(Debug, Clone)]
pub struct PhoneInfo {
    /// The device.
    pub id: DeviceId,
    /// Its name.
    pub name: String,
    /// Whether it answers approvals; otherwise its number waits to be typed.
    pub confirmed: bool,
}

/// Approvals on phones, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct ApprovalGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Approvals on phones, through the gate.
    pub fn approvals(&self) -> ApprovalGate<'_> {
        ApprovalGate { gate: self }
    }
}

impl ApprovalGate<'_> {
    /// Changes when an approval was asked for, answered or closed.
    pub fn changed(self) -> watch::Receiver<u64> {
        self.gate.0.people.approvals.subscribe()
    }

    /// The approvals that a session's phone can answer now; none for what is no phone.
    pub async fn list(self, ticket: &SessionTicket) -> Result<Vec<ApprovalInfo>, Refusal> {
        let (slice, now) = (self.gate.load(Key::Person(ticket.person)).await?, self.gate.now());
        let phone = slice.device(ticket.device);
        if phone.is_none_or(|one| one.approver != Approver::Yes) {
            return Ok(Vec::new());
        }
        let own = |one: &Approval| approval::is_own(&slice, one, ticket.device);
        let open = slice.approvals.iter().filter(|one| one.is_open(now) && !own(one));
        let mut list: Vec<_> = open.map(info).collect();
        list.sort_by_key(|one| std::cmp::Reverse(one.until));
        Ok(list)
    }

    /// Takes a phone's answer, signed with its key over exactly what it showed.
    pub async fn answer(
        self,
        ticket: &SessionTicket,
        answered: &Answered<'_>,
    ) -> Result<(), Refusal> {
        let key = Key::Person(ticket.person);
        let slice = self.gate.load(key).await?;
        let approval = slice.approval(answered.approval).ok_or(ApprovalRefusal::ApprovalEnded)?;
        let signed_by = ticket.key.ok_or(SessionRefusal::KeyProofMissing)?;
        let text = approval.signed_text(answered.say, answered.number);
        check_signature(&signed_by, &text, answered.signature)?;
        let number = Secret::from_text(answered.number.to_owned());
        let (approval, say) = (answered.approval, answered.say);
        let command = approval::Command::Answer { approval, say, number, signed_by };
        let call = ticket.call(Command::Approval(command));
        self.gate.run(key, Some(slice), &call).await.map(drop)
    }

    /// Asks the phone, in a sign-in that waits for a code.
    pub async fn ask_sign_in(self, attempt: &Secret, browser: &Browser) -> Result<(), Refusal> {
        let attempt = copy(attempt);
        let key = Key::Attempt(attempt.digest());
        self.gate.run_done(key, &browser.call(SignIn::AskApproval { attempt })).await.map(drop)
    }

    /// The state of the approval of a sign-in.
    pub async fn sign_in(
        self,
        attempt: &Secret,
        browser: &Browser,
    ) -> Result<ApprovalState, Refusal> {
        let (slice, found) = self.gate.look_at_attempt(attempt, browser).await?;
        let newest = approval::newest(&slice, Asker::Attempt(found), ContentKind::SignIn);
        self.gate.approval_state(newest)
    }

    /// Goes on with a sign-in that the phone approved.
    pub async fn sign_in_approved(
        self,
        attempt: &Secret,
        browser: &Browser,
    ) -> Result<SignInStep, Refusal> {
        let attempt = copy(attempt);
        let key = Key::Attempt(attempt.digest());
        step(self.gate.run(key, None, &browser.call(SignIn::Approved { attempt })).await?)
    }

    /// Asks the phone whether it is the person, for a session.
    pub async fn ask_step_up(self, ticket: &SessionTicket) -> Result<(), Refusal> {
        let call = ticket.call(Command::Approval(approval::Command::AskStepUp));
        self.gate.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// The state of the approval of a session.
    pub async fn step_up(self, ticket: &SessionTicket) -> Result<ApprovalState, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let asker = Asker::Session(ticket.session);
        self.gate.approval_state(approval::newest(&slice, asker, ContentKind::StepUp))
    }

    /// A person's phones: those that answer approvals, and those whose number waits.
    pub async fn phones(self, ticket: &SessionTicket) -> Result<Vec<PhoneInfo>, Refusal> {
        let (slice, now) = (self.gate.load(Key::Person(ticket.person)).await?, self.gate.now());
        let phones = slice
            .devices
            .iter()
            .filter(|one| one.approver != Approver::No && one.standing(now) == Standing::Trusted);
        let info = |one: &device::Device| PhoneInfo {
            id: one.id,
            name: one.name.to_string(),
            confirmed: one.approver == Approver::Yes,
        };
        Ok(phones.map(info).collect())
    }

    /// The number that this phone shows until it was typed where its link was made.
    pub async fn phone_number(self, ticket: &SessionTicket) -> Result<Option<Secret>, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let device = slice.device(ticket.device).ok_or(Refusal::not_found("device"))?;
        Ok(device::phone_number(device, &self.gate.0.people.key)?)
    }

    /// Makes an offered phone one that answers approvals; `moves`: in place of the one that asks.
    pub async fn confirm_phone(
        self,
        ticket: &SessionTicket,
        device: DeviceId,
        number: &str,
        moves: bool,
    ) -> Result<(), Refusal> {
        let number = Secret::from_text(number.to_owned());
        let instead = moves.then_some(ticket.device);
        let command = Command::Device(device::Command::ConfirmPhone { device, number, instead });
        self.gate.run_done(Key::Person(ticket.person), &ticket.call(command)).await.map(drop)
    }
}

impl Gate {
    /// The state of an approval, if one was asked for.
    pub(crate) fn approval_state(
        &self,
        newest: Option<&Approval>,
    ) -> Result<ApprovalState, Refusal> {
        let now = self.now();
        let Some(newest) = newest else { return Ok(ApprovalState::Ended) };
        if newest.is_granted(now) {
            return Ok(ApprovalState::Granted);
        }
        if !newest.is_open(now) {
            return Ok(ApprovalState::Ended);
        }
        let number = newest.open_number(&self.0.people.key)?;
        let number = number.and_then(|number| number.expose_text().map(str::to_owned));
        Ok(ApprovalState::Waits { number, until: newest.until })
    }
}

fn info(one: &Approval) -> ApprovalInfo {
    ApprovalInfo {
        id: one.id,
        content: one.content.clone(),
        asks_number: one.number.is_some(),
        tries_left: one.tries_left,
        until: one.until,
    }
}
