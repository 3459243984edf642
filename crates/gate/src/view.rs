//! The view: the account as it stands, for pages and programs. Immutable, and durable: what it
//! shows outlives whatever the configured durability outlives.

mod rows;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use access::currency::Currency;
use access::id::{PaperAccountId, SymbolId};
use access::moment::Time;
use rust_decimal::Decimal;
use trade::account::AccountSummary;
use trade::calendar::TradingSession;
use trade::day_trade::DayTrades;
use trade::exchange::Exchange;
use trade::ledger::Ledger;
use trade::order::{Execution, Order, OrderId};
use trade::payment::Payment;
use trade::position::Holding;

pub use self::rows::Rows;

/// The account at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The last journal record that is in it.
    pub seq: u64,
    /// The exchange's time.
    pub time: Time,
    /// When the account began.
    pub began: Time,
    /// Which account.
    pub account: PaperAccountId,
    /// Its base currency, which amounts are in.
    pub currency: Currency,
    /// Cash.
    pub cash: Decimal,
    /// Realised over the life of the account.
    pub realised: Decimal,
    /// Commissions paid over the life of the account.
    pub commissions: Decimal,
    /// What it began with.
    pub deposited: Decimal,
    /// All that is asked about the account, at the last prices.
    pub summary: AccountSummary,
    /// Positions by contract, closed ones of the account's life included (zero shares).
    pub positions: Vec<Holding>,
    /// Open orders, oldest first.
    pub open_orders: Rows<Order>,
    /// Orders that ended in the last seven days, in the order that they ended.
    pub completed_orders: Rows<Order>,
    /// Executions of the last seven days, oldest first.
    pub executions: Rows<Execution>,
    /// Money that moved without a trade, the last thousand payments, oldest first.
    pub payments: Rows<Payment>,
    /// Its day trades of the last five trading days.
    pub day_trades: DayTrades,
    /// The markets trade now.
    pub market_open: bool,
    /// When they open next; `time` or before while they are open.
    pub next_open: Time,
}

impl View {
    /// What the exchange holds. Lists in which nothing changed since the known view are shared with it:
    /// the exchange stands still meanwhile, and most of the time only prices move.
    pub(crate) fn of(exchange: &Exchange, account: &Ledger, known: Option<&Self>) -> Self {
        let (no_orders, no_executions) = (Rows::default(), Rows::default());
        let no_payments = Rows::default();
        let open = known.map_or_else(Rows::default, |known| known.open_orders.clone());
        // Nothing happens to an open order without a record.
        let is_same = known.is_some_and(|known| known.seq == exchange.seq());
        let open = if is_same {
            open
        } else {
            open.next_of_map(account.open_orders(), |order| order.id.0)
        };
        let completed = known.map_or(&no_orders, |known| &known.completed_orders);
        let executions = known.map_or(&no_executions, |known| &known.executions);
        let payments = known.map_or(&no_payments, |known| &known.payments);
        let summary = exchange.summary_of(account);
        Self {
            seq: exchange.seq(),
            time: exchange.now(),
            began: account.opened,
            account: account.id,
            currency: account.base(),
            cash: account.purse.own().balance,
            realised: account.realised(account.base()),
            commissions: account.purse.own().commissions,
            deposited: account.purse.own().deposited,
            day_trades: day_trades(exchange, account, &summary, known),
            summary,
            positions: account.ever_held(|symbol| exchange.mark(symbol)).collect(),
            open_orders: open,
            completed_orders: completed.next_of_queue(account.completed_orders()),
            executions: executions.next_of_queue(account.executions()),
            payments: payments.next_of_queue(account.payments()),
            market_open: exchange.is_open(),
            next_open: exchange.next_open(),
        }
    }

    /// An order that is in it.
    pub fn order(&self, id: OrderId) -> Option<&Arc<Order>> {
        let open = self.open_orders.from_where(|order| order.id < id).next();
        let open = open.filter(|order| order.id == id);
        open.or_else(|| self.completed_orders.iter().rfind(|order| order.id == id))
    }

    /// The position in a contract, if there ever was one.
    pub fn position(&self, symbol: SymbolId) -> Option<&Holding> {
        self.positions.iter().find(|holding| holding.symbol == symbol)
    }
}

/// They are counted again when there is a record or a day more than in the known view.
fn day_trades(
    exchange: &Exchange,
    account: &Ledger,
    summary: &AccountSummary,
    known: Option<&View>,
) -> DayTrades {
    let rate = exchange.rate(Currency::USD, account.base()).unwrap_or(Decimal::ONE);
    let unlimited = DayTrades::is_unlimited(summary.previous_day, rate);
    let (second, hours) = (exchange.now().seconds(), exchange.genesis().hours);
    let today = TradingSession::at(second, hours).day;
    let same = known.filter(|known| {
        known.seq == exchange.seq() && known.day_trades.days.last().map(|one| one.0) == Some(today)
    });
    if let Some(known) = same {
        return DayTrades { unlimited, ..known.day_trades };
    }
    let executions = account.executions().map(AsRef::as_ref);
    let held = |symbol| account.position(symbol).shares;
    let instruments = account.instruments();
    DayTrades::count(executions, held, instruments, (second, hours), unlimited)
}

/// The last view of each account that became durable. Many readers of one moment share it.
#[derive(Default)]
pub(crate) struct Views {
    latest: Mutex<BTreeMap<PaperAccountId, Arc<View>>>,
}

impl Views {
    pub(crate) fn get(&self, account: PaperAccountId) -> Option<Arc<View>> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).get(&account).cloned()
    }

    pub(crate) fn put(&self, view: &Arc<View>) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = latest.get(&view.account);
        if known.is_none_or(|known| (known.seq, known.time) <= (view.seq, view.time)) {
            latest.insert(view.account, Arc::clone(view));
        }
    }
}
