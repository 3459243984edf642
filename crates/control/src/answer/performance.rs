//! Answers about performance. Amounts are decimal text in the account's currency.

use serde::{Deserialize, Serialize};

answers! {
    /// What an account has gained.
    PerformanceNow {
        /// The account.
        account: String,
        /// What the amounts are in: `USD`.
        currency: String,
        /// Over `today`, `30_days` and `all` that is known; those of which too little is known are left out.
        ranges: Vec<PerformanceRow>,
        /// What the trading day has changed, by position: closed ones too.
        moves: Vec<MoveRow>,
        /// What it has changed by each other currency, on all that was in it when the day began, cash too.
        currencies: Vec<CurrencyMoveRow>,
    }

    /// What an account has gained over a range of trading days.
    PerformanceRow {
        /// `today`, `30_days` or `all`.
        range: String,
        /// It is counted from the end of this day on.
        from: String,
        /// To the end of this day, or to now.
        to: String,
        /// What the account was worth at the beginning.
        begin_value: String,
        /// What was paid in since.
        flows: String,
        /// What it is worth.
        end_value: String,
        /// What it gained.
        gain: String,
        /// The days' rates, linked: `0.01` is one percent; none where a day began with nothing.
        time_weighted: Option<String>,
        /// The one rate of the whole range for the money that was there; none where there is none.
        money_weighted: Option<String>,
    }

    /// What a trading day has changed of a position's worth.
    MoveRow {
        /// Its symbol.
        symbol: String,
        /// What it is in.
        currency: String,
        /// Gained by its price, at the rate of now.
        price: String,
        /// Gained by the currency, on what it was worth when the day began.
        rate: String,
    }

    /// What a currency has changed.
    CurrencyMoveRow {
        /// Which.
        currency: String,
        /// Gained by it.
        gain: String,
    }
}
