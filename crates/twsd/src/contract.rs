//! What can be traded, in this wire's words: look-up, descriptions, price increments.

use access::{Act, SymbolId, Time};
use rust_decimal::Decimal;
use trade::calendar::{Hours, TradingSession};
use trade::instrument::{Instrument, Instruments, Product};
use tws::Contract;
use tws::contract::TagValue;
use tws::inbound::{ContractDetails, MarketRule as MarketRuleRequest, MatchingSymbols};
use tws::outbound::{
    ContractData, ContractDataEnd, ContractFields, ErrorCode, MarketRule, PriceIncrement, Sample,
    SymbolSamples,
};

use crate::client::Client;
use crate::outgoing::Outgoing;
use crate::refusal::Subject;
use crate::stamp;

/// The routed destination that clients name.
pub(crate) const SMART: &str = "SMART";
/// The number of the first table of price increments: that of the stocks, a cent at any price.
const FIRST_RULE: i32 = 26;
/// Where a stock of the United States trades, by the names that programs use; an order for any of
/// them goes to the one paper exchange. `ISLAND` is what `NASDAQ` was called before.
const VENUES: [&str; 22] = [
    "AMEX", "NYSE", "CBOE", "PHLX", "ISE", "CHX", "ARCA", "NASDAQ", "ISLAND", "DRCTEDGE", "BEX",
    "BATS", "EDGEA", "BYX", "IEX", "EDGX", "FOXRIVER", "PEARL", "NYSENAT", "LTSE", "MEMX", "PSX",
];
/// Months by the letters that names of futures have.
const MONTHS: &str = "FGHJKMNQUVXZ";
/// Days whose hours a description lists.
const DAYS_OF_HOURS: usize = 6;
const ORDER_TYPES: &str = "DAY,FOK,GTC,IOC,LMT,MKT,OCA,STP,STPLMT,WHATIF";

/// The contract id on the wire. Ids fit: they are below a million.
pub(crate) fn con_id(symbol: SymbolId) -> i32 {
    i32::try_from(symbol.0).unwrap_or(i32::MAX)
}

/// A stock as responses have it, with this exchange.
pub(crate) fn on_wire(stock: &Instrument, exchange: &str) -> Contract {
    Contract {
        con_id: con_id(stock.id),
        symbol: stock.symbol.clone(),
        sec_type: sec_type(stock.product).to_owned(),
        multiplier: multiplier(stock),
        exchange: exchange.to_owned(),
        primary_exchange: stock.exchange.clone(),
        currency: stock.currency.to_string(),
        local_symbol: stock.symbol.clone(),
        trading_class: class(stock).to_owned(),
        ..Contract::default()
    }
}

/// The trading class: the name of the listing's market segment.
fn class(stock: &Instrument) -> &str {
    if stock.exchange == "NASDAQ" { "NMS" } else { &stock.symbol }
}

const fn sec_type(product: Product) -> &'static str {
    match product {
        Product::Stock => "STK",
    }
}

/// The multiplier; empty where it is 1, as for a stock.
fn multiplier(stock: &Instrument) -> String {
    if stock.multiplier == Decimal::ONE { String::new() } else { stock.multiplier.to_string() }
}

/// The tables of price increments that the instruments have, each once, in the order of the instruments.
fn rules(known: &Instruments) -> Vec<Vec<PriceIncrement>> {
    let mut rules: Vec<Vec<PriceIncrement>> = Vec::new();
    for stock in known.all() {
        let rule = increments(stock);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

fn increments(stock: &Instrument) -> Vec<PriceIncrement> {
    let steps = stock.prices.steps();
    steps.map(|(low_edge, increment)| PriceIncrement { low_edge, increment }).collect()
}

/// The number of an instrument's table.
fn rule_id(stock: &Instrument, known: &Instruments) -> i32 {
    let at = rules(known).iter().position(|rule| *rule == increments(stock)).unwrap_or_default();
    FIRST_RULE.saturating_add(i32::try_from(at).unwrap_or(i32::MAX))
}

/// All contracts as responses have them, made once.
#[derive(Debug)]
pub(crate) struct Directory(Vec<(SymbolId, Contract, ContractFields)>);

impl Directory {
    pub(crate) fn new(known: &Instruments) -> Self {
        let described = known.all().iter().map(|stock| {
            let contract = on_wire(stock, SMART);
            let fields = ContractFields::new(&contract);
            (stock.id, contract, fields)
        });
        Self(described.collect())
    }

    /// The contract with this id. Every order names one of them.
    pub(crate) fn get(&self, symbol: SymbolId) -> Option<&Contract> {
        self.find(symbol).map(|(_, contract, _)| contract)
    }

    /// The same as it is written in an openOrder.
    pub(crate) fn fields(&self, symbol: SymbolId) -> Option<&ContractFields> {
        self.find(symbol).map(|(_, _, fields)| fields)
    }

    fn find(&self, symbol: SymbolId) -> Option<&(SymbolId, Contract, ContractFields)> {
        let at = self.0.binary_search_by_key(&symbol, |(id, _, _)| *id).ok()?;
        self.0.get(at)
    }
}

/// The name of a venue as it is written, if it is one.
fn venue(name: &str) -> Option<&'static str> {
    VENUES.into_iter().find(|known| known.eq_ignore_ascii_case(name.trim()))
}

/// Whether an order may name this as its exchange. `SMART/ISLAND` and `SMART:ISLAND` are routed, and
/// name the listing as well.
fn is_exchange(name: &str) -> bool {
    let (routed, listing) = name.split_once(['/', ':']).unwrap_or((name, ""));
    let is_routed = routed.trim().eq_ignore_ascii_case(SMART);
    venue(name).is_some() || (is_routed && (listing.is_empty() || venue(listing).is_some()))
}

/// Whether two venues are the same.
pub(crate) fn is_same_venue(one: &str, other: &str) -> bool {
    let now = |name: &str| {
        if name.eq_ignore_ascii_case("ISLAND") {
            "NASDAQ".to_owned()
        } else {
            name.to_ascii_uppercase()
        }
    };
    now(one) == now(other)
}

/// The one stock that a client describes, or what is wrong with the description.
pub(crate) fn find<'k>(
    wanted: &Contract,
    known: &'k Instruments,
) -> Result<&'k Instrument, String> {
    let found = matching(wanted, known)?;
    match found.as_slice() {
        [stock] => Ok(stock),
        several => {
            let symbols: Vec<_> = several.iter().map(|stock| stock.symbol.as_str()).collect();
            Err(format!(
                "{} stocks have this description ({}); add a symbol or a conId",
                several.len(),
                symbols.join(", ")
            ))
        }
    }
}

/// The stocks that a client describes, at least one, or what is wrong with the description.
fn matching<'k>(wanted: &Contract, all: &'k Instruments) -> Result<Vec<&'k Instrument>, String> {
    let kind = wanted.sec_type.trim();
    let is_found_otherwise = wanted.con_id != 0 || !wanted.sec_id.is_empty();
    if !(kind.eq_ignore_ascii_case("STK") || (kind.is_empty() && is_found_otherwise)) {
        let kind = shortened(kind);
        return Err(format!("secType {kind:?} is not traded here yet; stocks are, as STK"));
    }
    let one = |found: Option<&'k Instrument>, otherwise: String| {
        found.map(|stock| vec![stock]).ok_or(otherwise)
    };
    let named = |name: &str| {
        let text = format!("no stock has the symbol {:?}{}", shortened(name), hint(name));
        one(all.named(name), text)
    };
    let found = if wanted.con_id != 0 {
        let id = u32::try_from(wanted.con_id).map(SymbolId).ok();
        one(id.and_then(|id| all.get(id)), format!("no contract has conId {}", wanted.con_id))?
    } else if !wanted.sec_id.is_empty() {
        vec![by_sec_id(wanted, all)?]
    } else if !wanted.symbol.is_empty() {
        named(wanted.symbol.trim())?
    } else if !wanted.local_symbol.is_empty() {
        named(wanted.local_symbol.trim())?
    } else if wanted.trading_class.is_empty() {
        return Err("no contract is given; set symbol, localSymbol, conId or secId".to_owned());
    } else {
        let class_is_wanted =
            |s: &&Instrument| class(s).eq_ignore_ascii_case(&wanted.trading_class);
        all.all().iter().filter(class_is_wanted).collect()
    };
    if found.is_empty() {
        return Err(format!(
            "no stock has the tradingClass {:?}",
            shortened(&wanted.trading_class)
        ));
    }
    found.iter().try_for_each(|stock| check(stock, wanted)).map(|()| found)
}

/// The stock with the number that `secIdType` and `secId` name. No number is of two types, so that the
/// type may be left out.
fn by_sec_id<'k>(wanted: &Contract, all: &'k Instruments) -> Result<&'k Instrument, String> {
    let (kind, number) = (wanted.sec_id_type.trim(), wanted.sec_id.trim());
    let found = match kind.to_ascii_uppercase().as_str() {
        "ISIN" => all.with_isin(number),
        "CUSIP" => all.with_cusip(number),
        "SEDOL" => all.with_sedol(number),
        "FIGI" => all.with_figi(number),
        "RIC" => all.with_ric(number),
        "" => all
            .with_isin(number)
            .or_else(|| all.with_cusip(number))
            .or_else(|| all.with_sedol(number))
            .or_else(|| all.with_figi(number))
            .or_else(|| all.with_ric(number)),
        _ => {
            let kind = shortened(kind);
            return Err(format!(
                "secIdType {kind:?} is not supported; use ISIN, CUSIP, SEDOL, FIGI or RIC"
            ));
        }
    };
    let kind = if kind.is_empty() { "secId" } else { kind };
    found.ok_or_else(|| format!("no stock has the {kind} {:?}", shortened(number)))
}

/// What else a symbol could be that is no stock's, for those who took the wrong kind.
fn hint(symbol: &str) -> &'static str {
    let bytes = symbol.as_bytes();
    let is_option = symbol.len() > 15
        && bytes.iter().rev().take(8).all(u8::is_ascii_digit)
        && bytes.iter().rev().nth(8).is_some_and(|right| matches!(right, b'C' | b'P'));
    let root = symbol.trim_end_matches(|character: char| character.is_ascii_digit());
    let is_future = (1..=2).contains(&symbol.len().saturating_sub(root.len()))
        && (2..=5).contains(&root.len())
        && root.ends_with(|month| MONTHS.contains(month));
    if is_option {
        "; it looks like an option, and only stocks are listed here"
    } else if is_future {
        "; it looks like a future, and only stocks are listed here"
    } else {
        ""
    }
}

/// What the description says beside what found the stock has to agree.
fn check(stock: &Instrument, wanted: &Contract) -> Result<(), String> {
    let fields = [
        ("symbol", &wanted.symbol, stock.symbol.as_str()),
        ("currency", &wanted.currency, stock.currency.code()),
        ("localSymbol", &wanted.local_symbol, stock.symbol.as_str()),
        ("tradingClass", &wanted.trading_class, class(stock)),
    ];
    for (name, given, known) in fields {
        if !given.is_empty() && !given.trim().eq_ignore_ascii_case(known) {
            let given = shortened(given);
            return Err(format!("{name} of {} is {known}, not {given:?}", stock.symbol));
        }
    }
    let places = [("exchange", &wanted.exchange), ("primaryExchange", &wanted.primary_exchange)];
    for (name, given) in places {
        let is_known = venue(given).is_some() || (name == "exchange" && is_exchange(given));
        if !given.trim().is_empty() && !is_known {
            return Err(format!(
                "{name} {:?} does not trade {}; it is listed on {}; use one of {SMART}, {}",
                shortened(given),
                stock.symbol,
                stock.exchange,
                VENUES.join(", ")
            ));
        }
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

impl Client {
    pub(crate) fn contract_details(&mut self, request: &ContractDetails, out: &mut Outgoing) {
        let id = request.request_id;
        if !self.may(Act::ViewMarketData, None, id, Subject::Contract, out) {
            return;
        }
        let gate = self.gate.clone();
        match matching(&request.contract, gate.markets().instruments()) {
            Ok(stocks) => {
                let exchange = venue(&request.contract.exchange).unwrap_or(SMART);
                for stock in stocks {
                    self.describe(id, stock, exchange, out);
                }
                out.put(&ContractDataEnd { request_id: id });
            }
            Err(reason) => out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason)),
        }
    }

    fn describe(&self, request_id: i32, stock: &Instrument, exchange: &str, out: &mut Outgoing) {
        let (trading, liquid) = hours(self.gate.now(), self.gate.markets().hours());
        let venues: Vec<&str> = std::iter::once(SMART).chain(VENUES).collect();
        // One rule for each of the exchanges.
        let rules =
            vec![rule_id(stock, self.gate.markets().instruments()).to_string(); venues.len()];
        let isin = TagValue { tag: "ISIN".to_owned(), value: stock.isin.clone() };
        out.put(&ContractData {
            request_id,
            contract: &on_wire(stock, exchange),
            market_name: class(stock),
            min_tick: stock.prices.tick().size(),
            order_types: ORDER_TYPES,
            valid_exchanges: &venues.join(","),
            price_magnifier: 1,
            under_con_id: 0,
            long_name: &stock.name,
            contract_month: "",
            industry: &stock.sector,
            category: &stock.industry,
            subcategory: &stock.branch,
            time_zone: stamp::ZONE,
            trading_hours: &trading,
            liquid_hours: &liquid,
            sec_ids: &[isin],
            aggregated_group: Some(1),
            under_symbol: "",
            under_sec_type: "",
            market_rule_ids: &rules.join(","),
            real_expiration_date: "",
            stock_type: "COMMON",
            min_size: stock.step.size(),
            size_increment: stock.step.size(),
            suggested_size_increment: stock.quantity(stock.lot),
        });
    }

    pub(crate) fn matching_symbols(&mut self, request: &MatchingSymbols, out: &mut Outgoing) {
        let request_id = request.request_id;
        if !self.may(Act::ViewMarketData, None, request_id, Subject::Contract, out) {
            return;
        }
        let gate = self.gate.clone();
        let found = gate.markets().instruments().matching(&request.pattern);
        let samples: Vec<_> = found
            .iter()
            .take(16)
            .map(|stock| Sample {
                con_id: con_id(stock.id),
                symbol: &stock.symbol,
                sec_type: sec_type(stock.product),
                primary_exchange: &stock.exchange,
                currency: stock.currency.code(),
                derivatives: &[],
                description: &stock.name,
                issuer_id: "",
            })
            .collect();
        out.put(&SymbolSamples { request_id, samples: &samples });
    }

    /// A table of price increments, or an empty one for another number: the request has no id that an
    /// error could carry.
    pub(crate) fn market_rule(&self, request: &MarketRuleRequest, out: &mut Outgoing) {
        let at = request.rule_id.checked_sub(FIRST_RULE).and_then(|at| usize::try_from(at).ok());
        let rules = rules(self.gate.markets().instruments());
        let increments = at.and_then(|at| rules.into_iter().nth(at)).unwrap_or_default();
        out.put(&MarketRule { rule_id: request.rule_id, increments: &increments });
    }
}

/// The text of error 200, beginning as TWS's does.
pub(crate) fn unknown(reason: &str) -> String {
    format!("No security definition has been found for the request: {reason}")
}

/// Trading hours and liquid hours from today on. They are the same here.
fn hours(now: Time, hours: Hours) -> (String, String) {
    let mut session = TradingSession::at(now.seconds(), hours);
    let mut days = Vec::with_capacity(DAYS_OF_HOURS);
    for _ in 0..DAYS_OF_HOURS {
        days.push(if session.open == session.close {
            format!("{}:CLOSED", stamp::day(session.day))
        } else {
            format!("{}-{}", stamp::hours(session.open), stamp::hours(session.close))
        });
        session = session.next(hours);
    }
    let text = days.join(";");
    (text.clone(), text)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn find(wanted: &Contract) -> Result<&'static Instrument, String> {
        super::find(wanted, Instruments::builtin())
    }

    fn wanted(set: impl FnOnce(&mut Contract)) -> Contract {
        let mut contract = Contract {
            symbol: "AAPL".to_owned(),
            sec_type: "STK".to_owned(),
            ..Contract::default()
        };
        set(&mut contract);
        contract
    }

    #[test]
    fn stock_is_found_by_each_fact_that_names_it() {
        let apple = find(&wanted(|_| {})).unwrap();
        let full = wanted(|c| {
            c.exchange = "SMART".to_owned();
            c.primary_exchange = "NASDAQ".to_owned();
            c.currency = "USD".to_owned();
            c.trading_class = "NMS".to_owned();
        });
        assert_eq!(find(&full).unwrap(), apple);
        let bare = |set: fn(&mut Contract)| {
            find(&wanted(|c| {
                c.symbol.clear();
                set(c);
            }))
        };
        assert_eq!(bare(|c| c.local_symbol = "AAPL".to_owned()).unwrap(), apple);
        assert_eq!(bare(|c| c.trading_class = "BAC".to_owned()).unwrap().symbol, "BAC");
        for (kind, number) in [
            ("ISIN", "US0378331005"),
            ("isin", "us0378331005"),
            ("CUSIP", "037833100"),
            ("SEDOL", "2046251"),
            ("FIGI", "BBG000B9XRY4"),
            ("RIC", "AAPL.O"),
            ("", "US0378331005"),
            ("", "037833100"),
            ("", "AAPL.OQ"),
        ] {
            for sec_type in ["STK", ""] {
                let contract = Contract {
                    sec_type: sec_type.to_owned(),
                    sec_id_type: kind.to_owned(),
                    sec_id: number.to_owned(),
                    ..Contract::default()
                };
                assert_eq!(find(&contract).unwrap(), apple, "{kind} {number}");
            }
        }
        let by_id = Contract { con_id: con_id(apple.id), ..Contract::default() };
        assert_eq!(find(&by_id).unwrap(), apple);
        assert!(bare(|c| c.trading_class = "NMS".to_owned()).unwrap_err().contains("AAPL, AMD"));
    }

    #[test]
    fn every_venue_is_taken_as_exchange_and_as_primary_exchange() {
        for name in ["SMART/ISLAND", "smart:nasdaq", "SMART ", " smart"] {
            assert!(find(&wanted(|c| c.exchange = name.to_owned())).is_ok(), "{name}");
        }
        for name in VENUES.into_iter().chain(["island", "Arca", " NYSE "]) {
            let apple = find(&wanted(|c| c.exchange = name.to_owned())).unwrap();
            assert_eq!(find(&wanted(|c| c.primary_exchange = name.to_owned())).unwrap(), apple);
        }
        assert!(is_same_venue("island", "NASDAQ") && !is_same_venue("NYSE", "NASDAQ"));
    }

    #[test]
    fn description_that_does_not_agree_is_refused_with_the_field() {
        type Case = (&'static [&'static str], fn(&mut Contract));
        let cases: [Case; 17] = [
            (&["NOSUCH"], |c| c.symbol = "NOSUCH".to_owned()),
            (&["currency", "USD"], |c| c.currency = "EUR".to_owned()),
            (&["exchange", "LSE", "NASDAQ", "SMART"], |c| c.exchange = "LSE".to_owned()),
            (&["primaryExchange", "SWB"], |c| c.primary_exchange = "SWB".to_owned()),
            (&["secType", "STK"], |c| c.sec_type = "OPT".to_owned()),
            (&["secType", "IND"], |c| c.sec_type = "IND".to_owned()),
            (&["conId -7"], |c| c.con_id = -7),
            (&["symbol of MSFT"], |c| c.con_id = 700_013),
            (&["ISIN", "US0378331006"], |c| {
                (c.sec_id_type, c.sec_id) = ("ISIN".to_owned(), "US0378331006".to_owned());
            }),
            (&["symbol of MSFT"], |c| {
                (c.sec_id_type, c.sec_id) = ("ISIN".to_owned(), "US5949181045".to_owned());
            }),
            (&["secIdType", "WKN", "ISIN, CUSIP, SEDOL, FIGI or RIC"], |c| {
                (c.sec_id_type, c.sec_id) = ("WKN".to_owned(), "865985".to_owned());
            }),
            (&["secId", "US0378331006"], |c| c.sec_id = "US0378331006".to_owned()),
            (&["SMART/LSE"], |c| c.exchange = "SMART/LSE".to_owned()),
            (&["looks like a future"], |c| c.symbol = "ESZ26".to_owned()),
            (&["looks like an option"], |c| c.symbol = "AAPL  261218C00100000".to_owned()),
            (&["looks like an option"], |c| c.symbol = "AAPL261218C00100000".to_owned()),
            (&["symbol, localSymbol, conId or secId"], |c| c.symbol.clear()),
        ];
        for (words, set) in cases {
            let reason = find(&wanted(set)).unwrap_err();
            assert!(words.iter().all(|word| reason.contains(word)), "{reason}");
        }
        let none = wanted(|c| (c.symbol, c.trading_class) = (String::new(), "ZZZ".to_owned()));
        assert!(find(&none).unwrap_err().contains("tradingClass"));
    }

    #[test]
    fn hours_name_closed_days() {
        let saturday = stamp::read("20261121 12:00:00").unwrap();
        let (real, _) = hours(saturday, Hours::Real);
        assert!(
            real.starts_with("20261121:CLOSED;20261122:CLOSED;20261123:0930-20261123:1600"),
            "{real}"
        );
        let (always, _) = hours(saturday, Hours::RoundTheClock);
        assert!(always.starts_with("20261120:1700-20261121:1700;"), "{always}");
    }
}
