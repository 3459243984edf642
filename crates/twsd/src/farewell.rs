//! The last words of a connection: each open order and stream gets its own error. Programs watch
//! the errors of their requests and orders; an error without an id reaches a log at most.

use std::collections::BTreeSet;

use tws::outbound::ErrorCode;

use crate::client::Client;
use crate::outgoing::Outgoing;

impl Client {
    /// Tells every stream and every open order of this client why the connection ends, then the
    /// program. An order is told by a number that ends nothing: it is still there.
    pub(crate) async fn say_goodbye(&self, code: ErrorCode, text: &str, out: &mut Outgoing) {
        let requests: BTreeSet<i32> = self
            .tickers
            .ids()
            .chain(self.charts.ids())
            .chain(self.single_ticks.ids())
            .chain(self.accounts.ids())
            .collect();
        for id in requests {
            out.error(id, code, text);
        }
        for account in self.managed.ids() {
            let Ok(view) = self.gate.view_of(account).await else { continue };
            for order in view.open_orders.iter().filter(|order| self.is_own(order)) {
                let text = format!(
                    "{}. The order is still open, but this connection gets no more updates about it.",
                    text.trim_end_matches('.')
                );
                out.error(order.origin.order_id, ErrorCode::ORDER_MESSAGE, &text);
            }
        }
        out.error(-1, code, text);
    }
}
