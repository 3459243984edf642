//! What can be asked about contacts, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::record::{Contact, State};
use crate::id::ContactId;
use crate::secret::Secret;
use crate::slice::{Slice, put};

/// What is asked about contact.
pub enum Command {
    /// Sets the mail address: of a session, once its code is typed; of the operator, at once.
    SetMail {
        /// The new address.
        address: String,
    },
    /// The code was typed that the new address got.
    ConfirmMail {
        /// The code.
        code: Secret,
    },
    /// Another code is asked for.
    ResendCode,
    /// Removes the mail address.
    RemoveMail,
    /// Sets the phone number.
    SetPhone {
        /// The new number.
        number: String,
    },
    /// Removes the phone number.
    RemovePhone,
}

/// What happened to contacts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// New, or as it stands now.
    Changed(Box<Contact>),
    /// Forgotten.
    Removed {
        /// The address.
        contact: ContactId,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Changed(_) => "contact.changed",
            Self::Removed { .. } => "contact.removed",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Changed(one) => match &one.state {
                State::Asked(asked) => format!(
                    "{} is waiting for its code: codes sent: {}, tries left: {}",
                    one.value, asked.sent, asked.tries_left
                ),
                State::Verified => format!("{} is verified", one.value),
                State::Noted => format!("{} is saved", one.value),
                State::Former { until } => {
                    format!("{} was replaced; messages still go there until {until}", one.value)
                }
            },
            Self::Removed { contact } => format!("Contact {contact} removed"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Changed(one) => put(&mut slice.contacts, *one.clone(), |one| one.id),
        Event::Removed { contact } => slice.contacts.retain(|one| one.id != *contact),
    }
}
