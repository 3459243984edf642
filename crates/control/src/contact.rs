//! Contact, as the operator sees it.

use gate::ContactInfo;

use serde::{Deserialize, Serialize};

use crate::answer::{ContactNow, FormerMail};
use crate::desk::instant;
use crate::desk::{Desk, value};
use crate::fault::Fault;
use crate::person;
use serde_json::Value;

/// Mail addresses and phone numbers of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ContactRequest {
    /// How a person can be reached.
    Show {
        /// Who; none is the only person.
        username: Option<String>,
    },
    /// Sets or removes contact; none leaves what is there, an empty text removes it.
    Set {
        /// User name of the person it belongs to.
        username: String,
        /// The mail address.
        mail: Option<String>,
        /// The phone number.
        phone: Option<String>,
    },
}

/// Does one request about contact.
pub(crate) async fn act(desk: &Desk<'_>, request: ContactRequest) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        ContactRequest::Show { username } => {
            let username = person::the(gate, username).await?;
            value(row(gate.contacts().of(&username).await?))
        }
        ContactRequest::Set { username, mail, phone } => {
            let set =
                gate.contacts().set(&desk.actor, &username, mail.as_deref(), phone.as_deref());
            value(row(set.await?))
        }
    }
}

pub(crate) fn row(info: ContactInfo) -> ContactNow {
    let former = info.former.into_iter();
    ContactNow {
        username: info.username,
        mail_since: info.mail.as_ref().map(|(_, since)| instant(*since)),
        mail: info.mail.map(|(address, _)| address),
        asked: info.asked.map(|asked| asked.address),
        former: former.map(|(mail, until)| FormerMail { mail, until: instant(until) }).collect(),
        phone: info.phone.map(|(number, _)| number),
    }
}
