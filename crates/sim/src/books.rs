//! Books of the simulator's own: what every account must hold, from what it paid in and from the executions alone.
//!
//! Nothing here asks a ledger for a sum. A product that moves money in a way that is no execution (interest, a
//! dividend, a daily settlement) needs a line here, or the books do not agree. Of a bond these are the interest that a trade
//! comes with, and the coupons of what is held when a trading day ends; of a money-market fund, what it has earned by then. Of a
//! share these are its dividends and, of a split, what is paid for the part of one that is left. The ledger must have a
//! record of each of the last three.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use access::currency::Currency;
use access::id::{PaperAccountId, SymbolId};
use access::{Side, Time};
use rust_decimal::Decimal;
use trade::calendar::{Day, TradingSession};
use trade::exchange::Exchange;
use trade::instrument::{Instrument, InstrumentKind};
use trade::ledger::Ledger;
use trade::order::{Execution, Order, OrderState, Origin};
use trade::payment::{Payment, PaymentKind};

use crate::client::Told;
use crate::finding::{Finding, Ran, demand};
use crate::model::Model;

/// An order as it was last seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    state: OrderState,
    /// In units, not steps.
    filled: Decimal,
}

/// What must be.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// What was paid in when an account was opened.
    pub paid_in: BTreeMap<PaperAccountId, (Decimal, Currency)>,
    cash: BTreeMap<(PaperAccountId, Currency), Decimal>,
    positions: BTreeMap<(PaperAccountId, SymbolId), i64>,
    /// The other side of every trade.
    house: BTreeMap<Currency, Decimal>,
    sold: BTreeMap<SymbolId, i64>,
    last_execution: BTreeMap<PaperAccountId, u64>,
    /// The trading day up to which each account was paid its coupons.
    paid_until: BTreeMap<PaperAccountId, TradingSession>,
    /// The same of dividends: what a contract's end delivers has the dividend of the next day already.
    given_until: BTreeMap<PaperAccountId, TradingSession>,
    /// Payments that a ledger must have a record of, and the last one that it has.
    owed: BTreeMap<PaperAccountId, Vec<(Day, SymbolId, Decimal)>>,
    last_payment: BTreeMap<PaperAccountId, u64>,
    executions: BTreeSet<String>,
    traded: BTreeMap<u64, u64>,
    orders: BTreeMap<u64, Seen>,
    /// The order of each number that a client gave.
    origins: BTreeMap<Origin, u64>,
    last_order: u64,
}

/// What may be done, before a step and after it.
pub struct Allowed<'a> {
    /// Before it.
    pub before: (&'a Model, Time),
    /// After it.
    pub after: &'a Model,
}

impl Books {
    /// Follows the exchange, and says what is not as it must be.
    pub fn follow(&mut self, exchange: &Exchange, rules: &Allowed<'_>) -> Ran {
        for ledger in exchange.ledgers() {
            self.book_new(exchange, ledger)?;
        }
        for ledger in exchange.ledgers() {
            self.compare(ledger)?;
        }
        self.sum_up(exchange)?;
        self.follow_orders(exchange, rules)
    }

    fn book_new(&mut self, exchange: &Exchange, ledger: &Ledger) -> Ran {
        let id = ledger.id;
        if !self.last_execution.contains_key(&id) {
            let (base, own) = (ledger.purse.base(), ledger.purse.own());
            let (amount, currency) = *self.paid_in.entry(id).or_insert((own.deposited, base));
            self.cash.insert((id, currency), amount);
            *self.house.entry(currency).or_default() -= amount;
            self.last_execution.insert(id, 0);
            let hours = exchange.genesis().hours;
            let opened = TradingSession::at(ledger.opened.seconds(), hours);
            self.paid_until.insert(id, opened);
            self.given_until.insert(id, opened);
        }
        let last = self.last_execution.get(&id).copied().unwrap_or(0);
        let new: Vec<_> = ledger.executions().rev().take_while(|one| one.id.0 > last).collect();
        for one in new.into_iter().rev() {
            // A contract that ends does so after the coupons of its last day; what comes into a fund when a day ends earns from
            // that night on.
            let is_fund =
                exchange.instruments().get(one.symbol).is_some_and(|one| one.fund().is_some());
            self.pay_coupons(exchange, id, one.time.seconds() - i64::from(is_fund));
            let at_the_end = i64::from(is_fund || one.order.0 == 0);
            self.pay_dividends(exchange, id, one.time.seconds() - at_the_end);
            self.book(exchange, one)?;
        }
        self.pay_coupons(exchange, id, exchange.now().seconds());
        self.pay_dividends(exchange, id, exchange.now().seconds());
        self.compare_payments(ledger)
    }

    /// The coupons of what an account holds, for each trading day that has ended until then, in seconds.
    fn pay_coupons(&mut self, exchange: &Exchange, id: PaperAccountId, to: i64) {
        let hours = exchange.genesis().hours;
        let Some(mut session) = self.paid_until.get(&id).copied() else { return };
        while session.roll <= to {
            let next = session.next(hours);
            self.pay_all(exchange, (id, next.day), |one, steps| {
                one.coupons(steps, (session.day, next.day))
            });
            session = next;
        }
        self.paid_until.insert(id, session);
    }

    /// The dividends of what it holds then.
    fn pay_dividends(&mut self, exchange: &Exchange, id: PaperAccountId, to: i64) {
        let hours = exchange.genesis().hours;
        let Some(mut session) = self.given_until.get(&id).copied() else { return };
        while session.roll <= to {
            session = session.next(hours);
            self.pay_all(exchange, (id, session.day), |one, steps| {
                let unit = one.dividend_on(session.day).unwrap_or_default();
                let unit = of_present_shares(exchange, one, (session.day, unit));
                (unit * one.signed_quantity(steps)).round_dp(one.currency.digits())
            });
            self.split_all(exchange, (id, session.day));
        }
        self.given_until.insert(id, session);
    }

    /// Splits what an account holds of shares that are split as a day begins, and of options on them. Shares come and go as if
    /// the market had made them.
    fn split_all(&mut self, exchange: &Exchange, (id, day): (PaperAccountId, Day)) {
        let known = exchange.instruments();
        let held =
            self.positions.iter().filter(|((account, _), held)| *account == id && **held != 0);
        let held = held.filter_map(|((_, symbol), held)| {
            let split = known.get(known.get(*symbol)?.root())?.split_on(day)?;
            Some((*symbol, *held, split))
        });
        let held: Vec<_> = held.collect();
        for (symbol, held, _) in &held {
            *self.positions.entry((id, *symbol)).or_default() -= held;
            *self.sold.entry(*symbol).or_default() -= held;
        }
        for (symbol, held, split) in held {
            let after = known.after_split(symbol).unwrap_or(symbol);
            let held = held * i64::from(split.new) / i64::from(split.old);
            *self.positions.entry((id, after)).or_default() += held;
            *self.sold.entry(after).or_default() += held;
            self.owed.entry(id).or_default().push((day, after, held.into()));
        }
    }

    /// Pays what an account is due for everything that it holds.
    fn pay_all(
        &mut self,
        exchange: &Exchange,
        (id, day): (PaperAccountId, Day),
        amount: impl Fn(&Instrument, i64) -> Decimal,
    ) {
        let held = self.positions.iter().filter(|((account, _), _)| *account == id);
        let due = held.filter_map(|((_, symbol), steps)| {
            let one = exchange.instruments().get(*symbol)?;
            Some((*symbol, one.currency, amount(one, *steps)))
        });
        let due: Vec<_> = due.filter(|(.., amount)| !amount.is_zero()).collect();
        for (symbol, currency, amount) in due {
            self.pay((id, currency), amount);
            self.owed.entry(id).or_default().push((day, symbol, amount));
        }
    }

    /// What a ledger has a record of since the last look is what was owed, and in its order.
    fn compare_payments(&mut self, ledger: &Ledger) -> Ran {
        let id = ledger.id;
        let last = self.last_payment.get(&id).copied().unwrap_or(0);
        let records = ledger.payments().filter(|one| one.number > last);
        let (interest, records): (Vec<_>, Vec<_>) =
            records.cloned().partition(|one| one.kind == PaymentKind::Interest);
        for one in interest {
            // It is of the balances at the ends of days, which nobody saw: it is small, and paid when a month begins.
            let most = Decimal::new(if one.currency.digits() == 0 { 5_000_000 } else { 50_000 }, 0);
            let is_first = one.day.civil().2 == 1;
            demand(is_first && one.amount.abs() < most, || format!("{id} was paid {one:?}"))?;
            self.pay((id, one.currency), one.amount);
        }
        let (in_lieu, records): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|one| one.kind == PaymentKind::CashInLieu);
        for one in in_lieu {
            // The price is that of a moment that nobody saw: it is of less than a share, and that is all.
            demand(one.amount.abs() < Decimal::from(1_000), || format!("{id} was paid {one:?}"))?;
            self.pay((id, one.currency), one.amount);
        }
        let told = |one: Arc<Payment>| {
            let is_split = one.kind == PaymentKind::Split;
            let amount = if is_split { one.held.into() } else { one.amount };
            (one.day, one.symbol.unwrap_or(SymbolId(0)), amount)
        };
        let mut new: Vec<_> = records.into_iter().map(told).collect();
        self.last_payment.insert(id, ledger.payments().next_back().map_or(last, |one| one.number));
        let mut owed = self.owed.remove(&id).unwrap_or_default();
        new.sort_unstable();
        owed.sort_unstable();
        demand(new == owed, || format!("{id} has records of {new:?}, and was owed {owed:?}"))
    }

    fn book(&mut self, exchange: &Exchange, one: &Execution) -> Ran {
        let (account, symbol) = (one.account, one.symbol);
        demand(self.executions.insert(one.id.to_string()), || {
            format!("execution {} was booked twice", one.id)
        })?;
        let instrument = exchange.instruments().get(symbol);
        let instrument =
            instrument.ok_or_else(|| Finding(format!("execution {} is in nothing", one.id)))?;
        let value =
            instrument.price(one.price) * instrument.quantity(one.quantity) * instrument.multiplier;
        let steps =
            i64::try_from(one.quantity).map_err(|error| Finding::of("a quantity", error))?;
        let (cash, steps) = match one.side {
            Side::Buy => (-value, steps),
            Side::Sell => (value, -steps),
        };
        let currency = instrument.currency;
        if let InstrumentKind::Forex { base } = instrument.kind {
            // Both of its currencies are cash, and nothing is held.
            let amount = instrument.quantity(one.quantity);
            let amount = if one.side == Side::Buy { amount } else { -amount };
            self.pay((account, base), amount);
            self.pay((account, currency), cash - one.commission);
            *self.traded.entry(one.order.0).or_default() += one.quantity;
            self.last_execution.insert(account, one.id.0);
            return Ok(());
        }
        if one.order.0 != 0 && instrument.bond().is_some() {
            let day = TradingSession::at(one.time.seconds(), exchange.genesis().hours).day;
            self.pay((account, currency), instrument.accrued(-steps, day));
        }
        self.pay((account, currency), cash - one.commission);
        *self.positions.entry((account, symbol)).or_default() += steps;
        *self.sold.entry(symbol).or_default() += steps;
        *self.traded.entry(one.order.0).or_default() += one.quantity;
        self.last_execution.insert(account, one.id.0);
        Ok(())
    }

    /// Money of an account and, below zero, of the market.
    fn pay(&mut self, of: (PaperAccountId, Currency), amount: Decimal) {
        *self.cash.entry(of).or_default() += amount;
        *self.house.entry(of.1).or_default() -= amount;
    }

    /// What an account must have: nothing is paid for a future, and what it has cost is in no purse.
    fn due(&self, ledger: &Ledger, currency: Currency) -> Decimal {
        let paid = self.cash.get(&(ledger.id, currency)).copied().unwrap_or_default();
        let known = ledger.instruments();
        let margined = ledger.positions().filter(|(symbol, _)| {
            known.get(*symbol).is_some_and(|one| one.is_margined() && one.currency == currency)
        });
        margined.fold(paid, |sum, (_, position)| sum + position.basis)
    }

    fn compare(&self, ledger: &Ledger) -> Ran {
        let id = ledger.id;
        for (currency, cash) in ledger.purse.all() {
            let must = self.due(ledger, currency);
            demand(cash.balance == must, || {
                format!("{id} has {} {currency}, and its trades leave {must}", cash.balance)
            })?;
        }
        for (_, currency) in self.cash.keys().filter(|(account, _)| *account == id) {
            let (has, must) = (ledger.purse.of(*currency).balance, self.due(ledger, *currency));
            demand(has == must, || {
                format!("{id} has {has} {currency}, and its trades leave {must}")
            })?;
        }
        for (symbol, position) in ledger.positions() {
            let must = self.positions.get(&(id, symbol)).copied().unwrap_or(0);
            demand(position.shares == must, || {
                format!("{id} holds {} of {symbol}, and its trades leave {must}", position.shares)
            })?;
        }
        for ((_, symbol), must) in self.positions.iter().filter(|((account, _), _)| *account == id)
        {
            let has = ledger.position(*symbol).shares;
            demand(has == *must, || {
                format!("{id} holds {has} of {symbol}, and its trades leave {must}")
            })?;
        }
        Ok(())
    }

    /// All ledgers and the house together.
    fn sum_up(&self, exchange: &Exchange) -> Ran {
        let (mut cash, mut shares) = (self.house.clone(), BTreeMap::<SymbolId, i64>::new());
        for ledger in exchange.ledgers() {
            for (currency, one) in ledger.purse.all() {
                *cash.entry(currency).or_default() += one.balance;
            }
            for (symbol, position) in ledger.positions() {
                *shares.entry(symbol).or_default() += position.shares;
            }
        }
        for (currency, sum) in cash {
            demand(sum.is_zero(), || format!("{sum} {currency} came from nowhere"))?;
        }
        for (symbol, held) in shares {
            let sold = self.sold.get(&symbol).copied().unwrap_or(0);
            demand(held == sold, || format!("{held} of {symbol} are held, and {sold} were sold"))?;
        }
        Ok(())
    }

    fn follow_orders(&mut self, exchange: &Exchange, rules: &Allowed<'_>) -> Ran {
        let (mut now, first_new) = (BTreeSet::new(), self.last_order.saturating_add(1));
        let known = self.orders.clone();
        for ledger in exchange.ledgers() {
            // Newest first, up to the first that is known to have ended.
            let is_new = |order: &&std::sync::Arc<Order>| {
                known.get(&order.id.0).is_none_or(|seen| seen.state.is_open())
            };
            let ended: Vec<_> = ledger.completed_orders().rev().take_while(is_new).collect();
            for order in ledger.open_orders().chain(ended) {
                demand(now.insert(order.id.0), || format!("order {} is there twice", order.id))?;
                self.follow_order(exchange, order)?;
                if order.id.0 >= first_new {
                    Self::was_allowed(order, rules)?;
                } else {
                    demand(known.contains_key(&order.id.0), || {
                        format!("order {} came after later ones", order.id)
                    })?;
                }
            }
        }
        for (id, seen) in known.iter().filter(|(_, seen)| seen.state.is_open()) {
            demand(now.contains(id), || format!("order {id} is gone; it was {:?}", seen.state))?;
        }
        Ok(())
    }

    fn follow_order(&mut self, exchange: &Exchange, order: &Order) -> Ran {
        let (id, state) = (order.id, order.state);
        let traded = self.traded.get(&id.0).copied().unwrap_or(0);
        demand(order.filled == traded, || {
            format!("order {id} has {} filled, and its executions are of {traded}", order.filled)
        })?;
        demand(order.filled <= order.quantity, || {
            format!("order {id} is filled beyond its quantity")
        })?;
        // One that its group has reduced to nothing has nothing to fill.
        let is_full = order.filled == order.quantity && order.quantity > 0;
        demand((state == OrderState::Filled) == is_full, || {
            format!("order {id} is {state:?} with {} of {}", order.filled, order.quantity)
        })?;
        if order.origin.order_id != 0 {
            let first = *self.origins.entry(order.origin).or_insert(id.0);
            demand(first == id.0, || format!("orders {first} and {id} are one of its client's"))?;
        }
        let filled = exchange.instruments().quantity(order.symbol, order.filled);
        let before = self.orders.insert(id.0, Seen { state, filled });
        if let Some(before) = before {
            demand(before.state.is_open() || before.state == state, || {
                format!("order {id} was {:?} and is {state:?}", before.state)
            })?;
            demand(before.filled <= filled, || format!("order {id} lost a fill"))?;
        }
        self.last_order = self.last_order.max(id.0);
        Ok(())
    }

    /// An order that came in this step: what kept its holder from it before and after kept them from it meanwhile.
    fn was_allowed(order: &Order, rules: &Allowed<'_>) -> Ran {
        let (holder, account) = (order.origin.holder, order.account);
        let (before, at) = rules.before;
        let barred = before.bars(holder, account, at);
        match barred.zip(rules.after.bars(holder, account, at)) {
            Some((why, _)) => Err(Finding(format!("order {} was taken although {why}", order.id))),
            None => Ok(()),
        }
    }

    /// Orders and executions so far.
    pub fn size(&self) -> (usize, usize) {
        (self.orders.len(), self.executions.len())
    }

    /// What clients were told is so.
    pub fn stands(&self, told: &Told) -> Ran {
        for (number, (status, filled)) in &told.orders {
            let Some(seen) = self.orders.get(number) else {
                return Err(Finding(format!(
                    "order {number} was told as {status}, and there is none"
                )));
            };
            let told: Decimal = filled.parse().map_err(|error| Finding::of("a quantity", error))?;
            demand(told <= seen.filled, || {
                format!("order {number} was told to have {told} filled, and has {}", seen.filled)
            })?;
            let is_so = match status.as_str() {
                "Filled" => seen.state == OrderState::Filled,
                "Cancelled" | "ApiCancelled" | "Inactive" => {
                    matches!(seen.state, OrderState::Cancelled | OrderState::Rejected)
                }
                _ => true,
            };
            demand(is_so, || {
                format!("order {number} was told as {status} and is {:?}", seen.state)
            })?;
        }
        let lost = told.executions.iter().find(|id| !self.executions.contains(*id));
        lost.map_or(Ok(()), |id| {
            Err(Finding(format!("execution {id} was told, and there is none")))
        })
    }
}

/// A dividend of a share as there was before any split, for one as there is when a day begins.
fn of_present_shares(
    exchange: &Exchange,
    one: &Instrument,
    (day, amount): (Day, Decimal),
) -> Decimal {
    let first = TradingSession::at(exchange.genesis().at.seconds(), exchange.genesis().hours).day;
    let split = one.split().filter(|split| split.day > first && split.day < day);
    split.map_or(amount, |split| amount * Decimal::from(split.old) / Decimal::from(split.new))
}

/// All that a restart must leave as it was, in words.
pub fn digest(exchange: &Exchange) -> String {
    let mut text = String::new();
    for ledger in exchange.ledgers() {
        let cash: Vec<_> =
            ledger.purse.all().map(|(currency, cash)| (currency, cash.balance)).collect();
        let held: Vec<_> = ledger
            .positions()
            .map(|(symbol, one)| (symbol, one.shares, one.basis, one.realised))
            .collect();
        let open: Vec<_> = ledger.open_orders().collect();
        let last = ledger.executions().next_back().map(|one| one.id);
        let (closed, choice) = (ledger.closed, ledger.self_match);
        let line =
            format!("{} {cash:?} {held:?} {open:?} {last:?} {closed:?} {choice:?}\n", ledger.id);
        text.push_str(&line);
    }
    text
}
