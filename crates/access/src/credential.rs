//! API credentials: what a program holds. A credential has one account, scopes and a port of its
//! own; the port names it and proves nothing about the caller, so it may demand a token as well.

use std::net::IpAddr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::address::Addresses;
use crate::call::By;
use crate::decision::{Answer, Decision, Ground};
use crate::entitlements::{Act, Acts, Entitlements, Hours, Scopes, Symbols};
use crate::id::{CredentialId, PaperAccountId, PersonId};
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::notice::{self, Topic};
use crate::refusal::Refusal;
use crate::secret::{Digest, Secret};
use crate::slice::Slice;
use crate::token::{self, Kind};

/// How long a credential lives when its maker does not say.
pub const DEFAULT_LIFE: Span = Span::days(90);
/// How long one may live at most.
pub const LONGEST_LIFE: Span = Span::days(366);
/// How long the port of a revoked credential is given to no other.
pub const PORT_REST: Span = Span::days(1);
/// Live credentials of a person.
const MOST: usize = 100;

/// What a program holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// The person whose authority it narrows.
    pub person: PersonId,
    /// Its one account.
    pub account: PaperAccountId,
    /// Its name, alone among the live ones of the account.
    pub name: Name,
    /// What it is narrowed to.
    pub scopes: Scopes,
    /// Digest of the token that it demands; none demands none.
    pub token: Option<Digest>,
    /// The port that names it.
    pub port: u16,
    /// When it was made.
    pub created_at: Time,
    /// By whom.
    pub created_by: By,
    /// When and by whom it was revoked.
    pub revoked: Option<Revoked>,
}

/// The end of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revoked {
    /// When.
    pub at: Time,
    /// By whom.
    pub by: By,
    /// Whether its resting orders go too: the server may stop before they are cancelled.
    pub cancel_orders: bool,
}

/// When, from where and with what a credential was last used; the gate writes it in batches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: Time,
    /// From where.
    pub address: IpAddr,
    /// What the program calls itself.
    pub client: String,
}

/// What a new credential is to be.
pub struct NewCredential {
    /// Its name.
    pub name: String,
    /// Its account.
    pub account: PaperAccountId,
    /// What it is narrowed to; never more than its maker has.
    pub scopes: Scopes,
    /// Whether it demands a token.
    pub with_token: bool,
    /// Its port, chosen by [`free_port`] or by its maker.
    pub port: u16,
}

/// What is asked about credentials.
pub enum Command {
    /// Makes one.
    Create(Box<NewCredential>),
    /// Ends one.
    Revoke {
        /// Which.
        credential: CredentialId,
        /// Whether its resting orders go too.
        cancel_orders: bool,
    },
}

/// What happened to credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Made.
    Created(Box<Credential>),
    /// Ended.
    Revoked {
        /// Which.
        credential: CredentialId,
        /// When.
        at: Time,
        /// By whom.
        by: By,
        /// Whether its resting orders go too.
        cancel_orders: bool,
    },
}

/// A port that a credential has or had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenPort {
    /// Which.
    pub port: u16,
    /// Since when its credential is revoked; none while it lives.
    pub revoked_at: Option<Time>,
}

impl TakenPort {
    /// Whether it may be given again.
    fn is_free(self, now: Time) -> bool {
        self.revoked_at.is_some_and(|at| at + PORT_REST <= now)
    }
}

/// The first port of the range that no live credential has and none had within a day.
pub fn free_port(first: u16, last: u16, taken: &[TakenPort], now: Time) -> Result<u16, Refusal> {
    (first..=last)
        .find(|port| taken.iter().all(|one| one.port != *port || one.is_free(now)))
        .ok_or(Refusal::PortsExhausted { first, last })
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
    }
}

fn create(slice: &Slice, ground: &Ground<'_>, new: &NewCredential) -> Result<Decision, Refusal> {
    let giver = ground.authorise(slice, Act::ManageCredentials)?;
    ground.check_recent(slice)?;
    let person = slice.owner()?;
    let account = new.account;
    let mandate = slice.mandate(account).ok_or(Refusal::NotFound { what: "account" })?;
    let now = ground.moment.now;
    let name = Name::new("credential name", &new.name)?;
    check_scopes(&new.scopes, now)?;
    let wanted = if new.scopes.read_only { Acts::VIEW } else { new.scopes.acts };
    if giver.is_some_and(|giver| !wanted.without(giver.acts).is_empty())
        || !wanted.without(mandate.role.acts()).is_empty()
    {
        return Err(Refusal::Wider { what: "acts" });
    }
    let live = || slice.credentials.iter().filter(|one| one.revoked.is_none());
    if live().any(|one| one.account == account && one.name == name) {
        return Err(Refusal::NameTaken { what: "credential", name: name.to_string() });
    }
    if live().count() >= MOST {
        let limit = u32::try_from(MOST).unwrap_or(u32::MAX);
        return Err(Refusal::TooMany { what: "live credentials", count: limit, limit });
    }
    check_port(slice, new.port, now)?;
    let token = new.with_token.then(|| token::issue(Kind::Credential, ground.moment));
    let id = CredentialId(ground.moment.draw("credential"));
    let text = format!("A credential named {name} was created for account {account}.");
    let credential = Credential {
        id,
        person: person.id,
        account,
        name,
        scopes: new.scopes.clone(),
        token: token.as_ref().map(Secret::digest),
        port: new.port,
        created_at: now,
        created_by: ground.by,
        revoked: None,
    };
    Ok(Decision::new(
        vec![
            Event::Created(Box::new(credential)).into(),
            notice::queue(ground, person.id, Topic::CredentialCreated, text, None),
        ],
        Answer::CredentialCreated { credential: id, token, port: new.port },
    ))
}

fn check_port(slice: &Slice, port: u16, now: Time) -> Result<(), Refusal> {
    if port < 1024 {
        return Err(out_of_range("port", port, 1024, u16::MAX));
    }
    let others = slice.credentials.iter().filter(|one| one.port == port);
    for one in others {
        let taken = TakenPort { port, revoked_at: one.revoked.map(|revoked| revoked.at) };
        if !taken.is_free(now) {
            let until = taken.revoked_at.map_or(Time::FAR, |at| at + PORT_REST);
            return Err(Refusal::PortTaken { port, until });
        }
    }
    Ok(())
}

fn out_of_range<T: ToString + Copy, L: ToString + Copy>(
    what: &'static str,
    given: T,
    least: L,
    most: L,
) -> Refusal {
    let (given, least, most) = (given.to_string(), least.to_string(), most.to_string());
    Refusal::OutOfRange { what, given, least, most }
}

/// Whether the numbers of scopes make sense; each refusal says the range.
pub fn check_scopes(scopes: &Scopes, now: Time) -> Result<(), Refusal> {
    if scopes.until <= now || scopes.until > now + LONGEST_LIFE {
        return Err(out_of_range("end", scopes.until, now, now + LONGEST_LIFE));
    }
    if !scopes.acts.without(Acts::VIEW.or(Acts::TRADE)).is_empty() || scopes.acts.is_empty() {
        return Err(Refusal::Wider { what: "acts" });
    }
    let count = |what, count: usize| {
        if (1..=1000).contains(&count) { Ok(()) } else { Err(out_of_range(what, count, 1, 1000)) }
    };
    match &scopes.symbols {
        Symbols::All => {}
        Symbols::Only(symbols) => count("number of symbols", symbols.len())?,
    }
    match &scopes.addresses {
        Addresses::Any => {}
        Addresses::Only(networks) => count("number of addresses", networks.len())?,
    }
    match &scopes.hours {
        Hours::Weekly(windows) => count("number of hours", windows.len())?,
        Hours::Always | Hours::Both(..) => {}
    }
    let within = |what, given: Option<u64>, most: u64| match given {
        Some(given) if !(1..=most).contains(&given) => Err(out_of_range(what, given, 1, most)),
        _ => Ok(()),
    };
    let rate = scopes.rate;
    within("orders a second", rate.map(|rate| rate.per_second.into()), 10_000)?;
    within("burst", rate.map(|rate| rate.burst.into()), 10_000)?;
    let limits = &scopes.limits;
    within("largest quantity", limits.max_quantity, 1_000_000_000)?;
    within("price collar in hundredths of a percent", limits.collar_bps.map(u64::from), 10_000)?;
    within("number of open orders", limits.max_open_orders.map(u64::from), 100_000)?;
    let most = Decimal::from(1_000_000_000_000_u64);
    match limits.max_notional {
        Some(given) if given <= Decimal::ZERO || given > most => {
            return Err(out_of_range("largest notional", given, Decimal::ONE, most));
        }
        _ => {}
    }
    match limits.duplicate_window {
        Some(given) if given <= Span(0) || given > Span::days(1) => {
            Err(out_of_range("window for duplicates", given, Span::milliseconds(1), Span::days(1)))
        }
        _ => Ok(()),
    }
}

fn revoke(
    slice: &Slice,
    ground: &Ground<'_>,
    credential: CredentialId,
    cancel_orders: bool,
) -> Result<Decision, Refusal> {
    // Revoking narrows, so a lock does not stand in its way.
    if ground.authorise(slice, Act::ManageCredentials).is_err() {
        ground.authorise(slice, Act::Lock)?;
    }
    let one = slice.credential(credential).ok_or(Refusal::CredentialUnknown)?;
    if let Some(revoked) = one.revoked {
        return Err(Refusal::CredentialRevoked { at: revoked.at });
    }
    let event = Event::Revoked { credential, at: ground.moment.now, by: ground.by, cancel_orders };
    Ok(Decision::new(vec![event.into()], Answer::CredentialRevoked { credential, cancel_orders }))
}

impl Credential {
    /// What it may do now: its person's mandate within its scopes, under the locks.
    pub fn entitlements(&self, slice: &Slice) -> Result<Entitlements, Refusal> {
        if let Some(revoked) = self.revoked {
            return Err(Refusal::CredentialRevoked { at: revoked.at });
        }
        let mandate = slice.mandate(self.account).ok_or(Refusal::CredentialUnknown)?;
        let holder = crate::id::Holder::Credential(self.id);
        let full = mandate.entitlements(holder, slice.grade(self.account));
        Ok(full.narrow(holder, &self.scopes))
    }
}
