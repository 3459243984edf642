//! Paper accounts beside the one that the folder began with: opening, listing, closing.

use access::Refusal;
use access::id::{Holder, PaperAccountId};
use access::moment::Time;
use rust_decimal::Decimal;
use trade::journal::{Command, Decided, Opening};
use trade::ledger::{Ledger, SelfMatch};

use crate::Gate;

/// A paper account as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperAccount {
    /// Its number.
    pub id: PaperAccountId,
    /// What it began with, in US dollars.
    pub deposited: Decimal,
    /// Cash and positions at the last prices, in US dollars.
    pub net_liquidation: Decimal,
    /// Open orders.
    pub open_orders: usize,
    /// What its orders do when they meet each other.
    pub self_match: SelfMatch,
    /// When it was opened.
    pub opened: Time,
    /// When it was closed.
    pub closed: Option<Time>,
}

/// Paper accounts, for the operator.
#[derive(Clone, Copy)]
pub struct PaperAccounts<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Paper accounts.
    pub const fn paper_accounts(&self) -> PaperAccounts<'_> {
        PaperAccounts { gate: self }
    }
}

impl PaperAccounts<'_> {
    /// All of them in the order that they were opened, closed ones included.
    pub fn list(self) -> Vec<PaperAccount> {
        let look = |exchange: &trade::exchange::Exchange| {
            let line = |ledger: &Ledger| PaperAccount {
                id: ledger.id,
                deposited: ledger.deposited,
                net_liquidation: ledger.net_liquidation(|symbol| exchange.mark(symbol)),
                open_orders: ledger.open_orders().count(),
                self_match: ledger.self_match,
                opened: ledger.opened,
                closed: ledger.closed,
            };
            exchange.ledgers().map(line).collect()
        };
        self.gate.0.sequencer.peek(look).1
    }

    /// The numbers of all of them, closed ones included.
    pub fn all(self) -> Vec<PaperAccountId> {
        self.gate.0.sequencer.peek(|exchange| exchange.ledgers().map(|one| one.id).collect()).1
    }

    /// The numbers of those that are open, in the order that they were opened.
    pub fn open_ones(self) -> Vec<PaperAccountId> {
        let open = |exchange: &trade::exchange::Exchange| {
            exchange.ledgers().filter(|one| one.closed.is_none()).map(|one| one.id).collect()
        };
        self.gate.0.sequencer.peek(open).1
    }

    /// Opens an account; durable when it returns. Refused when there is one of that number, open or
    /// closed.
    pub async fn open(self, opening: Opening) -> Result<(), Refusal> {
        {
            let mut turn = self.gate.0.sequencer.turn(self.gate.now())?;
            if turn.exchange().ledger(opening.account).is_some() {
                return Err(Refusal::AccountTaken { account: opening.account.into() });
            }
            turn.stamp(by_operator(), Command::OpenAccount(opening), false)?;
        }
        self.gate.flush().await
    }

    /// Closes an account that holds nothing and has no open order; durable when it returns. False when
    /// it is not flat, or is the one that the folder began with, which stays.
    pub async fn close(self, account: PaperAccountId) -> Result<bool, Refusal> {
        let closed = {
            let mut turn = self.gate.0.sequencer.turn(self.gate.now())?;
            let ledger = turn.exchange().ledger(account);
            let ledger = ledger.ok_or(Refusal::NotFound { what: "account" })?;
            if account == self.gate.account() || !ledger.is_flat() {
                return Ok(false);
            }
            turn.stamp(by_operator(), Command::CloseAccount { account }, true)?;
            turn.exchange().ledger(account).is_some_and(|ledger| ledger.closed.is_some())
        };
        self.gate.flush().await?;
        Ok(closed)
    }
}

fn by_operator() -> Decided {
    Decided { holder: Holder::Operator, ..Decided::system() }
}
