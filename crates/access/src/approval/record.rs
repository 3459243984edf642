//! What is kept of approvals.

use serde::{Deserialize, Serialize};

use crate::id::{ApprovalId, AttemptId, CredentialId, DeviceId, PersonId, SessionId};
use crate::moment::{Span, Time};
use crate::refusal::ServerRefusal;
use crate::secret::{Digest, SealKey, SealedSecret, Secret};

use super::terms::{Line, Terms};

/// How long an approval waits for its answer.
pub const LIFE: Span = Span::minutes(2);

/// How long an order of a program waits for its: nobody sits in front of it.
pub const HELD_LIFE: Span = Span::minutes(15);

/// Wrong numbers that may be typed for one.
pub const TRIES: u32 = 3;

/// What is to be approved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// What kind of thing.
    pub kind: ContentKind,
    /// What a yes is bound to, all of it.
    #[serde(rename = "lines")]
    pub terms: Terms,
    /// What else is to be known at the moment when it is asked.
    #[serde(default, skip_serializing_if = "Terms::is_empty")]
    pub facts: Terms,
}

/// A kind of thing to approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    /// A sign-in.
    SignIn,
    /// A proof that it is the person, in a session that is open.
    StepUp,
    /// One large order.
    Order,
    /// One order of a program, above what it places without a person.
    ProgramOrder,
}

impl ContentKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::SignIn, Self::StepUp, Self::Order, Self::ProgramOrder];

    /// Its name in what is signed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::StepUp => "step_up",
            Self::Order => "order",
            Self::ProgramOrder => "program_order",
        }
    }

    /// As the heading of a prompt.
    pub const fn text(self) -> &'static str {
        match self {
            Self::SignIn => "Somebody is signing in as you",
            Self::StepUp => "One of your sessions asks you to confirm it's you",
            Self::Order => "One of your sessions wants to place a large order",
            Self::ProgramOrder => "One of your programs wants to place an order",
        }
    }

    /// How long it waits for its answer.
    pub const fn life(self) -> Span {
        match self {
            Self::SignIn | Self::StepUp | Self::Order => LIFE,
            Self::ProgramOrder => HELD_LIFE,
        }
    }
}

impl Content {
    /// What an answer is signed over: the kind and the name and value of each term and fact, each
    /// preceded by its length. No term is called `facts`, so none can pass for one of the others.
    pub fn digest(&self, id: ApprovalId) -> Digest {
        let mut parts: Vec<&[u8]> = vec![b"floorpass approval 2", &id.0];
        parts.push(self.kind.name().as_bytes());
        parts.extend(self.terms.parts());
        parts.push(b"facts");
        parts.extend(self.facts.parts());
        Digest::of_parts(&parts)
    }

    /// All that it says, in words.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = self.terms.lines();
        lines.extend(self.facts.lines());
        lines
    }

    /// The same as one text.
    pub fn text(&self) -> String {
        let parts = [self.terms.text(), self.facts.text()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// For whom an approval is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asker {
    /// A sign-in under way.
    Attempt(AttemptId),
    /// An open session.
    Session(SessionId),
    /// An order that a program sent, and that waits on the exchange under this number.
    Program {
        /// Which program.
        credential: CredentialId,
        /// The order.
        order: u64,
    },
}

/// An approval that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its id.
    pub id: ApprovalId,
    /// Whose yes.
    pub person: PersonId,
    /// Who asks for it.
    pub asker: Asker,
    /// What is asked.
    pub content: Content,
    /// The number that is shown where it was asked for; none where one tap is enough.
    pub number: Option<SealedSecret>,
    /// Wrong numbers that are left.
    pub tries_left: u32,
    /// When it was asked for.
    pub asked_at: Time,
    /// When it ends.
    pub until: Time,
    /// What came of it.
    pub answered: Option<Answered>,
}

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The answer.
    pub say: Say,
    /// The device.
    pub device: DeviceId,
    /// When it happened.
    pub at: Time,
}

/// What a person says to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    /// Yes.
    Yes,
    /// No.
    No,
    /// No, and it was not me who asked.
    NotMe,
}

impl Say {
    /// Every answer.
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::NotMe];

    /// Its name in forms, tables and what is signed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotMe => "not_me",
        }
    }
}

impl Approval {
    /// What its number is sealed for.
    pub(super) fn purpose(id: ApprovalId) -> String {
        format!("approval {id}")
    }

    /// Whether it still waits for an answer.
    pub fn is_open(&self, now: Time) -> bool {
        self.answered.is_none() && now < self.until
    }

    /// Whether it was approved and may still be used.
    pub fn is_granted(&self, now: Time) -> bool {
        self.answered.is_some_and(|one| one.say == Say::Yes) && now < self.until
    }

    /// The number to show where it was asked for.
    pub fn open_number(&self, key: &SealKey) -> Result<Option<Secret>, ServerRefusal> {
        let open = |sealed| key.open(sealed, &Self::purpose(self.id));
        self.number.as_ref().map(open).transpose().map_err(|_| ServerRefusal::KeyMismatch)
    }

    /// The text that a phone signs with its answer.
    pub fn signed_text(&self, say: Say, number: &str) -> String {
        let digest = self.content.digest(self.id);
        format!("floorpass approval 2\n{}\n{}\n{digest}\n{number}", self.id, say.name())
    }
}
