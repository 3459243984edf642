//! Why access says no. Every reason carries its numbers; a new one breaks the build of every door
//! until that door has words for it.

use std::fmt;
use std::net::IpAddr;

use data_encoding::HEXLOWER;

use crate::authenticator::password::Guess;
use crate::binding::ProofFault;
use crate::credential::Door;
use crate::device::DeviceRole;
use crate::entitlements::{Act, OrderKind, Product, Side};
use crate::id::{AccountId, PaperAccountId, SymbolId, each_of};
use crate::lock::Grade;
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::policy::Assurance;
use crate::session::SessionEnd;

mod field;
mod namesake;
mod remedy;
mod shortfall;

pub use field::Field;
pub use namesake::Namesake;
pub use remedy::Remedy;
pub use shortfall::{Lack, Shortfall};

/// Writes a reason once: what it is, its numbers, its stable code, and its text for the caller. Reasons
/// are nested by what they are about, so that a door matches the kinds that it can meet.
macro_rules! refusals {
    ($($(#[$about:meta])* $Kind:ident($Reason:ident) {
        $($(#[$doc:meta])* $name:ident $({ $($field:ident: $type:ty),* })? = $code:literal, $text:literal $(, $also:ident = $value:expr)*;)*
    })*) => {
        /// A reason against an act, by what it is about.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Refusal { $($(#[$about])* $Kind($Reason),)* }

        impl fmt::Display for Refusal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(Self::$Kind(one) => one.fmt(f),)* }
            }
        }

        impl Refusal {
            /// The stable code, for programs.
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$Kind(one) => one.code(),)* }
            }

            /// What the caller may know: what happened, the number, the limit, what to do next.
            /// Without the code; [`Display`](fmt::Display) puts it in front.
            pub fn caller_text(&self) -> String {
                match self { $(Self::$Kind(one) => one.caller_text(),)* }
            }
        }

        $(
            $(#[$about])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            #[expect(missing_docs, reason = "the fields are the numbers that their names say")]
            pub enum $Reason { $($(#[$doc])* $name $({ $($field: $type),* })?,)* }

            impl $Reason {
                /// The stable code, for programs.
                pub const fn code(&self) -> &'static str {
                    match self { $(Self::$name $({ $($field: _),* })? => $code,)* }
                }

                /// What the caller may know, without the code.
                pub fn caller_text(&self) -> String {
                    match self { $(Self::$name $({ $($field),* })? => format!($text $(, $also = $value)*),)* }
                }
            }

            impl fmt::Display for $Reason {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{}: {}", self.code(), self.caller_text())
                }
            }

            impl From<$Reason> for Refusal {
                fn from(reason: $Reason) -> Self {
                    Self::$Kind(reason)
                }
            }
        )*
    };
}

refusals! {
    /// What an authority does not give: the entitlements of a session or a credential.
    Authority(AuthorityRefusal) {
        /// The authority has ended.
        Expired { until: Time, now: Time } = "EXPIRED",
            "this authority expired at {until}, and it is now {now}; ask the account's owner for a new one";
        /// Another account.
        AccountNotAllowed { account: PaperAccountId, allowed: Vec<PaperAccountId> } = "ACCOUNT_NOT_ALLOWED",
            "this authority does not cover account {account}; it is for {allowed}", allowed = each_of(allowed);
        /// An act that is not given.
        ActNotAllowed { act: Act } = "ACT_NOT_ALLOWED",
            "this authority may not {act}";
        /// An order by a view-only holder.
        ReadOnly = "READ_ONLY",
            "this authority is view-only: it cannot place, modify or cancel orders";
        /// A product that is not given.
        ProductNotAllowed { product: Product } = "PRODUCT_NOT_ALLOWED",
            "this authority does not cover {product}";
        /// A kind of order that is not given.
        OrderKindNotAllowed { kind: OrderKind } = "ORDER_KIND_NOT_ALLOWED",
            "this authority does not cover {kind}; use another kind of order, or ask the account's owner";
        /// A contract that is not given, and how many are.
        SymbolNotAllowed { symbol: SymbolId, allowed: u32 } = "SYMBOL_NOT_ALLOWED",
            "this authority may not use contract {symbol}; it is limited to other contracts ({allowed})";
        /// A side that is not given.
        SideNotAllowed { side: Side } = "SIDE_NOT_ALLOWED",
            "this authority may not {side}";
        /// An address that is not given.
        AddressNotAllowed { address: IpAddr } = "ADDRESS_NOT_ALLOWED",
            "address {address} is not on this authority's list";
        /// An hour that is not given.
        OutsideHours { now: Time } = "OUTSIDE_HOURS",
            "this authority may not place or modify orders at this hour ({now})";
        /// Too many order messages.
        RateExceeded { per_second: u32, burst: u32, retry_after: Span } = "RATE_EXCEEDED",
            "more than {per_second} order messages per second (bursts of {burst}); wait {retry_after} and send again";
        /// A lock on the person or the account.
        Locked { grade: Grade } = "LOCKED",
            "{locked}", locked = locked(*grade);
        /// The session is bound to no key of its browser, and looks.
        SessionUnbound { act: Act } = "SESSION_UNBOUND",
            "this session is not bound to its browser, so it is view-only; to {act}, sign in again for this one action, or use a browser with JavaScript";
        /// The device was activated only by a typed code, so it is view-only.
        DeviceUnconfirmed { act: Act } = "DEVICE_UNCONFIRMED",
            "this browser was activated only by a typed code, so it is view-only and cannot {act}; confirm it with a passkey, or from your phone";
        /// The device's role.
        DeviceRoleNarrow { role: DeviceRole, act: Act } = "DEVICE_ROLE",
            "this device may only {role}, so it cannot {act}; change its role from another device";
        /// The interface is set to be unattended, and looks.
        SessionUnattended { act: Act } = "SESSION_UNATTENDED",
            "this interface is set to unattended, so its sessions are view-only and cannot {act}";
        /// The person was proven less surely than the policy asks for.
        AssuranceLow { act: Act, have: Assurance, needed: Assurance } = "ASSURANCE_LOW",
            "this session signed in with {have}, and to {act} takes {needed} here; {how}", how = needed.how();
        /// The request comes from a network that the session was not proven at.
        NetworkUnproven { act: Act } = "NETWORK_UNPROVEN",
            "this session has moved to a network where you have not confirmed it, so it is view-only and cannot {act}; confirm it's you here to go on";
        /// The same, where the policy makes it view-only.
        NetworkLooks { act: Act } = "NETWORK_LOOKS",
            "this session has moved to another network, where your policy makes it view-only, so it cannot {act}; sign in again here";
        /// Another session holds trading.
        BrokerageHeld { device: Name, since: Time } = "BROKERAGE_HELD",
            "only one of your sessions can trade at a time, and {device} has been trading since {since}; this one can view and cancel";
        /// A recovery brought the session, or what it was signed in by.
        RecoveryHolds { act: Act, until: Time } = "RECOVERY_HOLDS",
            "this session came from a recovery, or from something added during one, so it cannot {act} before {until}; sign in again after that, or with something you had before it";
    }

    /// What is wrong with a credential, its token or its port.
    Credential(CredentialRefusal) {
        /// No such credential.
        CredentialUnknown = "CREDENTIAL_UNKNOWN",
            "no such credential";
        /// Several have the name by which one was asked for.
        CredentialAmbiguous { name: String, found: Vec<Namesake> } = "CREDENTIAL_AMBIGUOUS",
            "{count} credentials are called \u{201c}{name}\u{201d}; name one by its id: {found}", count = found.len(), found = namesake::list(found);
        /// It was revoked.
        CredentialRevoked { at: Time } = "CREDENTIAL_REVOKED",
            "this credential was revoked at {at}; ask the account's owner for a new one";
        /// It is for this account no more.
        CredentialWithdrawn { account: PaperAccountId, at: Time } = "CREDENTIAL_WITHDRAWN",
            "this credential has not been for account {account} since {at}; ask the account's owner for a new one";
        /// It is paused.
        CredentialPaused { at: Time } = "CREDENTIAL_PAUSED",
            "this credential was paused at {at}; the account's owner can resume it";
        /// It is not paused.
        CredentialNotPaused = "CREDENTIAL_NOT_PAUSED",
            "this credential is not paused, so there is nothing to resume";
        /// It demands a token and none came.
        TokenMissing = "TOKEN_MISSING",
            "this credential requires its token in the connect options, and none was sent";
        /// It demands a token and another came.
        TokenWrong = "TOKEN_WRONG",
            "the token in the connect options is not this credential's";
        /// It came with the token before, whose time is over.
        TokenReplaced { at: Time } = "TOKEN_REPLACED",
            "this token was replaced and worked until {at}; use the credential's new token";
        /// A new token was asked for where none is required.
        TokenNotRequired = "TOKEN_NOT_REQUIRED",
            "this credential requires no token, so there is none to replace; create one that requires a token";
        /// A credential without a token, at a door where the token names it.
        TokenNeeded { door: Door } = "TOKEN_NEEDED",
            "at {door} a credential is named by its token, so it cannot do without; let it require one";
        /// The credential is for another door.
        OtherDoor { door: Door } = "OTHER_DOOR",
            "this credential is for {door} alone; connect there, or create one for this door";
        /// A credential for a door that this server does not have.
        DoorNotServed { door: Door } = "DOOR_NOT_SERVED",
            "this server does not serve {door}, so a credential for it would open nothing; create one for a socket";
        /// A port that cannot be given, and since when it is free.
        PortTaken { port: u16, until: Time } = "PORT_TAKEN",
            "port {port} belongs to another credential, or did within the last day (free from {until}); choose another";
        /// No port is free in the range.
        PortsExhausted { first: u16, last: u16 } = "PORTS_EXHAUSTED",
            "no port from {first} to {last} is free; revoke a credential and wait a day";
        /// Nobody who could hold it may do all that is asked on all of its accounts.
        NobodyGives { lacking: Vec<Shortfall> } = "NOBODY_GIVES",
            "no person may do all that this credential asks for: {lacking}; ask for less, or change a mandate", lacking = shortfall::list(lacking);
        /// More than the one who gives it has.
        Wider { what: &'static str } = "WIDER_THAN_GIVER",
            "a credential cannot have more {what} than the authority that creates it";
    }

    /// What is wrong with a session, its proofs, its device or its link.
    Session(SessionRefusal) {
        /// Widening a policy takes a session that is bound.
        PolicyUnbound = "POLICY_UNBOUND",
            "a session that is not bound to its browser cannot loosen a policy; use a browser with JavaScript";
        /// What proved the person was enrolled in a recovery whose hold is not over.
        ProofHeld { until: Time } = "PROOF_HELD",
            "that was added after a recovery, so until {until} it confirms only sessions from that recovery; use something you had before it";
        /// No session comes with the request.
        NotSignedIn = "NOT_SIGNED_IN",
            "you are not signed in; sign in and try again";
        /// The session has ended.
        SessionEnded { at: Time, reason: SessionEnd } = "SESSION_ENDED",
            "this session ended at {at}: {reason}; sign in again";
        /// A bound session's request without a proof by its key.
        KeyProofMissing = "KEY_PROOF_MISSING",
            "this session is bound to a key of the browser that started it, and this request was not signed with that key; reload the page there, or sign in here";
        /// A proof by a key that does not count.
        KeyProofWrong { reason: ProofFault } = "KEY_PROOF_WRONG",
            "the signature by this browser's key was not accepted: {reason}; reload the page, or sign in here";
        /// A session that hardware binds, and no proof by it.
        HardwareProofMissing = "HARDWARE_PROOF_MISSING",
            "this session is bound to the hardware of the device that started it, and this request did not prove that; reload the page there, or sign in here";
        /// The proof by hardware is of another address, or too old: the browser makes a new one.
        HardwareProofOver = "HARDWARE_PROOF_OVER",
            "the proof by this device's hardware has expired or is from another network; reload the page, or sign in here";
        /// Bound already, or too long after its start.
        BindingLate { age: Span, limit: Span } = "BINDING_LATE",
            "a session can be bound to its device's hardware once, within {limit} of its start; this one started {age} ago";
        /// The trust of a device is renewed only in its last part.
        RenewalEarly { left: Span, from: Span } = "RENEWAL_EARLY",
            "this device is trusted for another {left}; its key can be renewed in the last {from}";
        /// A device does not widen itself.
        OwnDevice = "OWN_DEVICE",
            "a device cannot give itself more; do it from another of your devices";
        /// The server pushes to no phone.
        PushOff = "PUSH_OFF",
            "this server does not send push notifications";
        /// No address of a push service.
        PushAddressRefused = "PUSH_ADDRESS_REFUSED",
            "this browser's push address does not belong to a public push service; use a browser that supports one";
        /// The device was blocked.
        DeviceBlocked = "DEVICE_BLOCKED",
            "this device is blocked; use another one or ask the operator";
        /// The link is unknown, used, expired, or withdrawn by a newer one.
        LinkEnded = "LINK_ENDED",
            "this link was used, has expired, or was replaced by a newer one; a link works once, so ask for a new one";
        /// The sign-in that began the session is too old for this.
        ProofTooOld { age: Span, limit: Span } = "PROOF_TOO_OLD",
            "you signed in {age} ago, and this needs a sign-in within the last {limit}; sign in again (with a new link if you are enrolling), then retry";
        /// An enrolment link began the session, and what its person kept was not shown.
        KeptProofMissing = "KEPT_PROOF_MISSING",
            "a link alone does not show that it is you; confirm with a passkey, or with your password and a code from your authenticator app, or ask the operator to reset what you lost";
    }

    /// What is wrong with an approval, or with the phone that answers it.
    Approval(ApprovalRefusal) {
        /// There is no phone that could answer.
        NoPhone = "NO_PHONE",
            "none of your phones can answer approvals";
        /// The device does not answer approvals, or it is the one that asks.
        NoApprover = "NO_APPROVER",
            "this device cannot answer this approval; use the phone you added";
        /// Too many prompts without a yes.
        ApprovalsPaused { count: u32, retry_at: Time } = "APPROVALS_PAUSED",
            "{count} approval requests were not approved, so no more are sent until {retry_at}; sign in another way, and lock the account if the requests were not yours";
        /// It was answered, used or is too old.
        ApprovalEnded = "APPROVAL_ENDED",
            "this approval has been answered or used, or is more than 2 minutes old; ask again";
        /// What is about to be placed is not what was approved.
        ApprovalDiffers = "APPROVAL_DIFFERS",
            "this is not the order that was approved, so it was not placed and the approval has ended; check the order and ask again";
        /// A large order without what it takes.
        OrderUnproven = "ORDER_UNPROVEN",
            "a large order needs a yes from your phone, or a sign-in for this very order";
        /// It was not answered yet.
        ApprovalWaits { until: Time } = "APPROVAL_WAITS",
            "the approval has not been answered yet; it stays open until {until}";
        /// The number is not the one that is shown where the approval was asked for.
        NumberWrong { tries_left: u32 } = "NUMBER_WRONG",
            "that is not the number on the page that asked; {left}; if you see no such page, somebody else asked", left = tries(*tries_left);
        /// A phone answers approvals by a key, and this one shows none.
        PhoneWithoutKey = "PHONE_WITHOUT_KEY",
            "this browser has no key to sign approvals with; open the link in a browser with JavaScript, not in a private window";
        /// The number is not the one that the phone shows.
        PhoneNumberWrong = "PHONE_NUMBER_WRONG",
            "that is not the number on your phone";
    }

    /// Why a sign-in does not go on.
    SignIn(SignInRefusal) {
        /// Name or password is wrong; which one is not said.
        SignInFailed = "SIGN_IN_FAILED",
            "the user name or password is wrong";
        /// Too many failures here, and when to come back.
        Throttled { failures: u32, retry_at: Time } = "THROTTLED",
            "{failures} failed attempts from here; the next one counts after {retry_at}, and a passkey works now";
        /// Too many wrong tries from an address, whosever they were for, and when to come back.
        AddressThrottled { retry_at: Time } = "ADDRESS_THROTTLED",
            "too many failed attempts from your address or network; none is checked before {retry_at}";
        /// The authenticator is stopped here until another one proves the person.
        AuthenticatorStopped { failures: u32, limit: u32 } = "AUTHENTICATOR_STOPPED",
            "{failures} failed attempts in a row from here, and the limit is {limit}; sign in with a passkey or from a trusted device, or ask the operator for a link";
        /// The password is right and there is no second factor yet.
        SecondFactorMissing = "SECOND_FACTOR_MISSING",
            "a password alone is not enough to sign in; ask the operator for an enrolment link";
        /// The attempt is unknown, used, expired or at another step.
        AttemptEnded = "ATTEMPT_ENDED",
            "this sign-in was declined, has expired, was finished or is at another step; start again";
        /// The attempt was begun by another browser.
        AttemptElsewhere = "ATTEMPT_ELSEWHERE",
            "this sign-in was started in another browser, or before this one had its key, so it cannot continue here; start again";
        /// An enrolment in a browser without a key, from another network than it began in.
        EnrolmentElsewhere = "ENROLMENT_ELSEWHERE",
            "this enrolment was started on another network, in a browser without JavaScript, so it can continue only there; turn on JavaScript and ask the operator for a new link";
        /// A typed code is wrong.
        CodeWrong = "CODE_WRONG",
            "the code is wrong";
        /// What was typed cannot be a code.
        CodeMalformed { digits: usize } = "CODE_MALFORMED",
            "that is not a {digits}-digit code, so it did not count as a try; type it again";
        /// What was typed cannot be a recovery code.
        RecoveryCodeMalformed = "RECOVERY_CODE_MALFORMED",
            "that is not a recovery code, so it did not count as a try; recovery codes have 24 letters and digits, in groups of four";
        /// An activation code is wrong, and how many tries are left.
        ActivationWrong { tries_left: u32 } = "ACTIVATION_WRONG",
            "the code is wrong; tries left: {tries_left}";
        /// A TOTP code of a step that was used before.
        CodeReplayed = "CODE_REPLAYED",
            "this code has already been used; wait for the next one";
        /// An activation code is too old.
        CodeExpired { expired_at: Time } = "CODE_EXPIRED",
            "this code expired at {expired_at}; ask for a new one";
        /// A new activation code is asked for too soon.
        ResendTooSoon { retry_at: Time } = "RESEND_TOO_SOON",
            "a code was just sent; ask for another after {retry_at}";
        /// A new activation code is asked for too often.
        ResendLimit { sent: u32, limit: u32 } = "RESEND_LIMIT",
            "{sent} codes were sent, and the limit is {limit}; start the sign-in again";
        /// A code was typed elsewhere than where it was asked for.
        CodeElsewhere = "CODE_ELSEWHERE",
            "this code works only in the session that asked for it; type it there, or ask for a new one here";
        /// Too many codes were asked for, and when to come back.
        TooManyCodes { sent: u32, limit: u32, retry_at: Time } = "TOO_MANY_CODES",
            "{sent} codes were sent within the last hour, and the limit is {limit}; ask again after {retry_at}";
        /// The passkey does not count, and why.
        PasskeyRefused { reason: PasskeyFault } = "PASSKEY_REFUSED",
            "the passkey was not accepted: {reason}; your other ways to sign in still work";
        /// The proof was made against a row that has moved: load and prove again.
        ProofStale = "PROOF_STALE",
            "your sign-in data changed in the meantime; try again";
        /// Too many costly proofs wait.
        Busy { waiting: u32, limit: u32 } = "BUSY",
            "{waiting} sign-ins are waiting, and the limit is {limit}; try again in a few seconds";
    }

    /// Why a recovery does not go on.
    Recovery(RecoveryRefusal) {
        /// The number is not the one that the recovering person reads out.
        VouchNumberWrong { tries_left: u32 } = "VOUCH_NUMBER_WRONG",
            "that is not the number beside your name on their page; {left}; if you cannot hear their voice, say no", left = tries(*tries_left);
        /// A recovery contact answered this recovery already, or has no try left.
        VouchEnded = "VOUCH_ENDED",
            "you have already answered this recovery, or typed the wrong number too often; each contact answers a recovery once";
        /// A recovery is under way already.
        RecoveryStands { since: Time } = "RECOVERY_STANDS",
            "a recovery has been under way since {since}; continue in the browser that started it, or stop it first";
        /// Too many recoveries were asked for, and when to come back.
        TooManyRecoveries { count: u32, limit: u32, retry_at: Time } = "TOO_MANY_RECOVERIES",
            "{count} recoveries were requested within 7 days, and the limit is {limit}; ask again after {retry_at}, or ask the operator";
        /// A recovery has not waited long enough.
        RecoveryWaits { ready_at: Time } = "RECOVERY_WAITS",
            "this recovery is waiting until {ready_at}; come back then, in this browser";
        /// Too few contacts said yes.
        RecoveryUnvouched { yes: u32, needed: u32 } = "RECOVERY_UNVOUCHED",
            "{yes} recovery contacts have vouched for this, and {needed} are needed; read each of them the number beside their name";
        /// No recovery is under way here.
        RecoveryOver = "RECOVERY_OVER",
            "this recovery was stopped or finished, or is too old; sign in, or start another one";
        /// The recovery was begun by another browser.
        RecoveryElsewhere = "RECOVERY_ELSEWHERE",
            "this recovery was started in another browser, or before this one had its key, so it can continue only there; if this is its browser and it lost its key, start again here with your password, and the wait begins anew";
    }

    /// What was typed or asked for cannot be taken as it is.
    Input(InputRefusal) {
        /// No such time zone.
        ZoneUnknown { length: usize, limit: usize } = "ZONE_UNKNOWN",
            "this text of {length} bytes is not a time zone this server knows; use a name of up to {limit} bytes, like Europe/Berlin";
        /// A name that cannot be taken.
        NameInvalid { field: Field, length: usize, limit: usize } = "NAME_INVALID",
            "the {field} is {length} bytes long; use 1 to {limit}";
        /// A name with a character that cannot be seen, or that changes how the others are read.
        NameHidden { field: Field, letter: String } = "NAME_HIDDEN",
            "the {field} contains {letter}, which is invisible or changes how the rest is read; remove it";
        /// A name with a word of two scripts.
        NameMixed { field: Field, word: String } = "NAME_MIXED",
            "the word \"{word}\" in the {field} mixes look-alike letters of two scripts; write it in one";
        /// A user name with other characters than it may have.
        UsernameInvalid { length: usize, limit: usize } = "USERNAME_INVALID",
            "a user name has 1 to {limit} characters (a-z, 0-9, dot, dash, underscore and @) and starts with a letter or digit; what you typed ({length} bytes) is not one";
        /// A name by which the record calls somebody or something else.
        NameReserved { name: String } = "NAME_RESERVED",
            "the record calls others {name}, so a program cannot have that name; choose another";
        /// A user name by which the record calls somebody who is no person.
        UsernameReserved { name: String } = "USERNAME_RESERVED",
            "the record calls others than people {name}, so nobody can have that user name; choose another";
        /// A text that is no mail address to which we send.
        MailInvalid { length: usize, limit: usize } = "MAIL_INVALID",
            "what you typed ({length} bytes) is not a mail address we can send to; use up to {limit} ASCII characters like ann@example.org, without quotes and with a domain name";
        /// A text that is no phone number.
        PhoneInvalid { length: usize, limit: usize } = "PHONE_INVALID",
            "what you typed ({length} bytes) is not a phone number; use up to {limit} digits, spaces, dashes and brackets, starting with + and the country code";
        /// A name that is taken.
        NameTaken { field: Field, name: String } = "NAME_TAKEN",
            "a {named} named {name} already exists; choose another name", named = named(*field);
        /// One too many.
        TooMany { what: &'static str, count: u32, limit: u32 } = "TOO_MANY",
            "there are {count} {what}, and the limit is {limit}; remove one first";
        /// Orders of two accounts that belong together.
        AccountsMixed { first: PaperAccountId, other: PaperAccountId } = "ACCOUNTS_MIXED",
            "orders that belong together are placed on one account, and these name {first} and {other}; name the same one in all of them";
        /// A number out of its range.
        OutOfRange { field: Field, given: String, least: String, most: String } = "OUT_OF_RANGE",
            "the {field} is {given}; use {least} to {most}";
        /// A new password that would be guessed early, and why.
        PasswordGuessable { reason: Guess } = "PASSWORD_GUESSABLE",
            "this password is easy to guess: {reason}; use a few unrelated words, or let your password manager make one";
    }

    /// What stands against a change to people, their locks and their ways to sign in.
    Change(ChangeRefusal) {
        /// Only the operator may.
        OperatorOnly = "OPERATOR_ONLY",
            "only the operator can do this, on the server's command line";
        /// No such thing.
        NotFound { what: &'static str } = "NOT_FOUND",
            "no such {what}";
        /// The mail address is verified already.
        MailStands = "MAIL_STANDS",
            "this mail address is already yours and verified";
        /// A lock as strong is already in force.
        LockStands { grade: Grade } = "LOCK_STANDS",
            "a {grade} lock is already in force, and a lock cannot be loosened, only lifted";
        /// There is no lock to lift.
        NoLock = "NO_LOCK",
            "there is no lock to lift";
        /// A session wants to lift its person's lock, and its proof is older than that.
        LockUnproven { at: Time } = "LOCK_UNPROVEN",
            "the lock was set at {at}, and you have not confirmed since that it is you; confirm with your passkey or your phone, or with your password and a code, and unlock then";
        /// What would be left is not a way to sign in.
        LastAuthenticator = "LAST_AUTHENTICATOR",
            "without it nothing is left to sign in with: a password and an authenticator app need each other, and only a passkey works alone; add another way first, or ask the operator to reset the one that you lost, which gives a link to set up a new one";
        /// What would be left can be phished.
        LastPasskey = "LAST_PASSKEY",
            "this is your last passkey, and what is left (a password and a code) can be phished; add another passkey first, or ask the operator to remove this one";
        /// There is nothing yet that recovery codes could stand in for.
        RecoveryCodesEarly = "RECOVERY_CODES_EARLY",
            "recovery codes replace your app's code after the password; first set up a password, and an app or a passkey";
        /// The old password must be proven first.
        OldPasswordNeeded = "OLD_PASSWORD_NEEDED",
            "the old password is needed to set a new one, and what you typed is not it";
        /// TOTP is already set up.
        TotpStands = "TOTP_STANDS",
            "an authenticator app is already set up";
    }

    /// What stands against a change to an account, or to who may do what on it.
    Account(AccountRefusal) {
        /// The account has another owner.
        AccountTaken { account: AccountId } = "ACCOUNT_TAKEN",
            "account {account} has an owner; choose another account";
        /// A ledger without an owner that began with other terms than are asked for.
        AccountBegun { account: AccountId, cash: String } = "ACCOUNT_BEGUN",
            "account {account} was begun with {cash} and another call did not come to its end, so nobody owns it; ask for it with the same terms, close it, or choose another number";
        /// The ledger is there, and whose it is could not be written.
        AccountUnowned { account: AccountId, why: String } = "ACCOUNT_UNOWNED",
            "account {account} is in the journal, and nobody owns it yet: {why}; once that is mended, run the same command with --account {account} to finish it";
        /// An account on which nothing is done any more.
        AccountClosed { account: AccountId, at: Time } = "ACCOUNT_CLOSED",
            "account {account} was closed at {at}; it can be looked at, and nothing else is done on it";
        /// The account would have no owner.
        LastOwner { account: AccountId } = "LAST_OWNER",
            "account {account} would have no owner who stays and can manage it (view-account, cancel-order, manage-credentials, lock); make somebody else its owner first, leave the last one these acts and no end, or close the account (the one that the folder began with cannot be closed)";
        /// The person has authority on the account already.
        MandateStands { account: AccountId } = "MANDATE_STANDS",
            "this person already has a mandate on account {account}; change it, or revoke it first";
        /// More than the one who grants it holds.
        WiderMandate { what: &'static str } = "WIDER_MANDATE",
            "nobody can grant more {what} than they hold themselves; grant fewer, or ask the operator";
    }

    /// What the server cannot do for anybody.
    Server(ServerRefusal) {
        /// The journal cannot be written.
        JournalFailed = "JOURNAL_FAILED",
            "the journal could not be written, so no orders are accepted; the operator must check the disk and restart";
        /// A file of the data folder is not there any more, or is another one.
        FileLost { file: String } = "FILE_LOST",
            "{file} was removed or replaced while the server was running, so nothing is acknowledged; the operator must put it back and see the server's log";
        /// Another server works on the same tables.
        DatabaseShared = "DATABASE_SHARED",
            "another server has taken over this server's database, so nothing is acknowledged here; the operator must stop one of them";
        /// The disk is full.
        DiskFull { missing_bytes: u64 } = "DISK_FULL",
            "{lacks}", lacks = lacks(*missing_bytes);
        /// The disk of the tables is full.
        StoreFull = "STORE_FULL",
            "the database's disk is full, so nothing can be recorded and nothing was changed; the operator must free some space";
        /// The tables cannot be read or written.
        StoreFailed = "STORE_FAILED",
            "the database cannot be reached, so nothing was changed; try again, and see the server's log";
        /// A cut that holds, and that the tables do not have yet.
        NotOnRecord { because: &'static str, kept: bool } = "IN_FORCE_NOT_ON_RECORD",
            "this is in effect now but not yet recorded, because {because}; {keeps}", keeps = keeps(*kept);
        /// A stored secret does not open.
        KeyMismatch = "KEY_MISMATCH",
            "a stored secret cannot be opened with this key file; restore this data folder's own key file";
        /// The reader was too slow.
        TooSlow { queued: u32, limit: u32 } = "TOO_SLOW",
            "{queued} messages are waiting to be read, and the limit is {limit}; connect again and read faster";
        /// The markets have not come to the present yet.
        CatchingUp { at: Time, to: Time } = "CATCHING_UP",
            "the markets are catching up on missed time: they have reached {at} of {to}; try again in a few seconds (cancelling works meanwhile)";
        /// The server is stopping.
        Stopping = "STOPPING",
            "the server is stopping; connect again in a moment";
    }
}

/// How many tries are left, as a clause.
fn tries(left: u32) -> String {
    match left {
        0 => "no try is left".to_owned(),
        1 => "1 try is left".to_owned(),
        more => format!("{more} tries are left"),
    }
}

/// What has a name that only one of them may have.
const fn named(field: Field) -> &'static str {
    match field {
        Field::Username => "person",
        Field::CredentialName => "credential",
        Field::DeviceName => "browser",
        other => other.words(),
    }
}

/// What a lock means.
fn locked(grade: Grade) -> String {
    format!("the account is locked: {}", grade.text())
}

/// Why only what reduces is taken, and what to do.
fn lacks(missing_bytes: u64) -> String {
    if missing_bytes == 0 {
        return "the disk has room again and the next journal segment is being made, so for a moment only cancels and orders that reduce a position are accepted; try again in a second".to_owned();
    }
    format!(
        "the disk lacks {missing_bytes} bytes for the next journal segment, so only cancels and orders that reduce a position are accepted; free some space"
    )
}

/// What becomes of a cut that is not on record yet, as a clause.
fn keeps(kept: bool) -> &'static str {
    if kept {
        "it will be recorded as soon as the database can be written, and a restart does not undo it"
    } else {
        "it will be recorded as soon as the database can be written; a restart before that undoes it"
    }
}

/// When the refused caller may come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not before this time.
    At(Time),
    /// After so long.
    After(Span),
}

impl Retry {
    /// In how many whole seconds, 1 or more.
    pub fn seconds(self, now: Time) -> i64 {
        let wait = match self {
            Self::At(time) => time.since(now),
            Self::After(span) => span,
        };
        wait.seconds_up().max(1)
    }
}

/// About how long a full queue of password checks takes.
const QUEUE_TIME: Span = Span::seconds(3);

impl Refusal {
    /// There is no such thing, or it is another person's.
    pub const fn not_found(what: &'static str) -> Self {
        Self::Change(ChangeRefusal::NotFound { what })
    }

    /// When to come back, where that alone is what is wrong: told in a form that programs heed.
    pub const fn retry(&self) -> Option<Retry> {
        match self {
            Self::SignIn(
                SignInRefusal::Throttled { retry_at, .. }
                | SignInRefusal::AddressThrottled { retry_at }
                | SignInRefusal::ResendTooSoon { retry_at }
                | SignInRefusal::TooManyCodes { retry_at, .. },
            )
            | Self::Approval(ApprovalRefusal::ApprovalsPaused { retry_at, .. })
            | Self::Recovery(RecoveryRefusal::TooManyRecoveries { retry_at, .. }) => {
                Some(Retry::At(*retry_at))
            }
            Self::Authority(AuthorityRefusal::RateExceeded { retry_after, .. }) => {
                Some(Retry::After(*retry_after))
            }
            Self::SignIn(SignInRefusal::Busy { .. }) => Some(Retry::After(QUEUE_TIME)),
            _ => None,
        }
    }

    /// The field that it is about, where it is about one.
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::Input(why) => why.field(),
            Self::Credential(CredentialRefusal::PortTaken { .. }) => Some(Field::Port),
            _ => None,
        }
    }

    /// What can be done about it at a page or with a command; each door words it.
    pub const fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Authority(why) => why.remedy(),
            Self::Credential(CredentialRefusal::CredentialUnknown) => Some(Remedy::SeeCredentials),
            Self::Session(
                SessionRefusal::ProofTooOld { .. } | SessionRefusal::KeptProofMissing,
            )
            | Self::Change(ChangeRefusal::LockUnproven { .. }) => Some(Remedy::ConfirmPerson),
            Self::Session(SessionRefusal::PushOff) => Some(Remedy::TurnOnPush),
            Self::Approval(ApprovalRefusal::NoPhone) => Some(Remedy::AddPhone),
            Self::Approval(ApprovalRefusal::PhoneNumberWrong) => Some(Remedy::RemoveDevice),
            Self::SignIn(SignInRefusal::AttemptEnded | SignInRefusal::AttemptElsewhere) => {
                Some(Remedy::StartSignIn)
            }
            Self::Recovery(RecoveryRefusal::RecoveryOver) => Some(Remedy::StartRecovery),
            Self::Change(ChangeRefusal::LockStands { .. } | ChangeRefusal::NoLock) => {
                Some(Remedy::SeeLock)
            }
            Self::Change(ChangeRefusal::TotpStands) => Some(Remedy::ReplaceApp),
            Self::Server(ServerRefusal::NotOnRecord { kept: false, .. }) => {
                Some(Remedy::AwaitRecord)
            }
            _ => None,
        }
    }

    /// What evidence keeps.
    pub fn evidence_text(&self) -> String {
        self.to_string()
    }
}

impl AuthorityRefusal {
    /// What can be done about it at a page or with a command.
    pub const fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Locked { grade: Grade::All } => Some(Remedy::UnlockByOperator),
            Self::Locked { .. } => Some(Remedy::Unlock),
            Self::SessionUnbound { .. }
            | Self::NetworkUnproven { .. }
            | Self::AssuranceLow { .. } => Some(Remedy::ConfirmPerson),
            Self::SessionUnattended { .. } => Some(Remedy::ChangePolicy),
            Self::NetworkLooks { .. } => Some(Remedy::SignInHere),
            Self::BrokerageHeld { .. } => Some(Remedy::TakeOver),
            _ => None,
        }
    }
}

impl InputRefusal {
    /// The field in which it was typed; none where too many things are there already.
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::ZoneUnknown { .. } => Some(Field::Zone),
            Self::UsernameInvalid { .. } | Self::UsernameReserved { .. } => Some(Field::Username),
            Self::NameReserved { .. } => Some(Field::CredentialName),
            Self::MailInvalid { .. } => Some(Field::Mail),
            Self::PhoneInvalid { .. } => Some(Field::Phone),
            Self::PasswordGuessable { .. } => Some(Field::Password),
            Self::NameInvalid { field, .. }
            | Self::NameHidden { field, .. }
            | Self::NameMixed { field, .. }
            | Self::NameTaken { field, .. }
            | Self::OutOfRange { field, .. } => Some(*field),
            Self::TooMany { .. } | Self::AccountsMixed { .. } => None,
        }
    }
}

impl std::error::Error for Refusal {}

/// Why a passkey does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyFault {
    /// Its key is unknown here.
    Unknown,
    /// The ceremony is unknown, used or older than five minutes.
    CeremonyEnded,
    /// The user was not verified by PIN or biometrics.
    UserNotVerified,
    /// Its counter did not rise.
    CounterFell {
        /// The counter of its last use.
        stored: u32,
        /// The counter that came.
        given: u32,
    },
    /// Its counter did not rise before: it may be a copy, and stays refused.
    Suspect {
        /// When that began.
        since: Time,
    },
    /// It is registered already.
    Registered,
    /// The policy names models, and it is not among them.
    ModelNotAllowed {
        /// Its AAGUID; zeros when it did not say.
        model: [u8; 16],
    },
    /// The policy asks for an attestation, and none came that leads to a trusted root.
    NotAttested,
    /// Another browser asked for it.
    OtherBrowser,
    /// Its answer does not verify: signature, challenge or origin.
    Invalid,
}

/// A model's AAGUID as it is written: groups of 8, 4, 4, 4 and 12 hex digits.
pub fn aaguid(model: &[u8; 16]) -> String {
    let mut text = HEXLOWER.encode(model);
    for at in [20, 16, 12, 8] {
        text.insert(at, '-');
    }
    text
}

impl fmt::Display for PasskeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("it is not known here"),
            Self::CeremonyEnded => f.write_str("the request was used or is older than 5 minutes"),
            Self::UserNotVerified => f.write_str("it did not verify you by PIN or biometrics"),
            Self::CounterFell { stored, given } => {
                write!(f, "its counter is {given}, not above {stored}, so it may be a copy")
            }
            Self::Suspect { since } => {
                write!(f, "its counter did not rise at {since}, so it may be a copy; remove it")
            }
            Self::ModelNotAllowed { model } => {
                write!(f, "its model {} is not on this server's list", aaguid(model))
            }
            Self::NotAttested => f.write_str(
                "this server takes only models that it can recognise, and this one did not prove what it is",
            ),
            Self::OtherBrowser => f.write_str("another browser asked for it"),
            Self::Registered => f.write_str("it is already registered"),
            Self::Invalid => f.write_str("its answer does not verify"),
        }
    }
}
