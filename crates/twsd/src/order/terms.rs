//! The terms of an order, from this wire's words to the exchange's. Words are read whatever their case,
//! as the broker reads them.

use std::str::FromStr as _;
use std::sync::Arc;

use access::{PaperAccountId, Side};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
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
        let stock = contract::find(contract).map_err(|text| Complaint {
            code: "CONTRACT_UNKNOWN",
            text,
            off_tick: false,
        })?;
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
            quantity: quantity(order.total_quantity)?,
            order_type: Kind::named(&order.order_type)?
                .priced(order.limit_price, order.aux_price)?,
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
    pub(super) fn alike(known: &NewOrder, shaped: &ShapedOrder<'_>) -> Result<NewOrder, Complaint> {
        let ShapedOrder { order_id, total_quantity, limit_price, aux_price, order_ref } = *shaped;
        Ok(NewOrder {
            quantity: quantity(total_quantity)?,
            order_type: Kind::of(known.order_type).priced(limit_price, aux_price)?,
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
                let needed = format!("name one of them: {}", self.managed.told());
                Err(Complaint::invalid("account", "not set", &needed))
            }
        };
        if name.is_empty() {
            return unnamed();
        }
        PaperAccountId::from_str(name).map_err(|_| {
            let needed = match self.managed.only() {
                Some(only) => format!("this connection is for paper account {only}"),
                None => self.managed.told(),
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

fn quantity(given: Option<Decimal>) -> Result<u64, Complaint> {
    let given = given.unwrap_or_default();
    let whole = given.normalize();
    (whole.scale() == 0 && whole > Decimal::ZERO).then(|| whole.to_u64()).flatten().ok_or_else(
        || Complaint::invalid("totalQuantity", given.normalize(), "use whole shares, at least 1"),
    )
}

fn price(field: &str, given: Option<Decimal>) -> Result<Ticks, Complaint> {
    let Some(given) = given else {
        return Err(Complaint::invalid(field, "not set", "this orderType needs it"));
    };
    let given = given.normalize();
    if given.scale() <= 2 {
        return Ticks::of(given).ok_or_else(|| {
            Complaint::invalid(field, given, &format!("the highest price is {}", Ticks::MAX))
        });
    }
    let cents = given.checked_mul(Decimal::ONE_HUNDRED).map(|cents| cents.floor().normalize());
    let below = cents.and_then(|cents| i64::try_from(cents).ok()).map(Ticks);
    let needed = match below.and_then(|below| below.0.checked_add(1).map(|above| (below, above))) {
        Some((below, above)) => {
            format!("prices have steps of 0.01; use {below} or {}", Ticks(above))
        }
        None => "prices have steps of 0.01".to_owned(),
    };
    Err(Complaint { off_tick: true, ..Complaint::invalid(field, given, &needed) })
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

    fn priced(self, limit: Option<Decimal>, aux: Option<Decimal>) -> Result<OrderType, Complaint> {
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
                Ok(OrderType::Limit { price: price("lmtPrice", limit)? })
            }
            Self::Stop => {
                unused("lmtPrice", limit)?;
                Ok(OrderType::Stop { trigger: price("auxPrice", aux)? })
            }
            Self::StopLimit => Ok(OrderType::StopLimit {
                trigger: price("auxPrice", aux)?,
                price: price("lmtPrice", limit)?,
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
