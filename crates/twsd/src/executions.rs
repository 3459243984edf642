//! Executions: as they happen, and asked for.

use std::collections::BTreeMap;

use access::{Act, Side};
use rust_decimal::Decimal;
use trade::calendar::Session;
use trade::{Execution, OrderId};
use tws::inbound;
use tws::outbound::{CommissionReport, ErrorCode, ExecDetails, ExecDetailsEnd};

use crate::client::Client;
use crate::contract::{SMART, is_same_venue};
use crate::outgoing::Outgoing;
use crate::refusal::Subject;
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
        let Some(contract) = self.directory.get(execution.symbol) else { return };
        let own_holder = execution.origin.holder == self.admission.holder();
        let id = execution.id.to_string();
        out.put(&ExecDetails {
            request_id,
            order_id: if own_holder { execution.origin.order_id } else { 0 },
            contract,
            execution_id: &id,
            time: &stamp::with_zone(execution.time),
            account: &self.account,
            exchange: &contract.primary_exchange,
            bought: execution.side == Side::Buy,
            shares: Decimal::from(execution.quantity),
            price: execution.price.price(),
            perm_id: i64::try_from(execution.order.0).unwrap_or(i64::MAX),
            client_id: execution.origin.client_id,
            liquidation: false,
            cumulative_quantity: Decimal::from(execution.cumulative),
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
            currency: "USD",
            realized_pnl: execution.realised.into(),
            bond_yield: None.into(),
            yield_redemption_date: None,
        });
    }

    /// The executions of the account that match: those of this trading day, or since the time that
    /// the filter names, at most seven days.
    pub(crate) async fn executions(&mut self, filter: &inbound::Executions, out: &mut Outgoing) {
        let id = filter.request_id;
        if !self.may(Act::ViewAccount, None, id, Subject::Account, out) {
            return;
        }
        let since = if filter.time.is_empty() {
            Some(Session::at(self.gate.now().seconds(), self.gate.hours()).start)
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
        let Some(view) = self.view(id, out).await else { return };
        let mut values: BTreeMap<OrderId, Decimal> = BTreeMap::new();
        for execution in &view.executions {
            let value = values.entry(execution.order).or_default();
            *value = value.saturating_add(execution.price.value(execution.quantity));
            if execution.time.seconds() >= since && self.matches(filter, execution) {
                let average = value.checked_div(Decimal::from(execution.cumulative));
                self.put_execution(id, execution, average.unwrap_or_default(), out);
            }
        }
        out.put(&ExecDetailsEnd { request_id: id });
    }

    fn matches(&self, filter: &inbound::Executions, execution: &Execution) -> bool {
        let Some(contract) = self.directory.get(execution.symbol) else { return false };
        let is =
            |wanted: &str, value: &str| wanted.is_empty() || wanted.eq_ignore_ascii_case(value);
        let side = if execution.side == Side::Buy { "BUY" } else { "SELL" };
        filter.client_id.is_none_or(|client| client == 0 || client == execution.origin.client_id)
            && is(&filter.account, &self.account)
            && is(&filter.symbol, &contract.symbol)
            && is(&filter.sec_type, "STK")
            && (is(&filter.exchange, SMART)
                || is_same_venue(&filter.exchange, &contract.primary_exchange))
            && (is(&filter.side, side)
                || is(&filter.side, if side == "BUY" { "BOT" } else { "SLD" }))
    }
}
