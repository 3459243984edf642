//! Answers about contracts and their prices. Prices are decimal text in the contract's currency.

use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;

answers! {
    /// Contracts that match what was asked for.
    ContractsFound {
        /// The first of them.
        contracts: Vec<ContractRow>,
        /// How many there are.
        count: usize,
    }

    /// A contract, short.
    ContractRow {
        /// The name that is its own: `AAPL`, `AAPL261218C00125000`.
        symbol: String,
        /// `stock`, `etf`, `index`, `forex`, `option`, `future`, `bond`, `fund` or `forecast`.
        kind: String,
        /// What it is called in full.
        name: String,
        /// Where it is listed.
        exchange: String,
        /// What its prices are in.
        currency: String,
    }

    /// All that is known of a contract beside its prices.
    ContractNow {
        /// The name that is its own.
        symbol: String,
        /// `stock`, `etf`, `index`, `forex`, `option`, `future`, `bond`, `fund` or `forecast`.
        kind: String,
        /// What it is called in full.
        name: String,
        /// Where it is listed.
        exchange: String,
        /// What its prices are in.
        currency: String,
        /// Its number.
        contract_id: u32,
        /// Its class.
        trading_class: String,
        /// The name of what it stands on.
        underlying: Option<String>,
        /// Its last day.
        expiry: Option<String>,
        /// The strike of an option, or the threshold of a forecast.
        strike: Option<String>,
        /// `call`, `put`, `yes` or `no`.
        right: Option<String>,
        /// `american` or `european`, of an option.
        style: Option<String>,
        /// `physical` or `cash`, of an option.
        settlement: Option<String>,
        /// What a price is multiplied by to be an amount.
        multiplier: Quantity,
        /// What quantities are whole numbers of.
        quantity_step: Quantity,
        /// The least that two of its prices differ by, at the lowest price.
        price_increment: String,
        /// What a future requires to be opened and to be held.
        margin: Option<FutureMargin>,
        /// Its ISIN, or nothing.
        isin: Option<String>,
        /// Whether it can be ordered at all.
        can_order: bool,
        /// Whether it trades now.
        open_now: bool,
    }

    /// What a contract of a future requires.
    FutureMargin {
        /// To be opened.
        initial: String,
        /// To be held.
        maintenance: String,
    }

    /// The options on something, or the forecasts, of one last day.
    ChainNow {
        /// What they are on.
        underlying: String,
        /// Its last price; none where there is none.
        last: Option<String>,
        /// All last days, with the class of their contracts.
        days: Vec<ChainDay>,
        /// The one that the strikes are of.
        chosen: Option<ChainDay>,
        /// Its strikes, ascending.
        strikes: Vec<StrikeRow>,
    }

    /// A last day of contracts of a class.
    ChainDay {
        /// The day.
        expiry: String,
        /// The class.
        class: String,
    }

    /// A strike: `call` and `put` are yes and no of a forecast.
    StrikeRow {
        /// The strike, or the threshold.
        strike: String,
        /// The call.
        call: Option<ChainSide>,
        /// The put.
        put: Option<ChainSide>,
    }

    /// An option in a chain.
    ChainSide {
        /// The name that is its own.
        symbol: String,
        /// The best bid; none where nobody bids.
        bid: Option<String>,
        /// The best ask; none where nobody asks.
        ask: Option<String>,
    }

    /// The prices of a contract.
    MarketNow {
        /// The name that is its own.
        symbol: String,
        /// What its prices are in.
        currency: String,
        /// Whether it trades now.
        open_now: bool,
        /// What is bid, best first.
        bids: Vec<LevelRow>,
        /// What is asked, best first.
        asks: Vec<LevelRow>,
        /// The last price.
        last: String,
        /// How much traded then; 0 where nothing has.
        last_quantity: Quantity,
        /// When.
        last_at: String,
        /// The first price of the trading day.
        open_price: String,
        /// Its highest.
        high_price: String,
        /// Its lowest.
        low_price: String,
        /// The last price of the day before; none where it had no such day.
        previous_close: Option<String>,
        /// How much has traded on this day.
        volume: Quantity,
        /// Bars, oldest first, where they were asked for.
        bars: Vec<BarRow>,
    }

    /// A price and how much there is.
    LevelRow {
        /// The price.
        price: String,
        /// How much.
        quantity: Quantity,
    }

    /// A bar.
    BarRow {
        /// When it begins.
        at: String,
        /// Its trading day.
        day: String,
        /// The first price.
        open_price: String,
        /// The highest.
        high_price: String,
        /// The lowest.
        low_price: String,
        /// The last.
        close_price: String,
        /// How much has traded.
        volume: Quantity,
    }
}
