//! Commands to records and back: the one place that knows both.

use access::currency::Currency;
use access::entitlements::{Controls, Limits};
use access::id::{CredentialId, Holder, PaperAccountId, SessionId, SymbolId};
use access::moment::{Span, Time};
use prost::Message as _;
use rust_decimal::Decimal;

use super::{
    Asked, CancelTarget, Cause, Command, Decided, Genesis, Opening, OrdersRefused, RecordError,
    SCHEMA, Stamped, v1, v2,
};
use crate::calendar::Hours;
use crate::instrument::{Instrument, Instruments, Unit, Units};
use crate::ledger::SelfMatch;
use crate::money::Money;
use crate::order::{
    Change, NewOrder, Oca, OrderId, OrderType, Origin, Parent, Shares, Side, TimeInForce,
};
use crate::pretrade::Checked;
use crate::price::Ticks;

/// What a unit of a currency or of a contract is in prices and quantities.
pub(super) const UNIT: i64 = 100_000_000;
/// The currency of every amount of format 1.
pub(super) const CURRENCY: &str = "USD";
/// The most places that a decimal has.
const PLACES: u32 = 28;

pub(super) type Read<T> = Result<T, RecordError>;

const fn wrong(field: &'static str) -> RecordError {
    RecordError::Value { field }
}

/// What must be there.
fn need<T>(value: Option<T>, field: &'static str) -> Read<T> {
    value.ok_or(wrong(field))
}

/// What a record says of an order beyond what its command does.
pub trait Catalogue {
    /// What the counts of an order in an instrument mean.
    fn units_of(&self, symbol: SymbolId) -> Units;
    /// The base currency of an account, which limits are in.
    fn base_of(&self, account: PaperAccountId) -> Currency;
    /// The account of an open order.
    fn account_of(&self, order: OrderId) -> Option<PaperAccountId>;
}

/// The catalogue alone, where no order is open and all accounts are kept in US dollars.
impl Catalogue for Instruments {
    fn units_of(&self, symbol: SymbolId) -> Units {
        self.get(symbol).map_or(Units::SHARES, Instrument::units)
    }

    fn base_of(&self, _: PaperAccountId) -> Currency {
        Currency::USD
    }

    fn account_of(&self, _: OrderId) -> Option<PaperAccountId> {
        None
    }
}

/// The command of a record of either format.
pub fn decode(bytes: &[u8]) -> Read<Stamped> {
    let record = match bytes {
        [0, SCHEMA, message @ ..] => {
            v2::Record::decode(message).map_err(|error| RecordError::Bytes(error.to_string()))?
        }
        [0, schema, ..] => return Err(RecordError::Schema { found: *schema }),
        _ => postcard::from_bytes::<v1::Stamped>(bytes)
            .map_err(|error| RecordError::Bytes(error.to_string()))?
            .upgraded()?,
    };
    Ok(Stamped {
        seq: record.seq,
        time: Time(record.time),
        decision: read_decision(need(record.decision, "decision")?)?,
        command: read_command(need(record.command, "command")?)?,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "its low half")]
pub(super) const fn holder(kind: u32, id: [u8; 16]) -> v2::Holder {
    let id = u128::from_be_bytes(id);
    v2::Holder { kind, high: (id >> 64) as u64, low: id as u64 }
}

pub(super) const fn of_holder(from: Holder) -> v2::Holder {
    match from {
        Holder::Session(id) => holder(1, id.0),
        Holder::Credential(id) => holder(2, id.0),
        Holder::Operator => holder(3, [0; 16]),
        Holder::System => holder(4, [0; 16]),
    }
}

fn read_holder(from: Option<v2::Holder>) -> Read<Holder> {
    let v2::Holder { kind, high, low } = need(from, "holder")?;
    let id = ((u128::from(high) << 64) | u128::from(low)).to_be_bytes();
    match kind {
        1 => Ok(Holder::Session(SessionId(id))),
        2 => Ok(Holder::Credential(CredentialId(id))),
        3 => Ok(Holder::Operator),
        4 => Ok(Holder::System),
        _ => Err(wrong("kind of holder")),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "its low half, in two's complement"
)]
pub(super) const fn number(from: Decimal) -> v2::Number {
    let mantissa = from.mantissa();
    v2::Number { high: (mantissa >> 64) as i64, low: mantissa as u64, scale: from.scale() }
}

fn read_number(from: v2::Number) -> Read<Decimal> {
    let mantissa = (i128::from(from.high) << 64) | i128::from(from.low);
    if from.scale > PLACES {
        return Err(wrong("amount"));
    }
    Decimal::try_from_i128_with_scale(mantissa, from.scale).map_err(|_| wrong("amount"))
}

pub(super) fn money(currency: &str, amount: Decimal) -> v2::Money {
    v2::Money { currency: currency.to_owned(), amount: Some(number(amount)) }
}

fn read_money(from: &v2::Money) -> Read<Money> {
    let currency = from.currency.parse().map_err(|_| wrong("currency"))?;
    Ok(Money::new(read_number(need(from.amount, "amount")?)?, currency))
}

fn account(from: PaperAccountId) -> v2::Account {
    v2::Account { kind: 1, number: from.number().into() }
}

fn read_account(from: Option<v2::Account>) -> Read<PaperAccountId> {
    let v2::Account { kind, number } = need(from, "account")?;
    let number = u32::try_from(number).ok().filter(|_| kind == 1);
    number.and_then(PaperAccountId::new).ok_or(wrong("account"))
}

pub(super) fn price(from: Ticks, units: Units) -> Read<i64> {
    units.price.to_grains(from.0).ok_or(wrong("price"))
}

fn read_price(from: i64, units: Units) -> Read<Ticks> {
    units.price.of_grains(from).map(Ticks).ok_or(wrong("price"))
}

pub(super) fn quantity(from: Shares, units: Units) -> Read<i64> {
    let steps = i64::try_from(from).ok().and_then(|steps| units.quantity.to_grains(steps));
    steps.ok_or(wrong("quantity"))
}

fn read_quantity(from: i64, units: Units) -> Read<Shares> {
    let steps = units.quantity.of_grains(from).and_then(|steps| Shares::try_from(steps).ok());
    steps.ok_or(wrong("quantity"))
}

/// Nothing for what nearly all orders have: a record of one is no longer for it.
pub(super) fn of_units(from: Units) -> Option<v2::Units> {
    (from != Units::SHARES)
        .then(|| v2::Units { tick: from.price.written(), step: from.quantity.written() })
}

fn read_units(from: Option<v2::Units>) -> Read<Units> {
    let Some(v2::Units { tick, step }) = from else { return Ok(Units::SHARES) };
    let read = |size| Unit::of_written(size).ok_or(wrong("units"));
    Ok(Units { price: read(tick)?, quantity: read(step)? })
}

fn read_rule(from: v2::Rule) -> Read<u16> {
    u16::try_from(from.rule).map_err(|_| wrong("rule"))
}

fn read_decision(from: v2::Decision) -> Read<Decided> {
    let limits = from.limits.unwrap_or_default();
    let max_quantity = limits.max_quantity.map(read_number).transpose()?;
    let max_notional = limits.max_notional.as_ref().map(read_money).transpose()?;
    let whole = |number: Decimal| u64::try_from(number).map_err(|_| wrong("limit of quantity"));
    Ok(Decided {
        holder: read_holder(from.holder)?,
        account: from.account.map(|account| read_account(Some(account))).transpose()?,
        epoch: from.epoch,
        limits: Limits {
            max_quantity: max_quantity.map(whole).transpose()?,
            max_notional: max_notional.map(|limit| limit.amount),
            collar_bps: limits.collar,
            max_open_orders: limits.max_open_orders,
            duplicate_window: limits.duplicate_window.map(Span),
            controls: Controls::of_text(&limits.controls).ok_or(wrong("limits"))?,
        },
    })
}

/// What prost writes: all but the commands that [`write`] does, which every order brings.
pub(super) fn command(from: &Command) -> Read<v2::Command> {
    Ok(match from {
        Command::Genesis(from) => v2::Command::Genesis(genesis(from)),
        Command::Place(_)
        | Command::PlaceReduceOnly(_)
        | Command::Hold { .. }
        | Command::Modify(_)
        | Command::Cancel { .. } => return Err(wrong("command")),
        Command::CancelAll { scope, cause } => v2::Command::CancelAll(cancel_all(*scope, *cause)),
        Command::Advance => v2::Command::Advance(v2::Advance {}),
        Command::Started { version } => {
            v2::Command::Started(v2::Started { version: version.clone() })
        }
        Command::Refused { holder, code, text, count } => {
            v2::Command::Refused(refused(*holder, code, text, *count))
        }
        Command::Connected { holder, clients, count } => v2::Command::Connected(v2::Connected {
            holder: Some(of_holder(*holder)),
            clients: clients.clone(),
            count: *count,
        }),
        Command::OrderRule { rule } => v2::Command::OrderRule(v2::Rule { rule: (*rule).into() }),
        Command::OrderIdUsed(from) => v2::Command::OrderIdUsed(origin(*from)),
        Command::ClockJumped { by, ahead } => {
            v2::Command::ClockJumped(v2::ClockJumped { by: by.0, ahead: ahead.0 })
        }
        Command::MarketRule { rule } => v2::Command::MarketRule(v2::Rule { rule: (*rule).into() }),
        Command::OrdersRefused(OrdersRefused { holder, code, text, count, asked }) => {
            v2::Command::OrdersRefused(v2::OrdersRefused {
                refused: Some(refused(*holder, code, text, *count)),
                asked: asked.iter().map(of_asked).collect(),
            })
        }
        Command::ConnectionRefused { holder, code, text, count } => {
            v2::Command::ConnectionRefused(refused(*holder, code, text, *count))
        }
        Command::OpenAccount(from) => v2::Command::OpenAccount(open_account(from)),
        Command::SelfMatch { account: of, self_match } => {
            let (account, self_match) = (Some(account(*of)), of_self_match(*self_match));
            v2::Command::SelfMatch(v2::SelfMatchChoice { account, self_match })
        }
        Command::Release { order } => v2::Command::Release(v2::Release { order: order.0 }),
        Command::MarginCall { account: of, until } => {
            let (account, until) = (Some(account(*of)), until.map(|until| until.0));
            v2::Command::MarginCall(v2::MarginCall { account, until })
        }
        Command::CloseAccount { account: closed } => v2::Command::CloseAccount(account(*closed)),
    })
}

fn read_command(from: v2::Command) -> Read<Command> {
    Ok(match from {
        v2::Command::Genesis(from) => Command::Genesis(read_genesis(&from)?),
        v2::Command::Release(v2::Release { order }) => Command::Release { order: OrderId(order) },
        v2::Command::Place(v2::Place { orders, reduce_only, held_until }) => {
            let orders = orders.into_iter().map(read_new_order).collect::<Read<Vec<_>>>()?;
            let orders = Checked::of_record(orders);
            match held_until {
                Some(until) => Command::Hold { orders, until: Time(until) },
                None if reduce_only => Command::PlaceReduceOnly(orders),
                None => Command::Place(orders),
            }
        }
        v2::Command::Modify(from) => Command::Modify(Checked::of_record(read_change(from)?)),
        v2::Command::Cancel(v2::Cancel { order, cause }) => {
            Command::Cancel { order: OrderId(order), cause: read_cause(cause)? }
        }
        v2::Command::CancelAll(from) => read_cancel_all(from)?,
        v2::Command::Advance(v2::Advance {}) => Command::Advance,
        v2::Command::Started(v2::Started { version }) => Command::Started { version },
        v2::Command::Refused(v2::Refused { holder, code, text, count }) => {
            Command::Refused { holder: read_holder(holder)?, code, text, count }
        }
        v2::Command::Connected(v2::Connected { holder, clients, count }) => {
            Command::Connected { holder: read_holder(holder)?, clients, count }
        }
        v2::Command::OrderRule(rule) => Command::OrderRule { rule: read_rule(rule)? },
        v2::Command::OrderIdUsed(from) => Command::OrderIdUsed(read_origin(Some(from))?),
        v2::Command::ClockJumped(v2::ClockJumped { by, ahead }) => {
            Command::ClockJumped { by: Span(by), ahead: Span(ahead) }
        }
        v2::Command::MarketRule(rule) => Command::MarketRule { rule: read_rule(rule)? },
        v2::Command::OrdersRefused(v2::OrdersRefused { refused, asked }) => {
            let v2::Refused { holder, code, text, count } = need(refused, "refusal")?;
            let asked = asked.into_iter().map(read_asked).collect();
            let holder = read_holder(holder)?;
            Command::OrdersRefused(OrdersRefused { holder, code, text, count, asked })
        }
        v2::Command::ConnectionRefused(v2::Refused { holder, code, text, count }) => {
            Command::ConnectionRefused { holder: read_holder(holder)?, code, text, count }
        }
        v2::Command::MarginCall(v2::MarginCall { account, until }) => {
            Command::MarginCall { account: read_account(account)?, until: until.map(Time) }
        }
        v2::Command::OpenAccount(from) => Command::OpenAccount(read_open_account(&from)?),
        v2::Command::SelfMatch(v2::SelfMatchChoice { account, self_match }) => Command::SelfMatch {
            account: read_account(account)?,
            self_match: read_self_match(self_match)?,
        },
        v2::Command::CloseAccount(from) => {
            Command::CloseAccount { account: read_account(Some(from))? }
        }
    })
}

fn refused(holder: Holder, code: &str, text: &str, count: u32) -> v2::Refused {
    let holder = Some(of_holder(holder));
    v2::Refused { holder, code: code.to_owned(), text: text.to_owned(), count }
}

fn opening(of: PaperAccountId, cash: Money) -> v2::Opening {
    let cash = money(cash.currency.code(), cash.amount);
    v2::Opening { account: Some(account(of)), cash: vec![cash] }
}

fn read_opening(from: &v2::Opening) -> Read<(PaperAccountId, Money)> {
    let [cash] = from.cash.as_slice() else { return Err(wrong("number of currencies")) };
    Ok((read_account(from.account)?, read_money(cash)?))
}

fn open_account(from: &Opening) -> v2::OpenAccount {
    v2::OpenAccount {
        opening: Some(opening(from.account, Money::new(from.cash, from.currency))),
        self_match: of_self_match(from.self_match),
    }
}

const fn of_self_match(from: SelfMatch) -> u32 {
    match from {
        SelfMatch::CancelNewest => 1,
        SelfMatch::CancelOldest => 2,
    }
}

fn read_self_match(from: u32) -> Read<SelfMatch> {
    match from {
        1 => Ok(SelfMatch::CancelNewest),
        2 => Ok(SelfMatch::CancelOldest),
        _ => Err(wrong("rule of orders that meet")),
    }
}

fn read_open_account(from: &v2::OpenAccount) -> Read<Opening> {
    let (account, cash) = read_opening(from.opening.as_ref().ok_or(wrong("account"))?)?;
    let self_match = read_self_match(from.self_match)?;
    let Money { amount: cash, currency } = cash;
    Ok(Opening { account, cash, currency, self_match })
}

fn genesis(from: &Genesis) -> v2::Genesis {
    v2::Genesis {
        seed: from.seed,
        at: from.at.0,
        accounts: vec![opening(from.account, Money::new(from.cash, from.currency))],
        hours: match from.hours {
            Hours::RoundTheClock => 1,
            Hours::Real => 2,
        },
        market_rule: from.market_rule.into(),
    }
}

fn read_genesis(from: &v2::Genesis) -> Read<Genesis> {
    let [opening] = from.accounts.as_slice() else { return Err(wrong("number of accounts")) };
    let (account, cash) = read_opening(opening)?;
    Ok(Genesis {
        seed: from.seed,
        at: Time(from.at),
        account,
        cash: cash.amount,
        currency: cash.currency,
        hours: match from.hours {
            1 => Hours::RoundTheClock,
            2 => Hours::Real,
            _ => return Err(wrong("hours")),
        },
        market_rule: read_rule(v2::Rule { rule: from.market_rule })?,
    })
}

fn read_new_order(from: v2::NewOrder) -> Read<NewOrder> {
    let units = read_units(from.units)?;
    let (order_type, tif) = read_terms(from.terms, units)?;
    Ok(NewOrder {
        account: read_account(from.account)?,
        symbol: SymbolId(u32::try_from(from.contract).map_err(|_| wrong("contract"))?),
        side: match from.side {
            1 => Side::Buy,
            2 => Side::Sell,
            _ => return Err(wrong("side")),
        },
        quantity: read_quantity(from.quantity, units)?,
        order_type,
        tif,
        outside_hours: from.outside_hours,
        origin: read_origin(from.origin)?,
        parent: match (from.parent_member, from.parent_order) {
            (None, None) => None,
            (Some(place), None) => Some(Parent::Member(place)),
            (None, Some(order)) => Some(Parent::Order(OrderId(order))),
            (Some(_), Some(_)) => return Err(wrong("parent")),
        },
        oca: from.oca.map(|oca| Oca { group: oca.group.into(), reduce: oca.reduce }),
        reference: from.reference.map(Into::into),
    })
}

fn read_terms(from: Option<v2::Terms>, units: Units) -> Read<(OrderType, TimeInForce)> {
    let from = need(from, "terms")?;
    let limit = from.limit.map(|limit| read_price(limit, units)).transpose()?;
    let trigger = from.trigger.map(|trigger| read_price(trigger, units)).transpose()?;
    let order_type = match (from.kind, limit, trigger) {
        (1, None, None) => OrderType::Market,
        (2, Some(price), None) => OrderType::Limit { price },
        (3, None, Some(trigger)) => OrderType::Stop { trigger },
        (4, Some(price), Some(trigger)) => OrderType::StopLimit { trigger, price },
        _ => return Err(wrong("type of order")),
    };
    let tif = match from.time_in_force {
        1 => TimeInForce::Day,
        2 => TimeInForce::Gtc,
        3 => TimeInForce::Ioc,
        4 => TimeInForce::Fok,
        _ => return Err(wrong("time in force")),
    };
    Ok((order_type, tif))
}

const fn origin(from: Origin) -> v2::Origin {
    let Origin { holder, client_id, order_id } = from;
    v2::Origin { holder: Some(of_holder(holder)), client_id, order_id }
}

fn read_origin(from: Option<v2::Origin>) -> Read<Origin> {
    let v2::Origin { holder, client_id, order_id } = need(from, "origin")?;
    Ok(Origin { holder: read_holder(holder)?, client_id, order_id })
}

fn read_change(from: v2::Change) -> Read<Change> {
    let units = read_units(from.units)?;
    let (order_type, tif) = read_terms(from.terms, units)?;
    let quantity = read_quantity(from.quantity, units)?;
    Ok(Change { order: OrderId(from.order), quantity, order_type, tif, units })
}

pub(super) const fn of_cause(from: Cause) -> u32 {
    match from {
        Cause::Request => 1,
        Cause::Lock => 2,
        Cause::Revocation => 3,
        Cause::Declined => 4,
        Cause::Unanswered => 5,
        Cause::Unsound => 6,
        Cause::Unasked => 7,
        Cause::MarginCall => 8,
    }
}

fn read_cause(from: u32) -> Read<Cause> {
    match from {
        1 => Ok(Cause::Request),
        2 => Ok(Cause::Lock),
        3 => Ok(Cause::Revocation),
        4 => Ok(Cause::Declined),
        5 => Ok(Cause::Unanswered),
        6 => Ok(Cause::Unsound),
        7 => Ok(Cause::Unasked),
        8 => Ok(Cause::MarginCall),
        _ => Err(wrong("cause")),
    }
}

fn cancel_all(scope: CancelTarget, cause: Cause) -> v2::CancelAll {
    let (of, holder, client_id) = match scope {
        CancelTarget::Account => (None, None, None),
        CancelTarget::Holder(holder) => (None, Some(holder), None),
        CancelTarget::Client { holder, client_id } => (None, Some(holder), Some(client_id)),
        CancelTarget::Of(account) => (Some(account), None, None),
    };
    v2::CancelAll {
        cause: of_cause(cause),
        account: of.map(account),
        holder: holder.map(of_holder),
        client_id,
    }
}

fn read_cancel_all(from: v2::CancelAll) -> Read<Command> {
    let scope = match (from.account, from.holder, from.client_id) {
        (None, None, None) => CancelTarget::Account,
        (of @ Some(_), None, None) => CancelTarget::Of(read_account(of)?),
        (None, holder @ Some(_), None) => CancelTarget::Holder(read_holder(holder)?),
        (None, holder @ Some(_), Some(client_id)) => {
            CancelTarget::Client { holder: read_holder(holder)?, client_id }
        }
        _ => return Err(wrong("scope")),
    };
    Ok(Command::CancelAll { scope, cause: read_cause(from.cause)? })
}

fn of_asked(from: &Asked) -> v2::Asked {
    v2::Asked {
        changes: from.changes.map(|order| order.0),
        client_id: from.client_id,
        order_id: from.order_id,
        side: from.side.clone(),
        quantity: from.quantity.clone(),
        symbol: from.symbol.clone(),
        order_type: from.order_type.clone(),
        limit: from.limit.clone(),
        trigger: from.trigger.clone(),
        time_in_force: from.tif.clone(),
    }
}

fn read_asked(from: v2::Asked) -> Asked {
    Asked {
        changes: from.changes.map(OrderId),
        client_id: from.client_id,
        order_id: from.order_id,
        side: from.side,
        quantity: from.quantity,
        symbol: from.symbol,
        order_type: from.order_type,
        limit: from.limit,
        trigger: from.trigger,
        tif: from.time_in_force,
    }
}
