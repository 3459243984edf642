//! Orders and positions, as the operator sees them: read from the durable view.

use std::collections::BTreeMap;
use std::sync::Arc;

use access::{Holder, PaperAccountId, SymbolId};
use gate::{Gate, OperatorCancel, View};
use trade::instrument::{Instrument, Instruments};
use trade::order::{Order, OrderId, OrderState};
use trade::position::Holding;
use trade::price::Ticks;

use serde::{Deserialize, Serialize};

use crate::account;
use crate::amount::{money, price};
use crate::answer::{
    ExecutionRow, OrderRow, OrdersCancelled, OriginRow, PaymentRow, PositionRow, PositionsNow,
};
use crate::credential::symbol;
use crate::desk::instant;
use crate::desk::{Desk, value};
use crate::fault::Fault;
use crate::performance;
use crate::quantity::Quantity;
use crate::risk;
use serde_json::Value;

/// Orders, executions, payments and positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PortfolioRequest {
    /// Open orders and the last completed ones.
    Orders {
        /// Of this account; none is all.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// Cancels an open order.
    Cancel {
        /// Its number.
        order: u64,
    },
    /// Cancels all open orders.
    CancelAll {
        /// Of this account; none is all.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// Executions of the last seven days.
    Executions {
        /// On this account; none is all.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// The last thousand payments of each account: money that moved without a trade.
    Payments {
        /// On this account; none is all.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// Positions and cash.
    Positions {
        /// On this account; none is the only one.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// What it has gained as a rate, and what of today's gain came from currencies.
    Performance {
        /// On this account; none is the only one.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// What it stands to gain and to lose.
    Risk {
        /// On this account; none is the only one.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
}

/// Does one request about orders, executions, positions and risk.
pub(crate) async fn act(desk: &Desk<'_>, request: PortfolioRequest) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        PortfolioRequest::Orders { account } => value(list(gate, account).await?),
        PortfolioRequest::Cancel { order } => value(cancel(gate, order).await?),
        PortfolioRequest::CancelAll { account } => value(cancel_all(gate, account).await?),
        PortfolioRequest::Executions { account } => value(executions(gate, account).await?),
        PortfolioRequest::Payments { account } => value(payments(gate, account).await?),
        PortfolioRequest::Positions { account } => value(positions(gate, account).await?),
        PortfolioRequest::Performance { account } => {
            value(performance::performance(gate, account).await?)
        }
        PortfolioRequest::Risk { account } => value(risk::risk(gate, account)?),
    }
}

/// The views of the account that is named, or of all; closed ones have a history too.
async fn views(gate: &Gate, account: Option<PaperAccountId>) -> Result<Vec<Arc<View>>, Fault> {
    let mut views = Vec::new();
    for one in account::known(gate, account)? {
        views.push(gate.view_of(one).await?);
    }
    Ok(views)
}

pub(crate) async fn list(
    gate: &Gate,
    account: Option<PaperAccountId>,
) -> Result<Vec<OrderRow>, Fault> {
    let names = gate.activity().holder_names().await?;
    let views = views(gate, account).await?;
    let mut open: Vec<_> = views.iter().flat_map(|view| &view.open_orders).collect();
    let mut ended: Vec<_> = views.iter().flat_map(|view| &view.completed_orders).collect();
    // Of several accounts they are one list.
    open.sort_by_key(|order| order.id);
    ended.sort_by_key(|order| order.updated);
    Ok(open.into_iter().chain(ended).map(|order| row(gate, order, &names)).collect())
}

pub(crate) fn row(gate: &Gate, order: &Order, names: &BTreeMap<Holder, String>) -> OrderRow {
    let (kind, known) = (order.order_type, gate.markets().instruments());
    let quantity = |steps| Quantity(known.quantity(order.symbol, steps));
    let price = |ticks: Option<Ticks>| ticks.map(|ticks| price(known.price(order.symbol, ticks)));
    OrderRow {
        order: order.id.0,
        account: order.account.to_string(),
        from: origin(order.origin.holder, names),
        side: order.side.to_string(),
        quantity: quantity(order.quantity),
        filled: quantity(order.filled),
        currency: currency(known, order.symbol),
        symbol: symbol(known, order.symbol),
        order_type: kind.name().to_owned(),
        limit_price: price(kind.limit()),
        stop_price: price(kind.trigger()),
        time_in_force: order.tif.name().to_owned(),
        reduce_only: order.reduce_only,
        state: state(order.state).to_owned(),
        parent: order.parent.map(|parent| parent.0),
        reference: order.reference.as_ref().map(ToString::to_string),
        placed: instant(order.placed),
        updated: instant(order.updated),
    }
}

fn origin(holder: Holder, names: &BTreeMap<Holder, String>) -> OriginRow {
    let (kind, id) = match holder {
        Holder::Session(id) => ("session", Some(id.to_string())),
        Holder::Credential(id) => ("credential", Some(id.to_string())),
        Holder::Operator => ("operator", None),
        Holder::System => ("system", None),
    };
    let name = id.as_ref().and_then(|_| names.get(&holder).cloned());
    OriginRow { kind: kind.to_owned(), id, name }
}

/// What the prices and amounts of a contract are in.
fn currency(known: &Instruments, symbol: SymbolId) -> String {
    known.get(symbol).map_or_else(String::new, |one| one.currency.to_string())
}

pub(crate) async fn cancel(gate: &Gate, number: u64) -> Result<OrdersCancelled, Fault> {
    let mut views = views(gate, None).await?.into_iter();
    if !views.any(|view| view.open_orders.iter().any(|open| open.id.0 == number)) {
        let text =
            format!("order {number} is not open; `floorpass order list` shows the open ones");
        return Err(Fault::new("ORDER_NOT_OPEN", text));
    }
    cancelled(gate, OperatorCancel::Order(OrderId(number))).await
}

async fn cancel_all(
    gate: &Gate,
    account: Option<PaperAccountId>,
) -> Result<OrdersCancelled, Fault> {
    let Some(account) = account else { return cancelled(gate, OperatorCancel::All).await };
    account::known(gate, Some(account))?;
    cancelled(gate, OperatorCancel::Account(account)).await
}

async fn cancelled(gate: &Gate, meant: OperatorCancel) -> Result<OrdersCancelled, Fault> {
    let cancelled = gate.orders().cancel_as_operator(meant).await?;
    Ok(OrdersCancelled { orders: cancelled.into_iter().map(|order| order.0).collect() })
}

fn state(state: OrderState) -> &'static str {
    match state {
        OrderState::PreSubmitted => "waiting",
        OrderState::Working => "working",
        OrderState::Filled => "filled",
        OrderState::Cancelled => "cancelled",
        OrderState::Rejected => "rejected",
    }
}

pub(crate) async fn executions(
    gate: &Gate,
    account: Option<PaperAccountId>,
) -> Result<Vec<ExecutionRow>, Fault> {
    let (mut rows, known) = (Vec::new(), gate.markets().instruments());
    for view in views(gate, account).await? {
        rows.extend(view.executions.iter().map(|one| ExecutionRow {
            execution: one.id.0,
            account: one.account.to_string(),
            at: instant(one.time),
            order: one.order.0,
            side: one.side.to_string(),
            quantity: Quantity(known.quantity(one.symbol, one.quantity)),
            symbol: symbol(known, one.symbol),
            price: price(known.price(one.symbol, one.price)),
            commission: money(one.commission, known.get(one.symbol).map(|one| one.currency)),
            currency: currency(known, one.symbol),
        }));
    }
    // Of one account they are in order already.
    rows.sort_by_key(|row| row.execution);
    Ok(rows)
}

async fn payments(gate: &Gate, account: Option<PaperAccountId>) -> Result<Vec<PaymentRow>, Fault> {
    let (mut rows, known) = (Vec::new(), gate.markets().instruments());
    for view in views(gate, account).await? {
        rows.extend(view.payments.iter().map(|one| PaymentRow {
            payment: one.number,
            account: one.account.to_string(),
            at: instant(one.time),
            day: one.day.to_string(),
            kind: one.kind.code().to_owned(),
            symbol: one.symbol.map(|id| symbol(known, id)),
            quantity: one.symbol.and_then(|id| {
                let held = known.get(id)?.signed_quantity(one.held);
                Some(Quantity(held))
            }),
            amount: money(one.amount, Some(one.currency)),
            currency: one.currency.to_string(),
        }));
    }
    // Of one account they are in order already.
    rows.sort_by(|one, other| one.at.cmp(&other.at));
    Ok(rows)
}

pub(crate) async fn positions(
    gate: &Gate,
    account: Option<PaperAccountId>,
) -> Result<PositionsNow, Fault> {
    let view = gate.view_of(account::meant(gate, account)?).await?;
    let held = view.positions.iter().filter(|holding| holding.position.shares != 0);
    Ok(PositionsNow {
        account: view.account.to_string(),
        currency: view.currency.to_string(),
        cash: money(view.cash, Some(view.currency)),
        accrued_interest: money(view.summary.interest(), Some(view.currency)),
        net_liquidation: money(view.summary.net_liquidation, Some(view.currency)),
        excess_liquidity: money(view.summary.excess_liquidity, Some(view.currency)),
        margin_call: view.summary.margin_call.map(instant),
        day_trades: view.day_trades.total(),
        day_trades_left: view.day_trades.left().map(|[today, ..]| today),
        positions: held
            .map(|holding| PositionRow {
                symbol: symbol(gate.markets().instruments(), holding.symbol),
                quantity: Quantity(holding.quantity()),
                average_cost: average(gate.markets().instruments(), holding),
                value: money(holding.value(), Some(holding.currency)),
            })
            .collect(),
    })
}

/// What one unit cost on average, with two places more than the prices of its contract.
fn average(known: &Instruments, holding: &Holding) -> String {
    let places = known.get(holding.symbol).map_or(2, Instrument::price_places).saturating_add(2);
    let digits = places as usize;
    format!("{:.digits$}", holding.average_cost().round_dp(places))
}
