//! Where messages to a person go.

use super::record::{Asked, Contact, MailAddress, State, Value};
use crate::moment::Time;
use crate::slice::Slice;

/// The mail addresses that a person's notices go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// The verified one: codes go only there.
    pub verified: Option<MailAddress>,
    /// Former ones that still get security notices.
    pub former: Vec<MailAddress>,
}

impl Reach {
    /// As it is now.
    pub fn of(slice: &Slice, now: Time) -> Self {
        let former = slice.contacts.iter().filter(|one| match one.state {
            State::Former { until } => now < until,
            State::Asked(_) | State::Verified | State::Noted => false,
        });
        Self {
            verified: slice.mail().and_then(Contact::mail).cloned(),
            former: former.filter_map(Contact::mail).cloned().collect(),
        }
    }

    /// Where a notice goes: one with a code to the verified address alone.
    pub fn of_notice(&self, with_code: bool) -> Vec<MailAddress> {
        let former: &[MailAddress] = if with_code { &[] } else { &self.former };
        self.verified.iter().chain(former).cloned().collect()
    }
}

impl Slice {
    /// The verified mail address.
    pub fn mail(&self) -> Option<&Contact> {
        self.contacts.iter().find(|one| one.state == State::Verified)
    }

    /// The mail address that waits for its code, expired or not.
    pub fn asked_mail(&self) -> Option<(&Contact, &Asked)> {
        self.contacts.iter().find_map(|one| match &one.state {
            State::Asked(asked) => Some((one, asked)),
            State::Verified | State::Noted | State::Former { .. } => None,
        })
    }

    /// The phone number.
    pub fn phone(&self) -> Option<&Contact> {
        self.contacts.iter().find(|one| matches!(one.value, Value::Phone(_)))
    }
}
