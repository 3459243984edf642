//! What the operator may ask: one JSON object per line, `{"travel": {"end": {"username": "trader"}}}`: the noun, what
//! to do, and its fields. Each noun's requests stand in the file of the noun, beside what does them.

use serde::{Deserialize, Serialize};

use crate::account::AccountRequest;
use crate::activity::ActivityRequest;
use crate::authenticator::AuthenticatorRequest;
use crate::contact::ContactRequest;
use crate::credential::CredentialRequest;
use crate::device::DeviceRequest;
use crate::lock::LockRequest;
use crate::notice::NoticeRequest;
use crate::person::PersonRequest;
use crate::policy::PolicyRequest;
use crate::portfolio::PortfolioRequest;
use crate::push::PushRequest;
use crate::recovery::RecoveryRequest;
use crate::server::ServerRequest;
use crate::session::SessionRequest;
use crate::ticket::TicketRequest;
use crate::travel::TravelRequest;

/// One request of the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The server itself and its data folder.
    Server(ServerRequest),
    /// The people who can sign in, and links that let them in.
    Person(PersonRequest),
    /// Paper accounts.
    Account(AccountRequest),
    /// The credentials of programs.
    Credential(CredentialRequest),
    /// The sessions of people.
    Session(SessionRequest),
    /// What people chose for their interfaces.
    Policy(PolicyRequest),
    /// What proves people.
    Authenticator(AuthenticatorRequest),
    /// Browsers and phones.
    Device(DeviceRequest),
    /// Planned travel.
    Travel(TravelRequest),
    /// Phones that are notified by push.
    Push(PushRequest),
    /// Mail addresses and phone numbers of people.
    Contact(ContactRequest),
    /// Messages to people, and how their deliveries stand.
    Notice(NoticeRequest),
    /// Recoveries, and how they go.
    Recovery(RecoveryRequest),
    /// Locks of accounts and people.
    Lock(LockRequest),
    /// Orders, executions and positions.
    Portfolio(PortfolioRequest),
    /// An order, asked for by a credential.
    Ticket(TicketRequest),
    /// The record of decisions.
    Activity(ActivityRequest),
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::credential::CredentialName;

    #[test]
    fn request_line_is_read() {
        let line =
            r#"{"credential":{"revoke":{"credential":{"name":"narrow"},"cancel_orders":true}}}"#;
        let read: Request = serde_json::from_str(line).unwrap();
        let credential = CredentialName::Name("narrow".into());
        let revoke = CredentialRequest::Revoke { credential, cancel_orders: true };
        assert_eq!(read, Request::Credential(revoke));
    }

    #[test]
    fn request_with_an_unknown_field_is_refused() {
        let read = |line: &str| serde_json::from_str::<Request>(line);
        assert!(read(r#"{"notice":{"outbox":{"limit":1}}}"#).is_ok());
        assert!(read(r#"{"notice":{"outbox":{"limit":1,"x":2}}}"#).is_err());
        assert!(read(r#"{"server":"format_disk"}"#).is_err());
        assert!(read(r#"{"server":{"outbox":{"limit":1}}}"#).is_err());
    }
}
