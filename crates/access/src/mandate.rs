//! Mandates: who may do what on which account. A mandate is an edge from who grants it to who holds it;
//! its role is the preset that it was made of, and what it gives is stored by the members of that time.
//!
//! The operator grants, changes and revokes. So does an owner of the account, with a proof given lately
//! and never more than they hold themselves. An account that is open keeps an owner.

use crate::call::{By, Source};
use crate::contact::Reach;
use crate::credential;
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::{Act, Acts};
use crate::id::{AccountId, MandateId};
use crate::moment::Moment;
use crate::notice::{self, Topic};
use crate::person::Person;
use crate::refusal::{AccountRefusal, ChangeRefusal, Field, Refusal, SessionRefusal};
use crate::scopes::out_of_range;
use crate::secret::SealKey;
use crate::session::{self, SessionEnd};
use crate::slice::Slice;

pub(crate) mod event;
mod record;
mod words;

pub use event::{Command, Event, OwnerWord};
pub use record::{Conditions, Grantor, Mandate, MandateTerms, Role};

/// Looks at the slice of somebody who acts as an owner of an account.
pub fn vouch_owner(
    slice: &Slice,
    account: AccountId,
    (by, source): (By, &Source),
    moment: &Moment,
    key: &SealKey,
) -> Result<OwnerWord, Refusal> {
    let reach = Reach::of(slice, moment.now);
    let ground = Ground { by, source, moment, key, device: None, reach };
    ground.session(slice)?;
    // What lets an owner make programs lets them let people in.
    ground.authorise(slice, Act::ManageCredentials, account)?;
    ground.check_recent(slice)?;
    let mandate = slice.mandate(account).filter(|one| one.role == Role::Owner);
    let mandate = mandate.ok_or(ChangeRefusal::OperatorOnly)?.clone();
    let name = slice.owner()?.username.to_string();
    Ok(OwnerWord { mandate, name, reads: slice.reads() })
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    let Person { id: holder, username: name, .. } = slice.owner()?;
    let holder = *holder;
    match command {
        Command::Grant { account, role, terms, owner } => {
            let grantor = check_owner(ground, owner.as_ref(), *account)?;
            slice.open_account(*account)?;
            check_terms(ground, owner.as_ref(), *role, terms)?;
            if slice.mandate(*account).is_some() {
                return Err(Refusal::Account(AccountRefusal::MandateStands { account: *account }));
            }
            let id = MandateId(ground.moment.draw("mandate"));
            let (of, now) = ((holder, *account, *role), ground.moment.now);
            let mandate = Mandate::with((id, grantor), of, MandateTerms::clone(terms), now);
            let words = Words {
                by: by_whom(ground, owner.as_ref()),
                terms: said_terms(slice, &mandate),
                holder: format!("You are now {} of account {account}", role.name()),
                owners: format!("{name} is now {} of account {account}", role.name()),
            };
            Ok(told(slice, ground, Event::Granted(mandate), &words))
        }
        Command::Change { mandate, terms, owner } => {
            let found = find(slice, *mandate)?;
            check_owner(ground, owner.as_ref(), found.account)?;
            slice.open_account(found.account)?;
            check_terms(ground, owner.as_ref(), found.role, terms)?;
            let old = found.terms();
            if old == **terms {
                return Ok(Decision::new(Vec::new(), Answer::Done));
            }
            if terms.until.is_some() || !MANAGES.without(terms.acts).is_empty() {
                check_owner_left(slice, found)?;
            }
            let (id, grantor, at) = (found.id, found.grantor, found.granted_at);
            let of = (holder, found.account, found.role);
            let changed = Mandate::with((id, grantor), of, MandateTerms::clone(terms), at);
            let account = found.account;
            let words = Words {
                by: by_whom(ground, owner.as_ref()),
                terms: said_terms(slice, &changed),
                holder: format!("What you may do on account {account} was changed"),
                owners: format!("What {name} may do on account {account} was changed"),
            };
            Ok(told(slice, ground, Event::Changed(changed), &words))
        }
        Command::Revoke { mandate, owner, .. } => {
            let found = find(slice, *mandate)?;
            check_owner(ground, owner.as_ref(), found.account)?;
            check_owner_left(slice, found)?;
            Ok(revoke(slice, ground, found, owner.as_ref()))
        }
    }
}

/// The id and the grantor of what the server or its operator grants.
pub(crate) fn drawn(ground: &Ground<'_>) -> (MandateId, Grantor) {
    let by_operator = matches!(ground.by, By::Operator { .. });
    let grantor = if by_operator { Grantor::Operator } else { Grantor::System };
    (MandateId(ground.moment.draw("mandate")), grantor)
}

fn find(slice: &Slice, id: MandateId) -> Result<&Mandate, ChangeRefusal> {
    let found = slice.mandates.iter().find(|one| one.id == id);
    found.ok_or(ChangeRefusal::NotFound { what: "mandate" })
}

/// Who grants: the operator, or the owner whose word came along, on their own account.
fn check_owner(
    ground: &Ground<'_>,
    owner: Option<&OwnerWord>,
    account: AccountId,
) -> Result<Grantor, Refusal> {
    match (ground.by, owner) {
        (By::Operator { .. }, None) => Ok(Grantor::Operator),
        (By::System, None) => Ok(Grantor::System),
        (By::Session(_), Some(word)) if word.mandate.account == account => {
            Ok(Grantor::Person(word.mandate.person))
        }
        (By::Visitor, _) => Err(Refusal::Session(SessionRefusal::NotSignedIn)),
        _ => Err(Refusal::Change(ChangeRefusal::OperatorOnly)),
    }
}

/// Whether terms stay within the role, and within what the owner who grants them holds.
fn check_terms(
    ground: &Ground<'_>,
    owner: Option<&OwnerWord>,
    role: Role,
    terms: &MandateTerms,
) -> Result<(), Refusal> {
    terms.conditions.limits.check()?;
    if let Some(until) = terms.until.filter(|until| *until <= ground.moment.now) {
        return Err(out_of_range(
            Field::MandateEnd,
            until,
            ground.moment.now,
            crate::moment::Time::FAR,
        ));
    }
    if !terms.acts.without(role.acts()).is_empty() {
        return Err(Refusal::Account(AccountRefusal::WiderMandate { what: "acts" }));
    }
    match owner.and_then(|word| terms.wider_than(&word.mandate.terms())) {
        Some(what) => Err(Refusal::Account(AccountRefusal::WiderMandate { what })),
        None => Ok(()),
    }
}

/// What it takes to manage an account: to look at it, cancel on it, make and end its programs, and lock it.
const MANAGES: Acts =
    Acts::of(&[Act::ViewAccount, Act::CancelOrder, Act::ManageCredentials, Act::Lock]);

/// Whether an open account still has an owner, one who stays and can manage it, when this mandate is over.
fn check_owner_left(slice: &Slice, ends: &Mandate) -> Result<(), AccountRefusal> {
    let Some(account) = slice.account(ends.account) else { return Ok(()) };
    let is_open = account.account.as_ref().is_some_and(|one| one.closed_at.is_none());
    let stays = |one: &Mandate| {
        let can_manage = one.until.is_none() && MANAGES.without(one.acts).is_empty();
        one.role == Role::Owner && one.id != ends.id && can_manage
    };
    if ends.role == Role::Owner && is_open && !account.mandates.iter().any(stays) {
        return Err(AccountRefusal::LastOwner { account: ends.account });
    }
    Ok(())
}

/// The mandate first, so that nothing new passes; then the holder's programs on the account, and their
/// sessions where they hold no other mandate.
fn revoke(
    slice: &Slice,
    ground: &Ground<'_>,
    found: &Mandate,
    owner: Option<&OwnerWord>,
) -> Decision {
    let (at, by) = (ground.moment.now, ground.by);
    let (holder, account) = (found.person, found.account);
    let mut events: Vec<decision::Event> =
        vec![Event::Revoked { mandate: found.id, holder, account, at, by }.into()];
    let mut names = Vec::new();
    for one in &slice.credentials {
        if let Some(ended) = credential::end_on(slice, one, account, (at, by)) {
            events.push(ended.into());
            names.push(one.name.to_string());
        }
    }
    if slice.mandates.iter().all(|one| one.id == found.id) {
        let reason = SessionEnd::MandateRevoked;
        events.extend(
            slice
                .sessions
                .iter()
                .map(|one| session::Event::Ended { session: one.id, at, reason }.into()),
        );
    }
    let programs = if names.is_empty() {
        String::new()
    } else {
        format!(
            "; your credentials act there no more because of it, and their open orders there were cancelled: {}",
            names.join(", ")
        )
    };
    let whom = by_whom(ground, owner);
    let text = format!("Your authority on account {account} was revoked by {whom}{programs}.");
    events.push(notice::queue(ground, holder, Topic::AccountChanged, text, None));
    let name = slice.person.as_ref().map(|person| person.username.as_str()).unwrap_or_default();
    let text =
        format!("{name} has no authority on account {account} any more: it was revoked by {whom}.");
    let told = (Topic::AccountChanged, text.as_str());
    events.extend(notice::tell_owners(slice, ground, account, told));
    Decision::new(events, Answer::Done)
}

/// What a notice says of a mandate, to its holder and to the owners of the account.
struct Words {
    by: String,
    terms: String,
    holder: String,
    owners: String,
}

fn told(slice: &Slice, ground: &Ground<'_>, event: Event, words: &Words) -> Decision {
    let topic = Topic::AccountChanged;
    let (holder, account) = event.between();
    let Words { by, terms, .. } = words;
    let text = format!("{}, by {by}: {terms}.", words.holder);
    let mut events = vec![event.into(), notice::queue(ground, holder, topic, text, None)];
    let text = format!("{}, by {by}: {terms}.", words.owners);
    events.extend(notice::tell_owners(slice, ground, account, (topic, &text)));
    Decision::new(events, Answer::Done)
}

/// The terms of a mandate in words, amounts in the currency of its account.
fn said_terms(slice: &Slice, mandate: &Mandate) -> String {
    let account = slice.account(mandate.account).and_then(|one| one.account.as_ref());
    words::terms(mandate.role, &mandate.terms(), account.map(|one| one.base_currency))
}

fn by_whom(ground: &Ground<'_>, owner: Option<&OwnerWord>) -> String {
    match owner {
        Some(word) => format!("{}, an owner of it", word.name),
        None if ground.by.runs_the_server() => "the operator".to_owned(),
        None => "an owner of it".to_owned(),
    }
}
