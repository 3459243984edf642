//! Contact: the mail address that codes and notices go to, and a phone number that is kept as text
//! and never gets a code.
//!
//! A mail address counts once the code sent there has been typed in the session that asked for it.
//! Changing it needs a recent sign-in, and both the old and the new address are notified. An
//! address that was removed or replaced gets security notices for another week, so that somebody
//! who took a session over cannot silence its owner.

use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::id::{ContactId, PersonId, SessionId};
use crate::moment::{Span, Time};
use crate::notice::{self, Note, Subject, Topic};
use crate::refusal::{ChangeRefusal, Refusal, ServerRefusal, SignInRefusal};
use crate::secret::Secret;
use crate::sign_in::{CODE_LIFE, CODE_TRIES, RESEND_WAIT};
use crate::slice::Slice;
use crate::typed;

pub(crate) mod event;
mod reach;
mod record;

pub use event::{Command, Event};
pub use reach::Reach;
pub use record::{Asked, Contact, MAIL_LIMIT, MailAddress, PHONE_LIMIT, PhoneNumber, State, Value};

/// How long a former address still gets security notices.
pub const FORMER: Span = Span::days(7);
/// Codes that are sent within [`CODES_WINDOW`], to whichever addresses: we are nobody's mail bomb.
pub const CODES_SENT: u32 = 5;
/// How long sent codes are counted together.
pub const CODES_WINDOW: Span = Span::hours(1);

fn changed(contact: Contact) -> decision::Event {
    Event::Changed(Box::new(contact)).into()
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    ground.authorise(slice, Act::ManageContact, Resource::Person)?;
    // Where codes go already is not moved by a link alone.
    let first = matches!(
        command,
        Command::SetMail { .. } | Command::ConfirmMail { .. } | Command::ResendCode
    );
    if !first || slice.mail().is_some() {
        ground.check_shown(slice)?;
    }
    let person = slice.owner()?.id;
    let mut decision = match command {
        Command::SetMail { address } => set_mail(slice, ground, person, address),
        Command::ConfirmMail { code } => confirm(slice, ground, code),
        Command::ResendCode => resend(slice, ground),
        Command::RemoveMail => remove_mail(slice, ground),
        Command::SetPhone { number } => set_phone(slice, ground, person, number),
        Command::RemovePhone => remove_phone(slice, ground),
    }?;
    if decision.answer.is_ok() {
        decision.events.extend(over(slice, ground.moment.now));
    }
    Ok(decision)
}

/// Former addresses whose time is over.
fn over(slice: &Slice, now: Time) -> impl Iterator<Item = decision::Event> {
    let over = slice
        .contacts
        .iter()
        .filter(move |one| matches!(one.state, State::Former { until } if until <= now));
    over.map(|one| Event::Removed { contact: one.id }.into())
}

fn set_mail(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    address: &str,
) -> Result<Decision, Refusal> {
    ground.check_recent(slice)?;
    let address = MailAddress::new(address)?;
    if ground.reach.verified.as_ref() == Some(&address) {
        return Err(Refusal::Change(ChangeRefusal::MailStands));
    }
    let contact = Contact {
        id: ContactId(ground.moment.draw("contact")),
        person,
        value: Value::Mail(address.clone()),
        state: State::Verified,
        changed_at: ground.moment.now,
    };
    let By::Session(session) = ground.by else { return Ok(establish(slice, ground, contact)) };
    let before = slice.asked_mail();
    let mut events: Vec<decision::Event> = Vec::new();
    events.extend(before.map(|(old, _)| Event::Removed { contact: old.id }.into()));
    let contact = send_code(ground, contact, session, before.map(|(_, asked)| asked), &mut events)?;
    if !ground.reach.of_notice(false).is_empty() {
        let text = format!(
            "Somebody asked from {} to change your mail address to {address}. It takes effect when the code sent there is typed in the same session. If that was not you, say so under Messages, or lock the account.",
            ground.source
        );
        events.push(notice::queue(ground, person, Topic::ContactChanged, text, None));
    }
    Ok(Decision::new(events, Answer::MailAsked { contact }))
}

/// Draws a code, keeps it with the contact and sends it only to the new address.
fn send_code(
    ground: &Ground<'_>,
    mut contact: Contact,
    session: SessionId,
    before: Option<&Asked>,
    events: &mut Vec<decision::Event>,
) -> Result<ContactId, Refusal> {
    let now = ground.moment.now;
    let counted = before.filter(|asked| now < asked.since + CODES_WINDOW);
    let sent = counted.map_or(0, |asked| asked.sent);
    let since = counted.map_or(now, |asked| asked.since);
    if sent >= CODES_SENT {
        let (limit, retry_at) = (CODES_SENT, since + CODES_WINDOW);
        return Err(Refusal::SignIn(SignInRefusal::TooManyCodes { sent, limit, retry_at }));
    }
    if let Some(retry_at) = counted.map(|asked| asked.sent_at + RESEND_WAIT)
        && now < retry_at
    {
        return Err(Refusal::SignIn(SignInRefusal::ResendTooSoon { retry_at }));
    }
    // 64 bits over a million codes: the bias is below 2^-44.
    let number = u64::from_be_bytes(ground.moment.draw("contact code")) % 1_000_000;
    let code = Secret::from_text(format!("{number:06}"));
    let id = contact.id;
    contact.state = State::Asked(Asked {
        session,
        code: ground.key.seal(&code, &Contact::purpose(id), ground.moment),
        code_until: now + CODE_LIFE,
        tries_left: CODE_TRIES,
        sent: sent + 1,
        sent_at: now,
        since,
    });
    contact.changed_at = now;
    let text = format!(
        "A code to verify this mail address, requested from {} by someone who is signed in. It works for {CODE_LIFE}, and only in the session that asked for it. If that was not you, do nothing: without the code nothing changes.",
        ground.source
    );
    let note = Note {
        person: contact.person,
        topic: Topic::ContactCode,
        text,
        code: Some(&code),
        subject: Subject::of(ground),
        mail: contact.mail().cloned().into_iter().collect(),
    };
    events.push(changed(contact));
    events.push(notice::send(ground, note));
    Ok(id)
}

/// What waits for its code in the session that asks.
fn waiting<'s>(slice: &'s Slice, ground: &Ground<'_>) -> Result<(&'s Contact, &'s Asked), Refusal> {
    let found = slice.asked_mail();
    let (contact, asked) = found.ok_or(Refusal::not_found("code that is waited for"))?;
    if ground.by != By::Session(asked.session) {
        return Err(Refusal::SignIn(SignInRefusal::CodeElsewhere));
    }
    Ok((contact, asked))
}

fn confirm(slice: &Slice, ground: &Ground<'_>, typed: &Secret) -> Result<Decision, Refusal> {
    let now = ground.moment.now;
    let (contact, asked) = waiting(slice, ground)?;
    if now >= asked.code_until {
        return Err(Refusal::SignIn(SignInRefusal::CodeExpired { expired_at: asked.code_until }));
    }
    let code = ground.key.open(&asked.code, &Contact::purpose(contact.id));
    let code = code.map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))?;
    let typed = typed::digits(typed, code.len())?;
    if asked.tries_left == 0 || !code.matches(typed.expose()) {
        let tries_left = asked.tries_left.saturating_sub(1);
        let state = State::Asked(Asked { tries_left, ..asked.clone() });
        let missed = Contact { state, ..contact.clone() };
        return Ok(Decision::refused(
            vec![changed(missed)],
            Refusal::SignIn(SignInRefusal::ActivationWrong { tries_left }),
        ));
    }
    let verified = Contact { state: State::Verified, changed_at: now, ..contact.clone() };
    Ok(establish(slice, ground, verified))
}

fn resend(slice: &Slice, ground: &Ground<'_>) -> Result<Decision, Refusal> {
    let (contact, asked) = waiting(slice, ground)?;
    let mut events = Vec::new();
    send_code(ground, contact.clone(), asked.session, Some(asked), &mut events)?;
    Ok(Decision::new(events, Answer::CodeSent))
}

/// The mail address from now on; the one before it is former, and both are told.
fn establish(slice: &Slice, ground: &Ground<'_>, contact: Contact) -> Decision {
    let now = ground.moment.now;
    let new = contact.mail().cloned();
    let person = contact.person;
    let mut events: Vec<decision::Event> = Vec::new();
    let mut was = String::new();
    if let Some(old) = slice.mail() {
        let until = now + FORMER;
        let former = Contact { state: State::Former { until }, changed_at: now, ..old.clone() };
        events.push(changed(former));
        if let Some(old) = old.mail() {
            was = format!(" It was {old}, which gets these messages until {until}.");
        }
    }
    // An address that comes back is former no longer; one that waited gives way to the operator's.
    let gone = slice.contacts.iter().filter(|one| {
        let same = one.mail() == new.as_ref() && one.state != State::Verified;
        one.id != contact.id && (same || matches!(one.state, State::Asked(_)))
    });
    events.extend(gone.map(|one| Event::Removed { contact: one.id }.into()));
    let text = format!("{} is now yours, set {}.{was}{NOT_YOU}", contact.value, hand(ground));
    events.push(changed(contact));
    let mut mail = ground.reach.of_notice(false);
    mail.extend(new.filter(|new| !ground.reach.of_notice(false).contains(new)));
    let subject = Subject::of(ground);
    let topic = Topic::ContactChanged;
    events.push(notice::send(ground, Note { person, topic, text, code: None, subject, mail }));
    Decision::new(events, Answer::Done)
}

/// By whom, or from where.
fn hand(ground: &Ground<'_>) -> String {
    if ground.by.runs_the_server() {
        return "by the operator".to_owned();
    }
    format!("from {}", ground.source)
}

const NOT_YOU: &str =
    " If that was not you, say so under Messages, or lock the account and ask the operator.";

fn remove_mail(slice: &Slice, ground: &Ground<'_>) -> Result<Decision, Refusal> {
    ground.check_recent(slice)?;
    let old = slice.mail().ok_or(Refusal::not_found("mail address"))?;
    let until = ground.moment.now + FORMER;
    let state = State::Former { until };
    let former = Contact { state, changed_at: ground.moment.now, ..old.clone() };
    let text = format!(
        "{} was removed {}. It gets these messages until {until}, but no more codes.{NOT_YOU}",
        old.value,
        hand(ground)
    );
    let notice = notice::queue(ground, old.person, Topic::ContactChanged, text, None);
    Ok(Decision::new(vec![changed(former), notice], Answer::Done))
}

fn set_phone(
    slice: &Slice,
    ground: &Ground<'_>,
    person: PersonId,
    number: &str,
) -> Result<Decision, Refusal> {
    ground.check_recent(slice)?;
    let number = PhoneNumber::new(number)?;
    let text = format!("Your phone number is now {number}, set {}.{NOT_YOU}", hand(ground));
    let id = slice.phone().map_or_else(|| ContactId(ground.moment.draw("phone")), |one| one.id);
    let contact = Contact {
        id,
        person,
        value: Value::Phone(number),
        state: State::Noted,
        changed_at: ground.moment.now,
    };
    let notice = notice::queue(ground, person, Topic::ContactChanged, text, None);
    Ok(Decision::new(vec![changed(contact), notice], Answer::Done))
}

fn remove_phone(slice: &Slice, ground: &Ground<'_>) -> Result<Decision, Refusal> {
    ground.check_recent(slice)?;
    let old = slice.phone().ok_or(Refusal::not_found("phone number"))?;
    let text = format!("{} was removed {}.{NOT_YOU}", old.value, hand(ground));
    let notice = notice::queue(ground, old.person, Topic::ContactChanged, text, None);
    Ok(Decision::new(vec![Event::Removed { contact: old.id }.into(), notice], Answer::Done))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_address_that_could_break_a_header_or_command_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@example..org",
            "ann@-example.org",
            "ann..lee@example.org",
            "ann@example.org\r\nBcc: x@y.z",
            "ann\n@example.org",
            "ann @example.org",
            "<ann@example.org>",
            "\"ann\"@example.org",
            "ann@[127.0.0.1]",
            "ann@192.0.2.1",
            "ann,bob@example.org",
            "b\u{f6}b@example.org",
            "ann@ex\u{e4}mple.org",
            long.as_str(),
        ] {
            assert!(MailAddress::new(bad).is_err(), "{bad:?}");
        }
        let kept = MailAddress::new(" Ann.Lee+x@Example.ORG ").map(|one| one.to_string());
        assert_eq!(kept, Ok("Ann.Lee+x@example.org".to_owned()));
    }

    #[test]
    fn phone_number_is_digits_and_how_people_part_them() {
        for bad in ["", "1234", "+", "call me", "<b>12345</b>", "12345\n6", "1+23456"] {
            assert!(PhoneNumber::new(bad).is_err(), "{bad:?}");
        }
        assert!(PhoneNumber::new(" +44 (20) 7946-0000 ").is_ok());
    }
}
