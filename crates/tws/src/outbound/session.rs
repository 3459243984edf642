//! Session, errors, time, display groups.

use super::responses;

responses! {
    /// The accounts of this connection; no client connects with an empty list.
    15 ManagedAccounts<'a>, version 1 {
        /// Accounts, with commas.
        accounts: &'a str;
    }
    /// The next order id that is free.
    9 NextValidId, version 1 {
        /// Order id.
        order_id: i32;
    }
    /// An error, a warning or a notice.
    4 Error<'a>, version 2 {
        /// Request id or order id, -1 for none.
        request_id: i32;
        /// Number, see [`ErrorCode`].
        code: ErrorCode;
        /// Text for the user.
        text: &'a str;
        /// Reject as JSON, or empty (from 166). ibapi eats one level of backslashes and the `ib_*`
        /// clients none, so it should have none.
        advanced_reject_json: &'a str, since 166;
    }
    /// The time.
    49 CurrentTime, version 1 {
        /// Seconds since 1970, UTC.
        seconds: i64;
    }
    /// The white-branding id.
    107 UserInfo<'a> {
        /// Request id.
        request_id: i32;
        /// Id, empty for none.
        branding_id: &'a str;
    }
    /// The display groups.
    67 DisplayGroupList<'a>, version 1 {
        /// Request id.
        request_id: i32;
        /// Groups, with `|`.
        groups: &'a str;
    }
    /// What a display group shows.
    68 DisplayGroupUpdated<'a>, version 1 {
        /// Request id of the subscription.
        request_id: i32;
        /// Contract id and exchange, or `none`.
        contract_info: &'a str;
    }
}

/// Number of an error message. The constants are those that clients react to, and those that a
/// server of this kind needs; any number can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(
    /// The number on the wire.
    pub i32,
);

impl ErrorCode {
    /// Too many messages a second.
    pub const MESSAGE_RATE: Self = Self(100);
    /// Too many streams of market data.
    pub const MAX_TICKERS: Self = Self(101);
    /// The request id of a stream is in use.
    pub const DUPLICATE_TICKER_ID: Self = Self(102);
    /// The order id is in use or was.
    pub const DUPLICATE_ORDER_ID: Self = Self(103);
    /// The order is filled.
    pub const CANNOT_MODIFY_FILLED: Self = Self(104);
    /// The modification does not match the order.
    pub const MODIFY_MISMATCH: Self = Self(105);
    /// The price is no multiple of the increment.
    pub const PRICE_INCREMENT: Self = Self(110);
    /// There is no such order.
    pub const ORDER_NOT_FOUND: Self = Self(135);
    /// The order is in no state to be cancelled.
    pub const CANNOT_CANCEL: Self = Self(161);
    /// Historical data: error, also the end of a cancelled request.
    pub const HISTORICAL_DATA: Self = Self(162);
    /// No contract matches, or more than one.
    pub const NO_DEFINITION: Self = Self(200);
    /// The order is rejected: the reason in the text. Ends a what-if in all clients.
    pub const ORDER_REJECTED: Self = Self(201);
    /// The order is cancelled.
    pub const ORDER_CANCELLED: Self = Self(202);
    /// The security is not available for the account.
    pub const NOT_ALLOWED: Self = Self(203);
    /// There is no such stream.
    pub const UNKNOWN_TICKER_ID: Self = Self(300);
    /// There is no such depth stream.
    pub const UNKNOWN_DEPTH_ID: Self = Self(310);
    /// The request cannot be read.
    pub const READING: Self = Self(320);
    /// The request is not valid. `ib_async` takes it for a warning, and waits on.
    pub const VALIDATING: Self = Self(321);
    /// The request cannot be processed.
    pub const PROCESSING: Self = Self(322);
    /// The client id is in use.
    pub const CLIENT_ID_IN_USE: Self = Self(326);
    /// No right to this market data.
    pub const NOT_SUBSCRIBED: Self = Self(354);
    /// There is no such historical request.
    pub const NO_HISTORICAL_QUERY: Self = Self(366);
    /// A message about an order; a warning.
    pub const ORDER_MESSAGE: Self = Self(399);
    /// Connection between server and venue lost.
    pub const VENUE_LOST: Self = Self(1100);
    /// Restored, data lost.
    pub const VENUE_RESTORED_DATA_LOST: Self = Self(1101);
    /// Restored, data kept.
    pub const VENUE_RESTORED: Self = Self(1102);
    /// Market data farm connected; a notice.
    pub const MARKET_DATA_OK: Self = Self(2104);
    /// Historical data farm connected; a notice.
    pub const HISTORICAL_DATA_OK: Self = Self(2106);
    /// Security definitions connected; a notice.
    pub const DEFINITIONS_OK: Self = Self(2158);
    /// The order to be cancelled is not there.
    pub const CANCEL_NOT_FOUND: Self = Self(10147);
    /// The order to be cancelled is in no state for it.
    pub const CANCEL_STATE: Self = Self(10148);
    /// The client speaks no version that is spoken here.
    pub const UNSUPPORTED_VERSION: Self = Self(506);
    /// Delayed data is sent instead; a notice.
    pub const DELAYED_INSTEAD: Self = Self(10167);
    /// No right to these historical ticks.
    pub const NO_PERMISSION: Self = Self(10187);
    /// Some of the market data that was asked for is not there; the rest comes. A warning.
    pub const PART_NOT_SUBSCRIBED: Self = Self(10090);
    /// There is no depth of this kind of contract.
    pub const NO_DEPTH: Self = Self(10092);
    /// A stream of single ticks cannot begin.
    pub const NO_TICK_BY_TICK: Self = Self(10189);
    /// Too many streams of single ticks.
    pub const MAX_TICK_BY_TICK: Self = Self(10190);
}

impl crate::field::Put for ErrorCode {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
}
