//! Amounts of money, each with its currency.

use std::collections::BTreeMap;
use std::fmt;

use access::currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy};

/// An amount in a currency. There is no `+`: amounts of two currencies have no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// How much.
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

/// Two amounts that have no sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SumError {
    /// They are in different currencies.
    Currencies(Currency, Currency),
    /// The sum is beyond 28 digits.
    TooLarge,
}

impl fmt::Display for SumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Currencies(one, other) => {
                write!(f, "{one} and {other} cannot be added; convert one of them first")
            }
            Self::TooLarge => f.write_str("the sum has more than 28 digits"),
        }
    }
}

impl std::error::Error for SumError {}

impl Money {
    /// An amount in a currency.
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The sum of two amounts of one currency.
    pub fn plus(self, other: Self) -> Result<Self, SumError> {
        if self.currency != other.currency {
            return Err(SumError::Currencies(self.currency, other.currency));
        }
        let sum = self.amount.checked_add(other.amount).ok_or(SumError::TooLarge)?;
        Ok(Self { amount: sum, ..self })
    }
}

impl fmt::Display for Money {
    /// `1234.50 USD`, with the places of the currency's smallest coin.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = usize::try_from(self.currency.digits()).unwrap_or(2);
        write!(f, "{:.places$} {}", self.amount, self.currency)
    }
}

/// What an account has and had of one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cash {
    /// What it began with.
    pub deposited: Decimal,
    /// What it has; short sales raise it.
    pub balance: Decimal,
    /// Commissions paid; part of bases and realised profit already.
    pub commissions: Decimal,
    /// Cash, interest and positions in this currency when the trading day began.
    pub day_start: Decimal,
    /// Interest that has accrued on it since it was last paid; below zero it is owed.
    pub interest: Decimal,
}

impl Cash {
    /// What an account begins with.
    pub const fn begun(amount: Decimal) -> Self {
        Self {
            deposited: amount,
            balance: amount,
            commissions: Decimal::ZERO,
            day_start: amount,
            interest: Decimal::ZERO,
        }
    }
}

/// The cash of an account: that of its base currency, and of any other that it ever had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purse {
    base: Currency,
    own: Cash,
    others: BTreeMap<Currency, Cash>,
}

impl Purse {
    pub(crate) const fn new(base: Currency, own: Cash) -> Self {
        Self { base, own, others: BTreeMap::new() }
    }

    /// The account's base currency.
    pub const fn base(&self) -> Currency {
        self.base
    }

    /// What it has of its base currency.
    pub const fn own(&self) -> &Cash {
        &self.own
    }

    /// What it has of a currency; nothing of one that it never had.
    pub fn of(&self, currency: Currency) -> Cash {
        if currency == self.base {
            return self.own;
        }
        self.others.get(&currency).copied().unwrap_or_default()
    }

    /// Every currency that it ever had, the base first.
    pub fn all(&self) -> impl Iterator<Item = (Currency, &Cash)> {
        std::iter::once((self.base, &self.own))
            .chain(self.others.iter().map(|(currency, cash)| (*currency, cash)))
    }

    pub(crate) fn of_mut(&mut self, currency: Currency) -> &mut Cash {
        if currency == self.base { &mut self.own } else { self.others.entry(currency).or_default() }
    }

    pub(crate) fn all_mut(&mut self) -> impl Iterator<Item = (Currency, &mut Cash)> {
        std::iter::once((self.base, &mut self.own))
            .chain(self.others.iter_mut().map(|(currency, cash)| (*currency, cash)))
    }

    /// Whether all of it is US dollars, as all accounts were in the first format.
    pub(crate) fn is_dollars(&self) -> bool {
        self.base == Currency::USD && self.others.is_empty()
    }
}

/// So many of a currency's smallest coins. Beyond 28 digits, which no checked order reaches, it stays at the end of the
/// range.
pub(crate) fn of_coins(count: i128, currency: Currency) -> Decimal {
    let end = if count < 0 { Decimal::MIN } else { Decimal::MAX };
    Decimal::try_from_i128_with_scale(count, currency.digits()).unwrap_or(end)
}

/// An amount in a currency's smallest coins, rounded down.
pub(crate) fn floor_coins(amount: Decimal, currency: Currency) -> i128 {
    let places = currency.digits();
    let mut amount = amount.round_dp_with_strategy(places, RoundingStrategy::ToNegativeInfinity);
    amount.rescale(places);
    amount.mantissa()
}

/// An amount in a currency's smallest coins, rounded up.
pub(crate) fn ceil_coins(amount: Decimal, currency: Currency) -> i128 {
    let places = currency.digits();
    let mut amount = amount.round_dp_with_strategy(places, RoundingStrategy::ToPositiveInfinity);
    amount.rescale(places);
    amount.mantissa()
}

/// What amounts of other currencies are worth in one: an account's base currency.
#[derive(Clone, Copy)]
pub(crate) struct Rates<'a> {
    base: Currency,
    of: &'a dyn Fn(Currency) -> Option<Decimal>,
}

impl<'a> Rates<'a> {
    /// By what a unit of each other currency is worth in `base`; none where nothing says.
    pub(crate) const fn new(base: Currency, of: &'a dyn Fn(Currency) -> Option<Decimal>) -> Self {
        Self { base, of }
    }

    /// What a unit of a currency is worth; nothing where nothing says, for then none of it can be had.
    pub(crate) fn rate(self, currency: Currency) -> Decimal {
        if currency == self.base {
            return Decimal::ONE;
        }
        (self.of)(currency).unwrap_or_default()
    }

    /// An amount in the base currency.
    pub(crate) fn convert(self, amount: Decimal, currency: Currency) -> Decimal {
        if currency == self.base {
            return amount;
        }
        amount.saturating_mul(self.rate(currency)).round_dp(self.base.digits())
    }

    /// So many of a currency's smallest coins in those of the base, rounded up.
    pub(crate) fn coins(self, coins: i128, currency: Currency) -> i128 {
        if currency == self.base {
            return coins;
        }
        ceil_coins(self.convert(of_coins(coins, currency), currency), self.base)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn yen() -> Currency {
        "JPY".parse().unwrap()
    }

    #[test]
    fn amounts_of_two_currencies_have_no_sum() {
        let dollars = |amount| Money::new(Decimal::new(amount, 2), Currency::USD);
        assert_eq!(dollars(150).plus(dollars(-50)), Ok(dollars(100)));
        let other = Money::new(Decimal::ONE, yen());
        let error = dollars(100).plus(other).unwrap_err();
        assert_eq!(error, SumError::Currencies(Currency::USD, yen()));
        assert_eq!(error.to_string(), "USD and JPY cannot be added; convert one of them first");
        let most = Money::new(Decimal::MAX, Currency::USD);
        assert_eq!(most.plus(dollars(100)), Err(SumError::TooLarge));
    }

    #[test]
    fn money_is_written_with_the_places_of_its_coins() {
        let text = |currency| Money::new(Decimal::new(12_345, 1), currency).to_string();
        assert_eq!(text(Currency::USD), "1234.50 USD");
        assert_eq!(text(yen()), "1234 JPY");
    }

    #[test]
    fn coins_round_down_also_below_zero() {
        let floor = |mantissa, scale| floor_coins(Decimal::new(mantissa, scale), Currency::USD);
        assert_eq!([floor(12_999, 3), floor(-12_991, 3), floor(7, 0)], [1_299, -1_300, 700]);
        assert_eq!(floor_coins(Decimal::new(-15, 1), yen()), -2);
        assert_eq!(of_coins(-5, Currency::USD), Decimal::new(-5, 2));
        assert_eq!(of_coins(-5, yen()), Decimal::from(-5));
    }

    #[test]
    fn purse_keeps_each_currency_apart() {
        let mut purse = Purse::new(Currency::USD, Cash::begun(Decimal::TEN));
        assert!(purse.is_dollars());
        purse.of_mut(yen()).balance = Decimal::TWO;
        assert_eq!((purse.own().balance, purse.of(yen()).balance), (Decimal::TEN, Decimal::TWO));
        assert!(!purse.is_dollars());
        assert_eq!(
            purse.all().map(|(currency, _)| currency).collect::<Vec<_>>(),
            [Currency::USD, yen()]
        );
        assert_eq!(purse.of("CHF".parse().unwrap()), Cash::default());
    }
}
