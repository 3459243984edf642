//! Prices cases for `tests/reference/pricing.py`, and times them: `price < CASES` or `price time`.
//!
//! A case is a line of words: a kind and its numbers (see `answer`). The answer is a line of numbers, or `none`.
#![expect(
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a comparison and a measurement"
)]

use std::io::BufRead;
use std::time::Instant;

use floorpass_trade::calendar::Day;
use floorpass_trade::pricing::bond::{Bond, Convention, LastPeriod};
use floorpass_trade::pricing::day_count::DayCount;
use floorpass_trade::pricing::european::{self, OnForward, Payoff, Valuation, Vanilla};
use floorpass_trade::pricing::{american, implied};

fn main() -> Result<(), String> {
    if std::env::args().nth(1).as_deref() == Some("time") {
        return time().ok_or_else(|| "a case has no price".to_owned());
    }
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| e.to_string())?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let (kind, numbers) = words.split_first().ok_or("an empty line")?;
        let numbers: Vec<f64> = numbers
            .iter()
            .map(|word| word.parse().map_err(|_| format!("{word:?} is no number")))
            .collect::<Result<_, _>>()?;
        let found = answer(kind, &numbers).map_err(|text| format!("{line}: {text}"))?;
        let text = found.map_or("none".to_owned(), |found| {
            found.iter().map(|number| format!("{number:?}")).collect::<Vec<_>>().join(" ")
        });
        println!("{text}");
    }
    Ok(())
}

/// Payoffs are 1 for a call and -1 for a put, dates days since 1970.
fn answer(kind: &str, numbers: &[f64]) -> Result<Option<Vec<f64>>, String> {
    let wrong = || format!("{} numbers", numbers.len());
    Ok(match kind {
        "european" => european::value(&vanilla(numbers).ok_or_else(wrong)?).map(list),
        "american" => american::value(&vanilla(numbers).ok_or_else(wrong)?).map(list),
        "black" => european::black(&on_forward(numbers).ok_or_else(wrong)?).map(list),
        "bachelier" => european::bachelier(&on_forward(numbers).ok_or_else(wrong)?).map(list),
        "implied-european" | "implied-american" => {
            let (price, option) = numbers.split_last().ok_or_else(wrong)?;
            let option = vanilla(option).ok_or_else(wrong)?;
            let of = if kind == "implied-european" { implied::european } else { implied::american };
            of(&option, *price).ok().map(|volatility| vec![volatility])
        }
        "bond" => bond(numbers).ok_or_else(wrong)?.figures(),
        _ => return Err(format!("there is no kind {kind:?}")),
    })
}

fn payoff(sign: f64) -> Payoff {
    if sign > 0.0 { Payoff::Call } else { Payoff::Put }
}

/// Payoff, spot, strike, rate, yield, volatility, years.
fn vanilla(numbers: &[f64]) -> Option<Vanilla> {
    let [sign, spot, strike, rate, dividend_yield, volatility, years] = *numbers else {
        return None;
    };
    let payoff = payoff(sign);
    Some(Vanilla { payoff, spot, strike, rate, dividend_yield, volatility, years })
}

/// Payoff, forward, strike, rate, volatility, years.
fn on_forward(numbers: &[f64]) -> Option<OnForward> {
    let [sign, forward, strike, rate, volatility, years] = *numbers else { return None };
    Some(OnForward { payoff: payoff(sign), forward, strike, rate, volatility, years })
}

/// A bond, when it is settled, and its yield.
struct BondCase {
    bond: Bond,
    settlement: Day,
    yield_rate: f64,
}

/// Coupons a year, day count (its place in the list below), end of month, simple last period, ex-coupon days, issue, maturity,
/// settlement, coupon rate, yield.
fn bond(numbers: &[f64]) -> Option<BondCase> {
    let [per_year, count, end_of_month, simple, ex, issue, maturity, settlement, rate, yield_rate] =
        *numbers
    else {
        return None;
    };
    let counts = [
        DayCount::ActualActualIcma,
        DayCount::Thirty360Usa,
        DayCount::Thirty360BondBasis,
        DayCount::ThirtyE360,
    ];
    let convention = Convention {
        per_year: whole(per_year)?,
        day_count: *counts.get(usize::from(whole(count)?))?,
        end_of_month: end_of_month > 0.0,
        last_period: if simple > 0.0 { LastPeriod::Simple } else { LastPeriod::Compound },
        ex_coupon_days: whole(ex)?,
    };
    let bond = Bond::new(convention, date(issue)?, date(maturity)?, rate)?;
    Some(BondCase { bond, settlement: date(settlement)?, yield_rate })
}

impl BondCase {
    /// Accrued interest, clean price, the yield of that price, modified duration.
    fn figures(&self) -> Option<Vec<f64>> {
        let Self { bond, settlement, yield_rate } = self;
        let clean = bond.clean_price(*settlement, *yield_rate)?;
        Some(vec![
            bond.accrued(*settlement)?,
            clean,
            bond.yield_of(*settlement, clean)?,
            bond.duration(*settlement, *yield_rate)?.modified,
        ])
    }
}

fn whole(number: f64) -> Option<u8> {
    format!("{number}").parse().ok()
}

fn date(number: f64) -> Option<Day> {
    format!("{number}").parse().ok().map(Day)
}

fn list(valuation: Valuation) -> Vec<f64> {
    let Valuation { price, delta, gamma, vega_per_point, theta_per_day, rho_per_point } = valuation;
    vec![price, delta, gamma, vega_per_point, theta_per_day, rho_per_point]
}

/// Each of these over options around the money of a week to two years, in one thread.
fn time() -> Option<()> {
    let mut options = Vec::new();
    for strike in [80.0, 90.0, 95.0, 100.0, 105.0, 110.0, 120.0] {
        for years in [0.02, 0.1, 0.25, 0.5, 1.0, 2.0] {
            for payoff in [Payoff::Call, Payoff::Put] {
                options.push(Vanilla {
                    payoff,
                    spot: 100.0,
                    strike,
                    rate: 0.04,
                    dividend_yield: 0.02,
                    volatility: 0.2 + years / 10.0,
                    years,
                });
            }
        }
    }
    report("European price and greeks", &options, 200, |option| {
        european::value(option).map(|found| found.price)
    })?;
    report("European implied volatility", &options, 50, |option| {
        implied::european(option, european::price(option)? + 0.01).ok()
    })?;
    report("American boundary", &options, 5, |option| {
        american::boundary(option)?.spot(option.strike)
    })?;
    let mut boundaries = Vec::new();
    for option in &options {
        boundaries.push((*option, american::boundary(option)?));
    }
    report("American price from a boundary", &boundaries, 100, |(option, boundary)| {
        boundary.price(option.spot, option.strike)
    })?;
    report("American price and greeks", &options, 1, |option| {
        american::value(option).map(|found| found.price)
    })?;
    report("American implied volatility", &options, 1, |option| {
        implied::american(option, american::price(option)? + 0.01).ok()
    })
}

/// The best of a number of rounds, so that what else the machine does is left out.
fn report<T>(what: &str, cases: &[T], times: u32, of: impl Fn(&T) -> Option<f64>) -> Option<()> {
    const ROUNDS: usize = 60;
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..times {
            for case in cases {
                std::hint::black_box(of(std::hint::black_box(case))?);
            }
        }
        best = best.min(started.elapsed().as_secs_f64());
    }
    let calls = f64::from(times) * f64::from(u32::try_from(cases.len()).ok()?);
    println!("{what}: {:.0} ns", best / calls * 1e9);
    Some(())
}
