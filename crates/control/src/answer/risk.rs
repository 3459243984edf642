//! Answers about risk. Amounts are decimal text in the account's currency.

use serde::{Deserialize, Serialize};

answers! {
    /// What an account stands to gain and to lose.
    RiskNow {
        /// The account.
        account: String,
        /// What the amounts are in: `USD`.
        currency: String,
        /// What is held, by product.
        products: Vec<ExposureRow>,
        /// The same by currency.
        currencies: Vec<ExposureRow>,
        /// The same by underlying, with how that answers to it.
        underlyings: Vec<UnderlyingRow>,
        /// What positions require while they are held, in groups of those that belong together.
        requirements: Vec<RequirementRow>,
        /// What jumps of all markets at once would do.
        stress: Vec<StressRow>,
    }

    /// What is held of something.
    ExposureRow {
        /// Of what: `stocks`, `USD`.
        of: String,
        /// What is held long is worth; of a future what it is on.
        long: String,
        /// What is sold short is worth, above zero.
        short: String,
    }

    /// What stands on one thing, and how it answers to it.
    UnderlyingRow {
        /// Its symbol.
        symbol: String,
        /// What is held long is worth.
        long: String,
        /// What is sold short is worth, above zero.
        short: String,
        /// Gained when its price rises by one percent.
        delta: String,
        /// By how much that is more after it has.
        gamma: String,
        /// Gained when volatility rises by one percent of itself.
        vega: String,
        /// Gained in one calendar day in which nothing else happens.
        theta: String,
    }

    /// What a position requires, or some that belong together.
    RequirementRow {
        /// Its symbol; of a group those of all, with ` + ` between them.
        symbol: String,
        /// What they are together: `alone`, `covered call`, `vertical`.
        strategy: String,
        /// How much of each belongs to it.
        parts: Vec<RequirementPart>,
        /// The maintenance requirement, with the whole price of options that are held.
        maintenance: String,
    }

    /// So much of a position.
    RequirementPart {
        /// Its symbol.
        symbol: String,
        /// How many; below zero sold.
        quantity: String,
    }

    /// A jump of all markets at once.
    StressRow {
        /// Of prices, in percent.
        prices: i64,
        /// Of volatility, in percent of itself.
        volatility: i64,
        /// What is gained; below zero it is lost.
        gain: String,
    }
}
