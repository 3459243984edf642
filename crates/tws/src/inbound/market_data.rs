//! Live market data, and calculations on options.

use rust_decimal::Decimal;

use super::{Request, requests};
use crate::contract::{Contract, DeltaNeutralContract};
use crate::field::{Field, FieldFault, Put, Reader, put_count};
use crate::handshake::ServerVersion;

/// Begins a stream of ticks, or asks for a snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MktData {
    /// Request id.
    pub request_id: i32,
    /// Contract, with legs if it is a combo.
    pub contract: Contract,
    /// Numbers of generic ticks, with commas.
    pub generic_ticks: String,
    /// One value of each and no stream.
    pub snapshot: bool,
    /// A snapshot across exchanges, at a cost.
    pub regulatory_snapshot: bool,
    /// `tag=value;` pairs.
    pub options: String,
}

impl Request for MktData {
    const ID: i32 = 1;
    const NAME: &'static str = "reqMktData";
    const KEY: Option<usize> = Some(1);

    fn key(&self) -> Option<i32> {
        Some(self.request_id)
    }

    fn read(reader: &mut Reader<'_>, _: ServerVersion) -> Result<Self, FieldFault> {
        reader.raw("version")?;
        let request_id = reader.get("reqId")?;
        let mut contract: Contract = reader.get("contract")?;
        contract.read_legs(reader)?;
        DeltaNeutralContract::walk(reader, &mut contract.delta_neutral)?;
        Ok(Self {
            request_id,
            contract,
            generic_ticks: reader.get("genericTickList")?,
            snapshot: reader.get("snapshot")?,
            regulatory_snapshot: reader.get("regulatorySnapshot")?,
            options: reader.get("mktDataOptions")?,
        })
    }

    fn put(&self, _: ServerVersion, out: &mut Vec<u8>) {
        11.put(out);
        self.request_id.put(out);
        self.contract.put(out);
        self.contract.put_legs(out);
        DeltaNeutralContract::put_optional(self.contract.delta_neutral.as_ref(), out);
        self.generic_ticks.put(out);
        self.snapshot.put(out);
        self.regulatory_snapshot.put(out);
        self.options.put(out);
    }
}

requests! {
    /// Ends a stream of ticks.
    2 "cancelMktData" CancelMktData [versioned keyed] {
        /// Request id of the stream.
        "reqId" request_id: i32;
    }
    /// Chooses live or delayed data for later requests.
    59 "reqMarketDataType" MarketDataType [versioned unkeyed] {
        /// 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
        "marketDataType" data_type: i32;
    }
    /// Begins a stream of order book rows.
    10 "reqMktDepth" MktDepth [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Contract.
        "contract" contract: Contract;
        /// Rows on each side.
        "numRows" rows: i32;
        /// Across exchanges.
        "isSmartDepth" is_smart_depth: bool;
        /// `tag=value;` pairs.
        "mktDepthOptions" options: String;
    }
    /// Ends a stream of order book rows.
    11 "cancelMktDepth" CancelMktDepth [versioned keyed] {
        /// Request id of the stream.
        "reqId" request_id: i32;
        /// Across exchanges.
        "isSmartDepth" is_smart_depth: bool;
    }
    /// Begins a stream of five-second bars.
    50 "reqRealTimeBars" RealTimeBars [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Contract.
        "contract" contract: Contract;
        /// Seconds: 5.
        "barSize" bar_size: Option<i32>;
        /// `TRADES`, `MIDPOINT`, `BID` or `ASK`.
        "whatToShow" what_to_show: String;
        /// Only regular hours.
        "useRTH" use_rth: bool;
        /// `tag=value;` pairs.
        "realTimeBarsOptions" options: String;
    }
    /// Ends a stream of bars.
    51 "cancelRealTimeBars" CancelRealTimeBars [versioned keyed] {
        /// Request id of the stream.
        "reqId" request_id: i32;
    }
    /// Begins a stream of single ticks.
    97 "reqTickByTickData" TickByTickData [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Contract.
        "contract" contract: Contract;
        /// `Last`, `AllLast`, `BidAsk` or `MidPoint`.
        "tickType" tick_type: String;
        /// Number of past ticks to begin with.
        "numberOfTicks" count: Option<i32>;
        /// Leave out changes of size only.
        "ignoreSize" ignore_size: bool;
    }
    /// Ends a stream of single ticks.
    98 "cancelTickByTickData" CancelTickByTickData [plain keyed] {
        /// Request id of the stream.
        "reqId" request_id: i32;
    }
    /// Asks for the volatility that a price implies.
    54 "calculateImpliedVolatility" CalculateImpliedVolatility [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// The option.
        "contract" contract: Contract;
        /// Its price.
        "optionPrice" option_price: Option<Decimal>;
        /// Price of the underlying.
        "underPrice" under_price: Option<Decimal>;
        /// `tag=value;` pairs.
        "implVolOptions" options: CountedOptions;
    }
    /// Asks for the price that a volatility implies.
    55 "calculateOptionPrice" CalculateOptionPrice [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// The option.
        "contract" contract: Contract;
        /// Volatility.
        "volatility" volatility: Option<Decimal>;
        /// Price of the underlying.
        "underPrice" under_price: Option<Decimal>;
        /// `tag=value;` pairs.
        "optPrcOptions" options: CountedOptions;
    }
    /// Ends a calculation of volatility.
    56 "cancelCalculateImpliedVolatility" CancelCalculateImpliedVolatility [versioned keyed] {
        /// Request id of the calculation.
        "reqId" request_id: i32;
    }
    /// Ends a calculation of price.
    57 "cancelCalculateOptionPrice" CancelCalculateOptionPrice [versioned keyed] {
        /// Request id of the calculation.
        "reqId" request_id: i32;
    }
}

/// Options at the end of a message: the `ib_*` clients put their number first, ibapi does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountedOptions {
    /// `tag=value;` pairs.
    pub text: String,
    /// Whether their number came first.
    pub counted: bool,
}

impl Field for CountedOptions {
    fn read(reader: &mut Reader<'_>, field: &'static str) -> Result<Self, FieldFault> {
        let counted = reader.fields_left() > 1;
        if counted {
            reader.raw("optionsCount")?;
        }
        Ok(Self { text: reader.get(field)?, counted })
    }
}

impl Put for CountedOptions {
    fn put(&self, out: &mut Vec<u8>) {
        if self.counted {
            put_count(self.text.matches(';').count(), out);
        }
        self.text.put(out);
    }
}
