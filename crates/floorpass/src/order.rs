//! `floorpass orders`, `executions` and `positions`.

use clap::Args;
use control::{ExecutionRow, OrderRow, PositionsNow, Request};

use crate::command::Global;
use crate::exit::Failure;
use crate::output;

/// Orders.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  floorpass orders --json")]
pub struct Orders {}

/// Executions.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  floorpass executions --json")]
pub struct Executions {}

/// Positions and cash.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  floorpass positions")]
pub struct Positions {}

/// Asks the running server.
pub fn list(global: &Global) -> Result<(), Failure> {
    let rows: Vec<OrderRow> = control::ask(global.data(), &Request::Orders)?;
    output::show(global.json, &rows, |rows| {
        let cells: Vec<[String; 7]> = rows.iter().map(cells).collect();
        let head = ["order", "from", "side", "quantity", "symbol", "type", "state"];
        output::table(head, &cells, "no orders")
    })
}

/// Asks the running server for executions.
pub fn executions(global: &Global) -> Result<(), Failure> {
    let rows: Vec<ExecutionRow> = control::ask(global.data(), &Request::Executions)?;
    output::show(global.json, &rows, |rows| {
        let cells: Vec<[String; 7]> = rows
            .iter()
            .map(|row| {
                [
                    row.at.clone(),
                    row.order.to_string(),
                    row.side.clone(),
                    row.quantity.to_string(),
                    row.symbol.clone(),
                    row.price.clone(),
                    row.commission.clone(),
                ]
            })
            .collect();
        let head = ["time", "order", "side", "quantity", "symbol", "price", "commission"];
        output::table(head, &cells, "no executions")
    })
}

fn cells(row: &OrderRow) -> [String; 7] {
    [
        row.order.to_string(),
        row.from.clone(),
        row.side.clone(),
        row.quantity.to_string(),
        row.symbol.clone(),
        row.order_type.clone(),
        row.state.clone(),
    ]
}

/// Asks the running server.
pub fn positions(global: &Global) -> Result<(), Failure> {
    let now: PositionsNow = control::ask(global.data(), &Request::Positions)?;
    output::show(global.json, &now, |now| {
        let cells: Vec<[String; 4]> = now
            .positions
            .iter()
            .map(|p| {
                [p.symbol.clone(), p.quantity.to_string(), p.average_cost.clone(), p.value.clone()]
            })
            .collect();
        let table =
            output::table(["symbol", "shares", "average cost", "value"], &cells, "no positions");
        format!(
            "{}  cash {}  net liquidation {}\n{table}",
            now.account, now.cash, now.net_liquidation
        )
    })
}
