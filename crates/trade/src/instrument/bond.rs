//! Bonds as instruments: interest that a trade pays, coupons, rows of `bonds.csv`.
//!
//! A trade settles one business day later (T+1): interest accrues to that day, whoever owns the bond on the evening before a
//! coupon's day is settled for has the coupon, and the last day of trading is the last that settles before the maturity.

use access::currency::Currency;
use rust_decimal::Decimal;

use super::debt::{self, BondTerms, Issuer};
use super::table::{DataError, Row, rows};
use super::{Fee, Instrument, InstrumentKind, Parts, Unit};
use crate::calendar::{Day, MarketCalendar};
use crate::pricing::day_count::DayCount;

/// The columns of `bonds.csv`.
const COLUMNS: &[&str] = &[
    "id",
    "symbol",
    "name",
    "cusip",
    "isin",
    "issuer",
    "kind",
    "coupon",
    "frequency",
    "issued",
    "maturity",
    "day_count",
    "face",
    "tick",
    "spread_bp",
    "fee_each",
    "fee_least",
];
/// The highest price, in percent of the face value.
const HIGHEST: i64 = 1_000;
/// Prices are in percent of the face value.
const PERCENT: i64 = 100;
/// Business days from a trade to its settlement.
const SETTLES_AFTER: u8 = 1;

impl Instrument {
    /// The terms of a bond; none of other kinds.
    pub fn bond(&self) -> Option<&BondTerms> {
        match &self.kind {
            InstrumentKind::Bond(terms) => Some(terms),
            _ => None,
        }
    }

    /// The day on which a trade of a trading day is settled.
    pub fn value_day(&self, traded: Day) -> Day {
        self.calendar.map_or(traded, |calendar| calendar.settlement_day(traded, SETTLES_AFTER))
    }

    /// The yield of a bond in percent, at a price of a trading day; none of other kinds.
    pub fn yield_at(&self, price: Decimal, traded: Day) -> Option<Decimal> {
        crate::pricing::fair::bond_yield(self.bond()?, self.value_day(traded), price)
    }

    /// Interest of so many steps that a trade of a trading day pays beside its price; below zero below zero.
    pub fn accrued(&self, steps: i64, traded: Day) -> Decimal {
        let Some(terms) = self.bond() else { return Decimal::ZERO };
        let units = self.signed_quantity(steps);
        let all = terms.accrued(self.value_day(traded)).saturating_mul(units);
        all.round_dp(self.currency.digits())
    }

    /// What so many steps are paid when a trading day ends and this one begins: of a bond the coupons that a trade of the new
    /// day is settled too late for, of a money-market fund what it has earned.
    pub fn coupons(&self, steps: i64, (ended, begins): (Day, Day)) -> Decimal {
        let Some(terms) = self.bond() else { return self.earned(steps, (ended, begins)) };
        let (after, until) = (self.value_day(ended), self.value_day(begins));
        let due = terms.coupons(after).take_while(|(day, _)| *day <= until);
        let unit = due.fold(Decimal::ZERO, |sum, (_, amount)| sum.saturating_add(amount));
        unit.saturating_mul(self.signed_quantity(steps)).round_dp(self.currency.digits())
    }
}

/// The bonds of a file.
pub(super) fn read(file: &str, text: &str) -> Result<Vec<Instrument>, DataError> {
    rows(file, text, COLUMNS)?.iter().map(bond).collect()
}

fn terms(row: &Row<'_>) -> Result<BondTerms, DataError> {
    let date = |field| row.day(field)?.ok_or_else(|| row.wrong(field, "a date such as 2027-03-19"));
    let (issued, maturity) = (date("issued")?, date("maturity")?);
    let per_year: u8 =
        row.read("frequency", "0, 1, 2, 4 or 12 coupons a year", |text| text.parse().ok())?;
    let day_count = row.read("day_count", "act/act_icma, act/360 or 30/360_usa", |text| {
        Some(match text {
            "act/act_icma" => DayCount::ActualActualIcma,
            "act/360" => DayCount::Actual360,
            "30/360_usa" => DayCount::Thirty360Usa,
            _ => return None,
        })
    })?;
    let dates = debt::dates((per_year, day_count), issued, maturity);
    let dates = dates.ok_or_else(|| row.wrong("maturity", "a day after the issue"))?;
    Ok(BondTerms {
        issuer: row.read("kind", "treasury or corporate", |text| match text {
            "treasury" => Some(Issuer::Treasury),
            "corporate" => Some(Issuer::Company),
            _ => None,
        })?,
        issuer_name: row.text("issuer")?,
        coupon: row.amount("coupon")?,
        per_year,
        issued,
        maturity,
        day_count,
        face: row.amount("face")?,
        spread: row.amount("spread_bp")?.saturating_mul(Decimal::new(1, 4)),
        dates,
    })
}

fn bond(row: &Row<'_>) -> Result<Instrument, DataError> {
    let terms = terms(row)?;
    let tick = row.amount("tick")?;
    let prices = row.steps("tick", (tick, Decimal::from(HIGHEST)))?;
    let multiplier = terms.face.checked_div(Decimal::from(PERCENT)).unwrap_or_default();
    let (maturity, name, issuer) = (terms.maturity, row.text("name")?, terms.issuer_name.clone());
    let parts = Parts {
        id: row.id()?,
        kind: InstrumentKind::Bond(terms),
        symbol: row.text("symbol")?,
        name,
        exchange: "BOND".to_owned(),
        currency: Currency::USD,
        prices,
        step: Unit::ONE,
        multiplier,
        fee: Fee {
            each: row.amount("fee_each")?,
            part: Decimal::ZERO,
            least: row.amount("fee_least")?,
            most: Decimal::MAX,
        },
        calendar: MarketCalendar::named("BOND"),
    };
    let one = Instrument::new(parts).ok_or_else(|| row.wrong("face", "a multiple of the tick"))?;
    let mut last = maturity.plus(-1);
    let is_traded = |day| one.calendar.is_none_or(|calendar| calendar.is_business_day(day));
    while !(is_traded(last) && one.value_day(last) < maturity) {
        last = last.plus(-1);
    }
    Ok(Instrument {
        lot: 1,
        expiry: Some(last),
        isin: row.value("isin").to_owned(),
        sector: "Bonds".to_owned(),
        industry: issuer,
        ..one
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::Instruments;
    use super::*;
    use crate::pricing::bond::Bond;
    use crate::pricing::fair;

    #[test]
    fn interest_and_coupons_are_those_of_the_mathematics() {
        let known = Instruments::builtin();
        let bonds: Vec<_> = known.all().iter().filter_map(Instrument::bond).collect();
        assert_eq!(bonds.len(), 6);
        for terms in bonds {
            let Some(convention) = terms.convention() else { continue };
            let rate = fair::of(terms.coupon);
            let bond = Bond::new(convention, terms.issued, terms.maturity, rate).unwrap();
            let mut day = terms.issued;
            while day < terms.maturity {
                let exact = fair::of(terms.accrued(day)) / 10.0;
                assert!((exact - bond.accrued(day).unwrap()).abs() < 1e-9, "{day}");
                day = day.plus(1);
            }
            for (day, amount) in terms.coupons(terms.issued) {
                let face = if day == terms.maturity { 100.0 } else { 0.0 };
                assert!((fair::of(amount) / 10.0 + face - bond.pays(day)).abs() < 1e-9, "{day}");
            }
        }
    }

    #[test]
    fn coupon_is_of_who_holds_before_it_is_settled_for() {
        let bond = Instruments::builtin().named("UST-10Y").unwrap();
        // 15 February 2027 is Presidents' Day: a trade of Thursday settles on Friday, and one of Friday on Tuesday.
        let [thursday, friday, saturday] = [11, 12, 13].map(|day| Day::of(2027, 2, day));
        assert_eq!(bond.value_day(friday), Day::of(2027, 2, 16));
        assert_eq!(bond.coupons(10, (thursday, friday)), Decimal::new(21_250, 2));
        assert_eq!(bond.coupons(-10, (thursday, friday)), Decimal::new(-21_250, 2));
        assert_eq!(bond.coupons(10, (friday, saturday)), Decimal::ZERO);
        assert_eq!(bond.accrued(10, friday), Decimal::new(117, 2), "a day of 181");
        assert_eq!(bond.accrued(10, thursday), Decimal::new(20_904, 2), "181 days of 184");
    }

    #[test]
    fn last_day_settles_before_the_maturity() {
        let bill = Instruments::builtin().named("UST-BILL").unwrap();
        // 27 May 2027 is a Thursday.
        assert_eq!(bill.expiry, Some(Day::of(2027, 5, 25)));
        assert_eq!(bill.value_day(Day::of(2027, 5, 25)), Day::of(2027, 5, 26));
    }
}
