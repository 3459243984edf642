//! Large orders: above a threshold of US dollars that a person chose, an order of a session is
//! placed only with a yes of their phone to exactly this order, or with a sign-in for it.
//!
//! What an order is worth is pre-trade's number, and its fields are lines of text here: the lines
//! that the phone showed are the ones that are compared before the order is placed.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::approval::{self, Asker, Content, ContentKind};
use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::Act;
use crate::id::{ApprovalId, PersonId, SessionId};
use crate::name::tidy;
use crate::notice::{self, Topic};
use crate::number::Number;
use crate::policy::{NOT_YOU, check_change};
use crate::recovery;
use crate::refusal::Refusal;
use crate::sentence::joined;
use crate::session::Session;
use crate::slice::Slice;

/// The threshold of people who chose none, in US dollars: a tenth of what an account begins with.
pub const STANDARD: Decimal = Decimal::from_parts(100_000, 0, 0, false, 0);
/// The highest threshold: what one order may be worth at most.
pub const MOST: Decimal = Decimal::from_parts(100_000_000, 0, 0, false, 0);

/// What a person chose for large orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// Orders worth more US dollars are asked for; none asks for none.
    pub above: Option<Decimal>,
}

impl Default for Threshold {
    fn default() -> Self {
        Self { above: Some(STANDARD) }
    }
}

impl Threshold {
    /// Whether it lets an order through that `old` asked for.
    pub fn widens(self, old: Self) -> bool {
        match (old.above, self.above) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(old), Some(new)) => new > old,
        }
    }

    /// The amount of a text that somebody typed: `250000`, `250,000.00`.
    pub fn of_text(text: &str) -> Result<Self, Refusal> {
        let amount = Number::dollars_to("a threshold", "250000", MOST).read(text);
        let threshold = Self { above: Some(amount.map_err(|_| out_of_range(text))?) };
        threshold.check().map(|()| threshold)
    }

    fn check(self) -> Result<(), Refusal> {
        let sound =
            |usd: Decimal| (Decimal::ZERO..=MOST).contains(&usd) && usd.normalize().scale() <= 2;
        match self.above {
            Some(usd) if !sound(usd) => Err(out_of_range(&usd.to_string())),
            _ => Ok(()),
        }
    }
}

fn out_of_range(given: &str) -> Refusal {
    Refusal::OutOfRange {
        what: "threshold of large orders",
        given: format!("\"{}\"", tidy(given, 40)),
        least: "an amount from 0".to_owned(),
        most: format!("{MOST} USD, in whole cents"),
    }
}

/// Lines of text, each with its label.
pub type Lines = Vec<(String, String)>;

/// What is asked about large orders.
pub enum Command {
    /// Sets the threshold of the person, or takes it away.
    Set {
        /// The threshold.
        threshold: Threshold,
    },
    /// Asks the phone of the session's person for a yes to one order.
    Ask {
        /// What is done with the order: placing or modifying it.
        act: Act,
        /// All that is asked for; the last line says what it may cost.
        terms: Lines,
        /// What else is to be known, at this moment.
        facts: Lines,
    },
    /// Uses up what lets one order through, before it is placed.
    Use {
        /// What is done with the order.
        act: Act,
        /// All that is about to be placed, as it was asked for.
        terms: Lines,
        /// The approval; none where this very request comes with a proof of the person.
        approval: Option<ApprovalId>,
    },
    /// Notes what came of it; asked by the server itself.
    Placed(Placed),
}

/// What came of a large order that was let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// Of which session.
    pub session: SessionId,
    /// By which approval; none is by a proof that came with it.
    pub approval: Option<ApprovalId>,
    /// The orders that were placed or changed.
    pub orders: Vec<u64>,
    /// Its sequence in the journal.
    pub seq: u64,
}

/// What happened to large orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The threshold is this from now on.
    Set {
        /// Whose.
        person: PersonId,
        /// What.
        threshold: Threshold,
    },
    /// One large order was let through.
    Allowed {
        /// Of which session.
        session: SessionId,
        /// By which approval; none is by a proof that came with it.
        approval: Option<ApprovalId>,
        /// The order.
        terms: Lines,
    },
    /// And this came of it. It is written after the order is in the journal: a stop in between leaves
    /// it out, and the terms and the time tell which it was.
    Placed(Placed),
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Set { .. } => "large_order.set",
            Self::Allowed { .. } => "large_order.allowed",
            Self::Placed(_) => "large_order.placed",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Set { threshold, .. } => match threshold.above {
                Some(usd) => format!("Orders from sessions above {usd:.2} USD need confirmation"),
                None => "Orders from sessions need no confirmation".to_owned(),
            },
            Self::Allowed { session, approval, terms } => {
                let (by, terms) = (allowed_by(*approval), joined(terms));
                format!("Large order of session {session} allowed by {by}: {terms}")
            }
            Self::Placed(one) => {
                let orders: Vec<_> = one.orders.iter().map(u64::to_string).collect();
                let (by, orders) = (allowed_by(one.approval), orders.join(", "));
                format!(
                    "Large order of session {}, allowed by {by}, is order {orders} (journal entry {})",
                    one.session, one.seq
                )
            }
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Set { threshold, .. } => slice.large_orders = *threshold,
        Event::Allowed { .. } | Event::Placed(_) => {}
    }
}

fn allowed_by(approval: Option<ApprovalId>) -> String {
    approval.map_or_else(|| "a sign-in for it".to_owned(), |id| format!("approval {id}"))
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    match command {
        Command::Set { threshold } => set(slice, ground, *threshold),
        Command::Ask { act, terms, facts } => ask(slice, ground, *act, terms, facts),
        Command::Use { act, terms, approval } => {
            let session = may(slice, ground, *act)?;
            match approval {
                Some(id) => use_approval(slice, ground, session, *id, terms),
                None if ground.source.fresh => {
                    Ok(Decision::new(vec![allowed(session, None, terms)], Answer::Done))
                }
                None => Err(Refusal::OrderUnproven),
            }
        }
        Command::Placed(_) if ground.by != By::System => Err(Refusal::OperatorOnly),
        Command::Placed(placed) => {
            Ok(Decision::new(vec![Event::Placed(placed.clone()).into()], Answer::Done))
        }
    }
}

fn set(slice: &Slice, ground: &Ground<'_>, threshold: Threshold) -> Result<Decision, Refusal> {
    let person = slice.owner()?.id;
    threshold.check()?;
    check_change(slice, ground, threshold.widens(slice.large_orders))?;
    let what = threshold.above.map_or_else(
        || "Your sessions' orders no longer need approval, however large".to_owned(),
        |usd| format!("From now on, orders from your sessions above {usd:.2} USD need approval"),
    );
    let notice =
        notice::queue(ground, person, Topic::PolicyChanged, format!("{what}.{NOT_YOU}"), None);
    let events = vec![Event::Set { person, threshold }.into(), notice];
    Ok(Decision::new(events, Answer::Done))
}

/// The session that asks, if it may do this to an order.
fn may<'s>(slice: &'s Slice, ground: &Ground<'_>, act: Act) -> Result<&'s Session, Refusal> {
    if !matches!(act, Act::PlaceOrder | Act::ModifyOrder) {
        return Err(Refusal::ActNotAllowed { act });
    }
    ground.authorise(slice, act)?;
    ground.session(slice)
}

fn ask(
    slice: &Slice,
    ground: &Ground<'_>,
    act: Act,
    terms: &Lines,
    facts: &Lines,
) -> Result<Decision, Refusal> {
    let session = may(slice, ground, act)?;
    let device = slice.device(session.device);
    let name = device.map_or_else(String::new, |device| device.name.to_string());
    let place = [
        ("In the session on", name),
        ("From", ground.source.to_string()),
        ("At", ground.moment.wall.to_string()),
    ];
    let mut lines = terms.clone();
    lines.extend_from_slice(facts);
    lines.extend(place.map(|(label, value)| (label.to_owned(), value)));
    let content = Content { kind: ContentKind::Order, lines };
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
    terms: &Lines,
) -> Result<Decision, Refusal> {
    let asked = slice.approval(id).filter(|one| {
        one.asker == Asker::Session(session.id) && one.content.kind == ContentKind::Order
    });
    let granted = approval::used_now(asked, ground.moment.now)?;
    recovery::check_phone(slice, session, granted, ground.moment.now)?;
    let closed = approval::Event::Closed { approval: id }.into();
    // The last of the terms has one label in every order, so no order's terms begin another's.
    if terms.is_empty() || !granted.content.lines.starts_with(terms) {
        return Ok(Decision::refused(vec![closed], Refusal::ApprovalDiffers));
    }
    Ok(Decision::new(vec![closed, allowed(session, Some(id), terms)], Answer::Done))
}

fn allowed(session: &Session, approval: Option<ApprovalId>, terms: &Lines) -> decision::Event {
    Event::Allowed { session: session.id, approval, terms: terms.clone() }.into()
}
