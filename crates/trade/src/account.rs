//! What an account's owner asks about it.

use crate::ledger::Ledger;
use crate::margin;
use crate::money::{floor_coins, of_coins};
use crate::price::Ticks;
use access::currency::Currency;
use access::id::{PaperAccountId, SymbolId};
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
    /// Value of what is held, short positions below zero.
    pub stock_value: Decimal,
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
    /// Net liquidation less the maintenance requirement.
    pub excess_liquidity: Decimal,
    /// Twice the available funds, not below zero.
    pub buying_power: Decimal,
    /// Realised on this trading day.
    pub realised: Decimal,
    /// Of the open positions.
    pub unrealised: Decimal,
    /// Change of net liquidation on this trading day.
    pub daily: Decimal,
}

impl AccountSummary {
    /// The summary of an account at these prices, with orders that could add up to `worst` of the smallest coins.
    pub(crate) fn new(account: &Ledger, worst: i128, mark: impl Fn(SymbolId) -> Ticks) -> Self {
        let (mut net, mut gross, mut unrealised, mut realised) =
            (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        let (currency, cash) = (account.base(), account.purse.own());
        for (instrument, position) in account.positions_in(currency) {
            let value = position.value(instrument.point(), mark(instrument.id));
            net = net.saturating_add(value);
            gross = gross.saturating_add(value.abs());
            unrealised = unrealised.saturating_add(value.saturating_sub(position.basis));
            realised = realised.saturating_add(position.realised_today());
        }
        let liquidation = cash.balance.saturating_add(net);
        let initial = of_coins(margin::initial(worst), currency);
        let held = floor_coins(gross, currency);
        let maintenance = of_coins(margin::maintenance(held), currency);
        let available = liquidation.saturating_sub(initial);
        Self {
            account: account.id,
            currency,
            cash: cash.balance,
            stock_value: net,
            gross_position_value: gross,
            net_liquidation: liquidation,
            previous_day: cash.day_start,
            initial_margin: initial,
            maintenance_margin: maintenance,
            available_funds: available,
            excess_liquidity: liquidation.saturating_sub(maintenance),
            buying_power: of_coins(
                margin::buying_power(floor_coins(available, currency)),
                currency,
            ),
            realised,
            unrealised,
            daily: liquidation.saturating_sub(cash.day_start),
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
