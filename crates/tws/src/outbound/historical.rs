//! Past market data.

use rust_decimal::Decimal;

use super::{responses, rows};

responses! {
    /// Bars.
    17 HistoricalData<'a> {
        /// Request id.
        request_id: i32;
        /// Start of the period, as text.
        start: &'a str;
        /// End of the period, as text.
        end: &'a str;
        /// Bars.
        bars: &'a [Bar<'a>];
    }
    /// The last bar, changed, or a new one.
    90 HistoricalDataUpdate<'a> {
        /// Request id.
        request_id: i32;
        /// Trades.
        count: i32;
        /// Day or time, in the form of the bars before.
        date: &'a str;
        /// First price.
        open: Decimal;
        /// Last price.
        close: Decimal;
        /// Highest price.
        high: Decimal;
        /// Lowest price.
        low: Decimal;
        /// Average price, weighted by volume.
        wap: Decimal;
        /// Volume.
        volume: Decimal;
    }
    /// The time of the first data.
    88 HeadTimestamp<'a> {
        /// Request id.
        request_id: i32;
        /// Time, in the form asked for.
        time: &'a str;
    }
    /// Sizes by price.
    89 HistogramData<'a> {
        /// Request id.
        request_id: i32;
        /// Rows.
        rows: &'a [SizeAtPrice];
    }
    /// Past midpoints.
    96 HistoricalTicks<'a> {
        /// Request id.
        request_id: i32;
        /// Ticks.
        ticks: &'a [PastMidpoint];
        /// Whether this is the last message.
        done: bool;
    }
    /// Past quotes.
    97 HistoricalTicksBidAsk<'a> {
        /// Request id.
        request_id: i32;
        /// Ticks.
        ticks: &'a [PastQuote];
        /// Whether this is the last message.
        done: bool;
    }
    /// Past trades.
    98 HistoricalTicksLast<'a> {
        /// Request id.
        request_id: i32;
        /// Ticks.
        ticks: &'a [PastTrade<'a>];
        /// Whether this is the last message.
        done: bool;
    }
    /// Trading sessions of the past.
    106 HistoricalSchedule<'a> {
        /// Request id.
        request_id: i32;
        /// Start.
        start: &'a str;
        /// End.
        end: &'a str;
        /// Time zone.
        time_zone: &'a str;
        /// Sessions.
        sessions: &'a [PastSession<'a>];
    }
}

rows! {
    /// A bar.
    Bar<'a> {
        /// `YYYYMMDD`, `YYYYMMDD HH:MM:SS ZONE`, or seconds since 1970.
        date: &'a str;
        /// First price.
        open: Decimal;
        /// Highest price.
        high: Decimal;
        /// Lowest price.
        low: Decimal;
        /// Last price.
        close: Decimal;
        /// Volume.
        volume: Decimal;
        /// Average price, weighted by volume.
        wap: Decimal;
        /// Trades.
        count: i32;
    }
    /// A size at a price.
    SizeAtPrice {
        /// Price.
        price: Decimal;
        /// Size.
        size: Decimal;
    }
    /// A past midpoint.
    PastMidpoint {
        /// Seconds since 1970.
        time: i64;
        /// A field without meaning: 0.
        unused: i32;
        /// Midpoint.
        price: Decimal;
        /// Size.
        size: Decimal;
    }
    /// A past quote.
    PastQuote {
        /// Seconds since 1970.
        time: i64;
        /// Sum of 1 ask past its high, 2 bid past its low.
        attributes: i32;
        /// Bid.
        bid: Decimal;
        /// Ask.
        ask: Decimal;
        /// Size at the bid.
        bid_size: Decimal;
        /// Size at the ask.
        ask_size: Decimal;
    }
    /// A past trade.
    PastTrade<'a> {
        /// Seconds since 1970.
        time: i64;
        /// Sum of 1 past the limit, 2 not reported.
        attributes: i32;
        /// Price.
        price: Decimal;
        /// Size.
        size: Decimal;
        /// Exchange.
        exchange: &'a str;
        /// Conditions.
        conditions: &'a str;
    }
    /// A trading session.
    PastSession<'a> {
        /// Start.
        start: &'a str;
        /// End.
        end: &'a str;
        /// Day that it belongs to.
        reference_date: &'a str;
    }
}
