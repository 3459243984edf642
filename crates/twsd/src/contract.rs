//! What can be traded, in this wire's words: contracts as responses have them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use access::SymbolId;
use rust_decimal::Decimal;
use trade::instrument::{Instrument, InstrumentKind, Instruments};
use tws::Contract;
use tws::outbound::ContractFields;

use crate::stamp;

mod chain;
mod describe;
mod find;

pub(crate) use find::{Listed, find, is_same_venue, unknown};

/// The routed destination that clients name.
pub(crate) const SMART: &str = "SMART";

/// The contract id on the wire. Ids fit: they are below 2<sup>31</sup>.
pub(crate) fn con_id(symbol: SymbolId) -> i32 {
    i32::try_from(symbol.0).unwrap_or(i32::MAX)
}

/// A contract as responses have it, with this exchange.
pub(crate) fn on_wire(one: &Instrument, exchange: &str) -> Contract {
    let base = Contract {
        con_id: con_id(one.id),
        symbol: one.symbol.clone(),
        sec_type: sec_type(&one.kind).to_owned(),
        multiplier: multiplier(one),
        exchange: exchange.to_owned(),
        primary_exchange: one.exchange.clone(),
        currency: one.currency.to_string(),
        local_symbol: one.local.clone(),
        trading_class: class(one).to_owned(),
        last_trade_date: one.expiry.map(stamp::day).unwrap_or_default(),
        ..Contract::default()
    };
    match &one.kind {
        InstrumentKind::Option(terms) => Contract {
            strike: Some(terms.strike),
            right: terms.right.letter().to_string(),
            primary_exchange: String::new(),
            ..base
        },
        InstrumentKind::Forecast(terms) => Contract {
            strike: Some(terms.threshold),
            right: terms.outcome.letter().to_string(),
            primary_exchange: String::new(),
            ..base
        },
        InstrumentKind::Future(_) => Contract { primary_exchange: String::new(), ..base },
        InstrumentKind::Forex { base: bought } => {
            Contract { symbol: bought.to_string(), primary_exchange: String::new(), ..base }
        }
        // A bond's day is that of its maturity.
        InstrumentKind::Bond(terms) => {
            Contract { last_trade_date: stamp::day(terms.maturity), ..base }
        }
        InstrumentKind::Stock
        | InstrumentKind::Etf
        | InstrumentKind::Index
        | InstrumentKind::Fund(_) => base,
    }
}

/// The trading class: of a stock at NASDAQ the name of its market segment.
fn class(one: &Instrument) -> &str {
    if one.exchange == "NASDAQ" { "NMS" } else { &one.class }
}

/// The destination that an order of it goes to unless another is named.
pub(crate) fn usual_exchange(one: &Instrument) -> &str {
    match one.kind {
        InstrumentKind::Stock
        | InstrumentKind::Etf
        | InstrumentKind::Option(_)
        | InstrumentKind::Bond(_) => SMART,
        InstrumentKind::Index
        | InstrumentKind::Forex { .. }
        | InstrumentKind::Future(_)
        | InstrumentKind::Forecast(_)
        | InstrumentKind::Fund(_) => &one.exchange,
    }
}

/// What this wire calls a kind of instrument. A forecast contract is an option at `FORECASTX`: a call is yes, a put no.
pub(crate) const fn sec_type(kind: &InstrumentKind) -> &'static str {
    match kind {
        InstrumentKind::Stock | InstrumentKind::Etf => "STK",
        InstrumentKind::Index => "IND",
        InstrumentKind::Forex { .. } => "CASH",
        InstrumentKind::Option(_) | InstrumentKind::Forecast(_) => "OPT",
        InstrumentKind::Future(_) => "FUT",
        InstrumentKind::Bond(_) => "BOND",
        InstrumentKind::Fund(_) => "FUND",
    }
}

/// The multiplier; empty where it is 1, as for a stock, and of a bond, whose quantity is in units of its face value. What is
/// an option on this wire has one, for `nautilus_trader` reads that of each.
fn multiplier(one: &Instrument) -> String {
    let is_option = sec_type(&one.kind) == "OPT";
    if (one.multiplier == Decimal::ONE && !is_option) || one.bond().is_some() {
        String::new()
    } else {
        one.multiplier.to_string()
    }
}

/// A contract as responses have it, and as it is written in an openOrder.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) contract: Contract,
    pub(crate) fields: ContractFields,
}

/// All contracts as responses have them, each made when it is first needed.
#[derive(Debug)]
pub(crate) struct Directory {
    known: Arc<Instruments>,
    made: Mutex<BTreeMap<SymbolId, Arc<Described>>>,
}

impl Directory {
    pub(crate) const fn new(known: Arc<Instruments>) -> Self {
        Self { known, made: Mutex::new(BTreeMap::new()) }
    }

    /// The exchange that a contract is listed on.
    pub(crate) fn listed_on(&self, symbol: SymbolId) -> &str {
        self.known.get(symbol).map_or("", |one| &one.exchange)
    }

    /// The contract with this id. Every order names one of them.
    pub(crate) fn get(&self, symbol: SymbolId) -> Option<Arc<Described>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = made.get(&symbol) {
            return Some(Arc::clone(there));
        }
        let one = self.known.get(symbol)?;
        let contract = on_wire(one, usual_exchange(one));
        let fields = ContractFields::new(&contract);
        let described = Arc::new(Described { contract, fields });
        made.insert(symbol, Arc::clone(&described));
        Some(described)
    }
}
