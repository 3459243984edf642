//! Sessions: what a person gets by signing in at one interface.

use std::net::IpAddr;

use crate::binding::{BIND_WINDOW, PublicKey};
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::{Act, Resource};
use crate::id::SessionId;
use crate::moment::Time;
use crate::notice;
use crate::refusal::{ChangeRefusal, Refusal, SessionRefusal};
use crate::slice::Slice;

mod end;
pub(crate) mod event;
mod method;
mod record;

pub use end::SessionEnd;
pub use event::{Command, Event};
pub use method::Method;
pub use record::{Interface, Seen, Session};

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let at = ground.moment.now;
    let ended = |session, reason| Event::Ended { session, at, reason }.into();
    let reason = if ground.by.runs_the_server() {
        SessionEnd::EndedByOperator
    } else {
        SessionEnd::EndedByPerson
    };
    match *command {
        Command::SignOut => {
            let session = ground.session(slice)?.id;
            Ok(Decision::new(vec![ended(session, SessionEnd::SignedOut)], Answer::Done))
        }
        Command::End { session } => {
            ground.authorise(slice, Act::ManageSessions, Resource::Person)?;
            let session = slice.session(session).ok_or(Refusal::not_found("session"))?;
            let mut events = vec![ended(session.id, reason)];
            if reason == SessionEnd::EndedByOperator {
                events.push(notice::session_ended(slice, ground, session));
            }
            Ok(Decision::new(events, Answer::SessionsEnded { count: 1 }))
        }
        Command::EndOthers => {
            ground.authorise(slice, Act::ManageSessions, Resource::Person)?;
            let others =
                slice.sessions.iter().filter(|one| ground.by != crate::call::By::Session(one.id));
            let events: Vec<_> = others.map(|one| ended(one.id, reason)).collect();
            let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
            Ok(Decision::new(events, Answer::SessionsEnded { count }))
        }
        Command::EndForUpgrade => {
            if ground.by != crate::call::By::System {
                return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
            }
            Ok(end_for_upgrade(slice, at))
        }
        Command::Bind { hardware } => bind(slice, ground, hardware),
        Command::Copied { session, address } => copied(slice, ground, session, address),
        Command::Expire { session, reason } => {
            if ground.by != crate::call::By::System {
                return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
            }
            let session = slice.session(session).ok_or(Refusal::not_found("session"))?.id;
            Ok(Decision::new(vec![ended(session, reason)], Answer::SessionsEnded { count: 1 }))
        }
    }
}

fn end_for_upgrade(slice: &Slice, at: Time) -> Decision {
    let reason = SessionEnd::Upgraded;
    let ended =
        slice.sessions.iter().map(|one| Event::Ended { session: one.id, at, reason }.into());
    let open = slice.approvals.iter().filter(|one| one.is_open(at));
    let closed = open.map(|one| crate::approval::Event::Closed { approval: one.id }.into());
    let count = u32::try_from(slice.sessions.len()).unwrap_or(u32::MAX);
    Decision::new(ended.chain(closed).collect(), Answer::SessionsEnded { count })
}

fn bind(slice: &Slice, ground: &Ground<'_>, hardware: PublicKey) -> Result<Decision, Refusal> {
    let session = ground.session(slice)?;
    let age = ground.moment.now.since(session.started_at);
    // A later one may come from somebody who has copied the cookie.
    if session.hardware.is_some() || age > BIND_WINDOW {
        return Err(Refusal::Session(SessionRefusal::BindingLate { age, limit: BIND_WINDOW }));
    }
    let idle = if session.is_bound() {
        session.idle
    } else {
        slice.lasts(ground.moment.now, session.interface, session.device, true, session.stay).0
    };
    let event = Event::Bound { session: session.id, hardware, idle };
    Ok(Decision::new(vec![event.into()], Answer::Done))
}

/// A copy opens nothing, and says that somebody could read the browser's cookies.
fn copied(
    slice: &Slice,
    ground: &Ground<'_>,
    session: SessionId,
    address: IpAddr,
) -> Result<Decision, Refusal> {
    if ground.by != crate::call::By::System {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    let session = slice.session(session).ok_or(Refusal::not_found("session"))?;
    let device = slice.device(session.device).map(|device| device.name.to_string());
    let device = device.unwrap_or_else(|| "a browser".to_owned());
    let text = format!(
        "A copy of your session on {device} was used elsewhere, from {address}, and was refused: it lacked that browser's key, so it opened nothing. Somebody may be able to read that browser's cookies: sign out there, and look for programs and extensions that you did not install."
    );
    let subject = notice::Subject {
        device: Some(session.device),
        session: Some(session.id),
        address: Some(address),
    };
    let topic = notice::Topic::SessionCopied;
    let event = notice::queue_about(ground, session.person, topic, text, None, subject);
    Ok(Decision::new(vec![event], Answer::Done))
}
