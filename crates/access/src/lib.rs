//! Who may do what, from where, now.
//!
//! This crate makes decisions and never touches the world: time and randomness are arguments
//! ([`moment::Moment`]), everything a decision needs is loaded beforehand, and its effects are a list
//! of events that the store applies.

#[macro_use]
pub mod noun;

pub mod account;
pub mod address;
pub mod agent;
pub mod approval;
pub mod authenticator;
pub mod binding;
pub mod brokerage;
pub mod call;
mod caller;
mod compile;
pub mod contact;
pub mod credential;
pub mod currency;
pub mod decision;
pub mod device;
mod dispatch;
mod draft;
pub mod entitlements;
pub mod evidence;
pub mod guard;
pub mod hours;
pub mod id;
pub mod large_order;
pub mod link;
pub mod lock;
pub mod mandate;
pub mod moment;
pub mod name;
pub mod network;
pub mod notice;
pub mod number;
pub mod person;
pub mod policy;
mod proof;
pub mod push;
pub mod recovery;
pub mod refusal;
pub mod scopes;
pub mod secret;
pub mod sentence;
pub mod session;
pub mod sign_in;
pub mod skew;
pub mod slice;
pub mod stay;
pub mod step_up;
pub mod symbol;
pub mod throttle;
pub mod token;
pub mod travel;
pub mod trustee;
pub mod typed;
pub mod way;
pub mod window;

pub use account::{Account, AccountSlice};
pub use binding::PublicKey;
pub use call::{By, Call, Source};
pub use decision::{Answer, Command, Decision, Event, decide};
pub use entitlements::{Act, Entitlements, Limits, Question, Scopes, Side};
pub use guard::{Reads, Scope};
pub use id::{
    AccountId, ApprovalId, AttemptId, AuthenticatorId, ContactId, CredentialId, DeviceId, Holder,
    LinkId, LiveAccountId, LockId, MandateId, NoticeId, PaperAccountId, PersonId, RecoveryId,
    SessionId, SymbolId, TrusteeId,
};
pub use lock::Grade;
pub use moment::{Moment, Span, Time};
pub use number::{Misread, Number};
pub use refusal::Refusal;
pub use secret::{Digest, SealKey, SealedSecret, Secret};
pub use sentence::{Sentence, Verdict, can_cannot, other_accounts};
pub use slice::Slice;
