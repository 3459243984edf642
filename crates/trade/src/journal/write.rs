//! Writes the records that come with every order, field by field, in the bytes that prost would give
//! the messages of [`super::v2`]. Making those messages first would copy each order twice.
//!
//! Fields go in the order of their numbers. One that has the value of nothing (0, false, an empty text) is
//! left out unless it is optional and there. All other commands are written by prost.

use access::currency::Currency;
use access::entitlements::Side;
use access::id::{Holder, PaperAccountId};
use rust_decimal::Decimal;

use super::convert::{self, Read};
use super::{Catalogue, Cause, Command, Decided, SCHEMA, Stamped, v2};
use crate::instrument::Units;
use crate::order::{Change, NewOrder, OrderId, OrderType, Origin, Parent, TimeInForce};

/// How a field's value is laid out: the low three bits of its key.
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;

/// Numbers of the commands in [`v2::Command`] that are written here.
const PLACE: u32 = 17;
const MODIFY: u32 = 18;
const CANCEL: u32 = 19;

/// Appends the record of a command: 0, the schema, and the message. A record of format 1 begins
/// with its sequence, which is never 0.
pub fn encode(stamped: &Stamped, known: &impl Catalogue, to: &mut Vec<u8>) -> Read<()> {
    let account = match &stamped.command {
        Command::Place(orders)
        | Command::PlaceReduceOnly(orders)
        | Command::Hold { orders, .. } => orders.get().first().map(|order| order.account),
        Command::Modify(change) => known.account_of(change.get().order),
        _ => None,
    };
    let currency = account.map_or(Currency::USD, |account| known.base_of(account));
    to.extend_from_slice(&[0, SCHEMA]);
    record(stamped, currency, known, to)
}

/// Appends a record's message. `base` is the currency of its limits.
fn record(stamped: &Stamped, base: Currency, known: &impl Catalogue, to: &mut Vec<u8>) -> Read<()> {
    let mut out = Writer(to);
    out.uint(1, stamped.seq);
    out.sint(2, stamped.time.0);
    out.message(3, |out| {
        out.decision(&stamped.decision, base);
        Ok(())
    })?;
    match &stamped.command {
        Command::Place(orders) => out.message(PLACE, |out| out.place(orders.get(), false, known)),
        Command::PlaceReduceOnly(orders) => {
            out.message(PLACE, |out| out.place(orders.get(), true, known))
        }
        Command::Hold { orders, until } => out.message(PLACE, |out| {
            out.place(orders.get(), false, known)?;
            out.some_sint(3, until.0);
            Ok(())
        }),
        Command::Modify(change) => out.message(MODIFY, |out| out.change(*change.get())),
        Command::Cancel { order, cause } => out.message(CANCEL, |out| {
            out.cancel(*order, *cause);
            Ok(())
        }),
        other => {
            v2::Command::encode(&convert::command(other)?, out.0);
            Ok(())
        }
    }
}

struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            let [low, ..] = value.to_le_bytes();
            self.0.push(low | 0x80);
            value >>= 7;
        }
        let [low, ..] = value.to_le_bytes();
        self.0.push(low);
    }

    fn key(&mut self, tag: u32, layout: u64) {
        self.varint(u64::from(tag) << 3 | layout);
    }

    /// An integer that is there, whatever it is.
    fn some_uint(&mut self, tag: u32, value: u64) {
        self.key(tag, VARINT);
        self.varint(value);
    }

    fn uint(&mut self, tag: u32, value: u64) {
        if value != 0 {
            self.some_uint(tag, value);
        }
    }

    /// A signed integer that is there: small ones of either sign are short.
    fn some_sint(&mut self, tag: u32, value: i64) {
        self.some_uint(tag, ((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    fn sint(&mut self, tag: u32, value: i64) {
        if value != 0 {
            self.some_sint(tag, value);
        }
    }

    fn fixed(&mut self, tag: u32, value: u64) {
        if value != 0 {
            self.key(tag, FIXED64);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// A text that is there.
    fn some_text(&mut self, tag: u32, text: &str) {
        self.key(tag, LENGTH);
        self.varint(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn text(&mut self, tag: u32, text: &str) {
        if !text.is_empty() {
            self.some_text(tag, text);
        }
    }

    /// A message, whose length is known behind it: nearly always one byte.
    fn message(&mut self, tag: u32, fill: impl FnOnce(&mut Writer<'_>) -> Read<()>) -> Read<()> {
        self.key(tag, LENGTH);
        let place = self.0.len();
        self.0.push(0);
        fill(&mut Writer(self.0))?;
        let length = self.0.len().saturating_sub(place + 1);
        if let Ok(short @ ..0x80) = u8::try_from(length) {
            if let Some(byte) = self.0.get_mut(place) {
                *byte = short;
            }
        } else {
            let end = self.0.len();
            self.varint(length as u64);
            let more = self.0.len().saturating_sub(end);
            let Some(rest) = self.0.get_mut(place..) else { return Ok(()) };
            // The length comes to the front, over the byte that was left for it.
            rest.rotate_right(more);
            self.0.remove(place + more);
        }
        Ok(())
    }

    /// A message in which nothing can be wrong.
    fn part(&mut self, tag: u32, fill: impl FnOnce(&mut Writer<'_>)) {
        let filled = self.message(tag, |out| {
            fill(out);
            Ok(())
        });
        debug_assert!(filled.is_ok(), "nothing can be wrong in it");
    }

    fn holder(&mut self, tag: u32, holder: Holder) {
        let v2::Holder { kind, high, low } = convert::of_holder(holder);
        self.part(tag, |out| {
            out.uint(1, kind.into());
            out.fixed(2, high);
            out.fixed(3, low);
        });
    }

    fn account(&mut self, tag: u32, account: PaperAccountId) {
        self.part(tag, |out| {
            out.uint(1, 1);
            out.uint(2, account.number().into());
        });
    }

    fn number(&mut self, tag: u32, number: Decimal) {
        let v2::Number { high, low, scale } = convert::number(number);
        self.part(tag, |out| {
            out.sint(1, high);
            out.uint(2, low);
            out.uint(3, scale.into());
        });
    }

    fn decision(&mut self, decision: &Decided, base: Currency) {
        self.holder(1, decision.holder);
        self.uint(2, decision.epoch);
        let limits = &decision.limits;
        if *limits != access::entitlements::Limits::default() {
            self.part(3, |out| {
                if let Some(quantity) = limits.max_quantity {
                    out.number(1, Decimal::from(quantity));
                }
                if let Some(amount) = limits.max_notional {
                    out.part(2, |out| {
                        out.text(1, base.code());
                        out.number(2, amount);
                    });
                }
                if let Some(collar) = limits.collar_bps {
                    out.some_uint(3, collar.into());
                }
                if let Some(orders) = limits.max_open_orders {
                    out.some_uint(4, orders.into());
                }
                if let Some(window) = limits.duplicate_window {
                    out.some_sint(5, window.0);
                }
                out.text(6, limits.controls.text());
            });
        }
        if let Some(account) = decision.account {
            self.account(4, account);
        }
    }

    fn place(
        &mut self,
        orders: &[NewOrder],
        reduce_only: bool,
        known: &impl Catalogue,
    ) -> Read<()> {
        for order in orders {
            self.message(1, |out| out.new_order(order, known.units_of(order.symbol)))?;
        }
        self.uint(2, reduce_only.into());
        Ok(())
    }

    fn new_order(&mut self, order: &NewOrder, units: Units) -> Read<()> {
        self.account(1, order.account);
        self.uint(2, order.symbol.0.into());
        let side = match order.side {
            Side::Buy => 1,
            Side::Sell => 2,
        };
        self.uint(3, side);
        self.sint(4, convert::quantity(order.quantity, units)?);
        self.terms(5, order.order_type, order.tif, units)?;
        self.uint(6, order.outside_hours.into());
        self.origin(7, order.origin);
        match order.parent {
            None => {}
            Some(Parent::Member(place)) => self.some_uint(8, place.into()),
            Some(Parent::Order(parent)) => self.some_uint(9, parent.0),
        }
        if let Some(oca) = &order.oca {
            self.part(10, |out| {
                out.text(1, &oca.group);
                out.uint(2, oca.reduce.into());
            });
        }
        if let Some(reference) = &order.reference {
            self.some_text(11, reference);
        }
        self.units(12, units);
        Ok(())
    }

    fn terms(
        &mut self,
        tag: u32,
        order_type: OrderType,
        tif: TimeInForce,
        units: Units,
    ) -> Read<()> {
        let kind = match order_type {
            OrderType::Market => 1,
            OrderType::Limit { .. } => 2,
            OrderType::Stop { .. } => 3,
            OrderType::StopLimit { .. } => 4,
        };
        let time_in_force = match tif {
            TimeInForce::Day => 1,
            TimeInForce::Gtc => 2,
            TimeInForce::Ioc => 3,
            TimeInForce::Fok => 4,
        };
        self.message(tag, |out| {
            out.uint(1, kind);
            if let Some(limit) = order_type.limit() {
                out.some_sint(2, convert::price(limit, units)?);
            }
            if let Some(trigger) = order_type.trigger() {
                out.some_sint(3, convert::price(trigger, units)?);
            }
            out.uint(4, time_in_force);
            Ok(())
        })
    }

    fn origin(&mut self, tag: u32, origin: Origin) {
        self.part(tag, |out| {
            out.holder(1, origin.holder);
            out.sint(2, origin.client_id.into());
            out.sint(3, origin.order_id.into());
        });
    }

    fn units(&mut self, tag: u32, units: Units) {
        if let Some(v2::Units { tick, step }) = convert::of_units(units) {
            self.part(tag, |out| {
                out.sint(1, tick);
                out.sint(2, step);
            });
        }
    }

    fn change(&mut self, change: Change) -> Read<()> {
        self.uint(1, change.order.0);
        self.sint(2, convert::quantity(change.quantity, change.units)?);
        self.terms(3, change.order_type, change.tif, change.units)?;
        self.units(4, change.units);
        Ok(())
    }

    fn cancel(&mut self, order: OrderId, cause: Cause) {
        self.uint(1, order.0);
        self.uint(2, convert::of_cause(cause).into());
    }
}
