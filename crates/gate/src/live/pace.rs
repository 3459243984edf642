//! How fast a holder goes, in memory: the tokens of its rate, and the brake of one that has run away.

use access::entitlements::{Bucket, Side};
use access::id::SymbolId;
use access::moment::Time;
use trade::order::{NewOrder, OrderType, Shares};
use trade::pretrade::control::runaway::Brake;
use trade::pretrade::{Breach, Denial};

/// What is the same in an order that repeats another.
type Terms = (SymbolId, Side, Shares, OrderType);

/// See the module's text.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    pub(crate) bucket: Bucket,
    brake: Brake,
    last: Option<Terms>,
}

impl Pace {
    /// Whether orders are taken now; those that repeat the one before are counted, and `limit` of them within a while
    /// stop their holder.
    pub(crate) fn check(
        &mut self,
        (limit, now): (u32, Time),
        orders: &[NewOrder],
    ) -> Result<(), Denial> {
        let stopped = |breach: Breach| Denial::Control(breach);
        self.brake.check(now).map_err(stopped)?;
        for order in orders {
            let terms = (order.symbol, order.side, order.quantity, order.order_type);
            if self.last.replace(terms) == Some(terms) {
                self.brake.count(limit, now);
            }
        }
        self.brake.check(now).map_err(stopped)
    }

    /// Counts an order that was refused.
    pub(crate) fn refused(&mut self, limit: u32, now: Time) {
        if self.brake.check(now).is_ok() {
            self.brake.count(limit, now);
        }
    }
}
