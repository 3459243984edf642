//! Orders and executions, but for placeOrder.

use rust_decimal::Decimal;

use super::{Request, requests};
use crate::contract::{Contract, strike};
use crate::field::{FieldFault, Put as _, Reader};
use crate::handshake::ServerVersion;

/// Cancels an order of this client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CancelOrder {
    /// The client's order id.
    pub order_id: i32,
    /// Time of manual cancellation (from 169).
    pub manual_cancel_time: String,
}

impl Request for CancelOrder {
    const ID: i32 = 4;
    const NAME: &'static str = "cancelOrder";
    const KEY: Option<usize> = Some(1);

    fn key(&self) -> Option<i32> {
        Some(self.order_id)
    }

    fn read(reader: &mut Reader<'_>, version: ServerVersion) -> Result<Self, FieldFault> {
        reader.raw("version")?;
        let order_id = reader.get("orderId")?;
        let manual_cancel_time =
            if version.has(169) { reader.get("manualCancelOrderTime")? } else { String::new() };
        Ok(Self { order_id, manual_cancel_time })
    }

    fn put(&self, version: ServerVersion, out: &mut Vec<u8>) {
        1.put(out);
        self.order_id.put(out);
        if version.has(169) {
            self.manual_cancel_time.put(out);
        }
    }
}

requests! {
    /// Asks for this client's open orders.
    5 "reqOpenOrders" OpenOrders [versioned unkeyed] {}
    /// Asks for the open orders of all clients.
    16 "reqAllOpenOrders" AllOpenOrders [versioned unkeyed] {}
    /// Binds manual orders to client 0.
    15 "reqAutoOpenOrders" AutoOpenOrders [versioned unkeyed] {
        /// Whether orders placed by hand are bound from now on.
        "bAutoBind" auto_bind: bool;
    }
    /// Asks for orders that are done.
    99 "reqCompletedOrders" CompletedOrders [plain unkeyed] {
        /// Only those placed through this interface.
        "apiOnly" api_only: bool;
    }
    /// Cancels every open order.
    58 "reqGlobalCancel" GlobalCancel [versioned unkeyed] {}
    /// Asks for the next order id.
    8 "reqIds" Ids [versioned unkeyed] {
        /// How many: ignored.
        "numIds" count: Option<i32>;
    }
    /// Asks for executions; an empty field matches all.
    7 "reqExecutions" Executions [versioned keyed] {
        /// Request id.
        "reqId" request_id: i32;
        /// Client id, 0 for all.
        "clientId" client_id: Option<i32>;
        /// Account.
        "acctCode" account: String;
        /// Earliest time, `yyyymmdd-hh:mm:ss` (UTC), or with a zone.
        "time" time: String;
        /// Symbol.
        "symbol" symbol: String;
        /// Security type.
        "secType" sec_type: String;
        /// Exchange.
        "exchange" exchange: String;
        /// `BUY` or `SELL`.
        "side" side: String;
    }
}

/// Exercises an option, or lets it lapse.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExerciseOptions {
    /// Request id.
    pub request_id: i32,
    /// The option; has no primary exchange here.
    pub contract: Contract,
    /// 1 exercise, 2 lapse.
    pub action: Option<i32>,
    /// How many.
    pub quantity: Option<Decimal>,
    /// Account.
    pub account: String,
    /// Whether the natural action is overridden.
    pub override_natural_action: bool,
}

impl Request for ExerciseOptions {
    const ID: i32 = 21;
    const NAME: &'static str = "exerciseOptions";
    const KEY: Option<usize> = Some(1);

    fn key(&self) -> Option<i32> {
        Some(self.request_id)
    }

    fn read(reader: &mut Reader<'_>, _: ServerVersion) -> Result<Self, FieldFault> {
        reader.raw("version")?;
        Ok(Self {
            request_id: reader.get("reqId")?,
            contract: Contract {
                con_id: reader.get::<Option<i32>>("conId")?.unwrap_or(0),
                symbol: reader.get("symbol")?,
                sec_type: reader.get("secType")?,
                last_trade_date: reader.get("lastTradeDateOrContractMonth")?,
                strike: strike(reader)?,
                right: reader.get("right")?,
                multiplier: reader.get("multiplier")?,
                exchange: reader.get("exchange")?,
                currency: reader.get("currency")?,
                local_symbol: reader.get("localSymbol")?,
                trading_class: reader.get("tradingClass")?,
                ..Contract::default()
            },
            action: reader.get("exerciseAction")?,
            quantity: reader.get("exerciseQuantity")?,
            account: reader.get("account")?,
            override_natural_action: reader.get("override")?,
        })
    }

    fn put(&self, _: ServerVersion, out: &mut Vec<u8>) {
        2.put(out);
        self.request_id.put(out);
        self.contract.put_up_to_multiplier(out);
        self.contract.exchange.put(out);
        self.contract.currency.put(out);
        self.contract.local_symbol.put(out);
        self.contract.trading_class.put(out);
        self.action.put(out);
        self.quantity.put(out);
        self.account.put(out);
        self.override_natural_action.put(out);
    }
}
