//! The only way in: loads what a decision needs, asks for the decision, commits it with its
//! evidence, publishes it.
//!
//! It has two halves. *Orders* go through [`order::OrderGate::submit`]: entitlements from memory ([`live`]), pre-trade, a
//! stamp and a journal record under one lock, no SQL; acknowledged after [`order::OrderGate::flush`].
//! *People's acts* are one access command each: load the slice, decide, commit with evidence, publish to
//! the live table.

pub mod account;
pub mod activity;
pub mod admission;
pub mod approval;
mod ask;
pub mod attestation;
pub mod authenticator;
mod away;
pub mod backup;
pub mod binding;
pub mod catch_up;
pub mod checkpoint;
pub mod clock;
mod command;
pub mod config;
pub mod connection;
pub mod contact;
pub mod credential;
mod cut;
pub mod delivery;
pub mod demo;
pub mod device;
pub mod disk;
mod drive;
pub mod enter;
pub mod equity;
pub mod evidence;
pub mod feed;
pub mod folder;
pub mod front_door;
mod gate;
pub mod health;
mod held;
pub mod journal;
pub mod key_file;
mod key_proof;
mod known;
pub mod large_order;
pub mod live;
pub mod lock;
pub mod mandate;
mod margin;
pub mod market;
mod network;
mod noted;
pub mod notice;
pub mod open;
pub mod order;
mod owed;
pub mod passkey;
pub mod password;
pub mod person;
pub mod policy;
pub mod push;
pub mod recovery;
mod recovery_code;
mod registry;
mod repeat;
mod replay;
mod sequencer;
pub mod session;
pub mod sign_in;
pub mod snapshot;
pub mod snippet;
pub mod step_up;
mod tables;
mod throttle;
mod tick;
mod timer;
mod travel;
pub mod trustee;
pub mod upgrade;
mod usage;
pub mod view;
pub mod watch;

pub use account::{KnownAccount, NewPaperAccount, PaperAccount, PaperAccounts, Unclosed};
pub use activity::{
    ActivityCursor, ActivityEntry, ActivityFilter, ActivityKind, ActivityPage, Behind, ExportFormat,
};
pub use admission::Admission;
pub use alert::Pushed;
pub use approval::{Answered, ApprovalInfo, ApprovalState, PhoneInfo};
pub use attestation::{Attestation, AttestationError};
pub use authenticator::{AuthenticatorInfo, Enrolment, Setup, TotpSetup};
pub use binding::{
    BrowserKey, HardwareProof, SessionOffer, SessionSigner, Shown, Shows, SignedRequest,
};
pub use catch_up::Progress;
pub use clock::Clock;
pub use command::Boxed;
pub use config::{Config, Durability, Hours};
pub use connection::{Connected, Presence};
pub use contact::{AskedMail, ContactInfo};
pub use credential::{
    Created, CredentialInfo, DoorWish, Listener, ListenerState, Listeners, NewCredential,
    Revocation, Rotated,
};
pub use cut::OperatorCancel;
pub use demo::DemoSecrets;
pub use device::DeviceInfo;
#[cfg(feature = "simulation")]
pub use drive::Stepper;
pub use enter::{ApiProof, Barred, Doorway, Entered, Presented, SocketProof, WhichAccount};
pub use evidence::{
    EvidenceReport, VerifyError, evidence_verify, evidence_verify_trading, evidence_verify_with,
};
pub use feed::{Delivery, Group, Published, Subscription};
pub use front_door::{Entrance, PersonWays, Power, Proof};
pub use gate::Gate;
pub(crate) use gate::Inner;
pub use health::{Health, HealthCondition};
pub use large_order::{Large, LargeAsked};
pub use lock::{LockTarget, Locked, Receipt};
pub use mandate::{MandateEnd, MandateGate};
pub use market::MarketGate;
pub use notice::{MessagePage, OutboxNotice};
pub use open::OpenError;
pub use order::refused::RefusedOrders;
pub use order::{CancelScope, OrderRequest, Refused, Submitted};
pub use owed::{OwedUnreadable, owed_cuts};
pub use passkey::Ceremony;
pub use person::{LinkIssued, PersonInfo};
pub use policy::{Policies, Renewal};
pub use push::PushWish;
pub use recovery::{AskInfo, RecoveryBegun, RecoveryInfo};
pub use session::layer::{Advice, Layer, LayerState, Layers};
pub use session::{Actor, SessionInfo, SessionTicket};
pub use sign_in::{AttemptInfo, Browser, SignInStep, SignedIn};
pub use step_up::Reissued;
pub use store::{DeliveryRow, DeliveryState, Message, PushRow, StoreError};
pub use trustee::{HelpAsked, Helping, TrusteeInfo};
pub use usage::Usage;
pub use view::{Rows, View};
