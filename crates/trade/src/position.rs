//! A position in one instrument, with its exact basis. Amounts are in the instrument's currency.

use access::id::SymbolId;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use access::currency::Currency;

use crate::instrument::{Instrument, Split, Unit};
use crate::order::{Shares, Side};
use crate::price::Ticks;

/// What the account holds of one instrument.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Steps of the instrument's quantity, for most stocks shares; below zero when sold short.
    pub shares: i64,
    /// What the shares cost, commission included. Below zero for a short position:
    /// what it brought, commission deducted. Exact: a partial close takes its share of it rounded
    /// at 10 decimals, and the rest stays, so that nothing is lost or made.
    pub basis: Decimal,
    /// Realised over the life of the account, commission deducted.
    pub realised: Decimal,
    /// Value at the start of the trading day.
    pub(crate) day_value: Decimal,
    /// Cash that trades of the trading day brought (or took, below zero), commission deducted.
    pub(crate) day_cash: Decimal,
    /// Realised on this trading day.
    pub(crate) day_realised: Decimal,
}

impl Position {
    /// Value at a price, where one tick of one step is worth a point; below zero when short.
    pub(crate) fn value(&self, point: Unit, mark: Ticks) -> Decimal {
        point.of(i128::from(mark.0) * i128::from(self.shares))
    }

    /// What it would bring at a price: its value, and of what is margined, as a future, only what it has gained.
    pub(crate) fn equity(&self, one: &Instrument, mark: Ticks) -> Decimal {
        let value = self.value(one.point(), mark);
        if one.is_margined() { value.saturating_sub(self.basis) } else { value }
    }

    /// Realised since the trading day began, commission deducted.
    pub const fn realised_today(&self) -> Decimal {
        self.day_realised
    }

    /// Begins a trading day at this price.
    pub(crate) fn begin_day(&mut self, point: Unit, mark: Ticks) {
        self.day_value = self.value(point, mark);
        (self.day_cash, self.day_realised) = (Decimal::ZERO, Decimal::ZERO);
    }

    /// Books a fill of this value, below zero at a price below zero. The cash that it brings (below zero: takes), and what it realised if it closed
    /// anything. Sums saturate; pre-trade limits keep them ten digits away from that.
    pub(crate) fn fill(
        &mut self,
        side: Side,
        quantity: Shares,
        value: Decimal,
        commission: Decimal,
    ) -> (Decimal, Option<Decimal>) {
        let cash = match side {
            Side::Buy => Decimal::ZERO.saturating_sub(value.saturating_add(commission)),
            Side::Sell => value.saturating_sub(commission),
        };
        self.day_cash = self.day_cash.saturating_add(cash);
        let signed = i64::try_from(quantity).unwrap_or(i64::MAX);
        let change = if side == Side::Buy { signed } else { -signed };
        let closes = (self.shares < 0) != (change < 0) && self.shares != 0;
        let closing = if closes { quantity.min(self.shares.unsigned_abs()) } else { 0 };
        let realised = (closing > 0).then(|| self.close(closing, quantity, cash));
        let opening_cash = cash.saturating_sub(realised.map_or(Decimal::ZERO, |(_, cash)| cash));
        self.shares = self.shares.saturating_add(change);
        self.basis = self.basis.saturating_sub(opening_cash);
        (cash, realised.map(|(profit, _)| profit))
    }

    /// The same for what is margined: nothing is paid for it. A close brings what it gained, and the commission is a loss at
    /// once, so that the basis is what was agreed and no more.
    pub(crate) fn fill_margined(
        &mut self,
        side: Side,
        quantity: Shares,
        value: Decimal,
        commission: Decimal,
    ) -> (Decimal, Option<Decimal>) {
        let (_, realised) = self.fill(side, quantity, value, Decimal::ZERO);
        let cash = realised.unwrap_or_default().saturating_sub(commission);
        self.realised = self.realised.saturating_sub(commission);
        self.day_realised = self.day_realised.saturating_sub(commission);
        // What the day's trades changed in value, and the commission: see `Holding::daily`.
        self.day_cash = self.day_cash.saturating_sub(commission);
        (cash, realised.map(|gain| gain.saturating_sub(commission)))
    }

    /// Settles what is margined at a price: what it has gained is realised, and it costs that price from now on.
    pub(crate) fn settle(&mut self, point: Unit, mark: Ticks) -> Decimal {
        let value = self.value(point, mark);
        let gained = value.saturating_sub(self.basis);
        self.basis = value;
        self.realised = self.realised.saturating_add(gained);
        self.day_realised = self.day_realised.saturating_add(gained);
        gained
    }

    /// Interest that it was paid, or took, below zero: a part of what it realised. The day's gain is that of its price.
    pub(crate) fn earn(&mut self, amount: Decimal) {
        self.realised = self.realised.saturating_add(amount);
        self.day_realised = self.day_realised.saturating_add(amount);
    }

    /// So many new shares take the place of so many old ones: whole ones, and below the line what is left of one. All of them
    /// have cost what the old ones did.
    pub(crate) fn splits_into(&self, split: Split) -> (i64, i64) {
        let (new, old) = (i128::from(split.new), i128::from(split.old));
        let all = i128::from(self.shares).saturating_mul(new);
        let whole = i64::try_from(all / old).unwrap_or(self.shares);
        (whole, i64::try_from(all % old).unwrap_or_default())
    }

    /// Splits it; what is left of a share is paid for with so much.
    pub(crate) fn split(&mut self, split: Split, paid: Decimal) {
        let (whole, rest) = self.splits_into(split);
        let all = self.shares.unsigned_abs().saturating_mul(split.new.into());
        let basis = part(self.basis, rest.unsigned_abs(), all);
        let profit = paid.saturating_sub(if rest == 0 { Decimal::ZERO } else { basis });
        self.shares = whole;
        self.basis = self.basis.saturating_sub(if rest == 0 { Decimal::ZERO } else { basis });
        self.realised = self.realised.saturating_add(profit);
        self.day_realised = self.day_realised.saturating_add(profit);
    }

    /// Takes what is held of it out, with what it cost; what it has realised stays.
    pub(crate) fn move_out(&mut self) -> (i64, Decimal) {
        (std::mem::take(&mut self.shares), std::mem::take(&mut self.basis))
    }

    /// Adds what was taken out of another.
    pub(crate) fn move_in(&mut self, (shares, basis): (i64, Decimal)) {
        self.shares = self.shares.saturating_add(shares);
        self.basis = self.basis.saturating_add(basis);
    }

    /// Takes the basis of `closing` shares out; the profit, and the part of `cash` that is theirs.
    fn close(&mut self, closing: u64, quantity: u64, cash: Decimal) -> (Decimal, Decimal) {
        let basis = part(self.basis, closing, self.shares.unsigned_abs());
        let cash = part(cash, closing, quantity);
        // Short, both are below zero: what the shares cost now, and what they brought.
        let profit = cash.saturating_sub(basis);
        self.basis = self.basis.saturating_sub(basis);
        self.realised = self.realised.saturating_add(profit);
        self.day_realised = self.day_realised.saturating_add(profit);
        (profit, cash)
    }
}

/// `count` of `whole` parts of an amount, rounded at 10 decimals; exactly all of it for all parts.
fn part(amount: Decimal, count: u64, whole: u64) -> Decimal {
    if count >= whole {
        return amount;
    }
    let scaled = amount.checked_mul(Decimal::from(count));
    let share = scaled.and_then(|scaled| scaled.checked_div(Decimal::from(whole)));
    share.unwrap_or_default().round_dp_with_strategy(10, RoundingStrategy::MidpointNearestEven)
}

/// A position as it is shown: with the market's price. Amounts are in the instrument's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// In which instrument.
    pub symbol: SymbolId,
    /// Shares and basis.
    pub position: Position,
    /// The last price.
    pub mark: Ticks,
    /// What its amounts are in.
    pub currency: Currency,
    tick: Unit,
    step: Unit,
    point: Unit,
}

impl Holding {
    /// A position in an instrument, at a price.
    pub const fn new(instrument: &Instrument, position: Position, mark: Ticks) -> Self {
        Self {
            symbol: instrument.id,
            position,
            mark,
            currency: instrument.currency,
            tick: instrument.prices.tick(),
            step: instrument.step,
            point: instrument.point(),
        }
    }

    /// The last price.
    pub fn price(&self) -> Decimal {
        self.tick.of(self.mark.0.into())
    }

    /// What is held, such as shares; below zero when sold short.
    pub fn quantity(&self) -> Decimal {
        self.step.of(self.position.shares.into())
    }

    /// Average cost of one unit of the quantity, for display; zero without any.
    pub fn average_cost(&self) -> Decimal {
        self.position.basis.checked_div(self.quantity()).unwrap_or_default()
    }

    /// Value at the last price; below zero when short.
    pub fn value(&self) -> Decimal {
        self.position.value(self.point, self.mark)
    }

    /// Profit or loss if it were closed at the last price without commission.
    pub fn unrealised(&self) -> Decimal {
        self.value().saturating_sub(self.position.basis)
    }

    /// Value when the trading day began.
    pub(crate) const fn day_value(&self) -> Decimal {
        self.position.day_value
    }

    /// Profit or loss since the trading day began.
    pub fn daily(&self) -> Decimal {
        let Position { day_value, day_cash, .. } = self.position;
        self.value().saturating_sub(day_value).saturating_add(day_cash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOLLAR: Decimal = Decimal::ONE;

    fn cents(count: i64) -> Decimal {
        Decimal::new(count, 2)
    }

    #[test]
    fn partial_close_keeps_the_rest_of_an_odd_basis() {
        let mut position = Position::default();
        let (cash, realised) = position.fill(Side::Buy, 3, cents(1_000 * 3), DOLLAR);
        assert_eq!((cash, realised), (Decimal::from(-31), None));
        let (cash, realised) = position.fill(Side::Sell, 1, cents(1_100), DOLLAR);
        assert_eq!(cash, Decimal::from(10));
        // 31 / 3 at ten decimals.
        assert_eq!(realised, Some(Decimal::from(10) - Decimal::new(103_333_333_333, 10)));
        assert_eq!(position.basis, Decimal::from(31) - Decimal::new(103_333_333_333, 10));
        let (_, realised) = position.fill(Side::Sell, 2, cents(1_100 * 2), DOLLAR);
        assert_eq!(position.basis, Decimal::ZERO, "the last share takes all that is left");
        assert_eq!(position.realised, Decimal::from(10 + 21 - 31));
        assert_eq!(realised, Some(Decimal::from(21 - 31) + Decimal::new(103_333_333_333, 10)));
    }

    #[test]
    fn sale_beyond_the_position_closes_it_and_opens_a_short_one() {
        let mut position = Position::default();
        position.fill(Side::Buy, 100, cents(1_000 * 100), DOLLAR);
        let (cash, realised) = position.fill(Side::Sell, 300, cents(1_200 * 300), Decimal::from(3));
        assert_eq!(cash, Decimal::from(3_597));
        assert_eq!(realised, Some(Decimal::from(1_199 - 1_001)));
        assert_eq!((position.shares, position.basis), (-200, Decimal::from(-2_398)));
        assert_eq!(position.value(Unit::CENT, Ticks(1_100)) - position.basis, Decimal::from(198));
        let (_, realised) = position.fill(Side::Buy, 200, cents(1_100 * 200), DOLLAR);
        assert_eq!(realised, Some(Decimal::from(2_398 - 2_201)));
        assert_eq!(position.basis, Decimal::ZERO);
    }
}
