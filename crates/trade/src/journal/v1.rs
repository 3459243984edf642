//! Format 1 of a record: postcard of these types, in this order of fields and variants. It is read for
//! ever and never written again, so nothing here may change: postcard has neither names nor lengths.
//! The types are copies on purpose. What the rest of the program calls by these names may change.

use rust_decimal::Decimal;
use serde::Deserialize;

use super::convert::{CURRENCY, UNIT, holder, money, number};
use super::{RecordError, v2};

/// Prices are cents, quantities are whole shares, times are microseconds since 1970, amounts are decimal
/// texts in US dollars.
#[derive(Debug, Deserialize)]
pub(super) struct Stamped {
    pub(super) seq: u64,
    pub(super) time: i64,
    pub(super) decision: Decided,
    pub(super) command: Command,
}

#[derive(Debug, Deserialize)]
pub(super) struct Decided {
    pub(super) holder: Holder,
    pub(super) epoch: u64,
    pub(super) limits: Limits,
}

#[derive(Debug, Deserialize)]
pub(super) enum Holder {
    Session([u8; 16]),
    Credential([u8; 16]),
    Operator,
    System,
}

#[derive(Debug, Deserialize)]
pub(super) struct Limits {
    pub(super) max_quantity: Option<u64>,
    pub(super) max_notional: Option<String>,
    pub(super) collar_bps: Option<u32>,
    pub(super) max_open_orders: Option<u32>,
    pub(super) duplicate_window: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) enum Command {
    Genesis(Genesis),
    Place(Vec<NewOrder>),
    Modify(Change),
    Cancel { order: u64, cause: Cause },
    CancelAll { scope: Scope, cause: Cause },
    Advance,
    Started { version: String },
    Refused(Refused),
    Connected { holder: Holder, clients: String, count: u32 },
    OrderRule { rule: u16 },
    OrderIdUsed(Origin),
    ClockJumped { by: i64, ahead: i64 },
    MarketRule { rule: u16 },
    OrdersRefused { refused: Refused, asked: Vec<Asked> },
    PlaceReduceOnly(Vec<NewOrder>),
    ConnectionRefused(Refused),
}

#[derive(Debug, Deserialize)]
pub(super) struct Refused {
    pub(super) holder: Holder,
    pub(super) code: String,
    pub(super) text: String,
    pub(super) count: u32,
}

#[derive(Debug, Deserialize)]
pub(super) struct Genesis {
    pub(super) seed: u64,
    pub(super) at: i64,
    pub(super) account: u32,
    pub(super) cash: String,
    pub(super) hours: Hours,
    pub(super) market_rule: u16,
}

#[derive(Debug, Deserialize)]
pub(super) enum Hours {
    RoundTheClock,
    Real,
}

#[derive(Debug, Deserialize)]
pub(super) struct NewOrder {
    pub(super) account: u32,
    pub(super) symbol: u32,
    pub(super) side: Side,
    pub(super) quantity: u64,
    pub(super) order_type: OrderType,
    pub(super) tif: TimeInForce,
    pub(super) outside_hours: bool,
    pub(super) origin: Origin,
    pub(super) parent: Option<Parent>,
    pub(super) oca: Option<Oca>,
    pub(super) reference: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) enum Side {
    Buy,
    Sell,
}

#[derive(Debug, Deserialize)]
pub(super) enum OrderType {
    Market,
    Limit { price: i64 },
    Stop { trigger: i64 },
    StopLimit { trigger: i64, price: i64 },
}

#[derive(Debug, Deserialize)]
pub(super) enum TimeInForce {
    Day,
    Gtc,
    Ioc,
    Fok,
}

#[derive(Debug, Deserialize)]
pub(super) struct Origin {
    pub(super) holder: Holder,
    pub(super) client_id: i32,
    pub(super) order_id: i32,
}

#[derive(Debug, Deserialize)]
pub(super) enum Parent {
    Member(u32),
    Order(u64),
}

#[derive(Debug, Deserialize)]
pub(super) struct Oca {
    pub(super) group: String,
    pub(super) reduce: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    pub(super) order: u64,
    pub(super) quantity: u64,
    pub(super) order_type: OrderType,
    pub(super) tif: TimeInForce,
}

#[derive(Debug, Deserialize)]
pub(super) enum Cause {
    Request,
    Lock,
    Revocation,
}

#[derive(Debug, Deserialize)]
pub(super) enum Scope {
    Account,
    Holder(Holder),
    Client { holder: Holder, client_id: i32 },
}

#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    pub(super) changes: Option<u64>,
    pub(super) client_id: i32,
    pub(super) order_id: i32,
    pub(super) side: String,
    pub(super) quantity: String,
    pub(super) symbol: String,
    pub(super) order_type: String,
    pub(super) limit: String,
    pub(super) trigger: String,
    pub(super) tif: String,
}

/// One cent in the prices of format 2.
const CENT: i64 = UNIT / 100;

impl Stamped {
    /// The same record in format 2.
    pub(super) fn upgraded(self) -> Result<v2::Record, RecordError> {
        let decision = v2::Decision {
            holder: Some(self.decision.holder.upgraded()),
            epoch: self.decision.epoch,
            limits: Some(self.decision.limits.upgraded()?),
            account: None,
        };
        Ok(v2::Record {
            seq: self.seq,
            time: self.time,
            decision: Some(decision),
            command: Some(self.command.upgraded()?),
        })
    }
}

fn decimal(text: &str) -> Result<Decimal, RecordError> {
    text.parse().map_err(|_| RecordError::Value { field: "amount" })
}

fn price(cents: i64) -> Result<i64, RecordError> {
    cents.checked_mul(CENT).ok_or(RecordError::Value { field: "price" })
}

fn quantity(shares: u64) -> Result<i64, RecordError> {
    let shares = i64::try_from(shares).ok().and_then(|shares| shares.checked_mul(UNIT));
    shares.ok_or(RecordError::Value { field: "quantity" })
}

const fn paper(number: u32) -> v2::Account {
    v2::Account { kind: 1, number: number as u64 }
}

impl Holder {
    fn upgraded(&self) -> v2::Holder {
        match self {
            Self::Session(id) => holder(1, *id),
            Self::Credential(id) => holder(2, *id),
            Self::Operator => holder(3, [0; 16]),
            Self::System => holder(4, [0; 16]),
        }
    }
}

impl Limits {
    fn upgraded(self) -> Result<v2::Limits, RecordError> {
        let notional = self.max_notional.as_deref().map(decimal).transpose()?;
        Ok(v2::Limits {
            max_quantity: self.max_quantity.map(|shares| number(Decimal::from(shares))),
            max_notional: notional.map(|amount| money(CURRENCY, amount)),
            collar: self.collar_bps,
            max_open_orders: self.max_open_orders,
            duplicate_window: self.duplicate_window,
            controls: String::new(),
        })
    }
}

impl Command {
    fn upgraded(self) -> Result<v2::Command, RecordError> {
        Ok(match self {
            Self::Genesis(genesis) => v2::Command::Genesis(genesis.upgraded()?),
            Self::Place(orders) => v2::Command::Place(placed(orders, false)?),
            Self::PlaceReduceOnly(orders) => v2::Command::Place(placed(orders, true)?),
            Self::Modify(change) => v2::Command::Modify(v2::Change {
                units: None,
                order: change.order,
                quantity: quantity(change.quantity)?,
                terms: Some(terms(&change.order_type, &change.tif)?),
            }),
            Self::Cancel { order, cause } => {
                v2::Command::Cancel(v2::Cancel { order, cause: cause.number() })
            }
            Self::CancelAll { scope, cause } => v2::Command::CancelAll(scope.upgraded(&cause)),
            Self::Advance => v2::Command::Advance(v2::Advance {}),
            Self::Started { version } => v2::Command::Started(v2::Started { version }),
            Self::Refused(refused) => v2::Command::Refused(refused.upgraded()),
            Self::Connected { holder, clients, count } => v2::Command::Connected(v2::Connected {
                holder: Some(holder.upgraded()),
                clients,
                count,
            }),
            Self::OrderRule { rule } => v2::Command::OrderRule(v2::Rule { rule: rule.into() }),
            Self::OrderIdUsed(origin) => v2::Command::OrderIdUsed(origin.upgraded()),
            Self::ClockJumped { by, ahead } => {
                v2::Command::ClockJumped(v2::ClockJumped { by, ahead })
            }
            Self::MarketRule { rule } => v2::Command::MarketRule(v2::Rule { rule: rule.into() }),
            Self::OrdersRefused { refused, asked } => {
                v2::Command::OrdersRefused(v2::OrdersRefused {
                    refused: Some(refused.upgraded()),
                    asked: asked.into_iter().map(Asked::upgraded).collect(),
                })
            }
            Self::ConnectionRefused(refused) => v2::Command::ConnectionRefused(refused.upgraded()),
        })
    }
}

impl Refused {
    fn upgraded(self) -> v2::Refused {
        let Self { holder, code, text, count } = self;
        v2::Refused { holder: Some(holder.upgraded()), code, text, count }
    }
}

impl Genesis {
    fn upgraded(self) -> Result<v2::Genesis, RecordError> {
        let opening = v2::Opening {
            account: Some(paper(self.account)),
            cash: vec![money(CURRENCY, decimal(&self.cash)?)],
        };
        Ok(v2::Genesis {
            seed: self.seed,
            at: self.at,
            accounts: vec![opening],
            hours: match self.hours {
                Hours::RoundTheClock => 1,
                Hours::Real => 2,
            },
            market_rule: self.market_rule.into(),
        })
    }
}

fn placed(orders: Vec<NewOrder>, reduce_only: bool) -> Result<v2::Place, RecordError> {
    let orders = orders.into_iter().map(NewOrder::upgraded).collect::<Result<_, _>>()?;
    Ok(v2::Place { orders, reduce_only, held_until: None })
}

impl NewOrder {
    fn upgraded(self) -> Result<v2::NewOrder, RecordError> {
        let (parent_member, parent_order) = match self.parent {
            None => (None, None),
            Some(Parent::Member(place)) => (Some(place), None),
            Some(Parent::Order(order)) => (None, Some(order)),
        };
        Ok(v2::NewOrder {
            units: None,
            account: Some(paper(self.account)),
            contract: self.symbol.into(),
            side: match self.side {
                Side::Buy => 1,
                Side::Sell => 2,
            },
            quantity: quantity(self.quantity)?,
            terms: Some(terms(&self.order_type, &self.tif)?),
            outside_hours: self.outside_hours,
            origin: Some(self.origin.upgraded()),
            parent_member,
            parent_order,
            oca: self.oca.map(|Oca { group, reduce }| v2::Oca { group, reduce }),
            reference: self.reference,
        })
    }
}

fn terms(order_type: &OrderType, tif: &TimeInForce) -> Result<v2::Terms, RecordError> {
    let (kind, limit, trigger) = match *order_type {
        OrderType::Market => (1, None, None),
        OrderType::Limit { price } => (2, Some(price), None),
        OrderType::Stop { trigger } => (3, None, Some(trigger)),
        OrderType::StopLimit { trigger, price } => (4, Some(price), Some(trigger)),
    };
    Ok(v2::Terms {
        kind,
        limit: limit.map(price).transpose()?,
        trigger: trigger.map(price).transpose()?,
        time_in_force: match tif {
            TimeInForce::Day => 1,
            TimeInForce::Gtc => 2,
            TimeInForce::Ioc => 3,
            TimeInForce::Fok => 4,
        },
    })
}

impl Origin {
    fn upgraded(&self) -> v2::Origin {
        let Self { holder, client_id, order_id } = self;
        v2::Origin { holder: Some(holder.upgraded()), client_id: *client_id, order_id: *order_id }
    }
}

impl Cause {
    const fn number(&self) -> u32 {
        match self {
            Self::Request => 1,
            Self::Lock => 2,
            Self::Revocation => 3,
        }
    }
}

impl Scope {
    fn upgraded(&self, cause: &Cause) -> v2::CancelAll {
        let (holder, client_id) = match self {
            Self::Account => (None, None),
            Self::Holder(holder) => (Some(holder.upgraded()), None),
            Self::Client { holder, client_id } => (Some(holder.upgraded()), Some(*client_id)),
        };
        v2::CancelAll { cause: cause.number(), account: None, holder, client_id }
    }
}

impl Asked {
    fn upgraded(self) -> v2::Asked {
        v2::Asked {
            changes: self.changes,
            client_id: self.client_id,
            order_id: self.order_id,
            side: self.side,
            quantity: self.quantity,
            symbol: self.symbol,
            order_type: self.order_type,
            limit: self.limit,
            trigger: self.trigger,
            time_in_force: self.tif,
        }
    }
}
