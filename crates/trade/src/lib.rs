//! What an account trades, and where: contracts, orders, pre-trade checks, the order book and the
//! paper exchange with its simulated market.
//!
//! Nothing here reads a clock or touches the world. [`exchange::Exchange`] is a state machine driven by
//! [`journal::Stamped`] commands; [`pretrade`] decides which orders may become commands.

pub mod account;
pub mod bar;
pub mod book;
pub mod bracket;
pub mod calendar;
pub mod day_trade;
mod desk;
pub mod equity;
pub mod event;
pub mod exchange;
pub mod history;
pub mod instrument;
pub mod journal;
pub mod ledger;
pub mod margin;
pub mod market;
pub mod money;
#[cfg(test)]
mod naive;
pub mod order;
mod paper;
mod path;
pub mod payment;
pub mod performance;
pub mod position;
pub mod pretrade;
pub mod price;
pub mod pricing;
pub mod quote;
mod random;
pub mod risk;
mod scenario;
pub mod venue;
pub mod volatility;

pub use account::{AccountSummary, CurrencyPart};
pub use bar::{Bar, BarSize};
pub use bracket::Exits;
pub use calendar::{Day, Hours, TradingSession};
pub use event::{Event, Reject};
pub use exchange::{Advanced, Exchange, ORDER_RULE};
pub use instrument::{Instrument, Instruments};
pub use journal::{Asked, CancelTarget, Cause, Command, Decided, Genesis, OrdersRefused, Stamped};
pub use ledger::{Ledger, Ordered};
pub use money::{Cash, Money};
pub use order::{
    Change, End, Execution, ExecutionId, Liquidity, NewOrder, Oca, Order, OrderId, OrderState,
    OrderType, Origin, Parent, Shares, Side, TimeInForce,
};
pub use payment::{Payment, PaymentKind};
pub use position::{Holding, Position};
pub use pretrade::{Checked, Denial, Denied, Preview};
pub use price::Ticks;
pub use quote::{Level, Quote, Quotes};
