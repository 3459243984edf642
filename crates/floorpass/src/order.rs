//! `floorpass order`, `orders`, `executions`, `payments` and `positions`.

use access::{Number, PaperAccountId};
use clap::{Args, Subcommand};
use control::{
    ExecutionRow, OrderRow, OrdersCancelled, OriginRow, PaymentRow, PortfolioRequest, PositionsNow,
    Request,
};

use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::output;
use crate::ticket;

#[derive(Debug, Subcommand)]
pub enum OrderCommand {
    /// List open orders, and those that ended in the last seven days
    #[command(
        after_help = "Examples:\n  floorpass order list\n  floorpass order list --open --json"
    )]
    List(Orders),
    /// Show one order
    #[command(after_help = "Example:\n  floorpass order show 1000001 --json")]
    Show {
        /// Its number, from `order list`
        #[arg(allow_negative_numbers = true, value_parser = |typed: &str| Number::ORDER.read_whole::<u64>(typed))]
        order: u64,
    },
    /// Show what an order would do: value, commission, margin, buying power; nothing is sent
    Preview(Box<ticket::PreviewOrder>),
    /// Place an order with a credential
    Place(Box<ticket::PlaceNewOrder>),
    /// Change an open order of a credential
    Change(Box<ticket::ChangeOrder>),
    /// Cancel an open order and its children
    #[command(after_help = "Example:\n  floorpass order cancel 1000001")]
    Cancel {
        /// Its number, from `order list`
        #[arg(allow_negative_numbers = true, value_parser = |typed: &str| Number::ORDER.read_whole::<u64>(typed))]
        order: u64,
    },
    /// Cancel all open orders, of one account or of every one
    #[command(
        after_help = "Examples:\n  floorpass order cancel-all\n  floorpass order cancel-all --account DU0000002\n\nNew orders are still accepted: to stop those first, use `floorpass lock`."
    )]
    CancelAll(OneAccount),
}

/// One account, or all.
#[derive(Debug, Args)]
pub struct OneAccount {
    /// On this account only
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
}

/// Orders.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  floorpass orders --json")]
pub struct Orders {
    /// Only open orders
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    on: OneAccount,
}

/// Executions.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  floorpass executions --json")]
pub struct Executions {
    #[command(flatten)]
    on: OneAccount,
}

/// Payments.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  floorpass payments --json")]
pub struct Payments {
    #[command(flatten)]
    on: OneAccount,
}

/// List positions and cash.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass positions\n  floorpass positions --account DU0000002"
)]
pub struct Positions {
    /// The account; required if there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
}

impl OrderCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List(orders) => orders.run(global),
            Self::Show { order } => show(global, order),
            Self::Preview(preview) => preview.run(global),
            Self::Place(place) => place.run(global),
            Self::Change(change) => change.run(global),
            Self::Cancel { order } => {
                cancel(global, &Request::Portfolio(PortfolioRequest::Cancel { order }))
            }
            Self::CancelAll(OneAccount { account }) => {
                cancel(global, &Request::Portfolio(PortfolioRequest::CancelAll { account }))
            }
        }
    }
}

impl Orders {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let account = self.on.account;
        let request = Request::Portfolio(PortfolioRequest::Orders { account });
        let mut rows: Vec<OrderRow> = control::ask(global.data(), &request)?;
        rows.retain(|row| !self.open || is_open(row));
        output::show(global.json, &rows, |rows| {
            let cells: Vec<[String; 12]> = rows.iter().map(cells).collect();
            let head = [
                "order", "placed", "account", "from", "side", "quantity", "filled", "symbol",
                "type", "limit", "stop", "state",
            ];
            output::table(head, &cells, "no orders")
        })
    }
}

fn is_open(row: &OrderRow) -> bool {
    matches!(row.state.as_str(), "waiting" | "working")
}

fn show(global: &Global, order: u64) -> Result<(), Failure> {
    let request = Request::Portfolio(PortfolioRequest::Orders { account: None });
    let rows: Vec<OrderRow> = control::ask(global.data(), &request)?;
    let found = rows.into_iter().find(|row| row.order == order).ok_or_else(|| {
        let text = format!(
            "there is no order {order} among the open orders and those of the last seven days; see `floorpass order list`"
        );
        Failure::new(Exit::Refused, "NOT_FOUND", text)
    })?;
    output::show(global.json, &found, words)
}

fn words(row: &OrderRow) -> String {
    let mut lines = vec![
        format!("order      {} ({})", row.order, row.state),
        format!("account    {}", row.account),
        format!("asked      {} {} {}", row.side, row.quantity, row.symbol),
        format!("filled     {}", row.filled),
        format!("type       {}, {}", row.order_type, row.time_in_force),
    ];
    lines
        .extend(row.limit_price.iter().map(|price| format!("limit      {price} {}", row.currency)));
    lines.extend(row.stop_price.iter().map(|price| format!("stop       {price} {}", row.currency)));
    lines.push(format!("from       {}", from(row)));
    lines.extend(row.parent.iter().map(|parent| format!("parent     {parent}")));
    lines.extend(row.reference.iter().map(|note| format!("reference  {note}")));
    lines.push(format!("placed     {}", row.placed));
    lines.push(format!("updated    {}", row.updated));
    lines.join("\n")
}

/// Who placed it, by name where it has one.
fn from(row: &OrderRow) -> String {
    let OriginRow { kind, id, name } = &row.from;
    name.as_ref().or(id.as_ref()).unwrap_or(kind).clone()
}

fn cancel(global: &Global, request: &Request) -> Result<(), Failure> {
    let done: OrdersCancelled = control::ask(global.data(), request)?;
    output::show(global.json, &done, |done| {
        let numbers: Vec<String> = done.orders.iter().map(ToString::to_string).collect();
        if numbers.is_empty() {
            return "no open orders".to_owned();
        }
        format!("cancelled: {}", numbers.join(", "))
    })
}

/// Asks the running server for executions.
pub fn executions(
    Executions { on: OneAccount { account } }: &Executions,
    global: &Global,
) -> Result<(), Failure> {
    let request = Request::Portfolio(PortfolioRequest::Executions { account: *account });
    let rows: Vec<ExecutionRow> = control::ask(global.data(), &request)?;
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

/// Asks the running server for money that moved without a trade.
pub fn payments(
    Payments { on: OneAccount { account } }: &Payments,
    global: &Global,
) -> Result<(), Failure> {
    let request = Request::Portfolio(PortfolioRequest::Payments { account: *account });
    let rows: Vec<PaymentRow> = control::ask(global.data(), &request)?;
    output::show(global.json, &rows, |rows| {
        let cells: Vec<[String; 7]> = rows
            .iter()
            .map(|row| {
                [
                    row.day.clone(),
                    row.account.clone(),
                    row.kind.replace('_', " "),
                    row.quantity.as_ref().map(ToString::to_string).unwrap_or_default(),
                    row.symbol.clone().unwrap_or_default(),
                    row.amount.clone(),
                    row.currency.clone(),
                ]
            })
            .collect();
        let head = ["day", "account", "kind", "held", "symbol", "amount", "currency"];
        output::table(head, &cells, "no payments")
    })
}

fn cells(row: &OrderRow) -> [String; 12] {
    [
        row.order.to_string(),
        row.placed.clone(),
        row.account.clone(),
        from(row),
        row.side.clone(),
        row.quantity.to_string(),
        row.filled.to_string(),
        row.symbol.clone(),
        row.order_type.clone(),
        row.limit_price.clone().unwrap_or_default(),
        row.stop_price.clone().unwrap_or_default(),
        row.state.clone(),
    ]
}

/// Asks the running server.
pub fn positions(Positions { account }: &Positions, global: &Global) -> Result<(), Failure> {
    let request = Request::Portfolio(PortfolioRequest::Positions { account: *account });
    let now: PositionsNow = control::ask(global.data(), &request)?;
    output::show(global.json, &now, |now| {
        let cells: Vec<[String; 4]> = now
            .positions
            .iter()
            .map(|p| {
                [p.symbol.clone(), p.quantity.to_string(), p.average_cost.clone(), p.value.clone()]
            })
            .collect();
        let table =
            output::table(["symbol", "quantity", "average cost", "value"], &cells, "no positions");
        let currency = &now.currency;
        let called = now.margin_call.iter().map(|until| {
            format!(
                "\nMargin call: excess liquidity is {} {currency}; positions are closed from {until} on.",
                now.excess_liquidity
            )
        });
        let called: String = called.collect();
        let day_trades = match (now.day_trades, now.day_trades_left) {
            (0, _) => String::new(),
            (count, None) => {
                format!("\nDay trades in five trading days: {count}; any number may be made.")
            }
            (count, Some(left)) => {
                format!(
                    "\nDay trades in five trading days: {count}; {left} more may be made today."
                )
            }
        };
        let accrued = match now.accrued_interest.as_str() {
            "0.00" | "0" | "" => String::new(),
            amount => format!("  interest {amount} {currency}"),
        };
        format!(
            "{}  cash {} {currency}{accrued}  net liquidation {} {currency}{called}{day_trades}\n{table}",
            now.account, now.cash, now.net_liquidation
        )
    })
}
