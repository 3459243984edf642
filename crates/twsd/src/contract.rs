//! What can be traded, in this wire's words: look-up, descriptions, price increments.

use access::{Act, SymbolId, Time};
use rust_decimal::Decimal;
use trade::calendar::{Hours, Session};
use trade::contract::{Contract as Stock, Contracts};
use tws::Contract;
use tws::inbound::{ContractDetails, MarketRule as MarketRuleRequest, MatchingSymbols};
use tws::outbound::{
    ContractData, ContractDataEnd, ErrorCode, MarketRule, PriceIncrement, Sample, SymbolSamples,
};

use crate::client::Client;
use crate::outgoing::Outgoing;
use crate::refusal::Subject;
use crate::stamp;

/// The routed destination that clients name.
pub(crate) const SMART: &str = "SMART";
/// The number of the price increment table of every stock: a cent at any price.
const MARKET_RULE: i32 = 26;
/// Days whose hours a description lists.
const DAYS_OF_HOURS: usize = 6;
const ORDER_TYPES: &str = "DAY,FOK,GTC,IOC,LMT,MKT,OCA,STP,STPLMT,WHATIF";

/// The contract id on the wire. Ids fit: they are below a million.
pub(crate) fn con_id(symbol: SymbolId) -> i32 {
    i32::try_from(symbol.0).unwrap_or(i32::MAX)
}

/// A stock as responses have it, with this exchange.
pub(crate) fn on_wire(stock: &Stock, exchange: &str) -> Contract {
    Contract {
        con_id: con_id(stock.id),
        symbol: stock.symbol.to_owned(),
        sec_type: "STK".to_owned(),
        exchange: exchange.to_owned(),
        primary_exchange: stock.exchange.to_owned(),
        currency: stock.currency().to_owned(),
        local_symbol: stock.symbol.to_owned(),
        trading_class: class(stock).to_owned(),
        ..Contract::default()
    }
}

/// The trading class: the name of the listing's market segment.
fn class(stock: &Stock) -> &'static str {
    if stock.exchange == "NASDAQ" { "NMS" } else { stock.symbol }
}

/// All contracts as responses have them, made once.
#[derive(Debug)]
pub(crate) struct Directory(Vec<(SymbolId, Contract)>);

impl Directory {
    pub(crate) fn new() -> Self {
        Self(
            Contracts::builtin()
                .all()
                .iter()
                .map(|stock| (stock.id, on_wire(stock, SMART)))
                .collect(),
        )
    }

    /// The contract with this id. Every order names one of them.
    pub(crate) fn get(&self, symbol: SymbolId) -> Option<&Contract> {
        let at = self.0.binary_search_by_key(&symbol, |(id, _)| *id).ok()?;
        self.0.get(at).map(|(_, contract)| contract)
    }
}

/// The stock that a client describes, or what is wrong with the description.
pub(crate) fn find(wanted: &Contract) -> Result<&'static Stock, String> {
    let all = Contracts::builtin();
    let kind = wanted.sec_type.as_str();
    if !(kind == "STK" || (kind.is_empty() && wanted.con_id != 0)) {
        return Err(format!("secType {kind:?} is not traded here yet; stocks are, as STK"));
    }
    let stock = if wanted.con_id != 0 {
        let id = u32::try_from(wanted.con_id).map(SymbolId).ok();
        id.and_then(|id| all.get(id))
            .ok_or_else(|| format!("no contract has conId {}", wanted.con_id))?
    } else {
        let symbol = if wanted.symbol.is_empty() { &wanted.local_symbol } else { &wanted.symbol };
        all.named(symbol)
            .ok_or_else(|| format!("no stock has the symbol {:?}", shortened(symbol)))?
    };
    check(stock, wanted).map(|()| stock)
}

/// What the description says beside the symbol has to agree.
fn check(stock: &Stock, wanted: &Contract) -> Result<(), String> {
    let fields = [
        ("symbol", &wanted.symbol, &[stock.symbol][..]),
        ("currency", &wanted.currency, &[stock.currency()]),
        ("exchange", &wanted.exchange, &[SMART, stock.exchange]),
        ("primaryExchange", &wanted.primary_exchange, &[stock.exchange]),
        ("localSymbol", &wanted.local_symbol, &[stock.symbol]),
        ("tradingClass", &wanted.trading_class, &[class(stock)]),
    ];
    for (name, given, known) in fields {
        if !given.is_empty() && !known.iter().any(|value| value.eq_ignore_ascii_case(given)) {
            let (given, known) = (shortened(given), known.join(" or "));
            return Err(format!("{name} of {} is {known}, not {given:?}", stock.symbol));
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
        match find(&request.contract) {
            Ok(stock) => {
                let exchange = match request.contract.exchange.as_str() {
                    "" => SMART,
                    _ if request.contract.exchange.eq_ignore_ascii_case(SMART) => SMART,
                    _ => stock.exchange,
                };
                self.describe(id, stock, exchange, out);
                out.put(&ContractDataEnd { request_id: id });
            }
            Err(reason) => out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason)),
        }
    }

    fn describe(&self, request_id: i32, stock: &Stock, exchange: &str, out: &mut Outgoing) {
        let (trading, liquid) = hours(self.gate.now(), self.gate.hours());
        let venues = format!("{SMART},{}", stock.exchange);
        let rules = format!("{MARKET_RULE},{MARKET_RULE}");
        out.put(&ContractData {
            request_id,
            contract: &on_wire(stock, exchange),
            market_name: class(stock),
            min_tick: stock.tick(),
            order_types: ORDER_TYPES,
            valid_exchanges: &venues,
            price_magnifier: 1,
            under_con_id: 0,
            long_name: stock.name,
            contract_month: "",
            industry: stock.industry,
            category: stock.industry,
            subcategory: "",
            time_zone: stamp::ZONE,
            trading_hours: &trading,
            liquid_hours: &liquid,
            sec_ids: &[],
            aggregated_group: Some(1),
            under_symbol: "",
            under_sec_type: "",
            market_rule_ids: &rules,
            real_expiration_date: "",
            stock_type: "COMMON",
            min_size: Decimal::ONE,
            size_increment: Decimal::ONE,
            suggested_size_increment: Decimal::ONE_HUNDRED,
        });
    }

    pub(crate) fn matching_symbols(&mut self, request: &MatchingSymbols, out: &mut Outgoing) {
        let request_id = request.request_id;
        if !self.may(Act::ViewMarketData, None, request_id, Subject::Contract, out) {
            return;
        }
        let found = Contracts::builtin().matching(&request.pattern);
        let samples: Vec<_> = found
            .iter()
            .take(16)
            .map(|stock| Sample {
                con_id: con_id(stock.id),
                symbol: stock.symbol,
                sec_type: "STK",
                primary_exchange: stock.exchange,
                currency: stock.currency(),
                derivatives: &[],
                description: stock.name,
                issuer_id: "",
            })
            .collect();
        out.put(&SymbolSamples { request_id, samples: &samples });
    }

    /// The table of a cent, or an empty one for another number: the request has no id that an
    /// error could carry.
    pub(crate) fn market_rule(request: &MarketRuleRequest, out: &mut Outgoing) {
        let cent = [PriceIncrement { low_edge: Decimal::ZERO, increment: Decimal::new(1, 2) }];
        let increments = if request.rule_id == MARKET_RULE { &cent[..] } else { &[] };
        out.put(&MarketRule { rule_id: request.rule_id, increments });
    }
}

/// The text of error 200, beginning as TWS's does.
pub(crate) fn unknown(reason: &str) -> String {
    format!("No security definition has been found for the request: {reason}")
}

/// Trading hours and liquid hours from today on. They are the same here.
fn hours(now: Time, hours: Hours) -> (String, String) {
    let mut session = Session::at(now.seconds(), hours);
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
    fn stock_is_found_by_symbol_or_id_and_consistent_fields() {
        let apple = find(&wanted(|_| {})).unwrap();
        let full = wanted(|c| {
            c.exchange = "SMART".to_owned();
            c.primary_exchange = "NASDAQ".to_owned();
            c.currency = "USD".to_owned();
            c.trading_class = "NMS".to_owned();
        });
        assert_eq!(find(&full).unwrap(), apple);
        let by_id = Contract { con_id: con_id(apple.id), ..Contract::default() };
        assert_eq!(find(&by_id).unwrap(), apple);
    }

    #[test]
    fn description_that_does_not_agree_is_refused_with_the_field() {
        for (word, contract) in [
            ("NOSUCH", wanted(|c| c.symbol = "NOSUCH".to_owned())),
            ("currency", wanted(|c| c.currency = "EUR".to_owned())),
            ("exchange", wanted(|c| c.exchange = "LSE".to_owned())),
            ("secType", wanted(|c| c.sec_type = "OPT".to_owned())),
            ("conId -7", wanted(|c| c.con_id = -7)),
            ("symbol of MSFT", wanted(|c| c.con_id = 700_013)),
        ] {
            let reason = find(&contract).unwrap_err();
            assert!(reason.contains(word), "{reason}");
        }
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
