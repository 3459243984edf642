//! Contact: a person's mail address and phone number.

use access::contact::{Command as Contact, State};
use access::{Command, PersonId, Refusal, Secret, Slice, Time};
use store::Key;

use crate::Gate;
use crate::session::{Actor, SessionTicket};

/// How a person can be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactInfo {
    /// The person.
    pub person: PersonId,
    /// The name that they sign in with.
    pub username: String,
    /// The verified mail address, and since when.
    pub mail: Option<(String, Time)>,
    /// A mail address that waits for its code.
    pub asked: Option<AskedMail>,
    /// Former mail addresses, and until when they get security notices.
    pub former: Vec<(String, Time)>,
    /// The phone number, as text, and since when.
    pub phone: Option<(String, Time)>,
}

/// A mail address that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedMail {
    /// The address.
    pub address: String,
    /// When its code expires.
    pub until: Time,
    /// Wrong tries that are left.
    pub tries_left: u32,
    /// Whether the session that looks is the one that asked: the code works there alone.
    pub here: bool,
}

/// Mail addresses and phones of people, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct ContactGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Mail addresses and phones of people, through the gate.
    pub fn contacts(&self) -> ContactGate<'_> {
        ContactGate { gate: self }
    }
}

impl ContactGate<'_> {
    /// How the person who asks can be reached.
    pub async fn own(self, ticket: &SessionTicket) -> Result<ContactInfo, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        self.contact_info(&slice, Some(ticket)).ok_or(Refusal::not_found("person"))
    }

    /// How a person can be reached, for the operator.
    pub async fn of(self, username: &str) -> Result<ContactInfo, Refusal> {
        let slice = self.gate.load(Key::Username(username)).await?;
        self.contact_info(&slice, None).ok_or(Refusal::not_found("person"))
    }

    fn contact_info(self, slice: &Slice, looks: Option<&SessionTicket>) -> Option<ContactInfo> {
        let person = slice.person.as_ref()?;
        let now = self.gate.now();
        let mail = slice.mail().and_then(|one| Some((one.mail()?.to_string(), one.changed_at)));
        let asked = slice.asked_mail().filter(|(_, asked)| now < asked.code_until);
        let asked = asked.and_then(|(one, asked)| {
            Some(AskedMail {
                address: one.mail()?.to_string(),
                until: asked.code_until,
                tries_left: asked.tries_left,
                here: looks.is_some_and(|ticket| ticket.session == asked.session),
            })
        });
        let former = slice.contacts.iter().filter_map(|one| match one.state {
            State::Former { until } if now < until => Some((one.mail()?.to_string(), until)),
            _ => None,
        });
        let phone = slice.phone().map(|one| match &one.value {
            access::contact::Value::Phone(number) => (number.to_string(), one.changed_at),
            access::contact::Value::Mail(address) => (address.to_string(), one.changed_at),
        });
        Some(ContactInfo {
            person: person.id,
            username: person.username.to_string(),
            mail,
            asked,
            former: former.collect(),
            phone,
        })
    }

    /// Sends a code to a mail address that is to be the person's. It works in this session alone.
    pub async fn set_mail(self, ticket: &SessionTicket, address: &str) -> Result<(), Refusal> {
        self.change_contact(ticket, Contact::SetMail { address: address.to_owned() }).await
    }

    /// Makes the address the person's by the code that it got.
    pub async fn confirm_mail(self, ticket: &SessionTicket, code: &str) -> Result<(), Refusal> {
        let code = Secret::from_text(code.to_owned());
        self.change_contact(ticket, Contact::ConfirmMail { code }).await
    }

    /// Sends another code.
    pub async fn resend_mail_code(self, ticket: &SessionTicket) -> Result<(), Refusal> {
        self.change_contact(ticket, Contact::ResendCode).await
    }

    /// Removes the mail address; it gets security notices for another week.
    pub async fn remove_mail(self, ticket: &SessionTicket) -> Result<(), Refusal> {
        self.change_contact(ticket, Contact::RemoveMail).await
    }

    /// Sets the phone number, or removes it when the text is empty.
    pub async fn set_phone(self, ticket: &SessionTicket, number: &str) -> Result<(), Refusal> {
        let number = number.trim();
        let command = match number {
            "" => Contact::RemovePhone,
            number => Contact::SetPhone { number: number.to_owned() },
        };
        self.change_contact(ticket, command).await
    }

    async fn change_contact(self, ticket: &SessionTicket, command: Contact) -> Result<(), Refusal> {
        let call = ticket.call(Command::Contact(command));
        self.gate.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// Sets a person's mail address or phone number at once, or removes it; the operator alone, who
    /// vouches for it. None leaves what is there, an empty text removes it.
    pub async fn set(
        self,
        actor: &Actor,
        username: &str,
        mail: Option<&str>,
        phone: Option<&str>,
    ) -> Result<ContactInfo, Refusal> {
        actor.check_operator()?;
        let mail = mail.map(|text| match text.trim() {
            "" => Contact::RemoveMail,
            address => Contact::SetMail { address: address.to_owned() },
        });
        let phone = phone.map(|text| match text.trim() {
            "" => Contact::RemovePhone,
            number => Contact::SetPhone { number: number.to_owned() },
        });
        for command in mail.into_iter().chain(phone) {
            let call = actor.call(Command::Contact(command));
            self.gate.run_done(Key::Username(username), &call).await?;
        }
        self.of(username).await
    }
}
