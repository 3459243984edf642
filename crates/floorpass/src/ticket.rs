//! `floorpass order preview`, `place` and `change`: an order by a credential, and the question before it is sent.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use access::{Misread, Number, PaperAccountId};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use control::{
    Bearer, ChangeWish, OrderRow, OrderSheet, OrderWish, OrdersTaken, PortfolioRequest, Request,
    TicketRequest, Token,
};
use rust_decimal::Decimal;

use crate::credential;
use crate::exit::{Exit, Failure};
use crate::global::Global;
use crate::output;

/// Where a token is looked for when no file is named.
const TOKEN: &str = "FLOORPASS_TOKEN";
/// Bytes that a file with a token may have.
const LARGEST: usize = 1_024;

/// Kinds of order: as people call them, and as the socket and JSON do.
const TYPES: [(&str, &str); 4] =
    [("limit", "LMT"), ("market", "MKT"), ("stop", "STP"), ("stop-limit", "STP LMT")];

/// Under whose authority.
#[derive(Debug, Args)]
struct By {
    /// The credential to place it with, by name or id
    #[arg(long, value_name = "CREDENTIAL")]
    credential: String,
    /// The file with its token, or - for standard input [default: the variable `FLOORPASS_TOKEN`]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The account to place it on; required if the credential is for several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
}

impl By {
    fn bearer(&self) -> Result<Bearer, Failure> {
        let token = match &self.token_file {
            None => std::env::var(TOKEN).ok(),
            Some(path) if path.as_os_str() == "-" => {
                Some(io::read_to_string(io::stdin()).map_err(Failure::failed)?)
            }
            Some(path) => Some(
                std::fs::read_to_string(path)
                    .map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?,
            ),
        };
        let token = token.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if token.as_ref().is_some_and(|text| text.len() > LARGEST) {
            return Err(Failure::usage("that is not a token: it is too long"));
        }
        let credential = credential::named(self.credential.clone());
        Ok(Bearer { credential, token: token.map(Token), account: self.account })
    }
}

/// An order, with the fields of the portal's ticket.
#[derive(Debug, Args)]
struct Terms {
    /// Buy or sell
    #[arg(value_parser = ["buy", "sell"], ignore_case = true)]
    side: String,
    /// How much: shares, contracts, units
    #[arg(allow_negative_numbers = true, value_parser = quantity)]
    quantity: String,
    /// The symbol
    symbol: String,
    /// How it is priced
    #[arg(long = "type", value_name = "TYPE", default_value = "limit", ignore_case = true, value_parser = types())]
    order_type: String,
    /// The limit price: the worst price you accept
    #[arg(long, value_name = "PRICE", allow_hyphen_values = true, value_parser = Number::typed_price)]
    price: Option<String>,
    /// The stop price: the last price that triggers it
    #[arg(long, value_name = "PRICE", allow_hyphen_values = true, value_parser = Number::typed_price)]
    stop: Option<String>,
    /// How long it is good
    #[arg(long, value_name = "TIF", default_value = "DAY", ignore_case = true, value_parser = ["DAY", "GTC", "IOC", "FOK"])]
    time_in_force: String,
    /// Attach a limit order at this price, which takes a profit once it fills
    #[arg(long, value_name = "PRICE", allow_hyphen_values = true, value_parser = Number::typed_price)]
    take_profit: Option<String>,
    /// Attach a stop order at this price, which ends a loss once it fills
    #[arg(long, value_name = "PRICE", allow_hyphen_values = true, value_parser = Number::typed_price)]
    stop_loss: Option<String>,
    /// Refuse it if it would do more than reduce the position
    #[arg(long)]
    reduce: bool,
    #[command(flatten)]
    by: By,
}

impl Terms {
    fn wish(self) -> Result<OrderWish, Failure> {
        Ok(OrderWish {
            bearer: self.by.bearer()?,
            side: self.side.to_lowercase(),
            quantity: self.quantity,
            symbol: self.symbol,
            order_type: self.order_type,
            limit_price: self.price,
            stop_price: self.stop,
            time_in_force: self.time_in_force.to_uppercase(),
            take_profit: self.take_profit,
            stop_loss: self.stop_loss,
            reduce: self.reduce,
        })
    }
}

/// A quantity: whole, or with decimals where the contract has such steps, which the server knows. It is sent as it was
/// typed.
fn quantity(typed: &str) -> Result<String, Misread> {
    let finest = Decimal::new(1, 8);
    let read = Number::SHARES.read(typed);
    let read = read.or_else(|why| Number::quantity(finest).read(typed).map_err(|_| why));
    read.map(|_| typed.to_owned())
}

/// Kinds of order by either name; the value is the one of JSON.
fn types() -> impl TypedValueParser<Value = String> {
    let known = TYPES.map(|(word, name)| PossibleValue::new(word).alias(name));
    PossibleValuesParser::new(known).try_map(|typed: String| {
        let found = TYPES.iter().find(|(word, name)| {
            word.eq_ignore_ascii_case(&typed) || name.eq_ignore_ascii_case(&typed)
        });
        found.map(|(_, name)| (*name).to_owned()).ok_or("no such type")
    })
}

/// What an order would do.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass order preview buy 100 AAPL --price 231.40 --credential trading\n  floorpass order preview sell 50 KO --type market --credential trading --json"
)]
pub struct PreviewOrder {
    #[command(flatten)]
    terms: Terms,
}

/// A new order.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass order place buy 100 AAPL --price 231.40 --credential trading\n  floorpass order place buy 100 AAPL --price 231.40 --take-profit 240 --stop-loss 225 --credential trading --yes\n  FLOORPASS_TOKEN=\"$(cat bot.token)\" floorpass order place sell 100 AAPL --type market --reduce --credential bot --yes --json\n\nRunning the server gives nobody the right to trade: an order is placed by a credential, with its token where it requires one, and meets all of its limits. It shows what the order would do and asks, unless --yes is given."
)]
pub struct PlaceNewOrder {
    #[command(flatten)]
    terms: Terms,
    /// Send it without asking; needed where nobody can be asked
    #[arg(long)]
    yes: bool,
}

/// New terms for an open order. What is not named stays as it is.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass order change 1000001 --price 58.50 --credential trading\n  floorpass order change 1000001 --type stop --stop 55 --credential trading --yes --json\n\nA credential can change its own orders only."
)]
pub struct ChangeOrder {
    /// Its number, from `order list`
    #[arg(allow_negative_numbers = true, value_parser = |typed: &str| Number::ORDER.read_whole::<u64>(typed))]
    order: u64,
    /// The quantity in total, what is already filled included
    #[arg(long, value_name = "QUANTITY", required_unless_present_any = ["order_type", "price", "stop"], allow_hyphen_values = true, value_parser = quantity)]
    quantity: Option<String>,
    /// How it is priced
    #[arg(long = "type", value_name = "TYPE", ignore_case = true, value_parser = types())]
    order_type: Option<String>,
    /// The limit price
    #[arg(long, value_name = "PRICE", allow_hyphen_values = true, value_parser = Number::typed_price)]
    price: Option<String>,
    /// The stop price
    #[arg(long, value_name = "PRICE", allow_hyphen_values = true, value_parser = Number::typed_price)]
    stop: Option<String>,
    #[command(flatten)]
    by: By,
    /// Send it without asking; needed where nobody can be asked
    #[arg(long)]
    yes: bool,
}

impl PreviewOrder {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let sheet = sheet(global, &self.terms.wish()?)?;
        output::show(global.json, &sheet, words)
    }
}

impl PlaceNewOrder {
    /// Asks the person, then the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let wish = self.terms.wish()?;
        if !self.yes {
            ask_first(global, || Ok(words(&sheet(global, &wish)?)), "Place this order?")?;
        }
        send(global, &Request::Ticket(TicketRequest::Place(wish)), "placed")
    }
}

impl ChangeOrder {
    /// Asks the person, then the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        let wish = ChangeWish {
            bearer: self.by.bearer()?,
            order: self.order,
            quantity: self.quantity,
            order_type: self.order_type,
            limit_price: self.price,
            stop_price: self.stop,
        };
        if !self.yes {
            ask_first(global, || difference(global, &wish), "Change this order?")?;
        }
        send(global, &Request::Ticket(TicketRequest::Change(wish)), "changed")
    }
}

fn sheet(global: &Global, wish: &OrderWish) -> Result<OrderSheet, Failure> {
    Ok(control::ask(global.data(), &Request::Ticket(TicketRequest::Preview(wish.clone())))?)
}

fn send(global: &Global, request: &Request, done: &str) -> Result<(), Failure> {
    let taken: OrdersTaken = control::ask(global.data(), request)?;
    output::show(global.json, &taken, |taken| {
        let lines = taken.taken.iter().map(|row| {
            let OrderRow { order, side, quantity, symbol, order_type, state, parent, .. } = row;
            let meant = *order == taken.order || *parent == Some(taken.order);
            // Others that it made smaller or ended.
            let done = if meant { done } else { "now" };
            format!("order {order} is {done}: {side} {quantity} {symbol} {order_type} ({state})")
        });
        lines.collect::<Vec<_>>().join("\n")
    })
}

/// Shows what would be done and waits for a yes. Where nobody can be asked it says so, and nothing is sent.
fn ask_first(
    global: &Global,
    what: impl FnOnce() -> Result<String, Failure>,
    question: &str,
) -> Result<(), Failure> {
    if global.json || !io::stdin().is_terminal() {
        let text =
            "nothing was sent: nobody can be asked here; add --yes to send it without a question";
        return Err(Failure::new(Exit::Usage, "CONFIRMATION_NEEDED", text));
    }
    output::line(&what()?);
    print!("{question} [y/N] ");
    io::stdout().flush().map_err(Failure::failed)?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(Failure::failed)?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Exit::Failed, "NOT_CONFIRMED", "nothing was sent"))
}

fn words(sheet: &OrderSheet) -> String {
    let OrderSheet { currency, .. } = sheet;
    let both = |before: &str, after: &str| format!("{before} -> {after} {currency}");
    let ids = sheet.cancels.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let cancels = if ids.is_empty() { ids } else { format!("\ncancels first   {ids}") };
    let waits = sheet.waits_above.as_ref().map_or_else(String::new, |above| {
        format!("\nwaits           for its owner's yes, because it is worth more than {above} {currency}")
    });
    format!(
        "{}\nby              {}\nvalue           {} {currency}\ncommission      {} {currency}\ninitial margin  {}\nbuying power    {}{cancels}{waits}",
        sheet.lines.join("\n"),
        sheet.credential_name,
        sheet.value,
        sheet.commission,
        both(&sheet.initial_margin_before, &sheet.initial_margin_after),
        both(&sheet.buying_power_before, &sheet.buying_power_after),
    )
}

/// What was and what will be, line by line.
fn difference(global: &Global, wish: &ChangeWish) -> Result<String, Failure> {
    let rows: Vec<OrderRow> = control::ask(
        global.data(),
        &Request::Portfolio(PortfolioRequest::Orders { account: None }),
    )?;
    let old = rows.into_iter().find(|row| row.order == wish.order);
    let old = old.ok_or_else(|| {
        let text = format!("there is no order {}; see `floorpass order list --open`", wish.order);
        Failure::new(Exit::Refused, "ORDER_NOT_OPEN", text)
    })?;
    let told =
        |typed: &Option<String>| typed.as_ref().map(|price| format!("{price} {}", old.currency));
    let now = |price: &Option<String>| {
        let told = price.as_ref().map(|price| format!("{price} {}", old.currency));
        told.unwrap_or_else(|| "none".to_owned())
    };
    let rows = [
        ("quantity", old.quantity.to_string(), wish.quantity.clone()),
        ("type", old.order_type.clone(), wish.order_type.clone()),
        ("limit price", now(&old.limit_price), told(&wish.limit_price)),
        ("stop price", now(&old.stop_price), told(&wish.stop_price)),
    ];
    let changed = rows.iter().filter_map(|(what, old, new)| {
        new.as_ref().map(|new| format!("\n{what:<12} {old} -> {new}"))
    });
    let head = format!("order {}: {} {} {}", old.order, old.side, old.quantity, old.symbol);
    Ok(format!("{head}{}", changed.collect::<String>()))
}
