//! Limits of orders, as credentials and mandates take them on the command line.

use std::collections::BTreeMap;

use access::Number;
use access::entitlements::Hours;
use clap::Args;
use control::{LimitsRow, LimitsWish};

const ORDERS: Number = Number::count("a number of orders", "10");
const SECONDS: Number = Number::within("a number of seconds", "30", 1, 86_400);

/// What orders have to keep to, as far as it is said.
#[derive(Debug, Args)]
pub struct OrderLimits {
    /// Allow orders only at these hours, in UTC: "mon-fri 13:30-20:00"
    #[arg(long, value_name = "HOURS", value_parser = hours)]
    pub hours: Option<String>,
    #[command(flatten)]
    pub numbers: AccountLimits,
}

/// The same but for hours, which an account and a person have none of.
#[derive(Debug, Args)]
pub struct AccountLimits {
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
    /// A further limit by its name, as in daily-loss=500; daily-loss=none takes it off (repeat for several)
    #[arg(long = "limit", value_name = "NAME=NUMBER")]
    pub controls: Vec<String>,
    /// A symbol that may be reduced and not opened; none for no symbol (repeat for several)
    #[arg(long = "restrict", value_name = "SYMBOL")]
    pub restricted: Vec<String>,
}

impl AccountLimits {
    /// What the server is asked for.
    pub fn wish(self, clear: bool) -> LimitsWish {
        LimitsWish {
            clear,
            max_quantity: self.max_quantity,
            max_notional: self.max_notional,
            max_open_orders: self.max_open_orders,
            collar: self.collar,
            duplicate_seconds: self.duplicate_seconds,
            controls: self.controls,
            restricted: self.restricted,
        }
    }
}

/// All limits, in a few words each.
pub fn all_words(limits: &LimitsRow, money: &str) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(limits.max_quantity.map(|most| format!("{most} shares an order")));
    parts.extend(limits.max_notional.iter().map(|most| format!("{most} {money} an order")));
    parts.extend(limits.max_open_orders.map(|most| format!("{most} open orders")));
    parts.extend(limits.collar.iter().map(|most| format!("{most}% through the market")));
    parts.extend(limits.duplicate_seconds.map(|most| format!("no duplicate within {most} s")));
    parts.extend(words(&limits.controls, &limits.restricted));
    parts
}

/// Limits by name, and what may only be reduced, in a few words.
pub fn words(controls: &BTreeMap<String, String>, restricted: &[String]) -> Vec<String> {
    let limit = |(name, number): (&String, &String)| format!("{name} {number}");
    let mut parts: Vec<_> = controls.iter().map(limit).collect();
    if !restricted.is_empty() {
        parts.push(format!("restricted {}", restricted.join(", ")));
    }
    parts
}

/// Hours that can be read, as they were typed.
fn hours(typed: &str) -> Result<String, access::hours::HoursError> {
    typed.parse::<Hours>().map(|_| typed.to_owned())
}
