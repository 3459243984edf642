//! Live market data.

use rust_decimal::Decimal;

use super::{Response, responses, rows};
use crate::field::Put as _;
use crate::handshake::ServerVersion;
use crate::tick::TickType;

responses! {
    /// A price and the size at it. ibapi also fires the size tick that belongs to it; a price must
    /// be there, the `ib_*` clients drop the message otherwise.
    1 TickPrice, version 6 {
        /// Request id.
        request_id: i32;
        /// Which price.
        tick: TickType;
        /// The price.
        price: Decimal;
        /// Its size.
        size: Option<Decimal>;
        /// Sum of 1 automatic execution, 2 past the limit, 4 before the open.
        attributes: i32;
    }
    /// A size.
    2 TickSize, version 6 {
        /// Request id.
        request_id: i32;
        /// Which size.
        tick: TickType;
        /// The size.
        size: Decimal;
    }
    /// A number.
    45 TickGeneric, version 6 {
        /// Request id.
        request_id: i32;
        /// Which number.
        tick: TickType;
        /// The number.
        value: Decimal;
    }
    /// A text.
    46 TickString<'a>, version 6 {
        /// Request id.
        request_id: i32;
        /// Which text.
        tick: TickType;
        /// The text.
        text: &'a str;
    }
    /// What a price of an option implies. A figure that is not known would be -1, or -2 for the greeks; not all clients
    /// know that, so it is for a server to send whole or not at all.
    21 TickOptionComputation {
        /// Request id.
        request_id: i32;
        /// By which price.
        tick: TickType;
        /// 0 by returns, 1 by prices.
        attribute: i32;
        /// Volatility for a year; 0.25 is 25 %.
        implied_volatility: Decimal;
        /// Change of the price by 1 of the underlying.
        delta: Decimal;
        /// Price of the option.
        option_price: Decimal;
        /// Dividends until the expiry, as they are worth now.
        dividend: Decimal;
        /// Change of the delta by 1 of the underlying.
        gamma: Decimal;
        /// Change of the price by 0.01 of volatility.
        vega: Decimal;
        /// Change of the price by a calendar day.
        theta: Decimal;
        /// Price of the underlying.
        underlying: Decimal;
    }
    /// Facts about a stream, first of all.
    81 TickReqParams<'a> {
        /// Request id.
        request_id: i32;
        /// Price increment.
        min_tick: Decimal;
        /// Key for smart components.
        bbo_exchange: &'a str;
        /// Rights to snapshots, a number.
        snapshot_permissions: i32;
    }
    /// The end of a snapshot.
    57 TickSnapshotEnd, version 1 {
        /// Request id.
        request_id: i32;
    }
    /// Kind of data that a stream carries from now on.
    58 MarketDataType, version 1 {
        /// Request id.
        request_id: i32;
        /// 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
        data_type: i32;
    }
    /// A row of the order book.
    12 MarketDepth, version 1 {
        /// Request id.
        request_id: i32;
        /// Row, from 0.
        position: i32;
        /// 0 insert, 1 update, 2 delete.
        operation: i32;
        /// 0 ask, 1 bid.
        side: i32;
        /// Price.
        price: Decimal;
        /// Size.
        size: Decimal;
    }
    /// A row of the order book, with the market maker or exchange.
    13 MarketDepthL2<'a>, version 1 {
        /// Request id.
        request_id: i32;
        /// Row, from 0.
        position: i32;
        /// The market maker.
        market_maker: &'a str;
        /// 0 insert, 1 update, 2 delete.
        operation: i32;
        /// 0 ask, 1 bid.
        side: i32;
        /// Price.
        price: Decimal;
        /// Size.
        size: Decimal;
        /// Across exchanges.
        is_smart_depth: bool;
    }
    /// Exchanges that have depth.
    80 MktDepthExchanges<'a> {
        /// Rows.
        rows: &'a [DepthExchange<'a>];
    }
    /// Exchanges that the letters of a quote stand for.
    82 SmartComponents<'a> {
        /// Request id.
        request_id: i32;
        /// Rows.
        rows: &'a [SmartComponent<'a>];
    }
    /// A bar of five seconds.
    50 RealTimeBar, version 3 {
        /// Request id.
        request_id: i32;
        /// Its start, seconds since 1970.
        time: i64;
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
}

rows! {
    /// An exchange that has depth.
    DepthExchange<'a> {
        /// Exchange.
        exchange: &'a str;
        /// Security type.
        sec_type: &'a str;
        /// Listing exchange.
        listing_exchange: &'a str;
        /// `Deep` or `Deep2`.
        service_data_type: &'a str;
        /// Group; the `ib_*` clients lose the message without one.
        aggregated_group: i32;
    }
    /// An exchange and its letter.
    SmartComponent<'a> {
        /// Bit in a mask.
        bit: i32;
        /// Exchange.
        exchange: &'a str;
        /// Letter.
        letter: &'a str;
    }
}

/// A single tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickByTick<'a> {
    /// Request id.
    pub request_id: i32,
    /// Seconds since 1970.
    pub time: i64,
    /// What happened.
    pub tick: SingleTick<'a>,
}

/// What happened in a single tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SingleTick<'a> {
    /// A trade.
    Trade {
        /// The stream is `AllLast`; otherwise `Last`.
        all: bool,
        /// Price.
        price: Decimal,
        /// Size.
        size: Decimal,
        /// Sum of 1 past the limit, 2 not reported.
        attributes: i32,
        /// Exchange.
        exchange: &'a str,
        /// Conditions.
        conditions: &'a str,
    },
    /// A quote.
    BidAsk {
        /// Bid.
        bid: Decimal,
        /// Ask.
        ask: Decimal,
        /// Size at the bid.
        bid_size: Decimal,
        /// Size at the ask.
        ask_size: Decimal,
        /// Sum of 1 bid past its low, 2 ask past its high.
        attributes: i32,
    },
    /// A midpoint.
    MidPoint {
        /// Midpoint.
        price: Decimal,
    },
}

impl Response for TickByTick<'_> {
    fn put_fields(&self, _: ServerVersion, out: &mut Vec<u8>) {
        out.extend_from_slice(b"99\0");
        self.request_id.put(out);
        match self.tick {
            SingleTick::Trade { all, price, size, attributes, exchange, conditions } => {
                (if all { 2 } else { 1 }).put(out);
                self.time.put(out);
                price.put(out);
                size.put(out);
                attributes.put(out);
                exchange.put(out);
                conditions.put(out);
            }
            SingleTick::BidAsk { bid, ask, bid_size, ask_size, attributes } => {
                3.put(out);
                self.time.put(out);
                bid.put(out);
                ask.put(out);
                bid_size.put(out);
                ask_size.put(out);
                attributes.put(out);
            }
            SingleTick::MidPoint { price } => {
                4.put(out);
                self.time.put(out);
                price.put(out);
            }
        }
    }
}
