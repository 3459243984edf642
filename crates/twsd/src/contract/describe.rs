//! Descriptions of contracts: reqContractDetails, reqMatchingSymbols, reqMarketRule.

use access::{Act, Time};
use rust_decimal::Decimal;
use trade::calendar::{Hours, TradingSession};
use trade::instrument::{Instrument, InstrumentKind, Instruments, Issuer};
use tws::contract::TagValue;
use tws::inbound::{ContractDetails, MarketRule as MarketRuleRequest, MatchingSymbols};
use tws::outbound::{
    BondContractData, ContractData, ContractDataEnd, ErrorCode, MarketRule, PriceIncrement, Sample,
    SymbolSamples,
};

use super::find::{matching, venue, venues};
use super::{Listed, class, con_id, on_wire, sec_type, unknown, usual_exchange};
use crate::client::Client;
use crate::outgoing::Outgoing;
use crate::refusal::Subject;
use crate::stamp;

/// The number of the first table of price increments: that of the stocks, a cent at any price.
const FIRST_RULE: i32 = 26;
/// Days whose hours a description lists.
const DAYS_OF_HOURS: usize = 6;
/// Contracts that a search answers with, at most.
const SAMPLES: usize = 16;
const ORDER_TYPES: &str = "DAY,FOK,GTC,IOC,LMT,MKT,OCA,STP,STPLMT,WHATIF";

/// The tables of price increments that the instruments have, each once: those of rows in their order, then those of classes.
fn rules(known: &Instruments) -> Vec<Vec<PriceIncrement>> {
    let mut rules: Vec<Vec<PriceIncrement>> = Vec::new();
    for steps in known.tick_rules() {
        let rule = increments(steps);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

fn increments(rule: &trade::instrument::TickRule) -> Vec<PriceIncrement> {
    let steps = rule.steps();
    steps.map(|(low_edge, increment)| PriceIncrement { low_edge, increment }).collect()
}

/// The number of an instrument's table.
fn rule_id(one: &Instrument, known: &Instruments) -> i32 {
    let own = increments(&one.prices);
    let at = rules(known).iter().position(|rule| *rule == own).unwrap_or_default();
    FIRST_RULE.saturating_add(i32::try_from(at).unwrap_or(i32::MAX))
}

/// A bond to be described, with the exchanges that it trades on and their tables of increments.
#[derive(Clone, Copy)]
struct Bond<'a> {
    one: &'a Instrument,
    exchange: &'a str,
    exchanges: &'a str,
    rules: &'a str,
}

impl Client {
    pub(crate) fn contract_details(&mut self, request: &ContractDetails, out: &mut Outgoing) {
        let id = request.request_id;
        if !self.may(Act::ViewMarketData, None, id, Subject::Contract, out) {
            return;
        }
        let gate = self.gate.clone();
        match matching(&request.contract, &Listed::of(&gate)) {
            Ok(found) => {
                let now = gate.now();
                let kept = gate.markets().hours();
                for one in found {
                    let (trading, liquid) = hours(one, now, kept);
                    let named = venue(&request.contract.exchange);
                    let exchange = named.unwrap_or_else(|| usual_exchange(one));
                    self.describe(id, one, exchange, (&trading, &liquid), out);
                }
                out.put(&ContractDataEnd { request_id: id });
            }
            Err(reason) => out.error(id, ErrorCode::NO_DEFINITION, &unknown(&reason)),
        }
    }

    fn describe(
        &self,
        request_id: i32,
        one: &Instrument,
        exchange: &str,
        (trading, liquid): (&str, &str),
        out: &mut Outgoing,
    ) {
        let known = self.gate.markets().instruments();
        let own = [usual_exchange(one), one.exchange.as_str()];
        let mut exchanges: Vec<&str> = own.to_vec();
        exchanges.extend(venues(one));
        let mut seen = Vec::new();
        exchanges.retain(|name| {
            !seen.contains(name) && {
                seen.push(*name);
                true
            }
        });
        // One rule for each of the exchanges.
        let rules = vec![rule_id(one, known).to_string(); exchanges.len()];
        let isin = (!one.isin.is_empty())
            .then(|| TagValue { tag: "ISIN".to_owned(), value: one.isin.clone() });
        if one.bond().is_some() {
            let bond =
                Bond { one, exchange, exchanges: &exchanges.join(","), rules: &rules.join(",") };
            return self.describe_bond(request_id, &bond, out);
        }
        let under = one.kind.underlying().and_then(|id| known.get(id));
        let month = contract_month(one);
        out.put(&ContractData {
            request_id,
            contract: &on_wire(one, exchange),
            market_name: class(one),
            min_tick: one.prices.tick().size(),
            order_types: if one.fund().is_some() { "DAY,GTC,MKT,WHATIF" } else { ORDER_TYPES },
            valid_exchanges: &exchanges.join(","),
            price_magnifier: 1,
            under_con_id: under.map_or(0, |under| con_id(under.id)),
            long_name: &one.name,
            contract_month: &month,
            industry: &one.sector,
            category: &one.industry,
            subcategory: &one.branch,
            time_zone: stamp::name_of(stamp::zone_of(one)),
            trading_hours: trading,
            liquid_hours: liquid,
            sec_ids: isin.as_slice(),
            aggregated_group: Some(1),
            under_symbol: under.map_or("", |under| &under.symbol),
            under_sec_type: under.map_or("", |under| sec_type(&under.kind)),
            market_rule_ids: &rules.join(","),
            real_expiration_date: &one.expiry.map(stamp::day).unwrap_or_default(),
            stock_type: match one.kind {
                InstrumentKind::Stock => "COMMON",
                InstrumentKind::Etf => "ETF",
                _ => "",
            },
            min_size: one.step.size(),
            size_increment: one.step.size(),
            suggested_size_increment: one.quantity(one.lot),
        });
    }

    /// A bond, with its yield at the middle of its quote.
    fn describe_bond(&self, request_id: i32, bond: &Bond<'_>, out: &mut Outgoing) {
        let Bond { one, exchange, exchanges, rules } = *bond;
        let Some(terms) = one.bond() else { return };
        let markets = self.gate.markets();
        let price = markets.quote(one.id).map(|quote| one.price(quote.last));
        let today = stamp::date(self.gate.now());
        let found = price.and_then(|price| one.yield_at(price, today));
        let notes =
            found.map_or_else(String::new, |found| format!("yield {found} % at the last price"));
        let tag =
            |tag: &str, value: &str| TagValue { tag: tag.to_owned(), value: value.to_owned() };
        let ids = [tag("ISIN", &one.isin), tag("CUSIP", one.cusip())];
        let ids = if one.isin.is_empty() { &[][..] } else { &ids[..] };
        let face = terms.face.normalize();
        let coupon = (terms.coupon * Decimal::ONE_HUNDRED).normalize();
        out.put(&BondContractData {
            request_id,
            contract: &on_wire(one, exchange),
            cusip: one.cusip(),
            coupon,
            issue_date: &stamp::day(terms.issued),
            bond_type: match terms.issuer {
                Issuer::Treasury => "GOVT",
                Issuer::Company => "CORP",
            },
            coupon_type: if terms.per_year == 0 { "ZERO" } else { "FIXED" },
            desc_append: &format!(
                "coupon {coupon} %; one unit is {face} {} of face value, prices are in percent of it",
                one.currency
            ),
            market_name: class(one),
            min_tick: one.prices.tick().size(),
            order_types: ORDER_TYPES,
            valid_exchanges: exchanges,
            notes: &notes,
            long_name: &one.name,
            sec_ids: ids,
            aggregated_group: Some(1),
            market_rule_ids: rules,
            min_size: one.step.size(),
            size_increment: one.step.size(),
            suggested_size_increment: one.quantity(one.lot),
        });
    }

    pub(crate) fn matching_symbols(&mut self, request: &MatchingSymbols, out: &mut Outgoing) {
        let request_id = request.request_id;
        if !self.may(Act::ViewMarketData, None, request_id, Subject::Contract, out) {
            return;
        }
        let gate = self.gate.clone();
        let listed = Listed::of(&gate);
        let found = listed.known.matching(&request.pattern);
        let derivatives: Vec<Vec<&str>> =
            found.iter().take(SAMPLES).map(|one| super::chain::derivatives(one, &listed)).collect();
        let samples: Vec<_> = found
            .iter()
            .zip(&derivatives)
            .map(|(one, derivatives)| Sample {
                con_id: con_id(one.id),
                symbol: if sec_type(&one.kind) == "CASH" {
                    one.symbol.split('.').next().unwrap_or("")
                } else {
                    &one.symbol
                },
                sec_type: sec_type(&one.kind),
                primary_exchange: &one.exchange,
                currency: one.currency.code(),
                derivatives,
                description: &one.name,
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

/// `202612`: of a future its month, of an option that of its last day.
fn contract_month(one: &Instrument) -> String {
    let (year, month) = match &one.kind {
        InstrumentKind::Future(terms) => terms.month,
        InstrumentKind::Option(_) | InstrumentKind::Forecast(_) => {
            one.expiry.map_or((0, 0), |day| {
                let (year, month, _) = day.civil();
                (year, month)
            })
        }
        _ => return String::new(),
    };
    format!("{year:04}{month:02}")
}

/// Trading hours and liquid hours from today on, by the clock of its exchange. Where markets trade always, both are the
/// account's days.
fn hours(one: &Instrument, now: Time, hours: Hours) -> (String, String) {
    if hours == Hours::Real
        && let Some(calendar) = one.calendar
    {
        let (today, _) = calendar.zone().civil(now.seconds());
        let days = u16::try_from(DAYS_OF_HOURS).unwrap_or(1);
        let liquid = calendar.liquid_hours(today, days);
        // Shares trade here in their liquid hours alone.
        return match one.kind {
            InstrumentKind::Stock | InstrumentKind::Etf => (liquid.clone(), liquid),
            _ => (calendar.trading_hours(today, days), liquid),
        };
    }
    let zone = stamp::zone_of(one);
    let mut session = TradingSession::at(now.seconds(), hours);
    let mut days = Vec::with_capacity(DAYS_OF_HOURS);
    for _ in 0..DAYS_OF_HOURS {
        days.push(if session.open == session.close {
            format!("{}:CLOSED", stamp::day(session.day))
        } else {
            format!("{}-{}", stamp::hours(session.open, zone), stamp::hours(session.close, zone))
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

    #[test]
    fn hours_name_closed_days() {
        let saturday = stamp::read("20261121 12:00:00").unwrap();
        let apple = Instruments::builtin().named("AAPL").unwrap();
        let (real, _) = hours(apple, saturday, Hours::Real);
        assert!(
            real.starts_with("20261121:CLOSED;20261122:CLOSED;20261123:0930-20261123:1600"),
            "{real}"
        );
        let (always, _) = hours(apple, saturday, Hours::RoundTheClock);
        assert!(always.starts_with("20261120:1700-20261121:1700;"), "{always}");
        let toyota = Instruments::builtin().named("7203").unwrap();
        let (always, _) = hours(toyota, saturday, Hours::RoundTheClock);
        assert!(always.starts_with("20261121:0700-20261122:0700;"), "{always}");
    }
}
