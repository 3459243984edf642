//! Orders like those that this connection has sent: what is the same in them has been understood once.

use tws::{Frame, OrderShape, PlaceOrder, ShapedOrder};

use trade::NewOrder;

/// Shapes that one connection may have: several contracts, both sides, a few types.
const LIMIT: usize = 32;

/// An order as it was understood, and what its message looked like.
struct Understood {
    shape: OrderShape,
    order: NewOrder,
}

/// The shapes of a connection's orders.
#[derive(Default)]
pub(super) struct Shapes {
    known: Vec<Understood>,
    /// The place of the next one when there is no room.
    next: usize,
}

impl Shapes {
    /// What an order of a known shape says anew, and the order that it is like.
    pub(super) fn find<'a>(&self, frame: Frame<'a>) -> Option<(ShapedOrder<'a>, &NewOrder)> {
        let mut known = self.known.iter();
        known.find_map(|known| Some((known.shape.read(frame)?, &known.order)))
    }

    /// Keeps an order that was placed. One with terms that depend on its numbers, or that belongs to
    /// others, is always read in whole.
    pub(super) fn keep(&mut self, frame: Frame<'_>, request: &PlaceOrder, order: &NewOrder) {
        let PlaceOrder { order: fields, .. } = request;
        let depends = fields.display_size.is_some_and(|size| size != 0)
            || fields.all_or_none
            || fields.what_if
            || !fields.transmit
            || fields.parent_id != 0
            || !fields.oca_group.is_empty();
        let Some(shape) = OrderShape::of(frame).filter(|_| !depends) else { return };
        let understood = Understood { shape, order: order.clone() };
        if self.known.len() < LIMIT {
            self.known.push(understood);
        } else if let Some(place) = self.known.get_mut(self.next) {
            *place = understood;
            self.next = self.next.saturating_add(1) % LIMIT;
        }
    }
}
