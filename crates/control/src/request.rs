//! What the operator may ask: one JSON object per line, named by its field `command`.

use std::fmt;
use std::path::PathBuf;

use access::address::Network;
use access::{
    AuthenticatorId, CredentialId, DeviceId, Grade, NoticeId, PaperAccountId, RecoveryId,
    SessionId, TrusteeId,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// One request of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// What runs: version, addresses, sequence numbers.
    Status,
    /// Messages that would have been sent, newest first.
    Outbox {
        /// To whom; none is everybody.
        #[serde(default)]
        username: Option<String>,
        /// How many at most.
        limit: u32,
    },
    /// The TOTP code of now; demo folders only.
    Totp {
        /// Whose.
        username: String,
    },
    /// The interfaces, and the ways to sign in.
    Where {
        /// Whose; none is everybody's.
        username: Option<String>,
    },
    /// The people.
    PersonList,
    /// A new person, who may look, by an enrolment link.
    PersonAdd {
        /// What they will sign in with.
        username: String,
    },
    /// A new password by an enrolment link.
    PersonResetPassword {
        /// Whose.
        username: String,
    },
    /// TOTP starts again by an enrolment link.
    PersonResetTotp {
        /// Whose.
        username: String,
    },
    /// A single-use link that signs in.
    Link {
        /// Whose.
        username: String,
        /// Whether it is for a phone that is to answer approvals.
        #[serde(default)]
        phone: bool,
    },
    /// The credentials.
    CredentialList,
    /// A new credential.
    CredentialCreate(CredentialWish),
    /// Ends a credential.
    CredentialRevoke {
        /// Which.
        credential: CredentialName,
        /// Whether its resting orders are cancelled too.
        #[serde(default = "yes")]
        cancel_orders: bool,
    },
    /// One credential, with all that it may do.
    CredentialShow {
        /// Which.
        credential: CredentialName,
    },
    /// Refuses a credential until it is resumed.
    CredentialPause {
        /// Which.
        credential: CredentialName,
        /// Whether its resting orders are cancelled too.
        #[serde(default)]
        cancel_orders: bool,
    },
    /// Ends a pause.
    CredentialResume {
        /// Which.
        credential: CredentialName,
    },
    /// Gives a credential a new token.
    CredentialRotate {
        /// Which.
        credential: CredentialName,
        /// Minutes that the one before still works.
        grace_minutes: u32,
    },
    /// Gives a credential another name.
    CredentialRename {
        /// Which.
        credential: CredentialName,
        /// Its new name.
        name: String,
    },
    /// Changes what a credential may do.
    CredentialEdit {
        /// Which.
        credential: CredentialName,
        /// What changes.
        scopes: ScopesWish,
    },
    /// The live sessions.
    SessionList {
        /// Whose; none is everybody's.
        #[serde(default)]
        username: Option<String>,
    },
    /// A session, layer by layer.
    SessionShow {
        /// Which.
        session: SessionId,
    },
    /// What a person chose for their interfaces.
    PolicyShow {
        /// Whose; none is the only person's.
        username: Option<String>,
    },
    /// Sets some of it.
    PolicySet(PolicyWish),
    /// Ends a session.
    SessionEnd {
        /// Which.
        session: SessionId,
    },
    /// Ends all sessions of a person.
    SessionEndAll {
        /// Whose.
        username: String,
        /// The one that stays.
        #[serde(default)]
        except: Option<SessionId>,
    },
    /// What proves people.
    AuthenticatorList {
        /// Whose; none is everybody's.
        username: Option<String>,
    },
    /// Offers a person another authenticator app in place of theirs.
    AuthenticatorReplaceApp {
        /// Who.
        username: String,
    },
    /// Puts it in that place, by a code from it.
    AuthenticatorConfirmApp {
        /// Who.
        username: String,
        /// The code.
        code: String,
    },
    /// Gives a way to sign in another name.
    AuthenticatorRename {
        /// Which.
        authenticator: AuthenticatorId,
        /// Its new name.
        name: String,
    },
    /// Takes a way to sign in away.
    AuthenticatorRemove {
        /// Which.
        authenticator: AuthenticatorId,
    },
    /// The devices.
    DeviceList {
        /// Whose; none is everybody's.
        #[serde(default)]
        username: Option<String>,
    },
    /// Refuses a device until it is removed, and ends its sessions.
    DeviceBlock {
        /// Which.
        device: DeviceId,
    },
    /// Says what a device may be used for.
    DeviceRole {
        /// Which.
        device: DeviceId,
        /// `administer`, `trade`, `automate` or `view`.
        role: String,
    },
    /// Ends a device's trust and its sessions.
    DeviceRemove {
        /// Which.
        device: DeviceId,
    },
    /// Ends the trust of all devices of a person, and their sessions.
    DeviceRemoveAll {
        /// Whose.
        username: String,
        /// The one that stays.
        #[serde(default)]
        except: Option<DeviceId>,
    },
    /// Gives a device another name.
    DeviceRename {
        /// Which.
        device: DeviceId,
        /// The new name.
        name: String,
    },
    /// Says that a device is an older one again: it takes that one's name and first day, and the older
    /// one ends.
    DeviceAgain {
        /// The newer one.
        device: DeviceId,
        /// The older one.
        was: DeviceId,
    },
    /// Gives a phone's part to another one; the old one is forgotten.
    DeviceMovePhone {
        /// The old phone.
        device: DeviceId,
        /// The new one, which opened a link for phones.
        to: DeviceId,
        /// The number that it shows.
        number: String,
    },
    /// The travel that a person planned.
    TravelShow {
        /// Whose; none is the only person's.
        username: Option<String>,
    },
    /// Plans it, in place of one planned before.
    TravelPlan(TravelWish),
    /// Ends it early.
    TravelEnd {
        /// Whose.
        username: String,
    },
    /// The phones that are notified of approvals by push.
    PushList {
        /// Whose; none is everybody's.
        #[serde(default)]
        username: Option<String>,
    },
    /// Sends such a phone a test.
    PushTest {
        /// Which.
        device: DeviceId,
    },
    /// Tells such a phone no longer.
    PushRemove {
        /// Which.
        device: DeviceId,
    },
    /// How a person can be reached.
    ContactShow {
        /// Who; none is the only person.
        username: Option<String>,
    },
    /// Sets or removes contact; none leaves what is there, an empty text removes it.
    ContactSet {
        /// Whose.
        username: String,
        /// The mail address.
        mail: Option<String>,
        /// The phone number.
        phone: Option<String>,
    },
    /// The newest messages.
    NoticeList {
        /// Whose; none is everybody's.
        username: Option<String>,
    },
    /// Says for its person that it was not them.
    NoticeDisown {
        /// Which.
        notice: NoticeId,
    },
    /// Marks a message as read in its person's place.
    NoticeRead {
        /// Which.
        notice: NoticeId,
    },
    /// Marks all messages of a person as read in their place.
    NoticeReadAll {
        /// Whose.
        username: String,
    },
    /// How deliveries stand.
    DeliveryList {
        /// To whom; none is everybody.
        #[serde(default)]
        username: Option<String>,
    },
    /// The secret that webhooks are signed with.
    WebhookSecret,
    /// The recoveries of the last weeks.
    RecoveryList {
        /// Whose; none is everybody's.
        #[serde(default)]
        username: Option<String>,
    },
    /// One recovery.
    RecoveryShow {
        /// Which.
        recovery: RecoveryId,
    },
    /// Begins a recovery for a person.
    RecoveryBegin {
        /// For whom.
        username: String,
    },
    /// Stops a recovery.
    RecoveryCancel {
        /// Which.
        recovery: RecoveryId,
    },
    /// How recoveries of a person go.
    RecoveryPolicy {
        /// Whose; none is the only person's.
        username: Option<String>,
    },
    /// Says how they go; what is left out stays.
    RecoverySetPolicy(RecoveryWish),
    /// The recovery contacts of a person.
    RecoveryContacts {
        /// Whose; none is the only person's.
        username: Option<String>,
    },
    /// Names one.
    RecoveryNameContact {
        /// Whose contact.
        username: String,
        /// The contact's user name.
        contact: String,
    },
    /// Takes one away.
    RecoveryRemoveContact {
        /// Whose contact.
        username: String,
        /// Which.
        contact: TrusteeId,
    },
    /// Cuts authority.
    Lock {
        /// Of what.
        target: Target,
        /// How far.
        grade: Grade,
    },
    /// Gives authority back.
    Unlock {
        /// To what.
        target: Target,
    },
    /// Open orders and the last completed ones.
    Orders,
    /// What an order would do, asked by a credential.
    OrderPreview(OrderWish),
    /// Places it by that credential.
    OrderPlace(OrderWish),
    /// New terms for an open order of a credential.
    OrderChange(ChangeWish),
    /// Cancels an open order.
    OrderCancel {
        /// Its number.
        order: u64,
    },
    /// Cancels all open orders.
    OrderCancelAll,
    /// Executions of the last seven days.
    Executions,
    /// Positions and cash.
    Positions,
    /// What was decided, newest first.
    Activity(ActivityWish),
    /// The same as a part of a file.
    ActivityExport {
        /// What of it.
        wish: ActivityWish,
        /// `csv` or `jsonl`.
        format: String,
    },
    /// A part of the access evidence as it is, with its hashes.
    EvidenceExport {
        /// After this entry.
        after: u64,
    },
    /// Signs where both chains stand now.
    Checkpoint,
    /// Writes journal, tables and checkpoints of one point into a new folder.
    Backup {
        /// An absolute path that does not exist or is an empty folder.
        to: PathBuf,
    },
}

/// What of the activity is wanted; whatever is left out is not narrowed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ActivityWish {
    /// The first day, `2026-12-24`, in UTC.
    pub from: Option<String>,
    /// The last day, which belongs to it.
    pub to: Option<String>,
    /// A person's user name or id.
    pub person: Option<String>,
    /// A credential's name or id.
    pub credential: Option<String>,
    /// A device's name or id.
    pub device: Option<String>,
    /// What it is about: `orders`, `sign-ins`, ...
    pub kind: Option<String>,
    /// Only what was refused.
    pub refused: bool,
    /// Also the internal steps.
    pub steps: bool,
    /// A text.
    pub text: Option<String>,
    /// How many at most, 1 to 1,000.
    pub limit: Option<u32>,
    /// Where to go on, as the last answer said.
    pub before: Option<String>,
}

/// A credential by its id or by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialName {
    /// Its id.
    Id(CredentialId),
    /// Its name; must be the only one.
    Name(String),
}

/// What a lock is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The only account.
    OnlyAccount,
    /// An account.
    Account(PaperAccountId),
    /// A person, by user name.
    Person(String),
}

/// What a new credential is to be; whatever is left out is not narrowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialWish {
    /// Its name.
    pub name: String,
    /// Its account; none takes the only one.
    pub account: Option<PaperAccountId>,
    /// What it may do.
    #[serde(default)]
    pub scopes: ScopesWish,
    /// Whether its clients show a token; none is the server's default.
    pub token: Option<bool>,
    /// Its port; none takes the next free one.
    pub port: Option<u16>,
}

/// What a credential may do, as far as it is to be another; what is left out stays as it is, which for a
/// new credential is not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScopesWish {
    /// Limits that are taken off, before the others are set.
    pub clear: Vec<Clear>,
    /// Whether it may view and not trade.
    pub read_only: Option<bool>,
    /// `buy`, `sell` or `both`.
    pub side: Option<String>,
    /// The symbols that it may trade; empty leaves them.
    pub symbols: Vec<String>,
    /// The networks that it may come from; empty leaves them.
    pub addresses: Vec<Network>,
    /// The hours in which it may place orders: `mon-fri 13:30-20:00`, in UTC.
    pub hours: Option<String>,
    /// Shares per order.
    pub max_quantity: Option<u64>,
    /// US dollars per order.
    pub max_notional: Option<Decimal>,
    /// Order messages a second.
    pub per_second: Option<u32>,
    /// Orders open at once.
    pub max_open_orders: Option<u32>,
    /// How far a limit price may be beyond the market, in percent.
    pub collar: Option<Decimal>,
    /// Seconds within which an identical order is a duplicate.
    pub duplicate_seconds: Option<u32>,
    /// Days from now until it ends; none leaves its end, which for a new one is in 90 days.
    pub days: Option<u32>,
}

/// A limit that can be taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each field is the limit it names")]
pub enum Clear {
    Symbols,
    Addresses,
    Hours,
    MaxQuantity,
    MaxNotional,
    PerSecond,
    MaxOpenOrders,
    Collar,
    DuplicateSeconds,
}

impl Clear {
    /// Every limit that can be taken off, by its name.
    pub const ALL: [(&'static str, Self); 9] = [
        ("symbols", Self::Symbols),
        ("addresses", Self::Addresses),
        ("hours", Self::Hours),
        ("max-quantity", Self::MaxQuantity),
        ("max-notional", Self::MaxNotional),
        ("per-second", Self::PerSecond),
        ("max-open-orders", Self::MaxOpenOrders),
        ("collar", Self::Collar),
        ("duplicate-seconds", Self::DuplicateSeconds),
    ];
}

/// Travel that is planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TravelWish {
    /// Whose.
    pub username: String,
    /// Where to, in the person's words.
    pub place: String,
    /// The first day, `2026-12-24`, in UTC.
    pub from: String,
    /// The last day, which belongs to it.
    pub until: String,
    /// The only network that is expected, `192.0.2.0/24`; any for none.
    pub network: Option<String>,
}

/// How recoveries of a person are to go; none leaves what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryWish {
    /// Whose.
    pub username: String,
    /// How long one waits.
    pub hours: Option<u32>,
    /// How many contacts let in at once.
    pub contacts: Option<u32>,
    /// Whether waiting lets in too, where contacts do.
    pub waiting: Option<bool>,
}

/// A token on its way to the server. It cannot be printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }
}

/// Whose authority an order is placed under. The operator has none of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// The credential.
    pub credential: CredentialName,
    /// Its token, where it demands one.
    pub token: Option<Token>,
}

/// An order as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderWish {
    /// By whom.
    pub bearer: Bearer,
    /// `buy` or `sell`.
    pub side: String,
    /// Shares.
    pub quantity: u64,
    /// The symbol.
    pub symbol: String,
    /// `MKT`, `LMT`, `STP` or `STP LMT`.
    pub order_type: String,
    /// The limit price.
    pub limit_price: Option<Decimal>,
    /// The stop price.
    pub stop_price: Option<Decimal>,
    /// `DAY`, `GTC`, `IOC` or `FOK`.
    pub time_in_force: String,
    /// The price of the limit order that takes a profit.
    pub take_profit: Option<Decimal>,
    /// The price of the stop order that ends a loss.
    pub stop_loss: Option<Decimal>,
    /// Whether it is refused where it would do more than close what is held.
    pub reduce: bool,
}

/// New terms of an open order; none leaves what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeWish {
    /// By whom.
    pub bearer: Bearer,
    /// Which order.
    pub order: u64,
    /// Shares in total, those that are filled included.
    pub quantity: Option<u64>,
    /// `MKT`, `LMT`, `STP` or `STP LMT`.
    pub order_type: Option<String>,
    /// The limit price.
    pub limit_price: Option<Decimal>,
    /// The stop price.
    pub stop_price: Option<Decimal>,
}

/// What of a person's policies is to be another; none leaves what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyWish {
    /// Whose.
    pub username: String,
    /// The interface that the next eight are of.
    pub interface: Option<String>,
    /// How they work there; fills in the limits.
    pub tempo: Option<String>,
    /// Ends when unused for this many minutes, in place of what the tempo fills in.
    pub idle_minutes: Option<i64>,
    /// Ends after this many hours, in place of what the tempo fills in.
    pub absolute_hours: Option<i64>,
    /// What a session does at another network.
    pub new_network: Option<String>,
    /// What looking takes.
    pub view: Option<String>,
    /// What trading takes.
    pub trade: Option<String>,
    /// What administering takes.
    pub administer: Option<String>,
    /// What withdrawing will take.
    pub withdraw: Option<String>,
    /// When sessions are renewed, `sunday 10:00 Europe/Berlin`; an empty text removes the window.
    pub window: Option<String>,
    /// Whether one session holds trading.
    pub one_brokerage: Option<bool>,
    /// Above how many US dollars orders of sessions are asked for, `250000.00`; an empty text asks
    /// for none.
    pub large_orders: Option<String>,
}

/// What is done unless the request says otherwise.
const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn request_line_is_read() {
        let line = r#"{"command":"credential_revoke","credential":{"name":"narrow"},"cancel_orders":true}"#;
        let read: Request = serde_json::from_str(line).unwrap();
        let credential = CredentialName::Name("narrow".into());
        assert_eq!(read, Request::CredentialRevoke { credential, cancel_orders: true });
    }

    #[test]
    fn token_of_a_request_is_not_printed() {
        let credential = CredentialName::Name("bot".into());
        let bearer = Bearer { credential, token: Some(Token("fp_secret".into())) };
        assert!(!format!("{bearer:?}").contains("secret"));
    }

    #[test]
    fn request_with_an_unknown_field_is_refused() {
        assert!(
            serde_json::from_str::<Request>(r#"{"command":"outbox","limit":1,"x":2}"#).is_err()
        );
        assert!(serde_json::from_str::<Request>(r#"{"command":"format_disk"}"#).is_err());
    }
}
