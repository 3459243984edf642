//! Executions: as they happen, and asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::Side;
use gate::Rows;
use rust_decimal::Decimal;
use trade::calendar::TradingSession;
use trade::{Execution, Instruments, OrderId};
use tws::inbound;
use tws::outbound::{CommissionReport, ErrorCode, ExecDetails, ExecDetailsEnd};

use crate::client::Client;
use crate::contract::{SMART, is_same_venue};
use crate::outgoing::Outgoing;
use crate::stamp;

impl Client {
    /// execDetails and its commissionReport. `average` is the order's average price with it.
    pub(crate) fn put_execution(
        &self,
        request_id: i32,
        execution: &Execution,
        average: Decimal,
        out: &mut Outgoing,
    ) {
        let Some(described) = self.directory.get(execution.symbol) else { return };
        let contract = &described.contract;
        let own_holder = execution.origin.holder == self.admission.holder();
        let id = execution.id.to_string();
        let known = self.gate.markets().instruments();
        let quantity = |steps| known.quantity(execution.symbol, steps);
        out.put(&ExecDetails {
            request_id,
            order_id: if own_holder { execution.origin.order_id } else { 0 },
            contract,
            execution_id: &id,
            time: &stamp::with_zone(execution.time),
            account: self.managed.name(execution.account),
            exchange: &contract.primary_exchange,
            bought: execution.side == Side::Buy,
            shares: quantity(execution.quantity),
            price: known.price(execution.symbol, execution.price),
            perm_id: i64::try_from(execution.order.0).unwrap_or(i64::MAX),
            client_id: execution.origin.client_id,
            liquidation: false,
            cumulative_quantity: quantity(execution.cumulative),
            average_price: average.round_dp(8),
            order_ref: execution.reference.as_deref().unwrap_or_default(),
            model_code: "",
            last_liquidity: match execution.liquidity {
                trade::order::Liquidity::Added => 1,
                trade::order::Liquidity::Removed => 2,
            },
        });
        out.put(&CommissionReport {
            execution_id: &id,
            commission: execution.commission,
            currency: &contract.currency,
            realized_pnl: execution.realised.into(),
            bond_yield: None.into(),
            yield_redemption_date: None,
        });
    }

    /// The executions of the accounts that match: those of this trading day, or since the time that
    /// the filter names, at most seven days. Programs ask for them at every start, so that what is
    /// older costs neither side anything.
    pub(crate) async fn executions(&mut self, filter: &inbound::Executions, out: &mut Outgoing) {
        let id = filter.request_id;
        let seen = self.seen(self.managed.ids(), id, out);
        if seen.is_empty() {
            return;
        }
        let since = if matches!(filter.time.trim(), "" | "0") {
            Some(self.day_start())
        } else {
            stamp::read(&filter.time).map(access::Time::seconds)
        };
        let Some(since) = since else {
            let text = format!(
                "Error validating request: time is {:?}; use yyyymmdd-hh:mm:ss (UTC).",
                filter.time.chars().take(40).collect::<String>()
            );
            return out.error(id, ErrorCode::PROCESSING, &text);
        };
        for account in seen {
            let Some(view) = self.view(account, id, out).await else { return };
            for (execution, average) in
                since_then(&view.executions, since, self.gate.markets().instruments())
            {
                if self.matches(filter, execution) {
                    self.put_execution(id, execution, average, out);
                }
            }
        }
        out.put(&ExecDetailsEnd { request_id: id });
    }

    /// The second that this trading day began at.
    pub(crate) fn day_start(&self) -> i64 {
        TradingSession::at(self.gate.now().seconds(), self.gate.markets().hours()).start
    }

    fn matches(&self, filter: &inbound::Executions, execution: &Execution) -> bool {
        let Some(described) = self.directory.get(execution.symbol) else { return false };
        let contract = &described.contract;
        let is = |wanted: &str, value: &str| {
            let wanted = wanted.trim();
            wanted.is_empty() || wanted.eq_ignore_ascii_case(value)
        };
        let side = if execution.side == Side::Buy { "BUY" } else { "SELL" };
        filter.client_id.is_none_or(|client| client == 0 || client == execution.origin.client_id)
            && is(&filter.account, self.managed.name(execution.account))
            && is(&filter.symbol, &contract.symbol)
            && is(&filter.sec_type, "STK")
            && (is(&filter.exchange, SMART)
                || is_same_venue(filter.exchange.trim(), &contract.primary_exchange))
            && (is(&filter.side, side)
                || is(&filter.side, if side == "BUY" { "BOT" } else { "SLD" }))
    }
}

/// The executions since a second, each with the average price of its order up to it. They are in
/// the order of their times; those before are looked at only for orders that both have.
fn since_then<'a>(
    executions: &'a Rows<Execution>,
    since: i64,
    known: &Instruments,
) -> Vec<(&'a Execution, Decimal)> {
    let is_before = |execution: &Execution| execution.time.seconds() < since;
    let wanted: Vec<&Arc<Execution>> = executions.from_where(is_before).collect();
    let before = executions.len() - wanted.len();
    let value_of = |one: &Execution| i128::from(one.price.0) * i128::from(one.quantity);
    let mut values: BTreeMap<OrderId, i128> = BTreeMap::new();
    for execution in wanted.iter().filter(|one| one.cumulative != one.quantity) {
        values.insert(execution.order, 0);
    }
    if !values.is_empty() {
        for execution in executions.iter().take(before) {
            if let Some(value) = values.get_mut(&execution.order) {
                *value = value.saturating_add(value_of(execution));
            }
        }
    }
    wanted
        .into_iter()
        .map(|execution| {
            // A contract's end has no order: each is its own.
            let mut own = 0;
            let value = match execution.order {
                OrderId(0) => &mut own,
                order => values.entry(order).or_default(),
            };
            *value = value.saturating_add(value_of(execution));
            let known = known.get(execution.symbol);
            let value = i64::try_from(*value).unwrap_or(i64::MAX);
            let average = known.and_then(|one| one.average_price(value, execution.cumulative));
            (execution.as_ref(), average.unwrap_or_default())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use access::{CredentialId, Holder, PaperAccountId, SymbolId, Time};
    use trade::Ticks;
    use trade::order::{ExecutionId, Liquidity, Origin};

    use super::*;

    fn execution(
        order: u64,
        second: i64,
        quantity: u64,
        cumulative: u64,
        cents: i64,
    ) -> Arc<Execution> {
        Arc::new(Execution {
            id: ExecutionId(1),
            order: OrderId(order),
            account: PaperAccountId::new(1).unwrap(),
            symbol: SymbolId(700_001),
            side: Side::Buy,
            quantity,
            price: Ticks(cents),
            commission: Decimal::ONE,
            time: Time::from_seconds(second),
            liquidity: Liquidity::Added,
            realised: None,
            cumulative,
            origin: Origin {
                holder: Holder::Credential(CredentialId([1; 16])),
                client_id: 1,
                order_id: 1,
            },
            reference: None,
        })
    }

    #[test]
    fn executions_before_the_time_count_for_the_average_alone() {
        let known = Instruments::builtin();
        let all: Rows<Execution> = [
            execution(1, 10, 5, 5, 100),
            execution(2, 11, 5, 5, 900),
            execution(1, 20, 15, 20, 200),
            execution(3, 21, 5, 5, 300),
        ]
        .into_iter()
        .collect();
        let told: Vec<_> = since_then(&all, 20, known)
            .into_iter()
            .map(|(execution, average)| (execution.order.0, average))
            .collect();
        assert_eq!(told, [(1, Decimal::new(175, 2)), (3, Decimal::new(3, 0))]);
        assert_eq!(since_then(&all, 0, known).len(), 4);
        assert!(since_then(&all, 22, known).is_empty());
        assert!(since_then(&Rows::default(), 0, known).is_empty());
    }
}
