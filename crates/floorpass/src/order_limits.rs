//! Limits of orders, as credentials and mandates take them on the command line.

use access::Number;
use access::entitlements::Hours;
use clap::Args;

const ORDERS: Number = Number::count("a number of orders", "10");
const SECONDS: Number = Number::within("a number of seconds", "30", 1, 86_400);

/// What orders have to keep to, as far as it is said.
#[derive(Debug, Args)]
pub struct OrderLimits {
    /// Allow orders only at these hours, in UTC: "mon-fri 13:30-20:00"
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub hours: Option<String>,
    /// At most this many shares per order
    #[arg(long, value_name = "SHARES", allow_hyphen_values = true, value_parser = |typed: &str| Number::SHARES.read_whole::<u64>(typed))]
    pub max_quantity: Option<u64>,
    /// Orders worth at most this, in the account's base currency
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true, value_parser = Number::typed_amount)]
    pub max_notional: Option<String>,
    /// At most this many open orders at once
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true, value_parser = |typed: &str| ORDERS.read_whole::<u32>(typed))]
    pub max_open_orders: Option<u32>,
    /// Refuse limit prices more than this far through the market, in percent
    #[arg(long, value_name = "PERCENT", allow_hyphen_values = true, value_parser = |typed: &str| Number::PERCENT.read(typed))]
    pub collar: Option<rust_decimal::Decimal>,
    /// Refuse an order identical to one sent within this many seconds
    #[arg(long, value_name = "SECONDS", allow_hyphen_values = true, value_parser = |typed: &str| SECONDS.read_whole::<u32>(typed))]
    pub duplicate_seconds: Option<u32>,
}

/// Hours that can be read, as they were typed.
fn hours(typed: &str) -> Result<String, access::hours::HoursError> {
    typed.parse::<Hours>().map(|_| typed.to_owned())
}
