//! Accounts: what is owned and traded on. An account is an aggregate of its own: it has a version,
//! and the mandates and locks on it are its own, whoever looks at them.
//!
//! What anybody may do on it is within what it is permitted and within its limits; once it is closed
//! it can be looked at. The money on it is the journal's.

use crate::decision::{Answer, Decision, Ground};
use crate::id::AccountId;
use crate::mandate::{self, Mandate, Role};
use crate::name::Name;
use crate::notice::{self, Topic};
use crate::refusal::{AccountRefusal, ChangeRefusal, Field, Refusal};
use crate::slice::Slice;

pub(crate) mod event;
mod record;
mod slice;

pub use crate::currency::{Currency, CurrencyError};
pub use event::{Command, Event, MarginNews, NewAccount};
pub use record::{Account, SelfMatch};
pub use slice::AccountSlice;

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    if !ground.by.runs_the_server() {
        return Err(Refusal::Change(ChangeRefusal::OperatorOnly));
    }
    match command {
        Command::Open(new) => open(slice, ground, new),
        Command::Permit { account, products } => {
            let at = ground.moment.now;
            let known = slice.open_account(*account)?;
            let products = products.or(known.products);
            if products == known.products {
                return Ok(Decision::new(Vec::new(), Answer::Done));
            }
            Ok(told(slice, ground, Event::Permitted { account: *account, products, at }))
        }
        Command::Limit { account, limits } => {
            let known = slice.open_account(*account)?;
            limits.check()?;
            if **limits == known.limits {
                return Ok(Decision::new(Vec::new(), Answer::Done));
            }
            let (limits, at) = (limits.clone(), ground.moment.now);
            Ok(told(slice, ground, Event::Limited { account: *account, limits, at }))
        }
        Command::SelfMatch { account, self_match } => {
            slice.open_account(*account)?;
            let (account, self_match, at) = (*account, *self_match, ground.moment.now);
            Ok(told(slice, ground, Event::SelfMatchSet { account, self_match, at }))
        }
        Command::TellMargin { account, news } => {
            let (account, topic) = (*account, Topic::MarginCall);
            let text = news.text(account);
            let owner = slice.person.as_ref().map(|person| person.id);
            let mut events: Vec<_> = owner
                .map(|person| notice::queue(ground, person, topic, text.clone(), None))
                .into_iter()
                .collect();
            events.extend(notice::tell_owners(slice, ground, account, (topic, &text)));
            Ok(Decision::new(events, Answer::Done))
        }
        Command::Close { account } => {
            slice.open_account(*account)?;
            let event = Event::Closed { account: *account, at: ground.moment.now };
            Ok(told(slice, ground, event))
        }
    }
}

impl Slice {
    /// An account that is open.
    pub fn open_account(&self, id: AccountId) -> Result<&Account, Refusal> {
        let found = self.account(id).and_then(|one| one.account.as_ref());
        let account = found.ok_or(Refusal::not_found("account"))?;
        match account.closed_at {
            Some(at) => Err(Refusal::Account(AccountRefusal::AccountClosed { account: id, at })),
            None => Ok(account),
        }
    }
}

fn open(slice: &Slice, ground: &Ground<'_>, new: &NewAccount) -> Result<Decision, Refusal> {
    let person = slice.owner()?.id;
    if slice.account(new.account).is_some_and(|one| one.account.is_some()) {
        return Err(Refusal::Account(AccountRefusal::AccountTaken { account: new.account }));
    }
    new.limits.check()?;
    let at = ground.moment.now;
    let account = Account {
        id: new.account,
        purpose: Name::new(Field::Purpose, &new.purpose)?,
        base_currency: new.base_currency,
        products: new.products,
        limits: new.limits.clone(),
        opened_at: at,
        closed_at: None,
    };
    let mandate = Mandate::preset(mandate::drawn(ground), person, new.account, Role::Owner, at);
    let mut decision = told(slice, ground, Event::Opened(Box::new(account)));
    decision.events.insert(1, mandate::Event::Granted(mandate).into());
    Ok(decision)
}

/// The account that somebody's first mandate is on, where there was none yet.
pub(crate) fn opened(slice: &Slice, ground: &Ground<'_>, id: AccountId) -> Option<Event> {
    let is_there = slice.account(id).is_some_and(|one| one.account.is_some());
    let account = Account::unopened(id, ground.moment.now);
    (!is_there).then(|| Event::Opened(Box::new(account)))
}

/// Done, with a message to every owner: the person whose slice it is decided on, and the others.
fn told(slice: &Slice, ground: &Ground<'_>, event: Event) -> Decision {
    let (account, topic) = (event.account(), Topic::AccountChanged);
    let text = format!("{}, by the operator.", event.text());
    let owner = slice.person.as_ref().map(|person| person.id);
    let mut events = vec![event.into()];
    events.extend(owner.map(|person| notice::queue(ground, person, topic, text.clone(), None)));
    events.extend(notice::tell_owners(slice, ground, account, (topic, &text)));
    Decision::new(events, Answer::Done)
}
