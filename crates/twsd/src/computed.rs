//! What is computed of an option on request: calculateImpliedVolatility and calculateOptionPrice.

use access::{Act, SymbolId};
use rust_decimal::Decimal;
use trade::pricing::computation::{Computation, NotComputed, OptionMarket};
use tws::outbound::ErrorCode;
use tws::tick::TickType;
use tws::{Contract, inbound};

use crate::client::Client;
use crate::contract::{Listed, find, unknown};
use crate::option_tick::put;
use crate::outgoing::Outgoing;
use crate::refusal::Subject;

impl Client {
    pub(crate) fn implied_volatility(
        &self,
        request: &inbound::CalculateImpliedVolatility,
        out: &mut Outgoing,
    ) {
        let price = request.option_price.ok_or("optionPrice");
        let wanted = (request.request_id, &request.contract, request.under_price);
        self.compute(wanted, price, OptionMarket::at, out);
    }

    pub(crate) fn option_price(&self, request: &inbound::CalculateOptionPrice, out: &mut Outgoing) {
        let volatility = request.volatility.ok_or("volatility");
        let wanted = (request.request_id, &request.contract, request.under_price);
        self.compute(wanted, volatility, OptionMarket::by, out);
    }

    /// Computes by a price or a volatility, where the underlying costs what was asked for.
    fn compute(
        &self,
        (id, contract, underlying): (i32, &Contract, Option<Decimal>),
        by: Result<Decimal, &str>,
        how: fn(&OptionMarket, Decimal) -> Result<Computation, NotComputed>,
        out: &mut Outgoing,
    ) {
        let one = match find(contract, &Listed::of(&self.gate)) {
            Ok(one) => one,
            Err(reason) => return out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason)),
        };
        if !self.may(Act::ViewMarketData, Some(one.id), id, Subject::MarketData, out) {
            return;
        }
        match self.computed(one.id, by, underlying, how) {
            Ok(computed) => put(id, TickType::CustomOption, &computed, out),
            Err(reason) => {
                let text = format!("Nothing can be computed of {}: {reason}.", one.local.trim());
                out.error(id, ErrorCode::PROCESSING, &text);
            }
        }
    }

    fn computed(
        &self,
        symbol: SymbolId,
        by: Result<Decimal, &str>,
        underlying: Option<Decimal>,
        how: fn(&OptionMarket, Decimal) -> Result<Computation, NotComputed>,
    ) -> Result<Computation, String> {
        let market = self.gate.markets().option_market(symbol);
        let market =
            market.ok_or_else(|| "it is not an option that has still time to run".to_owned())?;
        let market = underlying.map_or(market, |price| market.on(price));
        let by = by.map_err(|field| format!("{field} is not set"))?;
        how(&market, by).map_err(|why| why.to_string())
    }
}
