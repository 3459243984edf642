//! The view: the account as it stands, for pages and programs. Immutable, and durable: what it
//! shows outlives whatever the configured durability outlives.

use std::sync::{Arc, Mutex, PoisonError};

use access::id::{PaperAccountId, SymbolId};
use access::moment::Time;
use access::refusal::Refusal;
use rust_decimal::Decimal;
use trade::account::AccountSummary;
use trade::exchange::Exchange;
use trade::order::{Execution, Order, OrderId};
use trade::position::Holding;

use crate::Gate;

/// The account at one moment.
#[derive(Debug, Clone)]
pub struct View {
    /// The last journal record that is in it.
    pub seq: u64,
    /// The exchange's time.
    pub time: Time,
    /// Which account.
    pub account: PaperAccountId,
    /// Cash in US dollars.
    pub cash: Decimal,
    /// Realised over the life of the account, in US dollars.
    pub realised: Decimal,
    /// Commissions paid over the life of the account, in US dollars.
    pub commissions: Decimal,
    /// All that is asked about the account, at the last prices.
    pub summary: AccountSummary,
    /// Positions by contract, closed ones of the account's life included (zero shares).
    pub positions: Vec<Holding>,
    /// Open orders, oldest first.
    pub open_orders: Vec<Arc<Order>>,
    /// Orders that ended in the last seven days, in the order that they ended.
    pub completed_orders: Vec<Arc<Order>>,
    /// Executions of the last seven days, oldest first.
    pub executions: Vec<Arc<Execution>>,
    /// The markets trade now.
    pub market_open: bool,
    /// When they open next; `time` or before while they are open.
    pub next_open: Time,
}

impl View {
    fn of(exchange: &Exchange) -> Self {
        let account = exchange.account();
        let holding = |(symbol, position): (SymbolId, &trade::position::Position)| Holding {
            symbol,
            position: *position,
            mark: exchange.mark(symbol),
        };
        Self {
            seq: exchange.seq(),
            time: exchange.now(),
            account: account.id,
            cash: account.cash,
            realised: account.realised(),
            commissions: account.commissions,
            summary: exchange.summary(),
            positions: account.positions().map(holding).collect(),
            open_orders: exchange.open_orders().cloned().collect(),
            completed_orders: exchange.completed_orders().cloned().collect(),
            executions: exchange.executions().cloned().collect(),
            market_open: exchange.is_open(),
            next_open: exchange.next_open(),
        }
    }

    /// An order that is in it.
    pub fn order(&self, id: OrderId) -> Option<&Arc<Order>> {
        let open = self.open_orders.iter().find(|order| order.id == id);
        open.or_else(|| self.completed_orders.iter().rfind(|order| order.id == id))
    }

    /// The position in a contract, if there ever was one.
    pub fn position(&self, symbol: SymbolId) -> Option<&Holding> {
        self.positions.iter().find(|holding| holding.symbol == symbol)
    }
}

/// The last view that became durable. Many readers of one moment share it.
#[derive(Default)]
pub(crate) struct Views {
    latest: Mutex<Option<Arc<View>>>,
}

impl Views {
    fn get(&self) -> Option<Arc<View>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, view: &Arc<View>) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.as_ref().is_none_or(|latest| (latest.seq, latest.time) <= (view.seq, view.time)) {
            *latest = Some(Arc::clone(view));
        }
    }
}

impl Gate {
    /// The account as it stands, once that is durable. When the journal has failed: as it stood at
    /// the last record that was.
    pub async fn view(&self) -> Result<Arc<View>, Refusal> {
        let known = self.0.views.get();
        let (seq, fresh) = self.0.sequencer.peek(|exchange| match &known {
            Some(known) if (known.seq, known.time) == (exchange.seq(), exchange.now()) => None,
            _ => Some(View::of(exchange)),
        });
        match (fresh, known) {
            (None, Some(known)) => Ok(known),
            (Some(fresh), known) => match self.0.sequencer.flush_to(seq).await {
                Ok(()) => {
                    let fresh = Arc::new(fresh);
                    self.0.views.put(&fresh);
                    Ok(fresh)
                }
                Err(refusal) => known.ok_or(refusal),
            },
            (None, None) => Err(Refusal::JournalFailed),
        }
    }
}
