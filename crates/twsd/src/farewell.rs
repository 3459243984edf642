//! The last words of a connection: what is open is told one by one. Programs look at the errors
//! of their requests and orders; one without an id reaches a log at most.

use std::collections::BTreeSet;

use tws::outbound::ErrorCode;

use crate::client::Client;
use crate::outgoing::Outgoing;

impl Client {
    /// Tells every stream and every open order of this client why the connection ends, then the
    /// program. An order is told by a number that ends nothing: it is still there.
    pub(crate) fn say_goodbye(&mut self, code: ErrorCode, text: &str, out: &mut Outgoing) {
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
        let of_an_order =
            format!("{text} The order is still open, and nothing more is told of it here.");
        self.part_from_orders(&of_an_order, out);
        out.error(-1, code, text);
    }
}
