//! The terms of an order, from this wire's words to the exchange's. Words are read whatever their case,
//! as the broker reads them.

use std::str::FromStr as _;
use std::sync::Arc;

use access::{PaperAccountId, Side};
use rust_decimal::Decimal;
use trade::instrument::{Instrument, Instruments, PriceError};
use trade::{NewOrder, Oca, Order, OrderType, Origin, Ticks, TimeInForce};
use tws::{OrderFields, PlaceOrder, ShapedOrder};

use super::complaint::{Complaint, word};
use super::field;
use super::known::LAST;
use crate::client::Client;
use crate::contract;

/// Longest orderRef, in characters.
const REFERENCE_LIMIT: usize = 64;

impl Client {
    /// The order in the exchange's words, without its parent. What a change of an `open` order
    /// leaves out stays as it is.
    pub(super) fn understand(
        &self,
        request: &PlaceOrder,
        open: Option<&Order>,
    ) -> Result<NewOrder, Complaint> {
        let PlaceOrder { order_id, contract, order } = request;
        let order_id = checked_id(*order_id)?;
        let stock = contract::find(contract, &contract::Listed::of(&self.gate))
            .map_err(|text| Complaint { code: "CONTRACT_UNKNOWN", text, off_tick: false })?;
        if contract.is_combo()
            || contract.delta_neutral.is_some()
            || !contract.combo_legs.is_empty()
        {
            return Err(Complaint::unsupported("comboLegs", "set", "stocks have none"));
        }
        let account = self.account_named(&order.account, open)?;
        field::check(order, self.managed.name(account))?;
        Ok(NewOrder {
            account,
            symbol: stock.id,
            side: side(&order.action)?,
            quantity: quantity(order.total_quantity, stock)?,
            order_type: Kind::named(&order.order_type)?.priced(
                stock,
                order.limit_price,
                order.aux_price,
            )?,
            tif: match open {
                Some(open) if order.tif.trim().is_empty() => open.tif,
                _ => time_in_force(&order.tif)?,
            },
            outside_hours: order.outside_rth,
            origin: Origin { holder: self.admission.holder(), client_id: self.client_id, order_id },
            parent: None,
            oca: group(order)?,
            reference: reference(&order.order_ref)?,
        })
    }

    /// An order that is like one that was understood, with other numbers.
    pub(super) fn alike(
        known: &NewOrder,
        shaped: &ShapedOrder<'_>,
        instruments: &Instruments,
    ) -> Result<NewOrder, Complaint> {
        let ShapedOrder { order_id, total_quantity, limit_price, aux_price, order_ref } = *shaped;
        let stock = instruments.get(known.symbol).ok_or_else(|| Complaint {
            code: "CONTRACT_UNKNOWN",
            text: format!("no contract has conId {}", known.symbol),
            off_tick: false,
        })?;
        Ok(NewOrder {
            quantity: quantity(total_quantity, stock)?,
            order_type: Kind::of(known.order_type).priced(stock, limit_price, aux_price)?,
            reference: reference(order_ref)?,
            origin: Origin { order_id: checked_id(order_id)?, ..known.origin },
            ..known.clone()
        })
    }

    /// An account by its name. When the client names none: that of the order that it changes, or the only
    /// one. One that the credential is not for is the gate's to refuse.
    fn account_named(&self, name: &str, open: Option<&Order>) -> Result<PaperAccountId, Complaint> {
        let unnamed = || match (open, self.managed.only()) {
            (Some(order), _) => Ok(order.account),
            (None, Some(only)) => Ok(only),
            (None, None) => {
                let needed = format!("name one of them: {}", self.managed.told(&self.admission));
                Err(Complaint::invalid("account", "not set", &needed))
            }
        };
        if name.is_empty() {
            return unnamed();
        }
        PaperAccountId::from_str(name).map_err(|_| {
            let needed = match self.managed.only() {
                Some(only) => format!("this connection is for paper account {only}"),
                None => self.managed.told(&self.admission),
            };
            Complaint::invalid("account", name, &needed)
        })
    }
}

/// An id that an order may have.
fn checked_id(order_id: i32) -> Result<i32, Complaint> {
    if order_id < 1 {
        return Err(Complaint::invalid("orderId", order_id, "ids are 1 and up"));
    }
    if order_id > LAST {
        let needed = "this client id has used up its order ids; connect with another one";
        return Err(Complaint::invalid("orderId", order_id, needed));
    }
    Ok(order_id)
}

fn side(action: &str) -> Result<Side, Complaint> {
    match word(action).as_str() {
        "BUY" => Ok(Side::Buy),
        "SELL" => Ok(Side::Sell),
        "SSHORT" => {
            Err(Complaint::unsupported("action", action, "use SELL, which can also sell short"))
        }
        _ => Err(Complaint::invalid("action", action, "use BUY or SELL")),
    }
}

fn quantity(given: Option<Decimal>, stock: &Instrument) -> Result<u64, Complaint> {
    let given = given.unwrap_or_default();
    stock.steps(given).map_err(|error| {
        let needed = if error.step == Decimal::ONE {
            "use whole shares, at least 1".to_owned()
        } else {
            format!("use a multiple of {}", error.step)
        };
        Complaint::invalid("totalQuantity", given.normalize(), &needed)
    })
}

fn price(field: &str, given: Option<Decimal>, stock: &Instrument) -> Result<Ticks, Complaint> {
    let Some(given) = given else {
        return Err(Complaint::invalid(field, "not set", "this orderType needs it"));
    };
    match stock.ticks(given) {
        Ok(ticks) => Ok(ticks),
        // The checks of the order name both ends.
        Err(error @ PriceError::Range { .. }) => {
            let counted = stock.prices.tick().count(given).map(Ticks);
            counted.map_err(|_| Complaint::invalid(field, given.normalize(), &error.to_string()))
        }
        Err(error @ PriceError::Step { .. }) => Err(Complaint {
            off_tick: true,
            ..Complaint::invalid(field, given.normalize(), &error.to_string())
        }),
    }
}

/// How an order is priced, before its prices are read.
#[derive(Clone, Copy)]
enum Kind {
    Market,
    Limit,
    Stop,
    StopLimit,
}

impl Kind {
    const fn of(order_type: OrderType) -> Self {
        match order_type {
            OrderType::Market => Self::Market,
            OrderType::Limit { .. } => Self::Limit,
            OrderType::Stop { .. } => Self::Stop,
            OrderType::StopLimit { .. } => Self::StopLimit,
        }
    }

    fn named(name: &str) -> Result<Self, Complaint> {
        match word(name).as_str() {
            "MKT" => Ok(Self::Market),
            "LMT" => Ok(Self::Limit),
            "STP" => Ok(Self::Stop),
            "STP LMT" | "STPLMT" => Ok(Self::StopLimit),
            _ => {
                let other: String = name.chars().take(20).collect();
                Err(Complaint::unsupported("orderType", &other, "use MKT, LMT, STP or STP LMT"))
            }
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Market => "MKT",
            Self::Limit => "LMT",
            Self::Stop => "STP",
            Self::StopLimit => "STP LMT",
        }
    }

    fn priced(
        self,
        stock: &Instrument,
        limit: Option<Decimal>,
        aux: Option<Decimal>,
    ) -> Result<OrderType, Complaint> {
        let unused = |field: &str, given: Option<Decimal>| match given {
            Some(price) if !price.is_zero() => Err(Complaint::invalid(
                field,
                price,
                &format!("orderType {} has none; leave it unset", self.name()),
            )),
            _ => Ok(()),
        };
        match self {
            Self::Market => {
                unused("lmtPrice", limit)?;
                unused("auxPrice", aux)?;
                Ok(OrderType::Market)
            }
            Self::Limit => {
                unused("auxPrice", aux)?;
                Ok(OrderType::Limit { price: price("lmtPrice", limit, stock)? })
            }
            Self::Stop => {
                unused("lmtPrice", limit)?;
                Ok(OrderType::Stop { trigger: price("auxPrice", aux, stock)? })
            }
            Self::StopLimit => Ok(OrderType::StopLimit {
                trigger: price("auxPrice", aux, stock)?,
                price: price("lmtPrice", limit, stock)?,
            }),
        }
    }
}

fn time_in_force(tif: &str) -> Result<TimeInForce, Complaint> {
    match word(tif).as_str() {
        "" | "DAY" => Ok(TimeInForce::Day),
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        _ => {
            let other: String = tif.chars().take(20).collect();
            Err(Complaint::unsupported("tif", &other, "use DAY, GTC, IOC or FOK"))
        }
    }
}

/// Types 2 and 3 reduce the other orders of the group; 1, and 0 which leaves it open, cancel them.
fn group(order: &OrderFields) -> Result<Option<Oca>, Complaint> {
    if order.oca_group.is_empty() {
        return Ok(None);
    }
    if order.oca_group.chars().count() > REFERENCE_LIMIT {
        return Err(too_long("ocaGroup", &order.oca_group));
    }
    match order.oca_type.unwrap_or(0) {
        kind @ 0..=3 => Ok(Some(Oca { group: order.oca_group.as_str().into(), reduce: kind > 1 })),
        other => Err(Complaint::invalid("ocaType", other, "use 1, 2 or 3")),
    }
}

fn reference(text: &str) -> Result<Option<Arc<str>>, Complaint> {
    if text.chars().count() > REFERENCE_LIMIT {
        return Err(too_long("orderRef", text));
    }
    Ok((!text.is_empty()).then(|| text.into()))
}

fn too_long(field: &str, text: &str) -> Complaint {
    let length = format!("{} characters long", text.chars().count());
    Complaint::invalid(field, length, &format!("use at most {REFERENCE_LIMIT}"))
}
