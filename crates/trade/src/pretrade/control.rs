//! The controls beside those of an order's own numbers. Each is one small pure function of what is asked, of the facts and
//! of its own limit, in a file of its name with its cases; here they are brought their facts. An order that only makes a
//! position smaller is refused by none of them but those of its price: who is at a limit can always get out.
//!
//! | control | where |
//! |---|---|
//! | size, notional, open orders, duplicates, buying power | `../../pretrade.rs`, with the order's own numbers |
//! | price collar, by product | [`collar`], and `../../pretrade.rs` |
//! | message rate | `access::entitlements::Bucket`, before anything is looked at |
//! | daily volume and notional | [`daily`] |
//! | position | [`position`] |
//! | exposure across products, gross and net | [`exposure`] |
//! | restricted list | [`restricted`] |
//! | widest spread | [`spread`] |
//! | share of a usual day's volume | [`volume`] |
//! | shares that are hard to borrow | [`locate`], for everyone |
//! | size against the holder's own history | [`usual`] |
//! | loss stop | [`loss`] |
//! | runaway brake | [`runaway`]; the gate keeps what it counts |
//! | what multiplies risk: option levels | [`level`] |
//! | orders of one account that meet | the ledger (`SelfMatch`) |
//! | hours | the entitlements, and the market's own |

use std::sync::Arc;

use access::entitlements::{Control, Controls, RuleOwner};
use access::id::Holder;
use rust_decimal::Decimal;

use super::breach::Breach;
use super::{Denial, Facts, NewOrder, Side};
use crate::instrument::{Instrument, InstrumentKind, Right};
use crate::money::Money;
use crate::order::{Change, Order, OrderType, Shares};
use crate::price::Ticks;

pub(super) mod collar;
pub(super) mod daily;
pub(super) mod exposure;
pub(super) mod level;
mod locate;
pub(super) mod loss;
pub(super) mod position;
pub(super) mod restricted;
pub mod runaway;
pub(super) mod spread;
pub(super) mod usual;
mod volume;

/// What is asked for: a new order, or what a change adds to one.
struct Ask<'a> {
    instrument: &'a Instrument,
    holder: Holder,
    side: Side,
    /// Steps that it adds.
    quantity: Shares,
    order_type: OrderType,
    /// It only makes a position smaller.
    reduces: bool,
}

/// The controls of new orders; children close what their parents open, and are not asked.
pub(super) fn check(
    facts: &Facts<'_>,
    controls: &Controls,
    orders: &[NewOrder],
) -> Result<(), Denial> {
    if controls.is_none() {
        return Ok(());
    }
    for order in orders.iter().filter(|order| order.parent.is_none()) {
        let reduces = super::reduces(facts, std::slice::from_ref(order));
        Ask::of(facts, order, reduces)?.check(facts, controls)?;
    }
    Ok(())
}

/// What new orders and those of the day come to together, against the limits of one owner: a credential's are of its own
/// orders, those of an account and of a mandate of all that is ordered on the account.
pub(super) fn daily(
    facts: &Facts<'_>,
    (owner, controls): (&RuleOwner, &Controls),
    orders: &[NewOrder],
) -> Result<(), Denial> {
    let limits = [Control::DailyQuantity, Control::DailyNotional].map(|one| controls.get(one));
    let Some(first) = orders.first().filter(|_| limits != [None, None]) else { return Ok(()) };
    let before = match owner {
        RuleOwner::Credential { .. } => facts.ledger.ordered_today_by(first.origin.holder),
        RuleOwner::House
        | RuleOwner::Account(_)
        | RuleOwner::Person(_)
        | RuleOwner::Mandate { .. } => facts.ledger.ordered_today(),
    };
    let (mut units, mut value) = (Decimal::ZERO, Decimal::ZERO);
    for order in orders.iter().filter(|order| order.parent.is_none()) {
        if super::reduces(facts, std::slice::from_ref(order)) {
            continue;
        }
        let ask = Ask::of(facts, order, false)?;
        units = units.saturating_add(ask.units());
        value = value.saturating_add(ask.value(facts));
    }
    if units.is_zero() {
        return Ok(());
    }
    let [quantity, notional] = limits;
    if let Some(limit) = quantity {
        daily::quantity(before.units, units, limit)?;
    }
    if let Some(limit) = notional {
        let money = |amount| Money::new(amount, facts.base());
        let before = facts.with_rates(|rates| before.value(rates));
        daily::notional(money(before), money(value), money(limit))?;
    }
    Ok(())
}

/// The controls of new terms for an order: of what they add.
pub(super) fn check_change(
    facts: &Facts<'_>,
    controls: &Controls,
    (order, change): (&Order, &Change),
) -> Result<(), Denial> {
    let added = change.quantity.saturating_sub(order.quantity);
    if controls.is_none() || added == 0 || order.parent.is_some() || order.reduce_only {
        return Ok(());
    }
    let ask = Ask {
        instrument: facts.instrument(order.symbol)?,
        holder: order.origin.holder,
        side: order.side,
        quantity: added,
        order_type: change.order_type,
        reduces: false,
    };
    ask.check(facts, controls)
}

/// One control: brought its facts, if its limit is set.
type Check<'a> = fn(&Ask<'a>, &Facts<'_>, &Controls) -> Result<(), Breach>;

impl<'a> Ask<'a> {
    fn of(facts: &'a Facts<'_>, order: &NewOrder, reduces: bool) -> Result<Self, Denial> {
        Ok(Self {
            instrument: facts.instrument(order.symbol)?,
            holder: order.origin.holder,
            side: order.side,
            quantity: order.quantity,
            order_type: order.order_type,
            reduces,
        })
    }
}

impl Ask<'_> {
    fn check(&self, facts: &Facts<'_>, controls: &Controls) -> Result<(), Denial> {
        // The gravest first.
        let checks: [Check<'_>; 8] = [
            Self::restricted,
            Self::loss,
            Self::level,
            Self::position,
            Self::exposure,
            Self::spread,
            Self::volume,
            Self::usual,
        ];
        checks.iter().try_for_each(|one| one(self, facts, controls)).map_err(Denial::Control)
    }

    fn units(&self) -> Decimal {
        self.instrument.quantity(self.quantity)
    }

    /// What it is worth at its own price or at the quote, in the base currency.
    fn value(&self, facts: &Facts<'_>) -> Decimal {
        let own = self.order_type.limit().or(self.order_type.trigger());
        let price = own.or_else(|| facts.reference(self.instrument.id, self.side));
        value_of(facts, self.instrument, price.unwrap_or_default(), i128::from(self.quantity)).abs()
    }

    fn restricted(&self, _: &Facts<'_>, controls: &Controls) -> Result<(), Breach> {
        let listed = controls.restricts(self.instrument.id);
        restricted::check(listed, self.reduces, &self.instrument.local)
    }

    fn loss(&self, facts: &Facts<'_>, controls: &Controls) -> Result<(), Breach> {
        let Some(limit) = controls.get(Control::DailyLoss) else { return Ok(()) };
        loss::check(facts.gained_today(), self.reduces, Money::new(limit, facts.base()))
    }

    fn level(&self, facts: &Facts<'_>, controls: &Controls) -> Result<(), Breach> {
        let (Some(level), InstrumentKind::Option(terms)) =
            (controls.get(Control::OptionLevel), &self.instrument.kind)
        else {
            return Ok(());
        };
        let (shares, options) = (facts.shares(terms.underlying), Decimal::ZERO);
        let stock = facts.ledger.instruments().get(terms.underlying);
        let stock = stock.map_or(Decimal::ZERO, |stock| stock.signed_quantity(shares));
        let mut cover = level::Cover { stock, options, sold: Decimal::ZERO };
        for (symbol, position) in facts.ledger.positions() {
            let Some(one) = facts.ledger.instruments().get(symbol) else { continue };
            let InstrumentKind::Option(other) = &one.kind else { continue };
            if (other.underlying, other.right) != (terms.underlying, terms.right) {
                continue;
            }
            let held = one.signed_quantity(position.shares);
            let no_worse = match terms.right {
                Right::Call => other.strike <= terms.strike,
                Right::Put => other.strike >= terms.strike,
            };
            if held < Decimal::ZERO {
                cover.sold = cover.sold.saturating_sub(held);
            } else if no_worse && one.expiry >= self.instrument.expiry {
                cover.options = cover.options.saturating_add(held);
            }
        }
        for open in facts.ledger.open_orders() {
            if open.side == Side::Buy || open.held.is_some() {
                continue;
            }
            let one = facts.ledger.instruments().get(open.symbol);
            if let Some(Instrument { kind: InstrumentKind::Option(other), .. }) = one
                && (other.underlying, other.right) == (terms.underlying, terms.right)
                && facts.shares(open.symbol) <= 0
            {
                cover.sold = cover.sold.saturating_add(facts.units(open.symbol, open.remaining()));
            }
        }
        let asked = level::Asked {
            buys: self.side == Side::Buy,
            call: terms.right == Right::Call,
            contracts: self.units(),
            multiplier: self.instrument.multiplier,
        };
        let needs = if self.reduces { 0 } else { level::needed(&asked, &cover) };
        level::check(needs, level)
    }

    fn position(&self, facts: &Facts<'_>, controls: &Controls) -> Result<(), Breach> {
        let Some(limit) = controls.get(Control::Position) else { return Ok(()) };
        let one = self.instrument;
        let exposure = facts.exposure(one.id).unwrap_or_default();
        let open = match self.side {
            Side::Buy => exposure.buy_shares,
            Side::Sell => exposure.sell_shares,
        };
        let held = one.signed_quantity(facts.shares(one.id));
        let more = one.quantity(open.saturating_add(self.quantity));
        position::check(held, more, self.side, self.reduces, limit)
    }

    fn exposure(&self, facts: &Facts<'_>, controls: &Controls) -> Result<(), Breach> {
        let limits = [Control::GrossExposure, Control::NetExposure].map(|one| controls.get(one));
        if self.reduces || limits == [None, None] {
            return Ok(());
        }
        let (mut long, mut short) = (Decimal::ZERO, Decimal::ZERO);
        let mut count = |value: Decimal| {
            if value.is_sign_negative() {
                short = short.saturating_sub(value);
            } else {
                long = long.saturating_add(value);
            }
        };
        for (symbol, position) in facts.ledger.positions() {
            if let Some(one) = facts.ledger.instruments().get(symbol) {
                let mark = facts.venue.mark(symbol);
                count(value_of(facts, one, mark, i128::from(position.shares)));
            }
        }
        let waiting = |order: &&Arc<Order>| {
            order.parent.is_none() && !order.reduce_only && order.held.is_none()
        };
        for order in facts.ledger.open_orders().filter(waiting) {
            let Some(one) = facts.ledger.instruments().get(order.symbol) else { continue };
            let own = order.order_type.limit().or(order.order_type.trigger());
            let price = own.unwrap_or_else(|| facts.venue.mark(order.symbol));
            let value = value_of(facts, one, price, i128::from(order.remaining())).abs();
            count(if order.side == Side::Buy { value } else { -value });
        }
        let new = self.value(facts);
        count(if self.side == Side::Buy { new } else { -new });
        let money = |amount| Money::new(amount, facts.base());
        let [gross, net] = limits.map(|limit| limit.map(money));
        exposure::check((money(long), money(short)), gross, net)
    }

    fn spread(&self, facts: &Facts<'_>, controls: &Controls) -> Result<(), Breach> {
        let Some(limit) = controls.get(Control::Spread) else { return Ok(()) };
        if !matches!(self.order_type, OrderType::Market | OrderType::Stop { .. }) {
            return Ok(());
        }
        let quote = facts.venue.quote(self.instrument.id);
        let price =
            |level: Option<&crate::quote::Level>| level.map(|it| self.instrument.price(it.price));
        let (bid, ask) = quote
            .map_or((None, None), |quote| (price(quote.bids.first()), price(quote.asks.first())));
        spread::check(bid.zip(ask), limit)
    }

    fn volume(&self, _: &Facts<'_>, controls: &Controls) -> Result<(), Breach> {
        let Some(limit) = controls.get(Control::VolumeShare) else { return Ok(()) };
        let usual = Decimal::from(self.instrument.daily_volume).saturating_mul(1_000.into());
        if self.reduces { Ok(()) } else { volume::check(self.units(), usual, limit) }
    }

    fn usual(&self, facts: &Facts<'_>, controls: &Controls) -> Result<(), Breach> {
        let Some(times) = controls.get(Control::UsualSize) else { return Ok(()) };
        if self.reduces {
            return Ok(());
        }
        let money = |amount| Money::new(amount, facts.base());
        let product = self.instrument.product();
        let open = facts.ledger.open_orders().collect::<Vec<_>>().into_iter().rev();
        let all = open.chain(facts.ledger.completed_orders().rev());
        let own = |order: &&Arc<Order>| {
            order.origin.holder == self.holder && order.parent.is_none() && order.held.is_none()
        };
        let values = all.filter(own);
        let values = values.filter_map(|order| {
            let one = facts.ledger.instruments().get(order.symbol)?;
            let mark = facts.venue.mark(order.symbol);
            (one.product() == product)
                .then(|| value_of(facts, one, mark, i128::from(order.quantity)).abs())
        });
        let last: Vec<_> = values.take(usual::LAST).collect();
        let mark = facts.venue.mark(self.instrument.id);
        let value = value_of(facts, self.instrument, mark, i128::from(self.quantity)).abs();
        usual::check(money(value), last, times)
    }
}

/// Shares that are hard to borrow are sold short no further than they are located: what is `sold` beyond what is held and
/// ordered. It holds for everyone.
pub(super) fn locate(facts: &Facts<'_>, one: &Instrument, sold: Shares) -> Result<(), Denial> {
    let Some(located) = one.located else { return Ok(()) };
    let working = facts.exposure(one.id).unwrap_or_default().sell_shares;
    let held = one.signed_quantity(facts.shares(one.id));
    let sold = one.quantity(working.saturating_add(sold));
    locate::check(held, sold, located.into(), &one.symbol).map_err(Denial::Control)
}

/// So many steps at a price, in the base currency.
fn value_of(facts: &Facts<'_>, one: &Instrument, price: Ticks, steps: i128) -> Decimal {
    let amount = one.amount(i128::from(price.0).saturating_mul(steps));
    facts.in_base(amount, one).amount
}
