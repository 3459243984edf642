//! What the door answers, one type per question. Times are RFC 3339 in UTC; money is decimal text.

use std::path::PathBuf;

use access::{AuthenticatorId, CredentialId, DeviceId, NoticeId, RecoveryId, SessionId, TrusteeId};
use serde::{Deserialize, Serialize};

/// Declares answers: plain data, both ways.
macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $name { $($(#[$field_doc])* pub $field: $kind,)* }
    )*};
}

mod account;
mod contract;
mod done;
mod mandate;
mod order;
mod performance;
mod person;
mod risk;

pub use account::*;
pub use contract::*;
pub use done::Done;
pub use mandate::*;
pub use order::*;
pub use performance::*;
pub use person::*;
pub use risk::*;

answers! {
    /// What runs.
    StatusNow {
        /// The program's version.
        version: String,
        /// The server's process id.
        process: u32,
        /// The data folder.
        data: PathBuf,
        /// The time by the system's clock.
        time: String,
        /// Seconds that stamps are ahead of it, because it was set back.
        stamps_ahead: i64,
        /// The last jump of the system's clock since the start.
        clock_jump: Option<JumpRow>,
        /// `disk` or `process`.
        durability: String,
        /// Whether it is a demo folder.
        demo: bool,
        /// The account that the folder began with.
        account: String,
        /// All open accounts, in the order that they were opened.
        #[serde(default)]
        accounts: Vec<String>,
        /// The locks on open accounts; none where they cannot be read now.
        #[serde(default)]
        locks: Option<Vec<LockRow>>,
        /// The last sequence of the journal.
        journal_seq: u64,
        /// How far the markets are in catching up on time that was missed.
        catching_up: Option<ProgressRow>,
        /// The portal's URL.
        portal: String,
        /// The trading sockets.
        sockets: Vec<SocketRow>,
        /// What is not as it should be.
        #[serde(default)]
        conditions: Vec<ConditionRow>,
    }

    /// Something that is not as it should be.
    ConditionRow {
        /// Stable, upper case.
        code: String,
        /// What it is about, where there may be several.
        subject: String,
        /// What happened and what to do.
        text: String,
        /// When that began.
        since: String,
        /// Whether the server cannot do its work.
        stops: bool,
    }

    /// Markets that catch up on time that was missed.
    ProgressRow {
        /// Where they began.
        from: String,
        /// Where they are.
        at: String,
        /// Where they go.
        to: String,
        /// How much of the way is done.
        percent: i64,
    }

    /// A jump of the system's clock.
    JumpRow {
        /// When it was seen, by our stamps.
        at: String,
        /// Seconds that it moved; below zero: it was set back. Zero when it was found behind the
        /// stamps of an earlier run.
        by: i64,
        /// Seconds that stamps are ahead of it since.
        ahead: i64,
        /// The same in a sentence.
        text: String,
    }

    /// A trading socket.
    SocketRow {
        /// The credential's name.
        name: String,
        /// Its port.
        port: u16,
        /// `open` or `revoked`.
        state: String,
    }

    /// The front door.
    WhereNow {
        /// The interfaces.
        interfaces: Vec<EntranceRow>,
        /// The ways of people to sign in: at a new browser, then at each trusted one.
        ways: Vec<WayRow>,
    }

    /// An interface.
    EntranceRow {
        /// `portal`, `phone`, `socket` or `operator`.
        kind: String,
        /// Its name.
        name: String,
        /// Its address; `local` is the server's own machine.
        address: String,
        /// What shows that it is genuine.
        proof: String,
        /// What it is for.
        purpose: String,
        /// Whether it lets anyone in now.
        open: bool,
        /// Else why not.
        why_not: Option<String>,
    }

    /// A way to sign in.
    WayRow {
        /// User name of the person it belongs to.
        username: String,
        /// The name of the trusted browser; none is a new one.
        device_name: Option<String>,
        /// `passkey`, `phone`, `code`, `recovery_code` or `link`.
        way: String,
        /// What it takes, in order: `passkey`, `password`, `phone`, `code`, `recovery_code`, `activation` or `link`.
        takes: Vec<String>,
        /// The same in sentences.
        steps: Vec<String>,
        /// `works`, `not_set_up` or `refused`.
        state: String,
        /// The stable code of the refusal.
        refusal: Option<String>,
        /// The refusal, in words.
        why_not: Option<String>,
    }

    /// A message to a person.
    NoticeRow {
        /// The moment, RFC 3339 in UTC, whole seconds.
        at: String,
        /// User name of the person it goes to.
        username: String,
        /// What about, in a stable word.
        topic: String,
        /// The text.
        text: String,
        /// The one-time code that it tells, if any.
        code: Option<String>,
    }

    /// A message as the message centre has it; a code is never in it.
    MessageRow {
        /// The message.
        notice: NoticeId,
        /// User name of the person it goes to.
        username: String,
        /// The moment, RFC 3339 in UTC, whole seconds.
        at: String,
        /// What about, in a stable word.
        topic: String,
        /// The text.
        text: String,
        /// The device that it is about.
        device: Option<DeviceId>,
        /// The session that it is about.
        session: Option<SessionId>,
        /// From where.
        address: Option<String>,
        /// Whether its person marked it as read.
        read: bool,
        /// When its person said that it was not them.
        not_me: Option<String>,
    }

    /// What 'this was not me' stopped.
    Stopped {
        /// Sessions ended.
        sessions: u32,
        /// Sign-ins under way dropped.
        attempts: u32,
        /// The devices that were forgotten.
        devices: Vec<String>,
    }

    /// A delivery of a message.
    DeliveryLine {
        /// The message.
        notice: NoticeId,
        /// When it was written.
        at: String,
        /// User name of the person it goes to.
        username: String,
        /// What about, in a stable word.
        topic: String,
        /// `mail` or `webhook`.
        channel: String,
        /// The mail address.
        target: String,
        /// `waiting`, `delivered` or `given_up`.
        state: String,
        /// How often it was tried.
        tries: u32,
        /// When it is tried next, if it waits.
        next_try: Option<String>,
        /// Why the last try failed.
        fault: Option<String>,
    }

    /// How a person can be reached.
    ContactNow {
        /// User name of the person.
        username: String,
        /// The verified mail address.
        mail: Option<String>,
        /// When the mail address was verified.
        mail_since: Option<String>,
        /// A mail address that waits for its code.
        asked: Option<String>,
        /// Former mail addresses that still get security messages.
        former: Vec<FormerMail>,
        /// The phone number.
        phone: Option<String>,
    }

    /// A former mail address.
    FormerMail {
        /// The address.
        mail: String,
        /// Until when it is told.
        until: String,
    }

    /// What receivers of the webhook verify with.
    WebhookKey {
        /// `whsec_` and base 64.
        secret: String,
    }

    /// A code of now.
    TotpNow {
        /// Six digits.
        code: String,
    }

    /// A recovery that was begun for a person.
    RecoveryMade {
        /// The recovery.
        recovery: RecoveryId,
        /// User name of the person it is for.
        username: String,
        /// The link for their browser.
        url: String,
        /// When it may be finished; none where contacts alone open it.
        ready: Option<String>,
    }

    /// A recovery.
    RecoveryRow {
        /// The recovery.
        recovery: RecoveryId,
        /// User name of the person it belongs to.
        username: String,
        /// When it was begun.
        begun: String,
        /// By whom: `visitor`, or `operator`.
        begun_by: String,
        /// From where; none where the operator began it and no browser took it up.
        address: Option<String>,
        /// Program, version and system, as the browser said.
        browser: Option<String>,
        /// `begun`, `half`, `ready`, `finished` or `over`.
        state: String,
        /// When it may be finished, while it waits.
        ready: Option<String>,
        /// How many recovery contacts open it.
        needed: u32,
        /// How many vouched for it.
        vouched: usize,
        /// When it ended.
        ended: Option<String>,
        /// How it ended: `signed_in_by_it`, `by_person`, `by_link`, `by_operator`, `signed_in`, `locked` or `lapsed`.
        end: Option<String>,
        /// The same in a sentence.
        why: Option<String>,
        /// Until when what it enrolled is held.
        held_until: Option<String>,
    }

    /// How recoveries of a person go.
    RecoveryPolicyNow {
        /// User name of the person it belongs to.
        username: String,
        /// How long one waits.
        wait_hours: i64,
        /// How many contacts let in at once; 0 is none.
        needed: u32,
        /// Whether waiting lets in too, where contacts do.
        waits: bool,
    }

    /// A recovery contact.
    RecoveryContactRow {
        /// The contact's id.
        contact: TrusteeId,
        /// User name of the person whose contact it is.
        username: String,
        /// The contact's user name.
        contact_name: String,
        /// When they were named.
        since: String,
        /// When they accepted; none before.
        accepted: Option<String>,
    }

    /// A credential.
    CredentialRow {
        /// The credential.
        credential: CredentialId,
        /// Its name.
        name: String,
        /// User name of the person whose program it is.
        #[serde(default)]
        username: String,
        /// Its account.
        account: String,
        /// All that it is for.
        #[serde(default)]
        accounts: Vec<String>,
        /// `socket` or `api`.
        #[serde(default)]
        door: String,
        /// The port of its socket.
        port: Option<u16>,
        /// `open`, `locked`, `closed` where all its accounts are, `expired`, `paused` or `revoked`.
        state: String,
        /// Whether its clients show a token.
        token_required: bool,
        /// Whether it may view and not trade.
        read_only: bool,
        /// When it was created.
        created_at: String,
        /// When it ends.
        until: String,
        /// When, from where and by what it was used last.
        last_use: Option<UseRow>,
        /// The programs that are connected by it now.
        connections: Vec<ConnectionRow>,
        /// Orders that it placed since midnight, UTC.
        orders_today: u64,
        /// All that was refused since midnight, UTC: the sum of the next three.
        refused_today: u64,
        /// Orders, and changes of them.
        refused_orders_today: u64,
        /// Connections.
        refused_connections_today: u64,
        /// What else it asked for.
        refused_requests_today: u64,
        /// Its orders that are open.
        open_orders: usize,
        /// Until when the token before works; none where it works no longer.
        old_token_until: Option<String>,
    }

    /// The last use of a credential.
    UseRow {
        /// The moment, RFC 3339 in UTC, whole seconds.
        at: String,
        /// From where.
        address: String,
        /// By which program.
        client: String,
    }

    /// A program that is connected.
    ConnectionRow {
        /// What it calls itself.
        client: String,
        /// From where.
        address: String,
        /// When that began.
        since: String,
    }

    /// A credential with all that it may do.
    CredentialDetail {
        /// As it is listed.
        #[serde(flatten)]
        row: CredentialRow,
        /// The host that programs on this machine dial.
        host: String,
        /// What it is narrowed to.
        scopes: ScopesRow,
        /// What it may do now, in sentences for people; left out of JSON.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        says: Vec<SaysRow>,
    }

    /// What a credential is narrowed to. None is not limited.
    ScopesRow {
        /// `buy`, `sell` or `both`.
        side: String,
        /// The symbols that it may trade.
        symbols: Option<Vec<String>>,
        /// The networks that it may come from.
        addresses: Option<Vec<String>>,
        /// The hours in which it may place orders, in UTC.
        hours: Option<String>,
        /// What orders have to keep to.
        #[serde(flatten)]
        limits: LimitsRow,
        /// Order messages a second.
        per_second: Option<u32>,
        /// Order messages at once.
        burst: Option<u32>,
    }

    /// A sentence about what an authority can and cannot do.
    SaysRow {
        /// `can`, `cannot` or `until`.
        verdict: String,
        /// The rest of it.
        text: String,
    }

    /// A credential after a change.
    CredentialChanged {
        /// The credential.
        credential: CredentialId,
        /// Its name.
        name: String,
        /// Its state after the change, as in a list.
        state: String,
        /// How many orders were cancelled.
        orders_cancelled: usize,
    }

    /// A new credential.
    CredentialMade {
        /// The credential.
        credential: CredentialId,
        /// Its name.
        name: String,
        /// User name of the person whose program it is.
        #[serde(default)]
        username: String,
        /// `socket` or `api`.
        #[serde(default)]
        door: String,
        /// The port of its socket.
        port: Option<u16>,
        /// The accounts that it is for.
        #[serde(default)]
        accounts: Vec<String>,
        /// When it ends.
        #[serde(default)]
        until: String,
        /// Its token, shown this once.
        token: Option<String>,
    }

    /// A credential with a new token.
    CredentialRotated {
        /// The credential.
        credential: CredentialId,
        /// Its name.
        name: String,
        /// Its new token, shown this once.
        token: String,
        /// Until when the one before works.
        old_token_until: String,
    }

    /// A credential that was ended.
    Revoked {
        /// The credential.
        credential: CredentialId,
        /// Its name.
        name: String,
        /// `socket` or `api`.
        #[serde(default)]
        door: String,
        /// The port of its socket, kept from others for a day.
        port: Option<u16>,
        /// How many orders were cancelled.
        orders_cancelled: usize,
    }

    /// A session.
    SessionRow {
        /// The session.
        session: SessionId,
        /// User name of the person it belongs to.
        username: String,
        /// The device.
        device: DeviceId,
        /// Its name.
        device_name: String,
        /// Program, version and system, as the browser said when the session began.
        browser: Option<String>,
        /// How its person was proven.
        methods: Vec<String>,
        /// At which interface.
        interface: String,
        /// Where it was used last.
        address: Option<String>,
        /// When it began.
        since: String,
        /// When it was used last.
        last_use: String,
        /// When it ends at the latest.
        until: String,
    }

    /// A session, layer by layer.
    SessionLayers {
        /// The session.
        session: SessionId,
        /// User name of the person it belongs to.
        username: String,
        /// On which account it is looked at.
        account: String,
        /// At which interface.
        interface: String,
        /// Whether it places orders now, all layers together.
        trades: bool,
        /// Why not: the code.
        refusal: Option<String>,
        /// Why not, in words.
        why: Option<String>,
        /// Its layers.
        layers: Vec<LayerRow>,
    }

    /// A layer of a session.
    LayerRow {
        /// Its name.
        layer: String,
        /// `up`, `narrow` or `down`.
        state: String,
        /// What it is.
        says: String,
        /// What to do about it.
        advice: Option<String>,
    }

    /// What a person chose for their interfaces.
    PoliciesNow {
        /// The name that they sign in with.
        username: String,
        /// One for each interface.
        policies: Vec<PolicyRow>,
        /// When they renew their sessions.
        window: Option<String>,
        /// When that is next.
        opens: Option<String>,
        /// Above how much, in the account's base currency, orders of their sessions are asked for; none asks for none.
        large_orders: Option<String>,
        /// Whether one session of theirs holds trading.
        one_brokerage: bool,
        /// Which one.
        broker: Option<SessionId>,
    }

    /// The policy of an interface.
    PolicyRow {
        /// The interface.
        interface: String,
        /// How they work there.
        tempo: String,
        /// What a session does at another network.
        new_network: String,
        /// What looking takes.
        view: String,
        /// What trading takes.
        trade: String,
        /// What administering takes.
        administer: String,
        /// What withdrawing will take.
        withdraw: String,
        /// Over when it was not used for so many seconds.
        idle_seconds: i64,
        /// Over after so many seconds.
        absolute_seconds: i64,
        /// With a window: so many seconds at most.
        ceiling_seconds: Option<i64>,
        /// The first, where it was typed in place of the tempo's.
        own_idle_seconds: Option<i64>,
        /// The second, where it was typed in place of the tempo's.
        own_absolute_seconds: Option<i64>,
    }

    /// An authenticator app to set up.
    AppOffered {
        /// User name of the person it belongs to.
        username: String,
        /// The secret in base 32, as apps take it.
        secret: String,
        /// The same as an `otpauth://` address.
        uri: String,
    }

    /// A way to sign in.
    AuthenticatorRow {
        /// The authenticator.
        authenticator: AuthenticatorId,
        /// User name of the person it belongs to.
        username: String,
        /// `password`, `totp`, `passkey` or `recovery_codes`.
        kind: String,
        /// Its name.
        name: String,
        /// `works`, `offered` (a TOTP app that was not confirmed) or `suspect` (a passkey whose counter did not rise).
        state: String,
        /// The name of a passkey's model, where the policy names it.
        model: Option<String>,
        /// Recovery codes that were not used.
        codes_left: Option<usize>,
        /// When it was set up.
        since: String,
        /// When it proved its person last.
        last_use: Option<String>,
    }

    /// A phone that is notified of approvals by push.
    PushRow {
        /// The phone.
        device: DeviceId,
        /// User name of the person it belongs to.
        username: String,
        /// Its name.
        name: String,
        /// The push service's host.
        service: String,
        /// Whether a notification shows what is asked.
        shows: bool,
        /// When it was turned on.
        since: String,
        /// Tries in a row that failed.
        failures: u32,
    }

    /// A device.
    DeviceRow {
        /// The device.
        device: DeviceId,
        /// User name of the person it belongs to.
        username: String,
        /// Its name.
        name: String,
        /// `pending`, `trusted`, `blocked` or `expired`.
        state: String,
        /// Until when it is trusted.
        trusted_until: Option<String>,
        /// `administer`, `trade`, `automate` or `view`.
        role: String,
        /// Whether more than a typed code stands behind it; if not, it only views.
        confirmed: bool,
        /// Whether it is a phone that answers approvals.
        approver: bool,
        /// Whether its person said that it is not theirs: it goes with its session.
        lent: bool,
        /// When it was seen first.
        first_use: String,
        /// When it was seen last.
        last_use: String,
        /// Program, version and system, as it said when it last signed in.
        browser: Option<String>,
        /// `desktop`, `phone`, `tablet` or `unknown`.
        form: Option<String>,
        /// From where it was first used.
        first_address: Option<String>,
        /// From where it was last used.
        address: Option<String>,
        /// The network of that address.
        network: Option<String>,
        /// How its person was proven when it last signed in.
        methods: Vec<String>,
        /// How many live sessions it has.
        sessions: usize,
        /// The interfaces that they are at.
        interfaces: Vec<String>,
        /// The device that it took over from.
        succeeds: Option<DeviceId>,
    }

    /// What a lock did.
    LockReceipt {
        /// The account that is locked; none where a person is.
        account: Option<String>,
        /// The user name of the person who is locked; none where an account is.
        username: Option<String>,
        /// The grade that holds now: `reduce-only`, `no-new` or `all`.
        grade: String,
        /// The moment, RFC 3339 in UTC, whole seconds.
        at: String,
        /// Sessions ended.
        sessions: usize,
        /// Credentials stopped.
        credentials: usize,
        /// Devices that are trusted no longer.
        devices: usize,
        /// Orders cancelled.
        orders: usize,
        /// The same in a sentence, for people.
        text: String,
    }

    /// A signed checkpoint.
    CheckpointNow {
        /// One line of JSON, to be kept outside the data folder.
        line: String,
    }

    /// A finished backup.
    BackupMade {
        /// The address that it goes to.
        to: String,
        /// The last journal sequence in it.
        journal_seq: u64,
        /// Bytes of its files.
        bytes: u64,
        /// The key file that is not in it.
        key: String,
    }
}
