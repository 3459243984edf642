//! What is traded: the contract fields that most requests begin with, and the legs of a combo.

use rust_decimal::Decimal;

use crate::codec::Codec;
use crate::field::{Field, FieldFault, Put, Reader, put_count};

/// Most legs of a combo that are accepted.
pub const MAX_LEGS: usize = 64;
/// Most tag and value pairs of one list that are accepted.
pub const MAX_TAGS: usize = 256;
/// The security type of a combo.
pub const COMBO: &str = "BAG";

/// A contract as clients describe it. Only what the message at hand carries is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contract {
    /// Contract id; 0 when the client did not look it up.
    pub con_id: i32,
    /// Symbol, or that of the underlying.
    pub symbol: String,
    /// Security type: `STK`, `OPT`, `FUT`, `CASH`, `BAG`, ...
    pub sec_type: String,
    /// Expiry as `YYYYMMDD` or `YYYYMM`.
    pub last_trade_date: String,
    /// Strike price; 0 on the wire means none.
    pub strike: Option<Decimal>,
    /// `C`, `P`, `CALL`, `PUT` or empty.
    pub right: String,
    /// Multiplier, as text.
    pub multiplier: String,
    /// Exchange, `SMART` for a routed order.
    pub exchange: String,
    /// Listing exchange.
    pub primary_exchange: String,
    /// Currency.
    pub currency: String,
    /// Symbol on the exchange.
    pub local_symbol: String,
    /// Trading class.
    pub trading_class: String,
    /// Kind of `sec_id`: `ISIN`, `CUSIP`, ... (placeOrder, reqContractDetails).
    pub sec_id_type: String,
    /// Security id (placeOrder, reqContractDetails).
    pub sec_id: String,
    /// Issuer id (reqContractDetails, from version 176).
    pub issuer_id: String,
    /// Whether expired contracts match (several requests).
    pub include_expired: bool,
    /// Legs when `sec_type` is `BAG`.
    pub combo_legs: Vec<ComboLeg>,
    /// Delta-neutral counterpart (placeOrder, reqMktData).
    pub delta_neutral: Option<DeltaNeutralContract>,
}

impl Contract {
    /// Whether this is a combo, whose messages carry legs.
    pub fn is_combo(&self) -> bool {
        self.sec_type == COMBO
    }

    /// Reads the legs as data requests carry them, if this is a combo.
    pub(crate) fn read_legs(&mut self, reader: &mut Reader<'_>) -> Result<(), FieldFault> {
        if self.is_combo() {
            self.combo_legs = reader.list("comboLegsCount", MAX_LEGS, |reader| {
                Ok(ComboLeg {
                    con_id: reader.get("legConId")?,
                    ratio: reader.get("legRatio")?,
                    action: reader.get("legAction")?,
                    exchange: reader.get("legExchange")?,
                    ..ComboLeg::default()
                })
            })?;
        }
        Ok(())
    }

    /// The counterpart of [`Contract::read_legs`].
    pub(crate) fn put_legs(&self, out: &mut Vec<u8>) {
        if self.is_combo() {
            put_count(self.combo_legs.len(), out);
            for leg in &self.combo_legs {
                leg.con_id.put(out);
                leg.ratio.put(out);
                leg.action.put(out);
                leg.exchange.put(out);
            }
        }
    }

    /// Writes conId to tradingClass as most responses have them: without the primary exchange.
    pub(crate) fn put_response(&self, out: &mut Vec<u8>) {
        self.put_up_to_multiplier(out);
        self.exchange.put(out);
        self.currency.put(out);
        self.local_symbol.put(out);
        self.trading_class.put(out);
    }

    pub(crate) fn put_up_to_multiplier(&self, out: &mut Vec<u8>) {
        self.con_id.put(out);
        self.symbol.put(out);
        self.sec_type.put(out);
        self.last_trade_date.put(out);
        self.strike.unwrap_or_default().put(out);
        self.right.put(out);
        self.multiplier.put(out);
    }
}

/// The twelve fields conId to tradingClass of a request.
impl Put for Contract {
    fn put(&self, out: &mut Vec<u8>) {
        self.put_up_to_multiplier(out);
        self.exchange.put(out);
        self.primary_exchange.put(out);
        self.currency.put(out);
        self.local_symbol.put(out);
        self.trading_class.put(out);
    }
}

impl Field for Contract {
    fn read(reader: &mut Reader<'_>, _: &'static str) -> Result<Self, FieldFault> {
        Ok(Self {
            con_id: reader.get::<Option<i32>>("conId")?.unwrap_or(0),
            symbol: reader.get("symbol")?,
            sec_type: reader.get("secType")?,
            last_trade_date: reader.get("lastTradeDateOrContractMonth")?,
            strike: strike(reader)?,
            right: reader.get("right")?,
            multiplier: reader.get("multiplier")?,
            exchange: reader.get("exchange")?,
            primary_exchange: reader.get("primaryExchange")?,
            currency: reader.get("currency")?,
            local_symbol: reader.get("localSymbol")?,
            trading_class: reader.get("tradingClass")?,
            ..Self::default()
        })
    }
}

/// Clients write 0 or nothing when there is no strike.
pub(crate) fn strike(reader: &mut Reader<'_>) -> Result<Option<Decimal>, FieldFault> {
    Ok(reader.get::<Option<Decimal>>("strike")?.filter(|strike| !strike.is_zero()))
}

/// One leg of a combo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComboLeg {
    /// Contract id of the leg.
    pub con_id: i32,
    /// How many for one combo.
    pub ratio: i32,
    /// `BUY`, `SELL` or `SSHORT`.
    pub action: String,
    /// Exchange.
    pub exchange: String,
    /// 0 same as the combo, 1 open, 2 close, 3 unknown (orders only, like what follows).
    pub open_close: Option<i32>,
    /// 1 clearing broker, 2 third party.
    pub short_sale_slot: Option<i32>,
    /// Where shares are held when the slot is 2.
    pub designated_location: String,
    /// Exemption code of a short sale, -1 for none.
    pub exempt_code: Option<i32>,
}

impl ComboLeg {
    pub(crate) fn walk<C: Codec>(codec: &mut C, leg: &mut Self) -> Result<(), FieldFault> {
        codec.field("legConId", &mut leg.con_id)?;
        codec.field("legRatio", &mut leg.ratio)?;
        codec.field("legAction", &mut leg.action)?;
        codec.field("legExchange", &mut leg.exchange)?;
        codec.field("legOpenClose", &mut leg.open_close)?;
        codec.field("legShortSaleSlot", &mut leg.short_sale_slot)?;
        codec.field("legDesignatedLocation", &mut leg.designated_location)?;
        codec.field("legExemptCode", &mut leg.exempt_code)
    }
}

/// All eight fields, as openOrder has them.
impl Put for ComboLeg {
    fn put(&self, out: &mut Vec<u8>) {
        self.con_id.put(out);
        self.ratio.put(out);
        self.action.put(out);
        self.exchange.put(out);
        self.open_close.unwrap_or(0).put(out);
        self.short_sale_slot.unwrap_or(0).put(out);
        self.designated_location.put(out);
        self.exempt_code.unwrap_or(-1).put(out);
    }
}

/// The counterpart of a delta-neutral combo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeltaNeutralContract {
    /// Contract id.
    pub con_id: i32,
    /// Delta of the underlying.
    pub delta: Option<Decimal>,
    /// Price of the underlying.
    pub price: Option<Decimal>,
}

impl DeltaNeutralContract {
    pub(crate) fn walk<C: Codec>(
        codec: &mut C,
        contract: &mut Option<Self>,
    ) -> Result<(), FieldFault> {
        let mut present = contract.is_some();
        codec.field("deltaNeutralContract", &mut present)?;
        if !present {
            return Ok(());
        }
        let terms = contract.get_or_insert_default();
        codec.field("deltaNeutralContractConId", &mut terms.con_id)?;
        codec.field("deltaNeutralContractDelta", &mut terms.delta)?;
        codec.field("deltaNeutralContractPrice", &mut terms.price)
    }

    /// The flag, and the three fields if there are any.
    pub(crate) fn put_optional(contract: Option<&Self>, out: &mut Vec<u8>) {
        contract.is_some().put(out);
        if let Some(terms) = contract {
            terms.con_id.put(out);
            terms.delta.unwrap_or_default().put(out);
            terms.price.unwrap_or_default().put(out);
        }
    }
}

/// A name and a value: algo parameters, routing parameters, security ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagValue {
    /// Name.
    pub tag: String,
    /// Value.
    pub value: String,
}

impl TagValue {
    pub(crate) fn walk<C: Codec>(codec: &mut C, pair: &mut Self) -> Result<(), FieldFault> {
        codec.field("tag", &mut pair.tag)?;
        codec.field("value", &mut pair.value)
    }
}

impl Put for TagValue {
    fn put(&self, out: &mut Vec<u8>) {
        self.tag.put(out);
        self.value.put(out);
    }
}
