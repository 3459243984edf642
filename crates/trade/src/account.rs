//! What an account's owner asks about it.

use crate::instrument::{BondTerms, FundKind, InstrumentKind, Issuer};
use crate::ledger::Ledger;
use crate::margin;
use crate::money::{Rates, floor_coins, of_coins};
use crate::price::Ticks;
use access::currency::Currency;
use access::id::{PaperAccountId, SymbolId};
use access::moment::Time;
use rust_decimal::Decimal;

/// All that is asked about an account at one moment, in its base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// The account.
    pub account: PaperAccountId,
    /// Its base currency, which all amounts are in.
    pub currency: Currency,
    /// Cash.
    pub cash: Decimal,
    /// Value of shares, short positions below zero.
    pub stock_value: Decimal,
    /// Value of options and forecasts, those that were sold below zero.
    pub option_value: Decimal,
    /// Value of what is held, short positions above zero too.
    pub gross_position_value: Decimal,
    /// Cash and positions.
    pub net_liquidation: Decimal,
    /// Net liquidation when the trading day began.
    pub previous_day: Decimal,
    /// Bound by positions and working orders at 50 %.
    pub initial_margin: Decimal,
    /// Bound by positions at 25 %.
    pub maintenance_margin: Decimal,
    /// Net liquidation less the initial requirement.
    pub available_funds: Decimal,
    /// Net liquidation less the maintenance requirement; below zero there is a margin call.
    pub excess_liquidity: Decimal,
    /// When positions are closed because of a margin call; none while there is none.
    pub margin_call: Option<Time>,
    /// Twice the available funds, not below zero.
    pub buying_power: Decimal,
    /// Realised on this trading day.
    pub realised: Decimal,
    /// Of the open positions.
    pub unrealised: Decimal,
    /// Change of net liquidation on this trading day, at the rates of now.
    pub daily: Decimal,
    /// What it has in each currency, the base first.
    pub parts: Vec<CurrencyPart>,
}

/// What an account has in one currency; amounts are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrencyPart {
    /// Which.
    pub currency: Currency,
    /// What a unit of it is worth in the account's base currency.
    pub rate: Decimal,
    /// Cash.
    pub cash: Decimal,
    /// Interest that has accrued on it; below zero it is owed.
    pub interest: Decimal,
    /// Value of shares, short positions below zero.
    pub stocks: Decimal,
    /// Value of options and forecasts, those that were sold below zero.
    pub options: Decimal,
    /// What futures have gained since they were last settled.
    pub futures: Decimal,
    /// Value of bonds, without interest that has accrued; short positions below zero.
    pub bonds: Bonds,
    /// Value of funds with one price a day, those of the money market left out.
    pub mutual_funds: Decimal,
    /// Value of those of the money market.
    pub money_funds: Decimal,
    /// Value of shares and options, short positions above zero too.
    pub gross: Decimal,
    /// Realised on this trading day.
    pub realised: Decimal,
    /// Of the open positions.
    pub unrealised: Decimal,
    /// Net liquidation when the trading day began.
    pub day_start: Decimal,
}

/// Value of bonds, by what they are, and interest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bonds {
    /// Treasury bills, which pay no coupon.
    pub bills: Decimal,
    /// Other bonds of the Treasury.
    pub treasuries: Decimal,
    /// Those of companies.
    pub companies: Decimal,
    /// Interest that has accrued on them.
    pub accrued: Decimal,
}

impl Bonds {
    const fn of(&mut self, terms: &BondTerms) -> &mut Decimal {
        match (terms.issuer, terms.per_year) {
            (Issuer::Company, _) => &mut self.companies,
            (Issuer::Treasury, 0) => &mut self.bills,
            (Issuer::Treasury, _) => &mut self.treasuries,
        }
    }

    /// All of it.
    pub fn sum(&self) -> Decimal {
        let parts = [self.bills, self.treasuries, self.companies, self.accrued];
        parts.into_iter().fold(Decimal::ZERO, Decimal::saturating_add)
    }
}

impl CurrencyPart {
    fn new(
        account: &Ledger,
        currency: Currency,
        rate: Decimal,
        mark: impl Fn(SymbolId) -> Ticks,
    ) -> Self {
        let cash = account.purse.of(currency);
        let zero = Decimal::ZERO;
        let mut part = Self {
            currency,
            rate,
            cash: cash.balance,
            interest: cash.interest,
            stocks: zero,
            options: zero,
            futures: zero,
            bonds: Bonds::default(),
            mutual_funds: zero,
            money_funds: zero,
            gross: zero,
            realised: zero,
            unrealised: zero,
            day_start: cash.day_start,
        };
        for (instrument, position) in account.positions_in(currency) {
            let mark = mark(instrument.id);
            let equity = position.equity(instrument, mark);
            let kind = match &instrument.kind {
                InstrumentKind::Option(_) | InstrumentKind::Forecast(_) => &mut part.options,
                InstrumentKind::Future(_) => &mut part.futures,
                InstrumentKind::Fund(terms) => match terms.kind {
                    FundKind::Bond => &mut part.mutual_funds,
                    FundKind::MoneyMarket => &mut part.money_funds,
                },
                InstrumentKind::Bond(terms) => {
                    let accrued = account.accrued(instrument, position);
                    part.bonds.accrued = part.bonds.accrued.saturating_add(accrued);
                    part.bonds.of(terms)
                }
                InstrumentKind::Stock
                | InstrumentKind::Etf
                | InstrumentKind::Index
                | InstrumentKind::Forex { .. } => &mut part.stocks,
            };
            *kind = kind.saturating_add(equity);
            if !instrument.is_margined() {
                part.gross = part.gross.saturating_add(equity.abs());
            }
            let value = position.value(instrument.point(), mark);
            part.unrealised = part.unrealised.saturating_add(value.saturating_sub(position.basis));
            part.realised = part.realised.saturating_add(position.realised_today());
        }
        part
    }

    /// Cash, interest, and what the positions would bring.
    pub fn net_liquidation(&self) -> Decimal {
        let lent = [self.bonds.sum(), self.mutual_funds, self.money_funds];
        let parts =
            [self.interest, self.stocks, self.options, self.futures].into_iter().chain(lent);
        parts.fold(self.cash, Decimal::saturating_add)
    }
}

impl AccountSummary {
    /// Interest on cash that has accrued, in the account's currency; below zero it is owed.
    pub fn interest(&self) -> Decimal {
        let all = self.parts.iter().map(|part| part.interest.saturating_mul(part.rate));
        all.fold(Decimal::ZERO, Decimal::saturating_add)
    }

    /// The summary of an account at these prices and rates.
    pub(crate) fn new(
        account: &Ledger,
        rates: Rates<'_>,
        mark: impl Fn(SymbolId) -> Ticks,
    ) -> Self {
        let currency = account.base();
        let parts: Vec<CurrencyPart> = account
            .currencies_held()
            .into_iter()
            .map(|one| CurrencyPart::new(account, one, rates.rate(one), &mark))
            .collect();
        let sum = |of: &dyn Fn(&CurrencyPart) -> Decimal| {
            let converted = parts.iter().map(|part| rates.convert(of(part), part.currency));
            converted.fold(Decimal::ZERO, Decimal::saturating_add)
        };
        let liquidation = sum(&|part| part.net_liquidation());
        let initial = of_coins(margin::initial(account.worst(rates, &mark)), currency);
        let maintenance = of_coins(margin::maintenance(account.held(rates, &mark)), currency);
        let available = liquidation.saturating_sub(initial);
        let previous_day = sum(&|part| part.day_start);
        Self {
            account: account.id,
            currency,
            cash: sum(&|part| part.cash),
            stock_value: sum(&|part| part.stocks),
            option_value: sum(&|part| part.options),
            gross_position_value: sum(&|part| part.gross),
            net_liquidation: liquidation,
            previous_day,
            initial_margin: initial,
            maintenance_margin: maintenance,
            available_funds: available,
            excess_liquidity: liquidation.saturating_sub(maintenance),
            margin_call: account.called,
            buying_power: of_coins(
                margin::buying_power(floor_coins(available, currency)),
                currency,
            ),
            realised: sum(&|part| part.realised),
            unrealised: sum(&|part| part.unrealised),
            daily: liquidation.saturating_sub(previous_day),
            parts,
        }
    }

    /// Share of net liquidation that is free above the maintenance requirement, 0 to 1, at six
    /// decimals; 1 when nothing is held.
    pub fn cushion(&self) -> Decimal {
        let share = self.excess_liquidity.checked_div(self.net_liquidation);
        share.unwrap_or(Decimal::ONE).clamp(Decimal::ZERO, Decimal::ONE).round_dp(6)
    }

    /// Gross position value over net liquidation, at two decimals.
    pub fn leverage(&self) -> Decimal {
        let ratio = self.gross_position_value.checked_div(self.net_liquidation);
        ratio.unwrap_or_default().round_dp(2)
    }
}
