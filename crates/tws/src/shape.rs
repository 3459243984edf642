//! What the orders of one program have in common. A program fills in the same 120 fields of placeOrder
//! in the same way for every order; from one to the next few of them change. So the bytes of an
//! order that was read and understood are kept, and the next that is equal to it but for its
//! numbers is understood by reading those alone.
//!
//! ```text
//! placeOrder  order id | contract, action | quantity | type | limit, stop | tif .. origin | reference | the rest
//!             number     the same           number     same   numbers       the same        text        the same
//! ```
//!
//! Which fields there are depends on none of those that may differ.

use rust_decimal::Decimal;

use crate::field::{Field, Reader};
use crate::frame::Frame;

/// The message id of placeOrder with its NUL.
const ID: &[u8] = b"3\0";
/// The longest message that is kept.
const LONGEST: usize = 2 << 10;
/// Fields from the contract to the action.
const HEAD: usize = 15;
/// Fields from the time in force to the origin.
const ROLE: usize = 5;

/// The bytes of a placeOrder without what may differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderShape {
    head: Box<[u8]>,
    kind: Box<[u8]>,
    role: Box<[u8]>,
    tail: Box<[u8]>,
}

/// What may differ, as [`crate::PlaceOrder`] has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapedOrder<'a> {
    /// The client's order id.
    pub order_id: i32,
    /// Shares or contracts.
    pub total_quantity: Option<Decimal>,
    /// Limit price.
    pub limit_price: Option<Decimal>,
    /// Stop price.
    pub aux_price: Option<Decimal>,
    /// The client's own reference.
    pub order_ref: &'a str,
}

/// The rest of a payload.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// The next fields, each with its NUL.
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let mut ends = self.0.iter().enumerate().filter(|(_, byte)| **byte == 0);
        let (end, _) = ends.nth(count.checked_sub(1)?)?;
        let (taken, rest) = self.0.split_at_checked(end.checked_add(1)?)?;
        self.0 = rest;
        Some(taken)
    }

    /// Passes these bytes.
    fn pass(&mut self, bytes: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(bytes)?;
        Some(())
    }

    /// The value of the next field.
    fn read<T: Field>(&mut self) -> Option<T> {
        let field = self.field()?;
        let mut reader = Reader::new(Frame(field).fields());
        T::read(&mut reader, "").ok()
    }

    /// The next field with its NUL.
    fn field(&mut self) -> Option<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let (field, rest) = self.0.split_at_checked(end.checked_add(1)?)?;
        self.0 = rest;
        Some(field)
    }
}

impl OrderShape {
    /// That of a placeOrder which was read without a fault; none of one that is too long to be kept.
    pub fn of(frame: Frame<'_>) -> Option<Self> {
        if frame.0.len() > LONGEST {
            return None;
        }
        let mut rest = Rest(frame.0.strip_prefix(ID)?);
        rest.take(1)?;
        let head = rest.take(HEAD)?.into();
        rest.take(1)?;
        let kind = rest.take(1)?.into();
        rest.take(2)?;
        let role = rest.take(ROLE)?.into();
        rest.take(1)?;
        Some(Self { head, kind, role, tail: rest.0.into() })
    }

    /// What is different in a placeOrder of the same server version, if it is of this shape. Everything
    /// else in it has the values that it has in the message that the shape is of.
    pub fn read<'a>(&self, frame: Frame<'a>) -> Option<ShapedOrder<'a>> {
        let mut rest = Rest(frame.0.strip_prefix(ID)?);
        let order_id = rest.read()?;
        rest.pass(&self.head)?;
        let total_quantity = rest.read()?;
        rest.pass(&self.kind)?;
        let limit_price = rest.read()?;
        let aux_price = rest.read()?;
        rest.pass(&self.role)?;
        let (_, order_ref) = rest.field()?.split_last()?;
        let order_ref = std::str::from_utf8(order_ref).ok()?;
        let is_same = rest.0 == &*self.tail;
        is_same.then_some(ShapedOrder {
            order_id,
            total_quantity,
            limit_price,
            aux_price,
            order_ref,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::handshake::ServerVersion;
    use crate::{Contract, FrameReader, Inbound, OrderFields, PlaceOrder};

    fn payload(request: &PlaceOrder, version: ServerVersion) -> Vec<u8> {
        let mut out = Vec::new();
        Inbound::from(Box::new(request.clone())).encode(version, &mut out);
        let mut reader = FrameReader::for_client();
        reader.push(&out);
        reader.next_frame().unwrap().unwrap().0.to_vec()
    }

    fn decoded(payload: &[u8], version: ServerVersion) -> Option<PlaceOrder> {
        match Inbound::decode(Frame(payload), version) {
            Ok(Inbound::PlaceOrder(request)) => Some(*request),
            _ => None,
        }
    }

    /// The message that the shape is of, with what is different.
    fn changed(known: &PlaceOrder, order: ShapedOrder<'_>) -> PlaceOrder {
        let mut request = known.clone();
        request.order_id = order.order_id;
        request.order.total_quantity = order.total_quantity;
        request.order.limit_price = order.limit_price;
        request.order.aux_price = order.aux_price;
        order.order_ref.clone_into(&mut request.order.order_ref);
        request
    }

    prop_compose! {
        fn request()(
            order_id: i32, numbers in prop::array::uniform3(prop::option::of((0..i64::MAX, 0..9_u32))),
            order_ref in "[a-z]{0,9}", symbol in "[A-Z]{1,4}",
            sec_type in prop::sample::select(&["STK", "BAG", ""][..]),
            exchange in prop::sample::select(&["SMART", "IBKRATS"][..]),
            order_type in prop::sample::select(&["LMT", "PEG BENCH", "PEGMID", "PEG BEST", "STP"][..]),
            algo in prop::sample::select(&["", "Adaptive"][..]), hedge in prop::sample::select(&["", "D"][..]),
        ) -> PlaceOrder {
            let [total_quantity, limit_price, aux_price] =
                numbers.map(|it| it.map(|(mantissa, scale)| Decimal::new(mantissa, scale)));
            PlaceOrder {
                order_id,
                contract: Contract {
                    symbol,
                    sec_type: sec_type.into(),
                    exchange: exchange.into(),
                    ..Contract::default()
                },
                order: OrderFields {
                    action: "BUY".into(),
                    order_type: order_type.into(),
                    total_quantity,
                    limit_price,
                    aux_price,
                    order_ref,
                    tif: "DAY".into(),
                    hedge_type: hedge.into(),
                    algo_strategy: algo.into(),
                    transmit: true,
                    ..OrderFields::default()
                },
            }
        }
    }

    proptest! {
        /// Whatever is read by a shape is what reading the whole message gives, of good messages and of
        /// ones with any byte changed.
        #[test]
        fn shape_reads_what_the_decoder_reads_at_every_version(
            known in request(), other in request(), byte: u8, at: prop::sample::Index,
        ) {
            for version in (157..=178).filter_map(ServerVersion::new) {
                let first = payload(&known, version);
                let Some(known) = decoded(&first, version) else { continue };
                let shape = OrderShape::of(Frame(&first)).unwrap();
                let mut numbers = known.clone();
                numbers.order_id = other.order_id;
                numbers.order.total_quantity = other.order.total_quantity;
                numbers.order.limit_price = other.order.limit_price;
                numbers.order.aux_price = other.order.aux_price;
                numbers.order.order_ref.clone_from(&other.order.order_ref);
                let alike = payload(&numbers, version);
                prop_assert!(shape.read(Frame(&alike)).is_some());
                let mut broken = alike.clone();
                *at.get_mut(&mut broken) = byte;
                for message in [alike, payload(&other, version), broken] {
                    if let Some(order) = shape.read(Frame(&message)) {
                        prop_assert_eq!(Some(changed(&known, order)), decoded(&message, version));
                    }
                }
            }
        }

        #[test]
        fn garbage_has_a_shape_or_none(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Some(shape) = OrderShape::of(Frame(&bytes)) {
                shape.read(Frame(&bytes));
            }
        }
    }
}
