//! What a session or credential may do right now, compiled for a check without allocation.

use std::fmt;
use std::net::IpAddr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::address::Addresses;
use crate::brokerage::Held;
use crate::device::DeviceRole;
use crate::id::{Holder, PaperAccountId, PersonId, SymbolId};
use crate::lock::Grade;
use crate::moment::{Span, Time};
use crate::policy::{Assurance, Needs, NewNetwork};
use crate::refusal::{AuthorityRefusal, Refusal};
use crate::symbol::SymbolSet;

mod act;
mod control;
mod members;
pub(crate) mod rule;
mod set;

pub use act::{Act, Acts, OrderKind, Product, Resource, Side};
pub use control::{Control, Controls, LimitUnit};
pub use rule::{Rule, RuleOwner};
use set::member_set;

/// A set of sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sides {
    /// Buys and sells.
    #[default]
    Both,
    /// Only one side.
    Only(Side),
    /// Neither: what is left of two different single sides.
    Neither,
}

impl Sides {
    /// Whether the side is in the set.
    #[inline]
    pub fn contains(self, side: Side) -> bool {
        self.bits() & side.bit() != 0
    }

    const fn bits(self) -> u8 {
        match self {
            Self::Both => Side::Buy.bit() | Side::Sell.bit(),
            Self::Only(side) => side.bit(),
            Self::Neither => 0,
        }
    }

    /// The sides in both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Both, set) | (set, Self::Both) => set,
            (Self::Only(one), Self::Only(two)) if one == two => self,
            _ => Self::Neither,
        }
    }
}

/// A set of products. It is stored as the names of its members: see [`members`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Products(u32);

member_set!(Products of Product);

impl Products {
    /// Its members, in order.
    pub fn iter(self) -> impl Iterator<Item = Product> {
        Product::ALL.iter().copied().filter(move |product| self.contains(*product))
    }
}

impl fmt::Display for Products {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NONE {
            return f.write_str("nothing");
        }
        for (at, product) in self.iter().enumerate() {
            write!(f, "{}{product}", if at > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// A set of kinds of orders. It is stored as the names of its members: see [`members`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrderKinds(u32);

member_set!(OrderKinds of OrderKind);

impl OrderKinds {
    /// What there was while grants listed none, and what those stand for. It never changes.
    pub const UNLISTED: Self =
        Self::of(&[OrderKind::Market, OrderKind::Limit, OrderKind::Stop, OrderKind::StopLimit]);

    /// What a grant that lists none stands for.
    pub(crate) const fn unlisted() -> Self {
        Self::UNLISTED
    }
}

/// A set of contracts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Symbols {
    /// Every contract.
    #[default]
    All,
    /// Only these; make it with [`Symbols::only`].
    Only(SymbolSet),
}

impl Symbols {
    /// The set of only these, in any order.
    pub fn only(symbols: impl IntoIterator<Item = SymbolId>) -> Self {
        Self::Only(symbols.into_iter().collect())
    }

    /// Whether the contract is in the set.
    #[inline]
    pub fn contains(&self, symbol: SymbolId) -> bool {
        match self {
            Self::All => true,
            Self::Only(symbols) => symbols.contains(symbol),
        }
    }

    /// How many contracts are listed.
    fn count(&self) -> u32 {
        match self {
            Self::All => 0,
            Self::Only(symbols) => u32::try_from(symbols.len()).unwrap_or(u32::MAX),
        }
    }

    /// The contracts in both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, set) | (set, Self::All) => set.clone(),
            (Self::Only(symbols), set) => {
                Self::only(symbols.iter().copied().filter(|symbol| set.contains(*symbol)))
            }
        }
    }
}

/// When an authority holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hours {
    /// Around the clock.
    #[default]
    Always,
    /// In these parts of each week.
    Weekly(Box<[Window]>),
    /// In these parts of each week and in those as well: what is left of two lists.
    Both(Box<[Window]>, Box<[Window]>),
}

/// A part of each week, in minutes since Monday 00:00 UTC; `from` is in it, `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First minute, 0 to 10,079.
    pub from: u16,
    /// Minute after the last, 1 to 10,080.
    pub to: u16,
}

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

impl Hours {
    /// Whether they hold at this time.
    #[inline]
    pub fn contain(&self, now: Time) -> bool {
        if matches!(self, Self::Always) {
            return true;
        }
        // 1970-01-01 was a Thursday: three days after a Monday.
        self.hold_at(now.0.saturating_add(3 * DAY).rem_euclid(7 * DAY) / 60_000_000)
    }

    /// Whether they hold in this minute of the week, counted from Monday 00:00 UTC.
    #[inline]
    pub(crate) fn hold_at(&self, minute: i64) -> bool {
        let inside = |windows: &[Window]| {
            windows.iter().any(|part| (i64::from(part.from)..i64::from(part.to)).contains(&minute))
        };
        match self {
            Self::Always => true,
            Self::Weekly(windows) => inside(windows),
            Self::Both(one, two) => inside(one) && inside(two),
        }
    }

    /// The hours in both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Always, hours) | (hours, Self::Always) => hours.clone(),
            (one, two) if one == two => one.clone(),
            (Self::Weekly(one), Self::Weekly(two)) => Self::Both(one.clone(), two.clone()),
            // A third list would need a third place: authority stops at two rather than widen.
            _ => Self::Weekly(Box::new([])),
        }
    }
}

/// How many order messages are taken, as a token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Tokens that come back each second, 1 or more.
    pub per_second: u32,
    /// Tokens that the bucket holds, 1 or more.
    pub burst: u32,
}

/// Limits on the numbers of an order, which pre-trade checks; none means not limited here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most shares per order.
    pub max_quantity: Option<u64>,
    /// The most that an order may be worth, in the account's base currency.
    pub max_notional: Option<Decimal>,
    /// Farthest limit price beyond the market on the aggressive side, in hundredths of a percent.
    pub collar_bps: Option<u32>,
    /// Orders open at once.
    pub max_open_orders: Option<u32>,
    /// An order identical to one in this window is a duplicate; none switches the check off.
    pub duplicate_window: Option<Span>,
    /// What is limited beyond one order's numbers. Older records have none.
    #[serde(default, skip_serializing_if = "Controls::is_none")]
    pub controls: Controls,
}

impl Limits {
    /// The narrower of each.
    #[inline]
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            max_quantity: narrower(self.max_quantity, other.max_quantity),
            max_notional: narrower(self.max_notional, other.max_notional),
            collar_bps: narrower(self.collar_bps, other.collar_bps),
            max_open_orders: narrower(self.max_open_orders, other.max_open_orders),
            // The longer window refuses more.
            duplicate_window: self.duplicate_window.max(other.duplicate_window),
            controls: self.controls.and(&other.controls),
        }
    }

    /// Whether nothing is limited.
    pub(crate) fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The smaller of two limits, where none is no limit.
#[inline]
pub(crate) fn narrower<T: Ord>(one: Option<T>, two: Option<T>) -> Option<T> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

/// What a holder asks to do.
#[derive(Debug, Clone, Copy)]
pub struct Question {
    /// The act.
    pub act: Act,
    /// The account.
    pub account: PaperAccountId,
    /// In which kind of product.
    pub product: Product,
    /// In which contract; none where the act names none.
    pub symbol: Option<SymbolId>,
    /// Which way; none where the act has no side.
    pub side: Option<Side>,
    /// Which kind of order; none where the act has none.
    pub kind: Option<OrderKind>,
    /// From where.
    pub address: IpAddr,
    /// The present time.
    pub now: Time,
}

/// What beside its mandate narrows a session: the reason that is told for an act that it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Narrowing {
    /// It is bound to no key of its browser.
    Unbound,
    /// Its device was activated only by a typed code.
    Unconfirmed,
    /// Its device's role.
    Role(DeviceRole),
    /// Its interface is set to be unattended.
    Unattended,
    /// Its person was proven less surely than its policy asks for.
    Assurance {
        /// How surely.
        have: Assurance,
        /// What acts need.
        needs: Needs,
    },
    /// It comes from a network that it was not proven at.
    Network(NewNetwork),
    /// Another session holds trading.
    Brokerage(Box<Held>),
    /// A recovery, whose holding time is not over.
    Recovered {
        /// Until then.
        until: Time,
    },
}

/// Acts that products, kinds of orders, sides and hours bind, and contracts too.
const BOUND_BY_ORDER_RULES: Acts = Acts::of(&[Act::PlaceOrder, Act::ReduceOrder, Act::ModifyOrder]);
/// Acts that contracts bind.
const BOUND_BY_SYMBOL: Acts = BOUND_BY_ORDER_RULES.or(Acts::of(&[Act::ViewMarketData]));

// What can speak against an act, the widest reason lowest: the lowest is the one that is told.
const EXPIRED: u16 = 1;
const ACCOUNT: u16 = 1 << 1;
const ACT: u16 = 1 << 2;
const ADDRESS: u16 = 1 << 3;
const PRODUCT: u16 = 1 << 4;
const SYMBOL: u16 = 1 << 5;
const SIDE: u16 = 1 << 6;
const KIND: u16 = 1 << 7;
const HOURS: u16 = 1 << 8;

/// What speaks against an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Reasons(u16);

impl Reasons {
    /// Whether nothing does: it is allowed.
    #[inline]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The widest, as its bit.
    const fn first(self) -> u16 {
        self.0 & self.0.wrapping_neg()
    }
}

/// What one holder may do right now. Compile it with [`crate::mandate`]; narrow it with
/// [`Entitlements::narrow`]. There is no way to widen it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entitlements {
    /// The session or credential.
    pub holder: Holder,
    /// The person whose authority it is.
    pub person: PersonId,
    /// The one account.
    pub account: PaperAccountId,
    /// The acts, the lock already taken off.
    pub acts: Acts,
    /// Whether orders are refused as a whole.
    pub read_only: bool,
    /// Which products.
    pub products: Products,
    /// Which kinds of orders.
    pub order_kinds: OrderKinds,
    /// Which contracts.
    pub symbols: Symbols,
    /// Which sides.
    pub sides: Sides,
    /// At which hours orders may be placed or modified; reading and cancelling are not bound.
    pub hours: Hours,
    /// From where.
    pub addresses: Addresses,
    /// Until when: at this time it is over.
    pub until: Time,
    /// How many order messages.
    pub rate: Option<Rate>,
    /// The strongest lock on person or account.
    pub lock: Grade,
    /// What narrows a session beside its mandate, and the acts that each took.
    pub narrowing: Vec<(Acts, Narrowing)>,
    /// What a session does at a network that it was not proven at.
    pub new_network: NewNetwork,
    /// The limits that pre-trade applies: the narrowest of [`Self::rules`].
    pub limits: Limits,
    /// Whose these limits are, the widest authority first.
    pub rules: Vec<Rule>,
    /// Orders worth more, in the account's base currency, take a person's yes; none asks for none. A session's is asked for
    /// before it is sent, a program's waits ([`Control::AsksAbove`]).
    pub asks_above: Option<Decimal>,
}

impl Entitlements {
    /// Whether the act is allowed; otherwise the first reason against it, the widest reason first.
    /// Allocates nothing where it is allowed.
    #[inline]
    pub fn check(&self, question: &Question) -> Result<(), Refusal> {
        let reasons = self.decide(question);
        if reasons.is_none() { Ok(()) } else { Err(self.refusal(reasons, question)) }
    }

    /// What speaks against the act: nothing when it is allowed. [`Entitlements::refusal`] words it.
    ///
    /// The tests are made one and all, with no jump between them that depends on the question:
    /// which of them fails is nothing that a processor can foresee, and each wrong guess costs as
    /// much as all of them. Hours come last, because they alone need arithmetic.
    #[expect(clippy::needless_bitwise_bool, reason = "a lazy operator is a jump")]
    #[inline]
    pub fn decide(&self, question: &Question) -> Reasons {
        let Question { act, account, product, symbol, side, kind, address, now } = *question;
        // Reading and cancelling are bound to no product, side or hour.
        let orders = BOUND_BY_ORDER_RULES.contains(act);
        let names = BOUND_BY_SYMBOL.contains(act);
        let symbol = symbol.is_none_or(|symbol| self.symbols.contains(symbol));
        let side = side.map_or(0, Side::bit) & !self.sides.bits() == 0;
        let kind = kind.map_or(0, |kind| 1 << kind as u8) & !self.order_kinds.0 == 0;
        let against = (u16::from(now >= self.until) * EXPIRED)
            | (u16::from(account != self.account) * ACCOUNT)
            | (u16::from(!self.acts.contains(act)) * ACT)
            | (u16::from(!self.addresses.contain(address)) * ADDRESS)
            | (u16::from(orders & !self.products.contains(product)) * PRODUCT)
            | (u16::from(names & !symbol) * SYMBOL)
            | (u16::from(orders & !side) * SIDE)
            | (u16::from(orders & !kind) * KIND);
        let late = orders & (against == 0) && !self.hours.contain(now);
        Reasons(against | (u16::from(late) * HOURS))
    }

    /// The first of these reasons against the act, in words.
    pub fn refusal(&self, reasons: Reasons, question: &Question) -> Refusal {
        let Question { act, account, product, symbol, side, kind, address, now } = *question;
        match (reasons.first(), symbol, side) {
            (EXPIRED, ..) => {
                Refusal::Authority(AuthorityRefusal::Expired { until: self.until, now })
            }
            (ACCOUNT, ..) => Refusal::Authority(AuthorityRefusal::AccountNotAllowed {
                account,
                allowed: vec![self.account],
            }),
            (ADDRESS, ..) => Refusal::Authority(AuthorityRefusal::AddressNotAllowed { address }),
            (PRODUCT, ..) => Refusal::Authority(AuthorityRefusal::ProductNotAllowed { product }),
            (SYMBOL, Some(symbol), _) => Refusal::Authority(AuthorityRefusal::SymbolNotAllowed {
                symbol,
                allowed: self.symbols.count(),
            }),
            (SIDE, _, Some(side)) => Refusal::Authority(AuthorityRefusal::SideNotAllowed { side }),
            (HOURS, ..) => Refusal::Authority(AuthorityRefusal::OutsideHours { now }),
            (KIND, ..) => match kind {
                Some(kind) => Refusal::Authority(AuthorityRefusal::OrderKindNotAllowed { kind }),
                None => self.why_not(act),
            },
            _ => self.why_not(act),
        }
    }

    /// The reason for an act that is not in the set: the lock, else read-only, else what narrows the
    /// session, else the act.
    #[cold]
    pub fn why_not(&self, act: Act) -> Refusal {
        if !self.lock.allows().contains(act) {
            return Refusal::Authority(AuthorityRefusal::Locked { grade: self.lock });
        }
        if self.read_only && Acts::TRADE.contains(act) {
            return Refusal::Authority(AuthorityRefusal::ReadOnly);
        }
        let taken = self.narrowing.iter().find(|(acts, _)| acts.contains(act));
        match taken.map(|(_, narrowing)| narrowing) {
            None => Refusal::Authority(AuthorityRefusal::ActNotAllowed { act }),
            Some(Narrowing::Unbound) => {
                Refusal::Authority(AuthorityRefusal::SessionUnbound { act })
            }
            Some(Narrowing::Unconfirmed) => {
                Refusal::Authority(AuthorityRefusal::DeviceUnconfirmed { act })
            }
            Some(Narrowing::Role(role)) => {
                Refusal::Authority(AuthorityRefusal::DeviceRoleNarrow { role: *role, act })
            }
            Some(Narrowing::Unattended) => {
                Refusal::Authority(AuthorityRefusal::SessionUnattended { act })
            }
            Some(Narrowing::Assurance { have, needs }) => {
                Refusal::Authority(AuthorityRefusal::AssuranceLow {
                    act,
                    have: *have,
                    needed: needs.of(act),
                })
            }
            Some(Narrowing::Network(NewNetwork::Look)) => {
                Refusal::Authority(AuthorityRefusal::NetworkLooks { act })
            }
            Some(Narrowing::Network(NewNetwork::Keep | NewNetwork::Prove)) => {
                Refusal::Authority(AuthorityRefusal::NetworkUnproven { act })
            }
            Some(Narrowing::Brokerage(held)) => {
                Refusal::Authority(AuthorityRefusal::BrokerageHeld {
                    device: held.device.clone(),
                    since: held.since,
                })
            }
            Some(Narrowing::Recovered { until }) => {
                Refusal::Authority(AuthorityRefusal::RecoveryHolds { act, until: *until })
            }
        }
    }

    /// Leaves these acts alone, and says why for those that it takes.
    pub fn keep(&mut self, acts: Acts, why: Narrowing) {
        let taken = self.acts.without(acts);
        if !taken.is_empty() {
            self.acts = self.acts.and(acts);
            self.narrowing.push((taken, why));
        }
    }

    /// The same, where the mandate that it comes from is the person's of this name.
    #[must_use]
    pub(crate) fn of_person(mut self, name: &str, limits: &Limits) -> Self {
        for rule in &mut self.rules {
            if let RuleOwner::Mandate { of, .. } = &mut rule.owner {
                *of = Some(name.to_owned());
            }
        }
        rule::put(&mut self.rules, RuleOwner::Person(name.to_owned()), limits);
        Self { limits: self.limits.and(limits), ..self }
    }

    /// The same, where the credential that it was narrowed for last has this name.
    #[must_use]
    pub(crate) fn of_credential(mut self, called: &str) -> Self {
        if let Some(Rule { owner: RuleOwner::Credential { name, .. }, .. }) = self.rules.last_mut()
        {
            *name = Some(called.to_owned());
        }
        self
    }

    /// What a session keeps of it at a network that it was not proven at.
    #[must_use]
    pub fn moved(mut self) -> Self {
        let there = self.new_network;
        self.keep(there.acts(), Narrowing::Network(there));
        self
    }

    /// The same authority under a lock.
    #[must_use]
    pub fn locked(mut self, grade: Grade) -> Self {
        self.lock = self.lock.max(grade);
        self.acts = self.acts.and(self.lock.allows());
        self
    }

    /// What is left of it within `scopes`, for `holder`: never more.
    #[must_use]
    pub fn narrow(&self, holder: Holder, scopes: &Scopes) -> Self {
        let read_only = self.read_only || scopes.read_only;
        let acts = self.acts.and(scopes.acts);
        let mut rules = self.rules.clone();
        let id = match holder {
            Holder::Credential(id) => Some(id),
            Holder::Session(_) | Holder::Operator | Holder::System => None,
        };
        rule::put(&mut rules, RuleOwner::Credential { id, name: None }, &scopes.limits);
        let limits = self.limits.and(&scopes.limits);
        Self {
            holder,
            person: self.person,
            account: self.account,
            acts: if read_only { acts.without(Acts::TRADE) } else { acts },
            read_only,
            products: self.products.and(scopes.products),
            order_kinds: self.order_kinds.and(scopes.order_kinds),
            symbols: self.symbols.and(&scopes.symbols),
            sides: self.sides.and(scopes.sides),
            hours: self.hours.and(&scopes.hours),
            addresses: self.addresses.and(&scopes.addresses),
            until: self.until.min(scopes.until),
            rate: match (self.rate, scopes.rate) {
                (Some(one), Some(two)) => Some(Rate {
                    per_second: one.per_second.min(two.per_second),
                    burst: one.burst.min(two.burst),
                }),
                (one, two) => one.or(two),
            },
            lock: self.lock,
            narrowing: self.narrowing.clone(),
            new_network: self.new_network,
            asks_above: narrower(self.asks_above, limits.controls.get(Control::AsksAbove)),
            limits,
            rules,
        }
    }
}

/// What an owner narrows an authority down to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scopes {
    /// The acts.
    pub acts: Acts,
    /// Whether orders, cancels included, are refused as a whole.
    pub read_only: bool,
    /// The products.
    pub products: Products,
    /// The kinds of orders. Older records list none, and mean those of their time.
    #[serde(default = "OrderKinds::unlisted")]
    pub order_kinds: OrderKinds,
    /// The contracts.
    pub symbols: Symbols,
    /// The sides.
    pub sides: Sides,
    /// The hours.
    pub hours: Hours,
    /// Where from.
    pub addresses: Addresses,
    /// When that ends.
    pub until: Time,
    /// How many order messages.
    pub rate: Option<Rate>,
    /// The limits per order.
    pub limits: Limits,
}

impl Scopes {
    /// Looking and trading, without limits of its own, until this time.
    pub fn trading(until: Time) -> Self {
        Self {
            acts: Acts::VIEW.or(Acts::TRADE),
            read_only: false,
            products: Products::ALL,
            order_kinds: OrderKinds::ALL,
            symbols: Symbols::All,
            sides: Sides::Both,
            hours: Hours::Always,
            addresses: Addresses::Any,
            until,
            rate: None,
            limits: Limits::default(),
        }
    }

    /// View-only, until this time.
    pub fn read_only(until: Time) -> Self {
        Self { read_only: true, ..Self::trading(until) }
    }
}

/// A token bucket. It starts full.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bucket {
    /// What was taken and has not come back, in millionths of a token.
    owed: i64,
    /// When `owed` was true.
    at: Time,
}

impl Bucket {
    /// Takes one token, or says when to come back. A clock that steps back gives nothing.
    #[inline]
    pub fn take(&mut self, rate: Rate, now: Time) -> Result<(), AuthorityRefusal> {
        let Rate { per_second, burst } = rate;
        let per_second = i64::from(per_second.max(1));
        // One microsecond gives back `per_second` millionths.
        let elapsed = now.since(self.at).0.max(0);
        let owed = self.owed.saturating_sub(elapsed.saturating_mul(per_second)).max(0);
        self.at = self.at.max(now);
        let room = i64::from(burst.max(1)) * 1_000_000;
        let after = owed + 1_000_000;
        if after > room {
            self.owed = owed;
            let wait = Span((after - room + per_second - 1) / per_second);
            return Err(AuthorityRefusal::RateExceeded {
                per_second: rate.per_second,
                burst,
                retry_after: wait,
            });
        }
        self.owed = after;
        Ok(())
    }
}
