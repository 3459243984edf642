//! Answers about orders, executions and positions, and what is listed with them.

use access::{CredentialId, DeviceId};
use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;

answers! {
    /// An order.
    OrderRow {
        /// Its id, which clients see as permId.
        order: u64,
        /// The account that it is on.
        account: String,
        /// Who placed it.
        from: OriginRow,
        /// `buy` or `sell`.
        side: String,
        /// Shares or other units.
        quantity: Quantity,
        /// What of it is filled.
        filled: Quantity,
        /// What prices and amounts are in: `USD`.
        currency: String,
        /// The symbol.
        symbol: String,
        /// `MKT`, `LMT`, `STP` or `STP LMT`.
        order_type: String,
        /// Of a limit order: for one share or other unit, in that currency.
        limit_price: Option<String>,
        /// Of a stop: for one share or other unit, in that currency.
        stop_price: Option<String>,
        /// `DAY`, `GTC`, `IOC` or `FOK`.
        time_in_force: String,
        /// `waiting`, `working`, `filled`, `cancelled` or `rejected`.
        state: String,
        /// Whether it may only reduce a position.
        reduce_only: bool,
        /// The order that it waits for or waited for.
        parent: Option<u64>,
        /// The client's own note.
        reference: Option<String>,
        /// When it was accepted.
        placed: String,
        /// When anything last happened to it.
        updated: String,
    }

    /// Who placed an order.
    OriginRow {
        /// `credential`, `session`, `operator` or `system`.
        kind: String,
        /// The id of the credential or session.
        id: Option<String>,
        /// The credential's name, or the user name of the session's person while it is known.
        name: Option<String>,
    }

    /// Orders that were cancelled.
    OrdersCancelled {
        /// Their numbers, those of children included.
        orders: Vec<u64>,
    }

    /// An execution.
    ExecutionRow {
        /// Its number.
        execution: u64,
        /// The account that it is on.
        account: String,
        /// The moment, RFC 3339 in UTC, whole seconds.
        at: String,
        /// The order.
        order: u64,
        /// `buy` or `sell`.
        side: String,
        /// Shares or other units.
        quantity: Quantity,
        /// The symbol.
        symbol: String,
        /// For one share or other unit.
        price: String,
        /// What it cost.
        commission: String,
        /// What they are in: `USD`.
        currency: String,
    }

    /// Money that moved without a trade.
    PaymentRow {
        /// Its number among those of the account.
        payment: u64,
        /// The account that it is on.
        account: String,
        /// The moment, RFC 3339 in UTC, whole seconds.
        at: String,
        /// The trading day that it belongs to, such as an ex-date.
        day: String,
        /// `coupon`, `dividend`, `interest` on cash, `cash_in_lieu`, or `split`, which moves no money.
        kind: String,
        /// What it is paid on; none where it is on no contract.
        symbol: Option<String>,
        /// What was held of that then, after a split what is held since; below zero is short.
        quantity: Option<Quantity>,
        /// Below zero: the account paid it.
        amount: String,
        /// What the amount is in: `USD`.
        currency: String,
    }

    /// What an order would do.
    OrderSheet {
        /// The orders, in words as all pages write them: `BUY 100 AAPL LMT 231.40 DAY`.
        lines: Vec<String>,
        /// The credential's name.
        credential_name: String,
        /// What the amounts are in: `USD`.
        currency: String,
        /// Its value.
        value: String,
        /// Its commission, if all of it traded at that.
        commission: String,
        /// Initial margin now.
        initial_margin_before: String,
        /// Initial margin with it.
        initial_margin_after: String,
        /// Buying power now.
        buying_power_before: String,
        /// Buying power with it.
        buying_power_after: String,
        /// Open orders that it would cancel first.
        cancels: Vec<u64>,
        /// It would wait for a person's yes, because it is worth more than this; none where it would not.
        #[serde(default)]
        waits_above: Option<String>,
    }

    /// Orders that were taken, on record.
    OrdersTaken {
        /// The number of the first, which the others are attached to.
        order: u64,
        /// All of them.
        taken: Vec<OrderRow>,
    }

    /// A position.
    PositionRow {
        /// The symbol.
        symbol: String,
        /// Shares or other units; below zero is short.
        quantity: Quantity,
        /// For one share or other unit, rounded to four places.
        average_cost: String,
        /// At the last price.
        value: String,
    }

    /// Positions and cash.
    PositionsNow {
        /// The account.
        account: String,
        /// What the amounts are in: `USD`.
        currency: String,
        /// Cash.
        cash: String,
        /// Interest on cash that has accrued and is paid when the month ends; below zero it is owed.
        #[serde(default)]
        accrued_interest: String,
        /// Cash, interest and positions.
        net_liquidation: String,
        /// What it is worth beyond what its positions require; below zero there is a margin call.
        excess_liquidity: String,
        /// When positions are closed because of a margin call; none while there is none.
        margin_call: Option<String>,
        /// Positions that were opened and closed on one trading day, over the last five.
        #[serde(default)]
        day_trades: u32,
        /// How many more may be made today; none where any number may.
        #[serde(default)]
        day_trades_left: Option<u32>,
        /// The positions.
        positions: Vec<PositionRow>,
    }

    /// A page of what was decided, newest first.
    ActivityNow {
        /// The decisions.
        entries: Vec<ActivityRow>,
        /// Whether the newest orders are missing, because the database cannot be written.
        behind: bool,
        /// The time that the search went back to, when it ended there and not with a full page or with the record.
        searched_to: Option<String>,
        /// Where to go on; none at the end.
        next: Option<String>,
    }

    /// A decision.
    ActivityRow {
        /// The moment, RFC 3339 in UTC, whole seconds.
        at: String,
        /// `access` or `journal`.
        record: String,
        /// Its sequence there: of its shard, or of the journal.
        entry: u64,
        /// Its shard of the access evidence; none in the journal.
        shard: Option<u32>,
        /// What it is about.
        group: String,
        /// What happened: `session.started`, `order_refused`, ...
        event: String,
        /// Who, by name.
        who: String,
        /// Who, by id.
        actor: String,
        /// From where; empty for orders.
        source: String,
        /// The credential that it was done with or to.
        credential: Option<CredentialId>,
        /// The device that it was done on or to.
        device: Option<DeviceId>,
        /// The stable code, when it was refused.
        refusal: Option<String>,
        /// How many equal refusals it stands for.
        count: u64,
        /// The orders that were refused, as they were asked for.
        orders: Vec<String>,
        /// What and why, in words.
        text: String,
    }

    /// A part of an export.
    ExportPart {
        /// Whole lines.
        text: String,
        /// Where to go on; none at the end.
        next: Option<String>,
    }
}
