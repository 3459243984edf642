//! Single-use links: the demo's first way in, and enrolment.

use crate::decision::{Answer, Decision, Ground};
use crate::device;
use crate::entitlements::{Act, Resource};
use crate::id::LinkId;
use crate::refusal::{ChangeRefusal, Refusal};
use crate::slice::Slice;
use crate::token::{self, Kind};

pub(crate) mod event;
mod record;

pub use event::{Command, Event};
pub use record::{Link, Purpose};

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let Command::Issue { purpose } = *command;
    if purpose == Purpose::Phone {
        // A phone may always give its part to another: that is no more than it has.
        if !device::asks_on_phone(slice, ground) {
            ground.authorise(slice, Act::ManageDevices, Resource::Person)?;
        }
        ground.check_recent(slice)?;
    } else if !ground.by.runs_the_server() {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    let (events, answer) = issue(slice, ground, purpose)?;
    Ok(Decision::new(events, answer))
}

/// The events and the answer of a new link.
pub(crate) fn issue(
    slice: &Slice,
    ground: &Ground<'_>,
    purpose: Purpose,
) -> Result<(Vec<crate::decision::Event>, Answer), Refusal> {
    let person = slice.owner()?.id;
    let older = slice.links.iter().filter(|link| link.purpose == purpose);
    let mut events: Vec<_> = older.map(|link| Event::Withdrawn { link: link.id }.into()).collect();
    let token = token::issue(Kind::Link, ground.moment);
    let until = ground.moment.now + purpose.life();
    let link = LinkId(ground.moment.draw("link"));
    events.push(
        Event::Issued(Link { id: link, person, token: token.digest(), purpose, until }).into(),
    );
    Ok((events, Answer::Link { link, token, until }))
}
