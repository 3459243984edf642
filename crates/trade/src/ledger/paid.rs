//! What a ledger is paid without a trade, and the record of it.

use std::collections::VecDeque;
use std::sync::Arc;

use access::currency::Currency;
use access::id::SymbolId;
use access::moment::Time;
use rust_decimal::Decimal;

use super::Ledger;
use crate::calendar::Day;
use crate::instrument::Instrument;
use crate::payment::{Payment, PaymentKind};

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

    /// What a snapshot has of it.
    pub(crate) fn take_payments(&mut self, payments: VecDeque<Arc<Payment>>) {
        self.payments = payments;
    }
}
