//! Orders from the command line. The operator has no authority to trade, so each is asked for by a credential, with its token
//! where it demands one, and meets every limit that its programs meet.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use access::name::Name;
use access::refusal::AuthorityRefusal;
use access::{CredentialId, Number, PaperAccountId, Refusal, Secret};
use gate::{Admission, Gate, OrderRequest, Refused, SocketProof};
use serde_json::Value;
use trade::calendar::Day;
use trade::instrument::Instrument;
use trade::order::{
    Change, NewOrder, Order, OrderId, OrderType, Origin, Shares, Side, TimeInForce,
};
use trade::{Exits, Ticks};

use serde::{Deserialize, Serialize};

use crate::account;
use crate::amount::money;
use crate::answer::{OrderSheet, OrdersTaken};
use crate::credential::{self, CredentialName};
use crate::desk::{Desk, value};
use crate::fault::Fault;
use crate::person::NAME_NEEDED;
use crate::portfolio::row;

/// A token on its way to the server. It cannot be printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a token")
    }
}

/// Whose authority an order is placed under. The operator has none of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bearer {
    /// The credential.
    pub credential: CredentialName,
    /// Its token, where it demands one.
    pub token: Option<Token>,
    /// The account that the order is for; a credential for one account has no other.
    #[serde(default)]
    pub account: Option<PaperAccountId>,
}

/// An order as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderWish {
    /// The credential that it is placed under, and its token.
    pub bearer: Bearer,
    /// `buy` or `sell`.
    pub side: String,
    /// The quantity as it was typed; the contract's step says how it is read.
    pub quantity: String,
    /// The symbol.
    pub symbol: String,
    /// `MKT`, `LMT`, `STP` or `STP LMT`.
    pub order_type: String,
    /// The limit price as it was typed; the contract's steps say how it is read.
    pub limit_price: Option<String>,
    /// The stop price as it was typed.
    pub stop_price: Option<String>,
    /// `DAY`, `GTC`, `IOC` or `FOK`.
    pub time_in_force: String,
    /// The price of the limit order that takes a profit, as it was typed.
    pub take_profit: Option<String>,
    /// The price of the stop order that ends a loss, as it was typed.
    pub stop_loss: Option<String>,
    /// Whether it is refused where it would do more than close what is held.
    pub reduce: bool,
}

/// New terms of an open order; none leaves what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeWish {
    /// The credential that it is placed under, and its token.
    pub bearer: Bearer,
    /// Number of the open order, as `order list` prints it.
    pub order: u64,
    /// The quantity in total as it was typed, what is filled included.
    pub quantity: Option<String>,
    /// `MKT`, `LMT`, `STP` or `STP LMT`.
    pub order_type: Option<String>,
    /// The limit price as it was typed; the contract's steps say how it is read.
    pub limit_price: Option<String>,
    /// The stop price as it was typed.
    pub stop_price: Option<String>,
}

/// An order, asked for by a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TicketRequest {
    /// What an order would do, asked by a credential.
    Preview(OrderWish),
    /// Places it by that credential.
    Place(OrderWish),
    /// New terms for an open order of a credential.
    Change(ChangeWish),
}

/// Where a command is run: on the server's own machine.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The client id of these orders. No program on a socket may have one below zero.
const CLIENT: i32 = -1;
/// What the record calls the program.
const PROGRAM: &str = "floorpass order (client -1)";
const TIFS: [TimeInForce; 4] =
    [TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok];

/// Does what is asked about orders in a credential's name.
pub(crate) async fn act(desk: &Desk<'_>, request: TicketRequest) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        TicketRequest::Preview(wish) => value(preview(gate, &wish).await?),
        TicketRequest::Place(wish) => value(place(gate, &wish).await?),
        TicketRequest::Change(wish) => value(change(gate, &wish).await?),
    }
}

/// A credential that was let in as a program of its own would be.
struct Bearing {
    admission: Admission,
    name: String,
}

async fn admit(gate: &Gate, bearer: &Bearer) -> Result<Bearing, Fault> {
    let found = credential::find(gate, &bearer.credential).await?.credential;
    let id: CredentialId = found.id;
    let token = bearer.token.as_ref().map(|token| Secret::from_text(token.0.clone()));
    let door = SocketProof { credential: id, address: HERE, token: token.as_ref() };
    let admission = on(&gate.enter_socket(&door)?, bearer.account, &found.name)?;
    Ok(Bearing { admission, name: found.name.to_string() })
}

/// The credential on the account that is named, or on its only one.
fn on(
    admission: &Admission,
    account: Option<PaperAccountId>,
    name: &Name,
) -> Result<Admission, Fault> {
    let chosen = match account {
        Some(account) => admission.on(account),
        None => admission.has_one_account().then(|| admission.clone()),
    };
    chosen.ok_or_else(|| {
        let accounts: Vec<_> = admission.accounts().map(|one| one.to_string()).collect();
        let accounts = accounts.join(", ");
        match account {
            Some(account) => Fault::new(
                "ACCOUNT_NOT_ALLOWED",
                format!("{name} is not for account {account}; it is for {accounts}"),
            ),
            None => Fault::new(
                NAME_NEEDED,
                format!("{name} is for several accounts; name one with --account: {accounts}"),
            ),
        }
    })
}

/// Price and kind that go together, or what is missing.
fn terms(
    instrument: &Instrument,
    kind: &str,
    price: Option<Ticks>,
    stop: Option<Ticks>,
) -> Result<OrderType, Fault> {
    let needed = |given: Option<Ticks>, option: &str| {
        given.ok_or_else(|| {
            let currency = instrument.currency;
            let text = format!("an order of type {kind} needs {option}, a price in {currency}");
            Fault::new("PRICE_MISSING", text)
        })
    };
    let unwanted = |given: Option<Ticks>, option: &str| {
        if given.is_none() {
            return Ok(());
        }
        let text = format!("an order of type {kind} has no such price; leave out {option}");
        Err(Fault::new("PRICE_NOT_TAKEN", text))
    };
    match kind {
        "MKT" => {
            unwanted(price, "--price")?;
            unwanted(stop, "--stop")?;
            Ok(OrderType::Market)
        }
        "LMT" => {
            unwanted(stop, "--stop")?;
            Ok(OrderType::Limit { price: needed(price, "--price")? })
        }
        "STP" => {
            unwanted(price, "--price")?;
            Ok(OrderType::Stop { trigger: needed(stop, "--stop")? })
        }
        "STP LMT" => {
            let (price, trigger) = (needed(price, "--price")?, needed(stop, "--stop")?);
            Ok(OrderType::StopLimit { trigger, price })
        }
        _ => Err(unknown("type", kind, "MKT, LMT, STP or STP LMT")),
    }
}

/// A price that was typed at an option, where one was.
fn ticks(
    instrument: &Instrument,
    typed: Option<&String>,
    option: &str,
) -> Result<Option<Ticks>, Fault> {
    let Some(typed) = typed else { return Ok(None) };
    let off = |why: String| Fault::new("PRICE_OFF_TICK", why);
    let price = instrument.typed_price().read(typed);
    let price = price.map_err(|why| off(format!("{option}: {why}")))?;
    let ticks = instrument.ticks(price);
    ticks.map(Some).map_err(|why| off(format!("{option} is {price}; {why}")))
}

/// The steps of a quantity that was typed.
fn steps(instrument: &Instrument, typed: &str) -> Result<Shares, Fault> {
    let step = instrument.step.size();
    let read = Number::quantity(step).read(typed);
    let quantity = read.map_err(|why| Fault::new("QUANTITY_OFF_STEP", why.to_string()))?;
    instrument.steps(quantity).map_err(|_| {
        let symbol = &instrument.symbol;
        let text = format!(
            "the quantity is {quantity}, and {symbol} trades in steps of {step}; use a multiple of it"
        );
        Fault::new("QUANTITY_OFF_STEP", text)
    })
}

fn unknown(what: &str, given: &str, known: &str) -> Fault {
    let given: String = given.chars().filter(|c| !c.is_control()).take(40).collect();
    Fault::new("NAME_UNKNOWN", format!("{what} \u{201c}{given}\u{201d} is not known; use {known}"))
}

/// An order as it was read, and its exits.
struct Wanted {
    order: NewOrder,
    exits: Exits,
    reduce: bool,
}

impl Wanted {
    fn orders(&self) -> Vec<NewOrder> {
        self.exits.attached_to(self.order.clone())
    }

    fn request(&self) -> OrderRequest {
        if self.reduce {
            OrderRequest::Reduce(self.order.clone())
        } else {
            OrderRequest::Place(self.orders())
        }
    }
}

fn read(gate: &Gate, bearing: &Bearing, wish: &OrderWish) -> Result<Wanted, Fault> {
    let today = Day::in_new_york(gate.now().seconds());
    let contract = gate.markets().instruments().called(&wish.symbol, today);
    let contract = contract.ok_or_else(|| {
        let known = "the symbol of a contract that trades here; the portal\u{2019}s Contracts page lists them";
        unknown("symbol", &wish.symbol, known)
    })?;
    let side = match wish.side.as_str() {
        "buy" => Side::Buy,
        "sell" => Side::Sell,
        other => return Err(unknown("side", other, "buy or sell")),
    };
    let typed = |typed: &Option<String>, option| ticks(contract, typed.as_ref(), option);
    let (price, stop) = (typed(&wish.limit_price, "--price")?, typed(&wish.stop_price, "--stop")?);
    let order_type = terms(contract, &wish.order_type, price, stop)?;
    let tif = TIFS.into_iter().find(|tif| tif.name() == wish.time_in_force);
    let tif =
        tif.ok_or_else(|| unknown("time in force", &wish.time_in_force, "DAY, GTC, IOC or FOK"))?;
    let exits = Exits {
        profit: typed(&wish.take_profit, "--take-profit")?,
        loss: typed(&wish.stop_loss, "--stop-loss")?,
    };
    let last = gate.markets().quote(contract.id).map(|quote| quote.last);
    if let Some(entry) = order_type.limit().or(order_type.trigger()).or(last) {
        let (profit, loss) = exits.misplaced(side, entry);
        if profit || loss {
            let option = if profit { "--take-profit" } else { "--stop-loss" };
            let text = format!(
                "{option} is on the wrong side of {}: it would trade as soon as the order fills",
                contract.price(entry)
            );
            return Err(Fault::new("EXIT_MISPLACED", text));
        }
    }
    if wish.reduce && !exits.is_empty() {
        let text = "an order that only reduces has no --take-profit and no --stop-loss";
        return Err(Fault::new("EXIT_NOT_TAKEN", text));
    }
    let order = NewOrder {
        account: bearing.admission.account(),
        symbol: contract.id,
        side,
        quantity: steps(contract, &wish.quantity)?,
        order_type,
        tif,
        outside_hours: false,
        origin: Origin { holder: bearing.admission.holder(), client_id: CLIENT, order_id: 0 },
        parent: None,
        oca: None,
        reference: None,
    };
    Ok(Wanted { order, exits, reduce: wish.reduce })
}

async fn preview(gate: &Gate, wish: &OrderWish) -> Result<OrderSheet, Fault> {
    let bearing = admit(gate, &wish.bearer).await?;
    let wanted = read(gate, &bearing, wish)?;
    let asked = gate.orders().preview(&bearing.admission, HERE, wanted.request());
    let (sheet, cancels) = asked.map_err(|why| refused(gate, &bearing, why))?;
    let money = |amount| money(amount, Some(sheet.currency));
    Ok(OrderSheet {
        lines: wanted
            .orders()
            .iter()
            .map(|order| trade::Asked::of_new(order, gate.markets().instruments()).to_string())
            .collect(),
        credential_name: bearing.name,
        currency: sheet.currency.to_string(),
        value: money(sheet.notional),
        commission: money(sheet.commission),
        initial_margin_before: money(sheet.initial_before),
        initial_margin_after: money(sheet.initial_after),
        buying_power_before: money(sheet.buying_power_before),
        buying_power_after: money(sheet.buying_power_after),
        cancels: cancels.iter().map(|order| order.0).collect(),
        waits_above: sheet.waits_above.map(|above| money(above.amount)),
    })
}

async fn place(gate: &Gate, wish: &OrderWish) -> Result<OrdersTaken, Fault> {
    let bearing = admit(gate, &wish.bearer).await?;
    let wanted = read(gate, &bearing, wish)?;
    let count = wanted.orders().len();
    // New ones have the highest numbers, the parent's before its exits'. What they made smaller or ended is older.
    let first = |orders: &[Arc<Order>]| {
        let at = orders.len().checked_sub(count)?;
        orders.get(at).map(|order| order.id)
    };
    submit(gate, &bearing, wanted.request(), first).await
}

/// Why an order was not taken; of a lock what it is on, and the whole command that lifts it.
fn refused(gate: &Gate, bearing: &Bearing, why: Refused) -> Fault {
    if let Refused::Refusal(locked @ Refusal::Authority(AuthorityRefusal::Locked { grade })) = &why
        && let Some(over) = gate.locks().over(&bearing.admission)
    {
        let text = format!("{}; unlock it with `{}`", over.says(*grade), over.unlock());
        return Fault::new(locked.code(), text);
    }
    why.into()
}

/// Sends a request, and answers once it is safe on record.
async fn submit(
    gate: &Gate,
    bearing: &Bearing,
    request: OrderRequest,
    meant: impl FnOnce(&[Arc<Order>]) -> Option<OrderId>,
) -> Result<OrdersTaken, Fault> {
    let _connected = gate.admissions().note_connected(&bearing.admission, HERE, PROGRAM);
    let taken = gate.orders().submit(&bearing.admission, HERE, request);
    let taken = taken.map_err(|why| refused(gate, bearing, why))?;
    gate.orders().flush().await?;
    let names = gate.activity().holder_names().await?;
    let mut orders = taken.orders();
    orders.sort_by_key(|order| order.id);
    let rows: Vec<_> = orders.iter().map(|order| row(gate, order, &names)).collect();
    let order = meant(&orders).map_or(0, |order| order.0);
    Ok(OrdersTaken { order, taken: rows })
}

async fn change(gate: &Gate, wish: &ChangeWish) -> Result<OrdersTaken, Fault> {
    // An order says which account it is on.
    let on = account::of_order(gate, OrderId(wish.order)).await?;
    let bearer = Bearer { account: wish.bearer.account.or(on), ..wish.bearer.clone() };
    let bearing = admit(gate, &bearer).await?;
    let view = gate.view_of(bearing.admission.account()).await?;
    let own = |order: &&Arc<Order>| {
        order.id.0 == wish.order && order.origin.holder == bearing.admission.holder()
    };
    let open = view.open_orders.iter().find(own).ok_or_else(|| {
        let text = format!(
            "order {} is no open order of {}; `floorpass order list --open` shows them",
            wish.order, bearing.name
        );
        Fault::new("ORDER_NOT_OPEN", text)
    })?;
    let instrument = gate.markets().instruments().get(open.symbol).ok_or_else(|| {
        let text = format!("order {} is in a contract that is not known here", open.id);
        Fault::new("ORDER_NOT_OPEN", text)
    })?;
    let old = open.order_type;
    let kind = wish.order_type.as_deref().unwrap_or(old.name());
    // A price that the new kind does not have goes with the old kind.
    let limit = old.limit().filter(|_| matches!(kind, "LMT" | "STP LMT"));
    let stop = old.trigger().filter(|_| matches!(kind, "STP" | "STP LMT"));
    let price = ticks(instrument, wish.limit_price.as_ref(), "--price")?;
    let trigger = ticks(instrument, wish.stop_price.as_ref(), "--stop")?;
    let order_type = terms(instrument, kind, price.or(limit), trigger.or(stop))?;
    let typed = wish.quantity.as_deref();
    let quantity = typed.map_or(Ok(open.quantity), |typed| steps(instrument, typed))?;
    let change =
        Change { order: open.id, quantity, order_type, tif: open.tif, units: instrument.units() };
    submit(gate, &bearing, OrderRequest::Modify(change), |_| Some(change.order)).await
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use trade::instrument::Instruments;

    #[test]
    fn quantity_is_read_in_steps_of_its_contract() {
        let read = |text: &str| Instruments::read("tests/instruments.csv", text).unwrap();
        let text = include_str!("../../../tests/instruments.csv");
        let (own, stock) = (read(text), &Instruments::builtin().all()[0]);
        let part = own.named("FUND").unwrap();
        for (typed, whole, parts) in [
            ("1,000", Some(1_000), None),
            ("1000", Some(1_000), Some(100_000)),
            ("0.5", None, Some(50)),
            ("0,25", None, Some(25)),
            ("0.005", None, None),
            ("-1", None, None),
        ] {
            assert_eq!(steps(stock, typed).ok(), whole, "{typed}");
            assert_eq!(steps(part, typed).ok(), parts, "{typed}");
        }
        let quarters = read(&text.replace("1000000,0.01,100", "1000000,0.25,100"));
        let quarters = quarters.named("FUND").unwrap();
        let off = steps(quarters, "0.30").unwrap_err();
        assert_eq!(off.code, "QUANTITY_OFF_STEP");
        assert!(off.text.contains("steps of 0.25"), "{}", off.text);
        assert_eq!(steps(quarters, "0.75").ok(), Some(3));
    }

    #[test]
    fn kind_and_prices_of_an_order_go_together() {
        let (price, stop) = (Some(Ticks(7_050)), Some(Ticks(5_800)));
        let stock = &Instruments::builtin().all()[0];
        let terms = |kind, price, stop| terms(stock, kind, price, stop);
        let code = |kind, price, stop| terms(kind, price, stop).unwrap_err().code;
        assert_eq!(terms("MKT", None, None), Ok(OrderType::Market));
        assert_eq!(terms("LMT", price, None), Ok(OrderType::Limit { price: Ticks(7_050) }));
        assert_eq!(terms("STP", None, stop), Ok(OrderType::Stop { trigger: Ticks(5_800) }));
        let both = OrderType::StopLimit { price: Ticks(7_050), trigger: Ticks(5_800) };
        assert_eq!(terms("STP LMT", price, stop), Ok(both));
        for (kind, price, stop) in
            [("LMT", None, None), ("STP", None, None), ("STP LMT", price, None)]
        {
            assert_eq!(code(kind, price, stop), "PRICE_MISSING", "{kind}");
        }
        for (kind, price, stop) in
            [("MKT", price, None), ("LMT", price, stop), ("STP", price, stop)]
        {
            assert_eq!(code(kind, price, stop), "PRICE_NOT_TAKEN", "{kind}");
        }
        assert_eq!(code("TRAIL", None, None), "NAME_UNKNOWN");
    }

    #[test]
    fn price_is_read_by_the_steps_of_its_contract() {
        let text = include_str!("../../../tests/instruments.csv");
        let own = Instruments::read("tests/instruments.csv", text).unwrap();
        let read = |symbol: &str, typed: &str| {
            ticks(own.named(symbol).unwrap(), Some(&typed.to_owned()), "--price")
        };
        for (symbol, typed, wanted) in [
            ("AAPL", "70,50", 7_050),
            ("PENY", "0.0875", 875),
            ("PENY", "231.40", 2_314_000),
            ("NIKKEI", "1,250", 1_250),
            ("PAIR", "1.08755", 108_755),
            ("PAIR", "151.275", 15_127_500),
            ("OIL", "-37.63", -3_763),
        ] {
            assert_eq!(read(symbol, typed), Ok(Some(Ticks(wanted))), "{symbol} {typed}");
        }
        for (symbol, typed, said) in [
            ("AAPL", "70.5055", "more than two decimals"),
            ("AAPL", "0", "too low"),
            ("AAPL", "-1", "too low"),
            ("AAPL", "1.234", "could mean 1234 or 1.234"),
            ("PENY", "231.4012", "use 231.4000 or 231.4100"),
            ("NIKKEI", "1250.5", "not a whole number"),
            ("PAIR", "1.087555", "more than 5 decimals"),
            ("OIL", "-1001", "-1000 or more"),
        ] {
            let fault = read(symbol, typed).unwrap_err();
            assert_eq!(fault.code, "PRICE_OFF_TICK", "{symbol} {typed}");
            assert!(
                fault.text.starts_with("--price") && fault.text.contains(said),
                "{}",
                fault.text
            );
        }
        assert_eq!(ticks(own.named("AAPL").unwrap(), None, "--price"), Ok(None));
    }

    #[test]
    fn token_of_a_request_is_not_printed() {
        let credential = CredentialName::Name("bot".into());
        let token = Some(Token("fp_secret".into()));
        let bearer = Bearer { credential, token, account: None };
        assert!(!format!("{bearer:?}").contains("secret"));
    }
}
