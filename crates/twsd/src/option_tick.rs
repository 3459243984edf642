//! What the prices of an option imply: ticks 10 to 13 of a stream of its quotes (80 to 83 delayed), or 53 when it was asked
//! to be computed.
//!
//! A computation is sent whole or not at all: of a figure that is not there some clients would read -2. At most one set
//! a second is made of a contract.

use std::collections::BTreeMap;

use access::SymbolId;
use gate::Gate;
use rust_decimal::Decimal;
use trade::instrument::{Instrument, InstrumentKind};
use trade::pricing::computation::{Computation, OptionMarket};
use trade::quote::Quote;
use tws::outbound::TickOptionComputation;
use tws::tick::TickType;

use crate::outgoing::Outgoing;

/// What the clients take for a greek that is not known.
const NO_GREEK: Decimal = Decimal::from_parts(2, 0, 0, true, 0);

/// What was computed for one stream.
#[derive(Default)]
pub(crate) struct Computations {
    sent: BTreeMap<TickType, Computation>,
    second: Option<i64>,
}

impl Computations {
    /// For a stream of an option's quotes; none for other contracts.
    pub(crate) fn of(one: &Instrument) -> Option<Self> {
        matches!(one.kind, InstrumentKind::Option(_)).then(Self::default)
    }

    /// Sends what has changed, once a second: of a market at rest by the last quotes of its session, where they are asked for.
    pub(crate) fn put(
        &mut self,
        (request_id, delayed): (i32, bool),
        (gate, (symbol, at_rest)): (&Gate, (SymbolId, Option<&Quote>)),
        out: &mut Outgoing,
    ) {
        let second = gate.now().seconds();
        if self.second.replace(second) == Some(second) {
            return;
        }
        // Both of one second: the quote of a stream may be of the one before, and would imply something else.
        let Some((market, quote)) = gate.markets().quoted_option(symbol) else { return };
        for (tick, computed) in computations(&market, at_rest.unwrap_or(&quote)) {
            if self.sent.insert(tick, computed) != Some(computed) {
                let tick = if delayed { tick.delayed().unwrap_or(tick) } else { tick };
                put(request_id, tick, &computed, out);
            }
        }
    }
}

/// What the quote implies, as far as a volatility gives its prices.
fn computations(market: &OptionMarket, quote: &Quote) -> Vec<(TickType, Computation)> {
    let last = (quote.last_size > 0).then_some(quote.last);
    let prices = [
        (TickType::BidOption, quote.bid().map(|level| level.price)),
        (TickType::AskOption, quote.ask().map(|level| level.price)),
        (TickType::LastOption, last),
    ];
    let at = |(tick, price): (TickType, Option<trade::Ticks>)| {
        Some((tick, market.at(quote.price(price?)).ok()?))
    };
    let implied = prices.into_iter().filter_map(at);
    implied.chain(market.model().ok().map(|model| (TickType::ModelOption, model))).collect()
}

pub(crate) fn put(request_id: i32, tick: TickType, computed: &Computation, out: &mut Outgoing) {
    out.put(&TickOptionComputation {
        request_id,
        tick,
        attribute: 1,
        implied_volatility: computed.volatility,
        delta: computed.delta,
        option_price: computed.price,
        dividend: computed.dividend,
        gamma: computed.gamma,
        vega: computed.vega_per_point,
        theta: known(computed.theta_per_day),
        underlying: computed.underlying,
    });
}

/// A figure that happens to be what stands for an unknown one, by a hair beside it.
fn known(greek: Decimal) -> Decimal {
    if greek == NO_GREEK { NO_GREEK + Decimal::new(1, 8) } else { greek }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn greek_of_minus_two_is_not_taken_for_unknown() {
        assert_eq!(known(NO_GREEK), Decimal::new(-199_999_999, 8));
        assert_eq!(known(Decimal::NEGATIVE_ONE), Decimal::NEGATIVE_ONE);
    }
}
