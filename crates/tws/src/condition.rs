//! Conditions of an order: it is held back, or cancelled, until they are true.

use rust_decimal::Decimal;

use crate::codec::Codec;
use crate::field::{Fault, FieldFault, Put};

/// Most conditions of one order that are accepted.
pub const MAX_CONDITIONS: usize = 64;

/// One condition and how it is joined to the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Condition {
    /// What is tested.
    pub test: Test,
    /// Whether both this and the next condition must hold; otherwise one of them suffices.
    pub and: bool,
}

/// A threshold and the side of it that makes the condition true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Threshold<T> {
    /// True at or above the value; otherwise at or below.
    pub is_more: bool,
    /// The value.
    pub value: T,
}

/// A contract on an exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Contract id.
    pub con_id: i32,
    /// Exchange.
    pub exchange: String,
}

/// What a condition tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// A price (type 1).
    Price {
        /// Price to reach.
        threshold: Threshold<Option<Decimal>>,
        /// Of what.
        listing: Listing,
        /// 0 default, 1 double bid/ask, 2 last, 3 double last, 4 bid/ask, 7 last of bid/ask,
        /// 8 midpoint.
        trigger_method: Option<i32>,
    },
    /// A time (type 3), as the client wrote it.
    Time(Threshold<String>),
    /// The margin cushion in percent (type 4).
    Margin(Threshold<Option<i32>>),
    /// A trade in a symbol (type 5).
    Execution {
        /// Security type.
        sec_type: String,
        /// Exchange.
        exchange: String,
        /// Symbol.
        symbol: String,
    },
    /// The volume of the day (type 6).
    Volume {
        /// Volume to reach.
        threshold: Threshold<Option<i64>>,
        /// Of what.
        listing: Listing,
    },
    /// A change in percent (type 7).
    PercentChange {
        /// Change to reach.
        threshold: Threshold<Option<Decimal>>,
        /// Of what.
        listing: Listing,
    },
}

impl Default for Test {
    fn default() -> Self {
        Self::Time(Threshold::default())
    }
}

impl Test {
    /// The type number on the wire.
    pub fn type_number(&self) -> i32 {
        match self {
            Self::Price { .. } => 1,
            Self::Time(_) => 3,
            Self::Margin(_) => 4,
            Self::Execution { .. } => 5,
            Self::Volume { .. } => 6,
            Self::PercentChange { .. } => 7,
        }
    }

    fn of_type(number: i32) -> Option<Self> {
        Some(match number {
            1 => Self::Price {
                threshold: Threshold::default(),
                listing: Listing::default(),
                trigger_method: None,
            },
            3 => Self::Time(Threshold::default()),
            4 => Self::Margin(Threshold::default()),
            5 => Self::Execution {
                sec_type: String::new(),
                exchange: String::new(),
                symbol: String::new(),
            },
            6 => Self::Volume { threshold: Threshold::default(), listing: Listing::default() },
            7 => {
                Self::PercentChange { threshold: Threshold::default(), listing: Listing::default() }
            }
            _ => return None,
        })
    }
}

fn listing<C: Codec>(codec: &mut C, listing: &mut Listing) -> Result<(), FieldFault> {
    codec.field("conditionConId", &mut listing.con_id)?;
    codec.field("conditionExchange", &mut listing.exchange)
}

impl Condition {
    pub(crate) fn walk<C: Codec>(codec: &mut C, condition: &mut Self) -> Result<(), FieldFault> {
        let mut number = condition.test.type_number();
        codec.field("conditionType", &mut number)?;
        if number != condition.test.type_number() {
            condition.test = Test::of_type(number).ok_or_else(|| {
                FieldFault::new(
                    "conditionType",
                    Fault::Word { found: number.to_string(), needed: "1, 3, 4, 5, 6 or 7" },
                )
            })?;
        }
        let mut joined = String::from(if condition.and { "a" } else { "o" });
        codec.field("conditionConjunction", &mut joined)?;
        condition.and = match joined.as_str() {
            "a" => true,
            "o" => false,
            _ => {
                let fault = Fault::Word { found: joined, needed: "a or o" };
                return Err(FieldFault::new("conditionConjunction", fault));
            }
        };
        match &mut condition.test {
            Test::Price { threshold, listing: of, trigger_method } => {
                codec.field("conditionIsMore", &mut threshold.is_more)?;
                codec.field("conditionPrice", &mut threshold.value)?;
                listing(codec, of)?;
                codec.field("conditionTriggerMethod", trigger_method)
            }
            Test::Time(threshold) => {
                codec.field("conditionIsMore", &mut threshold.is_more)?;
                codec.field("conditionTime", &mut threshold.value)
            }
            Test::Margin(threshold) => {
                codec.field("conditionIsMore", &mut threshold.is_more)?;
                codec.field("conditionPercent", &mut threshold.value)
            }
            Test::Execution { sec_type, exchange, symbol } => {
                codec.field("conditionSecType", sec_type)?;
                codec.field("conditionExchange", exchange)?;
                codec.field("conditionSymbol", symbol)
            }
            Test::Volume { threshold, listing: of } => {
                codec.field("conditionIsMore", &mut threshold.is_more)?;
                codec.field("conditionVolume", &mut threshold.value)?;
                listing(codec, of)
            }
            Test::PercentChange { threshold, listing: of } => {
                codec.field("conditionIsMore", &mut threshold.is_more)?;
                codec.field("conditionChangePercent", &mut threshold.value)?;
                listing(codec, of)
            }
        }
    }
}

impl Put for Condition {
    fn put(&self, out: &mut Vec<u8>) {
        self.test.type_number().put(out);
        (if self.and { "a" } else { "o" }).put(out);
        match &self.test {
            Test::Price { threshold, listing, trigger_method } => {
                threshold.put(out);
                listing.put(out);
                trigger_method.unwrap_or(0).put(out);
            }
            Test::Time(threshold) => threshold.put(out),
            Test::Margin(threshold) => threshold.put(out),
            Test::Execution { sec_type, exchange, symbol } => {
                sec_type.put(out);
                exchange.put(out);
                symbol.put(out);
            }
            Test::Volume { threshold, listing } => {
                threshold.put(out);
                listing.put(out);
            }
            Test::PercentChange { threshold, listing } => {
                threshold.put(out);
                listing.put(out);
            }
        }
    }
}

impl<T: Put> Put for Threshold<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_more.put(out);
        self.value.put(out);
    }
}

impl Put for Listing {
    fn put(&self, out: &mut Vec<u8>) {
        self.con_id.put(out);
        self.exchange.put(out);
    }
}
