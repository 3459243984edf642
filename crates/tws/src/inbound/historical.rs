//! Past market data.

use super::{Request, requests};
use crate::contract::Contract;
use crate::field::{FieldFault, Put as _, Reader};
use crate::handshake::ServerVersion;

/// Asks for bars, and with `keep_up_to_date` for their changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoricalData {
    /// Request id.
    pub request_id: i32,
    /// Contract, with `include_expired`, and with legs if it is a combo.
    pub contract: Contract,
    /// End, where empty means the present: `yyyymmdd hh:mm:ss zone`, or `yyyymmdd-hh:mm:ss` (UTC).
    pub end_date_time: String,
    /// Such as `1 day` or `5 mins`.
    pub bar_size: String,
    /// Such as `1 D` or `3600 S`.
    pub duration: String,
    /// Only regular hours.
    pub use_rth: bool,
    /// `TRADES`, `MIDPOINT`, `BID`, `ASK`, `SCHEDULE`, ...
    pub what_to_show: String,
    /// 1 text, 2 seconds since 1970.
    pub format_date: Option<i32>,
    /// Go on with changes after the past.
    pub keep_up_to_date: bool,
    /// `tag=value;` pairs.
    pub options: String,
}

impl Request for HistoricalData {
    const ID: i32 = 20;
    const NAME: &'static str = "reqHistoricalData";
    const KEY: Option<usize> = Some(0);

    fn key(&self) -> Option<i32> {
        Some(self.request_id)
    }

    fn read(reader: &mut Reader<'_>, _: ServerVersion) -> Result<Self, FieldFault> {
        let mut request = Self {
            request_id: reader.get("reqId")?,
            contract: reader.get("contract")?,
            ..Self::default()
        };
        request.contract.include_expired = reader.get("includeExpired")?;
        request.end_date_time = reader.get("endDateTime")?;
        request.bar_size = reader.get("barSizeSetting")?;
        request.duration = reader.get("durationStr")?;
        request.use_rth = reader.get("useRTH")?;
        request.what_to_show = reader.get("whatToShow")?;
        request.format_date = reader.get("formatDate")?;
        request.contract.read_legs(reader)?;
        request.keep_up_to_date = reader.get("keepUpToDate")?;
        request.options = reader.get("chartOptions")?;
        Ok(request)
    }

    fn put(&self, _: ServerVersion, out: &mut Vec<u8>) {
        self.request_id.put(out);
        self.contract.put(out);
        self.contract.include_expired.put(out);
        self.end_date_time.put(out);
        self.bar_size.put(out);
        self.duration.put(out);
        self.use_rth.put(out);
        self.what_to_show.put(out);
        self.format_date.put(out);
        self.contract.put_legs(out);
        self.keep_up_to_date.put(out);
        self.options.put(out);
    }
}

requests! {
    /// Ends a request for bars.
    25 "cancelHistoricalData" CancelHistoricalData [versioned keyed] {
        /// Request id of the bars.
        "reqId" request_id: i32;
    }
    /// Asks for the time of the first data.
    87 "reqHeadTimestamp" HeadTimestamp [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Contract.
        "contract" contract: Contract;
        /// Expired contracts match, too.
        "includeExpired" include_expired: bool;
        /// Only regular hours.
        "useRTH" use_rth: bool;
        /// `TRADES`, `MIDPOINT`, ...
        "whatToShow" what_to_show: String;
        /// 1 text, 2 seconds since 1970.
        "formatDate" format_date: Option<i32>;
    }
    /// Ends a request for the time of the first data.
    90 "cancelHeadTimestamp" CancelHeadTimestamp [plain keyed] {
        /// Request id of the request.
        "reqId" request_id: i32;
    }
    /// Asks for sizes by price.
    88 "reqHistogramData" HistogramData [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Contract.
        "contract" contract: Contract;
        /// Expired contracts match, too.
        "includeExpired" include_expired: bool;
        /// Only regular hours.
        "useRTH" use_rth: bool;
        /// Such as `3 days`.
        "timePeriod" period: String;
    }
    /// Ends a request for sizes by price.
    89 "cancelHistogramData" CancelHistogramData [plain keyed] {
        /// Request id of the request.
        "reqId" request_id: i32;
    }
    /// Asks for single past ticks.
    96 "reqHistoricalTicks" HistoricalTicks [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Contract.
        "contract" contract: Contract;
        /// Expired contracts match, too.
        "includeExpired" include_expired: bool;
        /// Start, or empty.
        "startDateTime" start: String;
        /// End, or empty.
        "endDateTime" end: String;
        /// How many, at most 1000.
        "numberOfTicks" count: Option<i32>;
        /// `TRADES`, `BID_ASK` or `MIDPOINT`.
        "whatToShow" what_to_show: String;
        /// Only regular hours.
        "useRth" use_rth: bool;
        /// Leave out changes of size only.
        "ignoreSize" ignore_size: bool;
        /// `tag=value;` pairs.
        "miscOptions" options: String;
    }
}
