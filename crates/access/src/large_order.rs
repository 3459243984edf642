//! Large orders: above a threshold, in the account's base currency, that a person chose, an order of a session is
//! placed only with a yes of their phone to exactly this order, or with a sign-in for it.
//!
//! What an order is worth is pre-trade's number, and its fields are terms here: those that the phone
//! signed are compared with those that are about to be placed.

use crate::approval::{self, Asker, Content, ContentKind, Term, Terms};
use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::Act;
use crate::id::{ApprovalId, PaperAccountId};
use crate::notice::{self, Topic};
use crate::policy::{NOT_YOU, check_change};
use crate::recovery::{check_approver, check_phone};
use crate::refusal::{ApprovalRefusal, AuthorityRefusal, ChangeRefusal, Refusal};
use crate::session::Session;
use crate::slice::Slice;

pub(crate) mod event;
mod record;

pub use event::{Command, Event, HeldOrder};
pub use record::{MOST, Placed, STANDARD, Threshold};

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    match command {
        Command::Set { threshold } => set(slice, ground, *threshold),
        Command::Ask { account, act, terms, facts } => {
            let session = may(slice, ground, *account, *act)?;
            ask(slice, ground, session, terms, facts)
        }
        Command::Use { account, act, terms, approval } => {
            let session = may(slice, ground, *account, *act)?;
            match approval {
                Some(id) => use_approval(slice, ground, session, *id, terms),
                None if ground.source.fresh => {
                    Ok(Decision::new(vec![allowed(session, None, terms)], Answer::Done))
                }
                None => Err(Refusal::Approval(ApprovalRefusal::OrderUnproven)),
            }
        }
        Command::Placed(_)
        | Command::AskHeld { .. }
        | Command::UseHeld { .. }
        | Command::DropHeld { .. }
            if ground.by != By::System =>
        {
            Err(Refusal::Change(ChangeRefusal::OperatorOnly))
        }
        Command::Placed(placed) => {
            Ok(Decision::new(vec![Event::Placed(placed.clone()).into()], Answer::Done))
        }
        Command::AskHeld { held, terms, facts } => ask_held(slice, ground, *held, (terms, facts)),
        Command::UseHeld { held, terms, approval } => {
            use_held(slice, ground, *held, (*approval, terms))
        }
        Command::DropHeld { approval } => {
            let open = slice.approval(*approval).filter(|one| one.is_open(ground.moment.now));
            let closed = open.map(|one| approval::Event::Closed { approval: one.id }.into());
            Ok(Decision::new(closed.into_iter().collect(), Answer::Done))
        }
    }
}

fn set(slice: &Slice, ground: &Ground<'_>, threshold: Threshold) -> Result<Decision, Refusal> {
    let person = slice.owner()?.id;
    threshold.check()?;
    check_change(slice, ground, threshold.widens(slice.large_orders))?;
    let what = threshold.above.map_or_else(
        || "Your sessions' orders no longer need approval, however large".to_owned(),
        |above| {
            format!(
                "From now on, orders from your sessions above {above} in the account's base currency need approval"
            )
        },
    );
    let notice =
        notice::queue(ground, person, Topic::PolicyChanged, format!("{what}.{NOT_YOU}"), None);
    let events = vec![Event::Set { person, threshold }.into(), notice];
    Ok(Decision::new(events, Answer::Done))
}

/// The session that asks, if it may do this to an order.
fn may<'s>(
    slice: &'s Slice,
    ground: &Ground<'_>,
    account: PaperAccountId,
    act: Act,
) -> Result<&'s Session, Refusal> {
    if !matches!(act, Act::PlaceOrder | Act::ModifyOrder) {
        return Err(Refusal::Authority(AuthorityRefusal::ActNotAllowed { act }));
    }
    ground.authorise(slice, act, account)?;
    ground.session(slice)
}

fn ask(
    slice: &Slice,
    ground: &Ground<'_>,
    session: &Session,
    terms: &Terms,
    facts: &Terms,
) -> Result<Decision, Refusal> {
    let device = slice.device(session.device);
    let name = device.map_or_else(String::new, |device| device.name.to_string());
    let (terms, mut facts) = (terms.clone(), facts.clone());
    facts.push(Term::Device, name);
    facts.push(Term::Address, ground.source);
    facts.push_time(Term::Time, ground.moment.wall);
    let content = Content { kind: ContentKind::Order, terms, facts };
    let (asker, but) = (Asker::Session(session.id), Some(session.device));
    let (events, approval) = approval::ask(slice, ground, asker, content, (but, false))?;
    Ok(Decision::new(events, Answer::ApprovalAsked { approval }))
}

/// A yes to another order than this one is none to either: it is over.
fn use_approval(
    slice: &Slice,
    ground: &Ground<'_>,
    session: &Session,
    id: ApprovalId,
    terms: &Terms,
) -> Result<Decision, Refusal> {
    let asked = slice.approval(id).filter(|one| {
        one.asker == Asker::Session(session.id) && one.content.kind == ContentKind::Order
    });
    let granted = approval::used_now(asked, ground.moment.now)?;
    check_phone(slice, session, granted, ground.moment.now)?;
    let closed = approval::Event::Closed { approval: id }.into();
    if terms.is_empty() || granted.content.terms != *terms {
        return Ok(Decision::refused(
            vec![closed],
            Refusal::Approval(ApprovalRefusal::ApprovalDiffers),
        ));
    }
    Ok(Decision::new(vec![closed, allowed(session, Some(id), terms)], Answer::Done))
}

/// Who an order that waits asks for.
const fn asker_of(held: HeldOrder) -> Asker {
    Asker::Program { credential: held.credential, order: held.order }
}

/// No page shows a number to be typed, so it takes one tap; what a yes is bound to is shown whole.
fn ask_held(
    slice: &Slice,
    ground: &Ground<'_>,
    held: HeldOrder,
    (terms, facts): (&Terms, &Terms),
) -> Result<Decision, Refusal> {
    slice.credential(held.credential).ok_or(Refusal::not_found("credential"))?;
    let (terms, mut facts) = (terms.clone(), facts.clone());
    facts.push_time(Term::Time, ground.moment.wall);
    let content = Content { kind: ContentKind::ProgramOrder, terms, facts };
    let (events, approval) = approval::ask(slice, ground, asker_of(held), content, (None, true))?;
    Ok(Decision::new(events, Answer::ApprovalAsked { approval }))
}

/// A yes to other terms than the order has now is none: it is over.
fn use_held(
    slice: &Slice,
    ground: &Ground<'_>,
    held: HeldOrder,
    (id, terms): (ApprovalId, &Terms),
) -> Result<Decision, Refusal> {
    let asked = slice
        .approval(id)
        .filter(|one| one.asker == asker_of(held) && one.content.kind == ContentKind::ProgramOrder);
    let granted = approval::used_now(asked, ground.moment.now)?;
    check_approver(slice, granted, ground.moment.now)?;
    let closed = approval::Event::Closed { approval: id }.into();
    if terms.is_empty() || granted.content.terms != *terms {
        let differs = Refusal::Approval(ApprovalRefusal::ApprovalDiffers);
        return Ok(Decision::refused(vec![closed], differs));
    }
    let allowed = Event::AllowedHeld { held, approval: id, terms: terms.clone() };
    Ok(Decision::new(vec![closed, allowed.into()], Answer::Done))
}

fn allowed(session: &Session, approval: Option<ApprovalId>, terms: &Terms) -> decision::Event {
    Event::Allowed { session: session.id, approval, terms: terms.clone() }.into()
}
