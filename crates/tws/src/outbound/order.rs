//! Orders and executions, but for openOrder and completedOrder.

use rust_decimal::Decimal;

use super::{Amount, Response, responses};
use crate::contract::Contract;
use crate::field::Put;
use crate::handshake::ServerVersion;

/// State of an order, by the protocol's words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Sent, not accepted yet.
    #[default]
    PendingSubmit,
    /// Cancel requested, not confirmed yet.
    PendingCancel,
    /// Accepted, waits for something: a trigger, a time, its parent.
    PreSubmitted,
    /// Working.
    Submitted,
    /// Not sent yet.
    ApiPending,
    /// Cancelled before it was accepted.
    ApiCancelled,
    /// Cancelled.
    Cancelled,
    /// Filled.
    Filled,
    /// Rejected, or on hold.
    Inactive,
}

impl Status {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::PendingSubmit => "PendingSubmit",
            Self::PendingCancel => "PendingCancel",
            Self::PreSubmitted => "PreSubmitted",
            Self::Submitted => "Submitted",
            Self::ApiPending => "ApiPending",
            Self::ApiCancelled => "ApiCancelled",
            Self::Cancelled => "Cancelled",
            Self::Filled => "Filled",
            Self::Inactive => "Inactive",
        }
    }

    /// Whether the `ib_*` clients regard the order as done.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::ApiCancelled | Self::Inactive)
    }
}

impl Put for Status {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.word().put(out);
    }
}

responses! {
    /// The state of an order. Clients must have seen its openOrder before.
    3 OrderStatus<'a> {
        /// The client's order id.
        order_id: i32;
        /// State.
        status: Status;
        /// Quantity filled.
        filled: Decimal;
        /// Quantity left.
        remaining: Decimal;
        /// Average price of the fills, 0 for none.
        average_fill_price: Decimal;
        /// Id of the order, the same for all clients.
        perm_id: i64;
        /// Order id of the parent, 0 for none.
        parent_id: i32;
        /// Price of the last fill, 0 for none.
        last_fill_price: Decimal;
        /// Client that placed it.
        client_id: i32;
        /// Why it is held, empty if it is not; `child`, `locate`, `trigger`.
        why_held: &'a str;
        /// Price it was capped at, 0 for none.
        market_cap_price: Decimal;
    }
    /// The end of open orders.
    53 OpenOrderEnd, version 1 {}
    /// The end of completed orders.
    102 CompletedOrdersEnd {}
    /// The end of executions.
    55 ExecDetailsEnd, version 1 {
        /// Request id.
        request_id: i32;
    }
    /// The commission of an execution, after its execDetails.
    59 CommissionReport<'a>, version 1 {
        /// Execution id.
        execution_id: &'a str;
        /// Commission.
        commission: Decimal;
        /// Currency.
        currency: &'a str;
        /// Profit realized by the execution.
        realized_pnl: Amount;
        /// Yield of a bond.
        bond_yield: Amount;
        /// Redemption date of a bond, `YYYYMMDD`.
        yield_redemption_date: Option<i32>;
    }
    /// An order of a client id was bound to an order id.
    100 OrderBound {
        /// Id of the order, the same for all clients.
        perm_id: i64;
        /// Client.
        client_id: i32;
        /// Its order id.
        order_id: i32;
    }
}

/// An execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecDetails<'a> {
    /// Request id, -1 for one that just happened.
    pub request_id: i32,
    /// The client's order id.
    pub order_id: i32,
    /// Contract.
    pub contract: &'a Contract,
    /// Execution id.
    pub execution_id: &'a str,
    /// `YYYYMMDD HH:MM:SS ZONE`, the zone by its IANA name or `UTC`.
    pub time: &'a str,
    /// Account.
    pub account: &'a str,
    /// Exchange.
    pub exchange: &'a str,
    /// Bought; otherwise sold.
    pub bought: bool,
    /// Quantity.
    pub shares: Decimal,
    /// Price.
    pub price: Decimal,
    /// Id of the order, the same for all clients.
    pub perm_id: i64,
    /// Client that placed it.
    pub client_id: i32,
    /// Whether it was a forced liquidation.
    pub liquidation: bool,
    /// Quantity filled so far.
    pub cumulative_quantity: Decimal,
    /// Average price so far.
    pub average_price: Decimal,
    /// The client's own reference.
    pub order_ref: &'a str,
    /// Model.
    pub model_code: &'a str,
    /// 0 none, 1 added, 2 removed, 3 routed out.
    pub last_liquidity: i32,
}

impl Response for ExecDetails<'_> {
    fn put_fields(&self, version: ServerVersion, out: &mut Vec<u8>) {
        out.extend_from_slice(b"11\0");
        self.request_id.put(out);
        self.order_id.put(out);
        self.contract.put_response(out);
        self.execution_id.put(out);
        self.time.put(out);
        self.account.put(out);
        self.exchange.put(out);
        (if self.bought { "BOT" } else { "SLD" }).put(out);
        self.shares.put(out);
        self.price.put(out);
        self.perm_id.put(out);
        self.client_id.put(out);
        self.liquidation.put(out);
        self.cumulative_quantity.put(out);
        self.average_price.put(out);
        self.order_ref.put(out);
        // evRule and evMultiplier: only of contracts on economic values.
        out.extend_from_slice(b"\0\0");
        self.model_code.put(out);
        self.last_liquidity.put(out);
        if version.has(178) {
            // pendingPriceRevision
            false.put(out);
        }
    }
}
