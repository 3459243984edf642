//! Orders and positions, as the operator sees them: read from the durable view.

use access::{Holder, Refusal};
use gate::Gate;
use trade::order::{Order, OrderState};

use crate::act::instant;
use crate::answer::{ExecutionRow, OrderRow, PositionRow, PositionsNow};
use crate::credential::symbol;

pub(crate) async fn list(gate: &Gate) -> Result<Vec<OrderRow>, Refusal> {
    let view = gate.view().await?;
    Ok(view.open_orders.iter().chain(&view.completed_orders).map(|order| row(order)).collect())
}

fn row(order: &Order) -> OrderRow {
    let from = match order.origin.holder {
        Holder::Session(id) => id.to_string(),
        Holder::Credential(id) => id.to_string(),
        Holder::Operator => "operator".to_owned(),
        Holder::System => "system".to_owned(),
    };
    let kind = order.order_type;
    let prices = [("limit", kind.limit()), ("stop", kind.trigger())];
    let prices =
        prices.iter().filter_map(|(word, price)| Some(format!(" {word} {}", (*price)?.price())));
    OrderRow {
        order: order.id.0,
        from,
        side: order.side.to_string(),
        quantity: order.quantity,
        filled: order.filled,
        symbol: symbol(order.symbol),
        order_type: format!("{}{}", kind.name(), prices.collect::<String>()),
        state: state(order.state).to_owned(),
    }
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

pub(crate) async fn executions(gate: &Gate) -> Result<Vec<ExecutionRow>, Refusal> {
    let view = gate.view().await?;
    Ok(view
        .executions
        .iter()
        .map(|one| ExecutionRow {
            execution: one.id.0,
            at: instant(one.time),
            order: one.order.0,
            side: one.side.to_string(),
            quantity: one.quantity,
            symbol: symbol(one.symbol),
            price: one.price.to_string(),
            commission: one.commission.to_string(),
        })
        .collect())
}

pub(crate) async fn positions(gate: &Gate) -> Result<PositionsNow, Refusal> {
    let view = gate.view().await?;
    let held = view.positions.iter().filter(|holding| holding.position.shares != 0);
    Ok(PositionsNow {
        account: view.account.to_string(),
        cash: view.cash.to_string(),
        net_liquidation: view.summary.net_liquidation.to_string(),
        positions: held
            .map(|holding| PositionRow {
                symbol: symbol(holding.symbol),
                quantity: holding.position.shares,
                average_cost: holding.position.average_cost().to_string(),
                value: holding.position.value(holding.mark).to_string(),
            })
            .collect(),
    })
}
