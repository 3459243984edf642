//! What the operator may ask: one JSON object per line, `{"travel": {"end": {"username": "trader"}}}`: the noun, what
//! to do, and its fields. Each noun's requests stand in the file of the noun, beside what does them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::desk::Desk;
use crate::fault::Fault;

/// Writes a noun once: what is asked of it, and what does it.
macro_rules! requests {
    ($($(#[$doc:meta])* $Noun:ident($Request:ty) = $act:path;)*) => {
        /// One request of the operator.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Request { $($(#[$doc])* $Noun($Request),)* }

        /// Does one request.
        pub(crate) async fn act(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
            match request { $(Request::$Noun(request) => $act(desk, request).await,)* }
        }
    };
}

requests! {
    /// The server itself and its data folder.
    Server(crate::server::ServerRequest) = crate::server::act;
    /// The people who can sign in, and links that let them in.
    Person(crate::person::PersonRequest) = crate::person::act;
    /// Paper accounts.
    Account(crate::account::AccountRequest) = crate::account::act;
    /// What people may do on accounts.
    Mandate(crate::mandate::MandateRequest) = crate::mandate::act;
    /// The credentials of programs.
    Credential(crate::credential::CredentialRequest) = crate::credential::act;
    /// The sessions of people.
    Session(crate::session::SessionRequest) = crate::session::act;
    /// What people chose for their interfaces.
    Policy(crate::policy::PolicyRequest) = crate::policy::act;
    /// What proves people.
    Authenticator(crate::authenticator::AuthenticatorRequest) = crate::authenticator::act;
    /// Browsers and phones.
    Device(crate::device::DeviceRequest) = crate::device::act;
    /// Planned travel.
    Travel(crate::travel::TravelRequest) = crate::travel::act;
    /// Phones that are notified by push.
    Push(crate::push::PushRequest) = crate::push::act;
    /// Mail addresses and phone numbers of people.
    Contact(crate::contact::ContactRequest) = crate::contact::act;
    /// Messages to people, and how their deliveries stand.
    Notice(crate::notice::NoticeRequest) = crate::notice::act;
    /// Recoveries, and how they go.
    Recovery(crate::recovery::RecoveryRequest) = crate::recovery::act;
    /// Locks of accounts and people.
    Lock(crate::lock::LockRequest) = crate::lock::act;
    /// Contracts and their prices.
    Contract(crate::contract::ContractRequest) = crate::contract::act;
    /// Orders, executions and positions.
    Portfolio(crate::portfolio::PortfolioRequest) = crate::portfolio::act;
    /// An order, asked for by a credential.
    Ticket(crate::ticket::TicketRequest) = crate::ticket::act;
    /// The record of decisions.
    Activity(crate::activity::ActivityRequest) = crate::activity::act;
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::credential::{CredentialName, CredentialRequest};

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
