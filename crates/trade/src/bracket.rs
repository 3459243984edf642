//! Exits that are attached to an order: one takes a profit, one ends a loss, and a fill of one cancels the other.

use crate::order::{NewOrder, OrderType, Parent, Side, TimeInForce};
use crate::price::Ticks;

/// The prices of the exits that an order is to have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exits {
    /// Of the limit order that takes a profit.
    pub profit: Option<Ticks>,
    /// Of the stop order that ends a loss.
    pub loss: Option<Ticks>,
}

impl Exits {
    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.profit.is_none() && self.loss.is_none()
    }

    /// The order, and behind it its exits: they wait until it fills, and close what it opened.
    pub fn attached_to(self, order: NewOrder) -> Vec<NewOrder> {
        let exit = |order_type| NewOrder {
            side: match order.side {
                Side::Buy => Side::Sell,
                Side::Sell => Side::Buy,
            },
            order_type,
            // A position outlives the day, and so does what protects it.
            tif: TimeInForce::Gtc,
            parent: Some(Parent::Member(0)),
            ..order.clone()
        };
        let profit = self.profit.map(|price| exit(OrderType::Limit { price }));
        let loss = self.loss.map(|trigger| exit(OrderType::Stop { trigger }));
        [Some(order), profit, loss].into_iter().flatten().collect()
    }

    /// Which of them, profit and loss, are on the wrong side of the entry's price: they would trade the moment they
    /// come alive.
    pub fn misplaced(self, side: Side, entry: Ticks) -> (bool, bool) {
        let wrong = |price: Option<Ticks>, above: bool| {
            price.is_some_and(|price| if above { price <= entry } else { price >= entry })
        };
        let buys = side == Side::Buy;
        (wrong(self.profit, buys), wrong(self.loss, !buys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_is_misplaced_where_it_would_trade_at_once() {
        let exits = |profit, loss| Exits { profit: Some(Ticks(profit)), loss: Some(Ticks(loss)) };
        let entry = Ticks(100);
        assert_eq!(exits(110, 90).misplaced(Side::Buy, entry), (false, false));
        assert_eq!(exits(90, 110).misplaced(Side::Sell, entry), (false, false));
        assert_eq!(exits(100, 100).misplaced(Side::Buy, entry), (true, true));
        assert_eq!(exits(110, 90).misplaced(Side::Sell, entry), (true, true));
        assert_eq!(Exits::default().misplaced(Side::Buy, entry), (false, false));
    }
}
