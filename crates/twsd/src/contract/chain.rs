//! Option chains: reqSecDefOptParams. Forecasts have chains too, by the figure that they are about or by their class.

use access::{Act, SymbolId};
use rust_decimal::Decimal;
use trade::instrument::{ForecastTerms, Instrument, InstrumentKind, OptionTerms};
use tws::inbound::SecDefOptParams;
use tws::outbound::{ErrorCode, SecDefOptParam, SecDefOptParamEnd};

use super::{Listed, SMART, con_id, sec_type, unknown};
use crate::client::Client;
use crate::outgoing::Outgoing;
use crate::refusal::Subject;
use crate::stamp;

/// The options of one class.
struct Chain {
    class: String,
    exchange: String,
    multiplier: String,
    expirations: Vec<String>,
    strikes: Vec<Decimal>,
}

/// Where forecasts trade.
const FORECASTX: &str = "FORECASTX";

/// What has this symbol; of a class of forecasts the figure that it is about.
fn under_symbol<'k>(symbol: &str, listed: &Listed<'k>) -> Option<&'k Instrument> {
    let of_class = || {
        let is_it = |one: &&Instrument| {
            matches!(one.kind, InstrumentKind::Forecast(_))
                && one.class.eq_ignore_ascii_case(symbol)
        };
        listed.known.get(listed.series().find(is_it)?.kind.underlying()?)
    };
    listed.known.named(symbol).or_else(of_class)
}

/// The kinds of contracts that are listed on something, as this wire calls them.
pub(super) fn derivatives(one: &Instrument, listed: &Listed<'_>) -> Vec<&'static str> {
    let mut kinds: Vec<&'static str> = Vec::new();
    for other in listed.series().filter(|other| other.kind.underlying() == Some(one.id)) {
        let kind = sec_type(&other.kind);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

/// The chains of what has this id, by class.
fn chains(underlying: SymbolId, listed: &Listed<'_>) -> Vec<Chain> {
    let mut chains: Vec<Chain> = Vec::new();
    let options = listed.series().filter_map(|one| match &one.kind {
        InstrumentKind::Option(OptionTerms { underlying: under, strike, .. })
        | InstrumentKind::Forecast(ForecastTerms {
            underlying: under, threshold: strike, ..
        }) if *under == underlying => Some((one, *strike)),
        _ => None,
    });
    for (one, strike) in options {
        if chains.last().is_none_or(|chain| chain.class != one.class) {
            chains.push(Chain {
                class: one.class.clone(),
                exchange: one.exchange.clone(),
                multiplier: one.multiplier.to_string(),
                expirations: Vec::new(),
                strikes: Vec::new(),
            });
        }
        if let Some(chain) = chains.last_mut() {
            chain.add(one, strike);
        }
    }
    for chain in &mut chains {
        chain.strikes.sort_unstable();
        chain.strikes.dedup();
    }
    chains
}

impl Chain {
    /// One of its options; they come by expiry.
    fn add(&mut self, one: &Instrument, strike: Decimal) {
        let day = one.expiry.map(stamp::day).unwrap_or_default();
        if self.expirations.last() != Some(&day) {
            self.expirations.push(day);
        }
        self.strikes.push(strike);
    }
}

impl Client {
    pub(crate) fn option_chain(&mut self, request: &SecDefOptParams, out: &mut Outgoing) {
        let id = request.request_id;
        if !self.may(Act::ViewMarketData, None, id, Subject::Contract, out) {
            return;
        }
        let gate = self.gate.clone();
        let listed = Listed::of(&gate);
        let found = match u32::try_from(request.underlying_con_id) {
            Ok(con_id) if con_id != 0 => listed.known.get(SymbolId(con_id)),
            _ => under_symbol(request.underlying_symbol.trim(), &listed),
        };
        let Some(underlying) = found else {
            let reason = format!(
                "nothing has conId {} or the symbol {:?}",
                request.underlying_con_id,
                super::find::shortened(&request.underlying_symbol)
            );
            return out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason));
        };
        for chain in chains(underlying.id, &listed) {
            let expirations: Vec<_> = chain.expirations.iter().map(String::as_str).collect();
            let own = chain.exchange.as_str();
            // A forecast is not routed.
            let exchanges = if own == FORECASTX { &[own][..] } else { &[SMART, own][..] };
            for exchange in exchanges.iter().copied() {
                out.put(&SecDefOptParam {
                    request_id: id,
                    exchange,
                    underlying_con_id: con_id(underlying.id),
                    trading_class: &chain.class,
                    multiplier: &chain.multiplier,
                    expirations: &expirations,
                    strikes: &chain.strikes,
                });
            }
        }
        out.put(&SecDefOptParamEnd { request_id: id });
    }
}
