//! Margin calls. An account that is worth less than its positions require is called: its owners are told, and have ten
//! minutes. Then everything of it that works or waits is cancelled, what it owes in other currencies is paid back, and positions
//! are closed, one group at a time, until it is worth enough again; which and how many of them is `trade::pretrade::liquidation`'s decision. Whether an account is called is in the
//! journal; the task that looks remembers nothing.

use std::sync::{Arc, Weak};
use std::time::Duration;

use access::account::{self, MarginNews};
use access::id::{AccountId, Holder, PaperAccountId};
use access::number::grouped;
use access::refusal::Refusal;
use access::{By, Call, Command as Access, Source, Span, Time};
use store::Key;
use trade::exchange::Exchange;
use trade::journal::{Cause, Command, Decided};
use trade::money::Money;
use trade::order::{End, NewOrder};
use trade::pretrade::{Checked, Facts, liquidation};

use crate::timer::told;
use crate::{Gate, Inner};

/// How often is looked.
const LOOK: Duration = Duration::from_secs(1);
/// How long an account has to be worth enough again.
pub const TIME_TO_MEET: Span = Span::minutes(10);

/// What is to be done about one account.
enum Step {
    /// It is called.
    Call(Money),
    /// It is worth enough again.
    End,
    /// What works or waits is cancelled.
    Cancel(Money),
    /// What is owed in another currency is paid back.
    Convert(Checked<Vec<NewOrder>>, Option<Money>),
    /// The next position is closed, or some that belong together. With what is missing where nobody has been told yet.
    Close(Checked<Vec<NewOrder>>, Option<Money>),
}

/// Whether anything was done already because of a call whose time is over: the owners know then.
fn has_begun(facts: &Facts<'_>, until: Time) -> bool {
    let ended = facts.ledger.completed_orders().rev();
    let mut since = ended.take_while(|order| order.updated >= until);
    since.any(|order| {
        let is_ours = order.origin.holder == Holder::System && order.placed >= until;
        is_ours || order.end == Some(End::MarginCall)
    })
}

impl Step {
    /// None where nothing is, or while what was sent to close a position works.
    fn of(exchange: &Exchange, account: PaperAccountId, now: Time) -> Option<Self> {
        let facts = exchange.facts(account, Holder::System).ok()?;
        let called = facts.ledger.called;
        let Some(missing) = liquidation::shortfall(&facts) else {
            return called.map(|_| Self::End);
        };
        let Some(until) = called else { return Some(Self::Call(missing)) };
        if now < until {
            return None;
        }
        let mut open = facts.ledger.open_orders().peekable();
        if open.peek().is_none() {
            let is_new = !has_begun(&facts, until);
            let news = is_new.then_some(missing);
            let convert = liquidation::convert(&facts).map(|order| Self::Convert(order, news));
            return convert.or_else(|| Some(Self::Close(liquidation::next(&facts)?, news)));
        }
        let are_ours = open.all(|order| order.origin.holder == Holder::System);
        (!are_ours).then_some(Self::Cancel(missing))
    }
}

impl Gate {
    /// Looks at the accounts, until the gate is dropped.
    pub(crate) fn spawn_margin(&self) {
        let weak = Arc::downgrade(&self.0);
        self.0.health.task("margin", told(&self.0), move || keep_looking(Weak::clone(&weak)));
    }

    /// Looks at every account, once, and does the next step about each.
    pub(crate) async fn look_at_margin(&self) {
        let now = self.now();
        let due: Vec<_> = self
            .0
            .sequencer
            .peek(|exchange| {
                let open = exchange.ledgers().filter(|ledger| ledger.closed.is_none());
                let due = open.filter(|ledger| Step::of(exchange, ledger.id, now).is_some());
                due.map(|ledger| ledger.id).collect()
            })
            .1;
        for account in due {
            if let Err(error) = self.mend_margin(account).await {
                tracing::warn!(%error, %account, "the margin of an account could not be looked at");
            }
        }
    }

    /// The journal first, and then the owners.
    async fn mend_margin(&self, account: PaperAccountId) -> Result<(), Refusal> {
        let news = {
            let now = self.now();
            let mut turn = self.0.sequencer.turn(now)?;
            // Prices of the past call nobody.
            turn.check_caught_up()?;
            let exchange = turn.exchange();
            let Some(step) = Step::of(exchange, account, now) else { return Ok(()) };
            let decision = Decided { account: exchange.beside_first(account), ..Decided::system() };
            let scope = exchange.scope_of(account);
            let (command, news) = match step {
                Step::Call(missing) => {
                    let until = now + TIME_TO_MEET;
                    let news = MarginNews::Called { missing: words(missing), until };
                    (Command::MarginCall { account, until: Some(until) }, Some(news))
                }
                Step::End => (Command::MarginCall { account, until: None }, Some(MarginNews::Met)),
                Step::Cancel(missing) => {
                    let news = MarginNews::Closing { missing: words(missing) };
                    (Command::CancelAll { scope, cause: Cause::MarginCall }, Some(news))
                }
                Step::Convert(order, missing) => (Command::Place(order), closing(missing)),
                Step::Close(order, missing) => (Command::PlaceReduceOnly(order), closing(missing)),
            };
            turn.stamp_reducing(decision, command)?;
            news
        };
        self.orders().flush().await?;
        let Some(news) = news else { return Ok(()) };
        let account = AccountId::from(account);
        let command = Access::Account(account::Command::TellMargin { account, news });
        let (by, source) = (By::System, Source::local());
        let call = Arc::new(Call { by, source, command });
        self.run_done(Key::Account(account), &call).await.map(drop)
    }
}

fn closing(missing: Option<Money>) -> Option<MarginNews> {
    missing.map(|missing| MarginNews::Closing { missing: words(missing) })
}

fn words(money: Money) -> String {
    let digits = money.currency.digits() as usize;
    format!("{} {}", grouped(&format!("{:.digits$}", money.amount)), money.currency)
}

async fn keep_looking(weak: Weak<Inner>) {
    loop {
        {
            let Some(inner) = weak.upgrade() else { return };
            Gate(inner).look_at_margin().await;
        }
        tokio::time::sleep(LOOK).await;
    }
}
