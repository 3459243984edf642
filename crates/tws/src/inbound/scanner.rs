//! Market scanners. Thresholds are kept as text, since nothing scans yet.

use super::requests;

requests! {
    /// Begins a scan.
    22 "reqScannerSubscription" ScannerSubscription [plain keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Rows to return.
        "numberOfRows" rows: Option<i32>;
        /// Kind of instrument.
        "instrument" instrument: String;
        /// Where the shares are.
        "locationCode" location: String;
        /// What for.
        "scanCode" scan_code: String;
        /// Least price.
        "abovePrice" above_price: String;
        /// Greatest price.
        "belowPrice" below_price: String;
        /// Least volume.
        "aboveVolume" above_volume: String;
        /// Least capitalization.
        "marketCapAbove" market_cap_above: String;
        /// Greatest capitalization.
        "marketCapBelow" market_cap_below: String;
        /// Least Moody rating.
        "moodyRatingAbove" moody_rating_above: String;
        /// Greatest Moody rating.
        "moodyRatingBelow" moody_rating_below: String;
        /// Least S&P rating.
        "spRatingAbove" sp_rating_above: String;
        /// Greatest S&P rating.
        "spRatingBelow" sp_rating_below: String;
        /// Earliest maturity.
        "maturityDateAbove" maturity_above: String;
        /// Latest maturity.
        "maturityDateBelow" maturity_below: String;
        /// Least coupon.
        "couponRateAbove" coupon_above: String;
        /// Greatest coupon.
        "couponRateBelow" coupon_below: String;
        /// Without convertibles.
        "excludeConvertible" exclude_convertible: String;
        /// Least average option volume.
        "averageOptionVolumeAbove" average_option_volume_above: String;
        /// Settings.
        "scannerSettingPairs" setting_pairs: String;
        /// Kind of stock.
        "stockTypeFilter" stock_type_filter: String;
        /// `tag=value;` pairs.
        "scannerSubscriptionFilterOptions" filter_options: String;
        /// `tag=value;` pairs.
        "scannerSubscriptionOptions" options: String;
    }
    /// Ends a scan.
    23 "cancelScannerSubscription" CancelScannerSubscription [versioned keyed] {
        /// Request id of the scan.
        "reqId" request_id: i32;
    }
    /// Asks what can be scanned for.
    24 "reqScannerParameters" ScannerParameters [versioned unkeyed] {}
}
