//! What a ledger is paid without a trade, and the record of it.

use std::collections::VecDeque;
use std::sync::Arc;

use access::currency::Currency;
use access::id::SymbolId;
use access::moment::Time;
use rust_decimal::Decimal;

use super::Ledger;
use crate::calendar::Day;
use crate::instrument::{Instrument, Split};
use crate::payment::{Payment, PaymentKind};
use crate::price::Ticks;

/// Payments of a ledger that are kept.
pub(crate) const PAYMENTS_KEPT: usize = 1_000;

/// What is to be paid.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) kind: PaymentKind,
    pub(crate) symbol: Option<SymbolId>,
    /// Steps that are held; below zero that are owed.
    pub(crate) held: i64,
    /// Below zero: by the account.
    pub(crate) amount: Decimal,
    pub(crate) currency: Currency,
}

impl Due {
    /// What so many steps of an instrument are paid; none where that is nothing.
    pub(crate) fn of(
        kind: PaymentKind,
        one: &Instrument,
        held: i64,
        amount: Decimal,
    ) -> Option<Self> {
        let (symbol, currency) = (Some(one.id), one.currency);
        (!amount.is_zero()).then_some(Self { kind, symbol, held, amount, currency })
    }
}

impl Ledger {
    /// The last thousand payments, oldest first.
    pub fn payments(&self) -> impl DoubleEndedIterator<Item = &Arc<Payment>> + ExactSizeIterator {
        self.payments.iter()
    }

    /// Coupons, and what money-market funds have earned, as they are due when a trading day ends and the next begins.
    pub(crate) fn coupons_due(&self, days: (Day, Day)) -> Vec<Due> {
        let due = self.positions.iter().filter_map(|(id, held)| {
            let one = self.instruments.get(*id).filter(|_| held.shares != 0)?;
            let is_bond = one.bond().is_some();
            let kind = if is_bond { PaymentKind::Coupon } else { PaymentKind::Dividend };
            Due::of(kind, one, held.shares, one.coupons(held.shares, days))
        });
        due.collect()
    }

    /// Books what is due: what comes of a position is a part of what it realised.
    pub(crate) fn earn(&mut self, due: &Due) {
        if let Some(symbol) = due.symbol {
            self.positions.entry(symbol).or_default().earn(due.amount);
        }
        let cash = self.purse.of_mut(due.currency);
        cash.balance = cash.balance.saturating_add(due.amount);
        if due.kind == PaymentKind::Interest {
            cash.interest = cash.interest.saturating_sub(due.amount);
        }
    }

    /// Keeps the record of what was booked.
    pub(crate) fn keep_payment(&mut self, due: &Due, (day, time): (Day, Time)) -> Arc<Payment> {
        let Due { kind, symbol, held, amount, currency } = *due;
        let number = self.payments.back().map_or(0, |last| last.number).saturating_add(1);
        let account = self.id;
        let payment = Payment { number, account, kind, symbol, held, amount, currency, day, time };
        if self.payments.len() >= PAYMENTS_KEPT {
            self.payments.pop_front();
        }
        let payment = Arc::new(payment);
        self.payments.push_back(Arc::clone(&payment));
        payment
    }

    /// Splits what is held of an instrument, at its price after that: cash for what is left of a share, and what is held
    /// since.
    pub(crate) fn split(&mut self, one: &Instrument, split: Split, mark: Ticks) -> Vec<Due> {
        let Some(position) = self.positions.get_mut(&one.id).filter(|held| held.shares != 0) else {
            return Vec::new();
        };
        let (whole, rest) = position.splits_into(split);
        let value = one.amount(i128::from(mark.0) * i128::from(rest));
        let value = value.checked_div(split.old.into()).unwrap_or_default();
        let paid = value.round_dp(one.currency.digits());
        position.split(split, paid);
        let cash = self.purse.of_mut(one.currency);
        cash.balance = cash.balance.saturating_add(paid);
        let (symbol, currency) = (Some(one.id), one.currency);
        let due = |kind, amount| Due { kind, symbol, held: whole, amount, currency };
        let mut done = vec![due(PaymentKind::Split, Decimal::ZERO)];
        if rest != 0 {
            done.push(due(PaymentKind::CashInLieu, paid));
        }
        done
    }

    /// Has what is held of contracts be held of others, so many for one.
    pub(crate) fn turn(&mut self, pairs: &[(SymbolId, SymbolId)], new: u32) -> Vec<Due> {
        let mut moved = Vec::with_capacity(pairs.len());
        // All of them first: what one becomes may be what another one was.
        for (from, to) in pairs {
            if let Some(position) = self.positions.get_mut(from).filter(|held| held.shares != 0) {
                moved.push((*to, position.move_out()));
            }
        }
        let mut done = Vec::with_capacity(moved.len());
        for (to, (shares, basis)) in moved {
            let held = shares.saturating_mul(new.into());
            self.positions.entry(to).or_default().move_in((held, basis));
            let currency = self.instruments.get(to).map(|one| one.currency);
            let (kind, symbol, amount) = (PaymentKind::Split, Some(to), Decimal::ZERO);
            done.extend(currency.map(|currency| Due { kind, symbol, held, amount, currency }));
        }
        done
    }

    /// What a snapshot has of it.
    pub(crate) fn take_payments(&mut self, payments: VecDeque<Arc<Payment>>) {
        self.payments = payments;
    }
}
