//! API credentials: what a program holds. A credential has one account or several, scopes and a door, the one
//! way in by which it is used: a socket of its own, whose port names it and proves nothing about the caller,
//! so that it may demand a token as well; or the HTTP API, where the token names it.

use crate::address::Addresses;
use crate::call::By;
use crate::decision::{self, Answer, Decision, Ground};
use crate::entitlements::{Act, Acts, Entitlements, Hours, Resource, Scopes, Symbols};
use crate::id::{AccountId, CredentialId, PaperAccountId};
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::notice::{self, Topic};
use crate::refusal::{CredentialRefusal, Field, InputRefusal, Refusal};
use crate::scopes::{out_of_range, within};
use crate::secret::Secret;
use crate::slice::Slice;
use crate::token::{self, Kind};

mod door;
pub(crate) mod event;
mod record;

pub use door::Door;
pub use event::{Command, Event};
pub use record::{
    Credential, Former, LastUse, NewCredential, PORT_REST, Paused, Revoked, TakenPort,
};

/// How long a credential lives when its maker does not say.
pub const DEFAULT_LIFE: Span = Span::days(90);
/// How long one may live at most.
pub const LONGEST_LIFE: Span = Span::days(366);
/// How long the token before works at most once there is a new one.
pub const LONGEST_GRACE: Span = Span::days(1);
/// Live credentials of a person.
const MOST: usize = 100;
/// Accounts that one may be for.
const MOST_ACCOUNTS: usize = 50;

/// The first port of the range that no live credential has and none had within a day.
pub fn free_port(first: u16, last: u16, taken: &[TakenPort], now: Time) -> Result<u16, Refusal> {
    (first..=last)
        .find(|port| taken.iter().all(|one| one.port != *port || one.is_free(now)))
        .ok_or(Refusal::Credential(CredentialRefusal::PortsExhausted { first, last }))
}

pub(crate) fn decide(
    slice: &Slice,
    ground: &Ground<'_>,
    command: &Command,
) -> Result<Decision, Refusal> {
    match command {
        Command::Create(new) => create(slice, ground, new),
        Command::Revoke { credential, cancel_orders } => {
            revoke(slice, ground, *credential, *cancel_orders)
        }
        Command::Pause { credential, cancel_orders } => {
            pause(slice, ground, *credential, *cancel_orders)
        }
        Command::Resume { credential } => resume(slice, ground, *credential),
        Command::Rotate { credential, grace } => rotate(slice, ground, *credential, *grace),
        Command::Rename { credential, name } => rename(slice, ground, *credential, name),
        Command::Edit { credential, scopes } => edit(slice, ground, *credential, scopes),
    }
}

fn create(slice: &Slice, ground: &Ground<'_>, new: &NewCredential) -> Result<Decision, Refusal> {
    let (account, others) = named(&new.accounts)?;
    let accounts = [&[account][..], &others].concat();
    let giver = authorise(slice, ground, &accounts)?;
    ground.check_recent(slice)?;
    let person = slice.owner()?;
    for account in &accounts {
        slice.open_account((*account).into())?;
    }
    let now = ground.moment.now;
    let name = free_name(slice, &accounts, None, &new.name)?;
    check_scopes(&new.scopes, now)?;
    check_acts(slice, &accounts, &new.scopes, giver.as_ref())?;
    if slice.credentials.iter().filter(|one| one.revoked.is_none()).count() >= MOST {
        let limit = u32::try_from(MOST).unwrap_or(u32::MAX);
        return Err(Refusal::Input(InputRefusal::TooMany {
            what: "live credentials",
            count: limit,
            limit,
        }));
    }
    check_door(slice, new, now)?;
    let token = new.with_token.then(|| token::issue(Kind::Credential, ground.moment));
    let id = CredentialId(ground.moment.draw("credential"));
    let text = format!("A credential named {name} was created for {}.", event::on(&accounts));
    let credential = Credential {
        id,
        person: person.id,
        account,
        others,
        name,
        scopes: new.scopes.clone(),
        token: token.as_ref().map(Secret::digest),
        door: new.door,
        created_at: now,
        created_by: ground.by,
        revoked: None,
        paused: None,
        former: None,
    };
    Ok(Decision::new(
        vec![
            Event::Created(Box::new(credential)).into(),
            notice::queue(ground, person.id, Topic::CredentialCreated, text, None),
        ],
        Answer::CredentialCreated { credential: id, token, door: new.door },
    ))
}

/// The accounts that a new credential names, each once and ascending: the first, and the others.
fn named(accounts: &[PaperAccountId]) -> Result<(PaperAccountId, Vec<PaperAccountId>), Refusal> {
    let mut accounts = accounts.to_vec();
    accounts.sort_unstable();
    accounts.dedup();
    let count = accounts.len();
    match accounts.split_first() {
        Some((first, others)) if count <= MOST_ACCOUNTS => Ok((*first, others.to_vec())),
        _ => Err(out_of_range(Field::Accounts, count, 1, MOST_ACCOUNTS)),
    }
}

/// A name that no other live credential of these accounts has.
fn free_name(
    slice: &Slice,
    accounts: &[PaperAccountId],
    own: Option<CredentialId>,
    name: &str,
) -> Result<Name, Refusal> {
    let name = Name::of_program(name)?;
    let is_taken = slice.credentials.iter().any(|other| {
        other.revoked.is_none()
            && accounts.iter().any(|account| other.is_on(*account))
            && Some(other.id) != own
            && other.name == name
    });
    if is_taken {
        return Err(Refusal::Input(InputRefusal::NameTaken {
            field: Field::CredentialName,
            name: name.to_string(),
        }));
    }
    Ok(name)
}

/// Whether scopes stay within what their giver has, and what the mandate on each account gives.
fn check_acts(
    slice: &Slice,
    accounts: &[PaperAccountId],
    scopes: &Scopes,
    giver: Option<&Entitlements>,
) -> Result<(), Refusal> {
    let wanted = if scopes.read_only { Acts::VIEW } else { scopes.acts };
    let mut is_wider = giver.is_some_and(|giver| !wanted.without(giver.acts).is_empty());
    for account in accounts {
        let mandate = slice.mandate(*account).ok_or(Refusal::not_found("account"))?;
        is_wider |= !wanted.without(mandate.acts).is_empty();
    }
    if is_wider {
        Err(Refusal::Credential(CredentialRefusal::Wider { what: "acts" }))
    } else {
        Ok(())
    }
}

/// Whether the door can be given. Only a socket has a port, which is one credential's at a time.
fn check_door(slice: &Slice, new: &NewCredential, now: Time) -> Result<(), Refusal> {
    match new.door {
        Door::Socket { port } => check_port(slice, port, now),
        Door::Api if !new.serves_api => {
            Err(Refusal::Credential(CredentialRefusal::DoorNotServed { door: new.door }))
        }
        Door::Api if !new.with_token => {
            Err(Refusal::Credential(CredentialRefusal::TokenNeeded { door: new.door }))
        }
        Door::Api => Ok(()),
    }
}

fn check_port(slice: &Slice, port: u16, now: Time) -> Result<(), Refusal> {
    if port < 1024 {
        return Err(out_of_range(Field::Port, port, 1024, u16::MAX));
    }
    let others = slice.credentials.iter().filter(|one| one.door.port() == Some(port));
    for one in others {
        let taken = TakenPort { port, revoked_at: one.revoked.map(|revoked| revoked.at) };
        if !taken.is_free(now) {
            let until = taken.revoked_at.map_or(Time::FAR, |at| at + PORT_REST);
            return Err(Refusal::Credential(CredentialRefusal::PortTaken { port, until }));
        }
    }
    Ok(())
}

/// Whether the numbers of scopes make sense; each refusal says the range.
pub fn check_scopes(scopes: &Scopes, now: Time) -> Result<(), Refusal> {
    if scopes.until <= now || scopes.until > now + LONGEST_LIFE {
        return Err(out_of_range(Field::End, scopes.until, now, now + LONGEST_LIFE));
    }
    if !scopes.acts.without(Acts::VIEW.or(Acts::TRADE)).is_empty() || scopes.acts.is_empty() {
        return Err(Refusal::Credential(CredentialRefusal::Wider { what: "acts" }));
    }
    let count = |field, count: usize| {
        if (1..=1000).contains(&count) { Ok(()) } else { Err(out_of_range(field, count, 1, 1000)) }
    };
    match &scopes.symbols {
        Symbols::All => {}
        Symbols::Only(symbols) => count(Field::Symbols, symbols.len())?,
    }
    match &scopes.addresses {
        Addresses::Any => {}
        Addresses::Only(networks) => count(Field::Addresses, networks.len())?,
    }
    match &scopes.hours {
        Hours::Weekly(windows) => count(Field::Hours, windows.len())?,
        Hours::Always | Hours::Both(..) => {}
    }
    let rate = scopes.rate;
    within(Field::Rate, rate.map(|rate| rate.per_second.into()), 10_000)?;
    within(Field::Burst, rate.map(|rate| rate.burst.into()), 10_000)?;
    scopes.limits.check()
}

/// Whether the caller may manage credentials on all of these accounts, and what they have on each.
fn authorise(
    slice: &Slice,
    ground: &Ground<'_>,
    accounts: &[PaperAccountId],
) -> Result<Option<Entitlements>, Refusal> {
    let mut giver: Option<Entitlements> = None;
    for account in accounts {
        let given = ground.authorise(slice, Act::ManageCredentials, *account)?;
        giver = match (giver, given) {
            (Some(known), Some(given)) => {
                Some(Entitlements { acts: known.acts.and(given.acts), ..known })
            }
            (known, given) => known.or(given),
        };
    }
    Ok(giver)
}

/// Whether the caller may take authority away from a credential: on one of its accounts is enough. A
/// lock does not stand in its way.
fn authorise_cut(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
) -> Result<(), Refusal> {
    let mut why = Refusal::Credential(CredentialRefusal::CredentialUnknown);
    for account in accounts_of(slice, ground, credential)? {
        let managed = ground.authorise(slice, Act::ManageCredentials, account);
        match managed.or_else(|_| ground.authorise(slice, Act::Lock, account)) {
            Ok(_) => return Ok(()),
            Err(refusal) => why = refusal,
        }
    }
    Err(why)
}

/// The accounts of a credential, revoked or not. Who may do nothing is not told that there is none.
fn accounts_of(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
) -> Result<Vec<PaperAccountId>, Refusal> {
    if let Some(found) = slice.credential(credential) {
        return Ok(found.all_accounts());
    }
    ground.authorise(slice, Act::Lock, Resource::Person)?;
    Err(Refusal::Credential(CredentialRefusal::CredentialUnknown))
}

/// A credential that is not revoked.
fn live(slice: &Slice, credential: CredentialId) -> Result<&Credential, Refusal> {
    let found = slice.credential(credential).ok_or(CredentialRefusal::CredentialUnknown)?;
    match found.revoked {
        Some(revoked) => {
            Err(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: revoked.at }))
        }
        None => Ok(found),
    }
}

/// What its owner is told when something happens to a credential.
fn tell(ground: &Ground<'_>, credential: &Credential, what: &str) -> decision::Event {
    let by = if ground.by.runs_the_server() {
        "by the operator".to_owned()
    } else {
        format!("from {}", ground.source)
    };
    let text = format!("Your credential {} {what}, {by}.", credential.name);
    notice::queue(ground, credential.person, Topic::CredentialChanged, text, None)
}

/// Words for what becomes of its open orders.
const fn orders_go(cancel_orders: bool) -> &'static str {
    if cancel_orders { ", and its open orders were cancelled" } else { "" }
}

fn revoke(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
    cancel_orders: bool,
) -> Result<Decision, Refusal> {
    authorise_cut(slice, ground, credential)?;
    let found = live(slice, credential)?;
    let event = Event::Revoked { credential, at: ground.moment.now, by: ground.by, cancel_orders };
    let told = tell(ground, found, &format!("was revoked{}", orders_go(cancel_orders)));
    Ok(Decision::new(
        vec![event.into(), told],
        Answer::CredentialRevoked { credential, cancel_orders },
    ))
}

fn pause(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
    cancel_orders: bool,
) -> Result<Decision, Refusal> {
    authorise_cut(slice, ground, credential)?;
    let found = live(slice, credential)?;
    if let Some(paused) = found.paused {
        return Err(Refusal::Credential(CredentialRefusal::CredentialPaused { at: paused.at }));
    }
    let paused = Paused { at: ground.moment.now, by: ground.by, cancel_orders };
    let told = tell(ground, found, &format!("was paused{}", orders_go(cancel_orders)));
    let event = Event::Paused { credential, paused };
    Ok(Decision::new(vec![event.into(), told], Answer::Done))
}

fn resume(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
) -> Result<Decision, Refusal> {
    let giver = authorise(slice, ground, &accounts_of(slice, ground, credential)?)?;
    ground.check_recent(slice)?;
    let found = live(slice, credential)?;
    if found.paused.is_none() {
        return Err(Refusal::Credential(CredentialRefusal::CredentialNotPaused));
    }
    check_acts(slice, &found.all_accounts(), &found.scopes, giver.as_ref())?;
    let event = Event::Resumed { credential, at: ground.moment.now };
    Ok(Decision::new(vec![event.into(), tell(ground, found, "was resumed")], Answer::Done))
}

fn rotate(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
    grace: Span,
) -> Result<Decision, Refusal> {
    let giver = authorise(slice, ground, &accounts_of(slice, ground, credential)?)?;
    ground.check_recent(slice)?;
    let found = live(slice, credential)?;
    let old = found.token.ok_or(CredentialRefusal::TokenNotRequired)?;
    if grace < Span(0) || grace > LONGEST_GRACE {
        return Err(out_of_range(Field::TokenGrace, grace, Span(0), LONGEST_GRACE));
    }
    check_acts(slice, &found.all_accounts(), &found.scopes, giver.as_ref())?;
    let at = ground.moment.now;
    let token = token::issue(Kind::Credential, ground.moment);
    let former = Former { token: old, until: at + grace };
    let what = if grace == Span(0) {
        "has a new token, and the old one no longer works".to_owned()
    } else {
        format!("has a new token, and the old one works until {}", former.until)
    };
    let told = tell(ground, found, &what);
    let event = Event::Rotated { credential, token: token.digest(), former, at };
    Ok(Decision::new(
        vec![event.into(), told],
        Answer::CredentialRotated { credential, token, until: former.until },
    ))
}

fn rename(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
    name: &str,
) -> Result<Decision, Refusal> {
    authorise(slice, ground, &accounts_of(slice, ground, credential)?)?;
    let found = live(slice, credential)?;
    let name = free_name(slice, &found.all_accounts(), Some(credential), name)?;
    if name == found.name {
        return Ok(Decision::new(Vec::new(), Answer::Done));
    }
    let told = tell(ground, found, &format!("was renamed to {name}"));
    let event = Event::Renamed { credential, name, at: ground.moment.now };
    Ok(Decision::new(vec![event.into(), told], Answer::Done))
}

fn edit(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
    scopes: &Scopes,
) -> Result<Decision, Refusal> {
    let found = slice.credential(credential).ok_or(CredentialRefusal::CredentialUnknown)?;
    let is_narrower = scopes.is_within(&found.scopes);
    let giver = if is_narrower {
        authorise_cut(slice, ground, credential)?;
        None
    } else {
        let giver = authorise(slice, ground, &accounts_of(slice, ground, credential)?)?;
        ground.check_recent(slice)?;
        giver
    };
    live(slice, credential)?;
    let at = ground.moment.now;
    check_scopes(scopes, at)?;
    if *scopes == found.scopes {
        return Ok(Decision::new(Vec::new(), Answer::Done));
    }
    let scopes = Box::new(scopes.clone());
    let (event, what) = if is_narrower {
        (Event::Narrowed { credential, scopes, at }, "was narrowed")
    } else {
        check_acts(slice, &found.all_accounts(), &scopes, giver.as_ref())?;
        (Event::Widened { credential, scopes, at }, "may now do more than before")
    };
    Ok(Decision::new(vec![event.into(), tell(ground, found, what)], Answer::Done))
}

/// The end of a credential on one account: it goes on on the others on which its person holds a mandate, and
/// is revoked where there is none. None where it is not for that account, or is revoked already.
pub(crate) fn end_on(
    slice: &Slice,
    one: &Credential,
    account: AccountId,
    (at, by): (Time, By),
) -> Option<Event> {
    let on = one.accounts().find(|on| AccountId::from(*on) == account)?;
    if one.revoked.is_some() {
        return None;
    }
    let (credential, cancel_orders) = (one.id, true);
    let rest: Vec<_> = one.accounts().filter(|other| *other != on).collect();
    Some(if rest.iter().any(|other| slice.mandate(*other).is_some()) {
        Event::Withdrawn { credential, account: on, rest, at, by }
    } else {
        Event::Revoked { credential, at, by, cancel_orders }
    })
}

impl Credential {
    fn all_accounts(&self) -> Vec<PaperAccountId> {
        self.accounts().collect()
    }

    /// What it may do now on the first of its accounts on which it may do anything; why not, when that
    /// is none.
    pub fn entitlements(&self, slice: &Slice) -> Result<Entitlements, Refusal> {
        let first = self.entitlements_on(slice, self.account);
        first.or_else(|why| {
            let mut others = self.others.iter().map(|one| self.entitlements_on(slice, *one));
            others.find_map(Result::ok).ok_or(why)
        })
    }

    /// What it may do now on one of its accounts: its person's mandate there within its scopes, under
    /// the locks.
    pub fn entitlements_on(
        &self,
        slice: &Slice,
        account: PaperAccountId,
    ) -> Result<Entitlements, Refusal> {
        if let Some(revoked) = self.revoked {
            return Err(Refusal::Credential(CredentialRefusal::CredentialRevoked {
                at: revoked.at,
            }));
        }
        if let Some(paused) = self.paused {
            return Err(Refusal::Credential(CredentialRefusal::CredentialPaused { at: paused.at }));
        }
        let holder = crate::id::Holder::Credential(self.id);
        let full = slice
            .given(account, holder)
            .map_err(|_| Refusal::Credential(CredentialRefusal::CredentialUnknown))?;
        Ok(full.narrow(holder, &self.scopes).of_credential(&self.name.to_string()))
    }
}
