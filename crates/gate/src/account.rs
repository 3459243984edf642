//! Paper accounts beside the one that the folder began with: opening, listing, permitting, closing.
//!
//! What is on an account is the journal's, and whose it is the tables'. The journal's part of an act comes
//! first and gives nobody anything; the tables' part comes last. Whoever asks again after a stop in
//! between gets the rest done.

use std::sync::Arc;

use access::account::{self, Account, Currency};
use access::entitlements::{Limits, Products};
use access::id::{AccountId, Holder, PaperAccountId, SymbolId};
use access::lock::{Grade, Lock};
use access::mandate::Role;
use access::moment::Time;
use access::refusal::AccountRefusal;
use access::{Command as Access, Refusal};
use rust_decimal::Decimal;
use store::Key;
use trade::exchange::Exchange;
use trade::journal::{Catalogue as _, Command, Decided, Opening};
use trade::ledger::{Ledger, SelfMatch};
use trade::risk::Risk;

use crate::session::Actor;
use crate::{Gate, View};

/// A paper account as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaperAccount {
    /// Its number.
    pub id: PaperAccountId,
    /// Its base currency, which amounts are in.
    pub currency: Currency,
    /// What it began with.
    pub deposited: Decimal,
    /// Cash and positions at the last prices.
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

/// A paper account that is to be opened.
#[derive(Debug, Clone)]
pub struct NewPaperAccount {
    /// The user name of its owner.
    pub owner: String,
    /// Its number; none draws one.
    pub account: Option<PaperAccountId>,
    /// What it is for.
    pub purpose: String,
    /// What its worth is told in.
    pub base_currency: Currency,
    /// What it begins with, in that currency.
    pub cash: Decimal,
    /// What its orders do when they meet each other.
    pub self_match: SelfMatch,
}

impl PaperAccount {
    /// Whether it began with the terms of this wish.
    fn is_begun_as(&self, new: &NewPaperAccount) -> bool {
        let began = (self.deposited, self.currency, self.self_match);
        began == (new.cash, new.base_currency, new.self_match)
    }
}

/// What the tables know of an account.
#[derive(Debug, Clone)]
pub struct KnownAccount {
    /// Its terms; none where the tables do not know it.
    pub account: Option<Account>,
    /// Who holds it, by user name, and as what.
    pub holders: Vec<(String, Role)>,
    /// The strongest lock on it: its grade, and since when.
    pub lock: Option<(Grade, Time)>,
}

/// What keeps an account from being closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unclosed {
    /// Open orders, and positions by contract, in its steps.
    Holds {
        /// How many orders are open.
        orders: usize,
        /// What it holds.
        positions: Vec<(SymbolId, i64)>,
    },
    /// It is the one that the folder began with, which stays.
    First,
}

/// Paper accounts, for the operator.
#[derive(Clone, Copy)]
pub struct PaperAccounts<'a> {
    pub(crate) gate: &'a Gate,
}

impl Gate {
    /// Paper accounts.
    pub const fn paper_accounts(&self) -> PaperAccounts<'_> {
        PaperAccounts { gate: self }
    }
}

impl PaperAccounts<'_> {
    /// The base currency of an account; the US dollar for one that there is not.
    pub fn currency_of(self, account: PaperAccountId) -> Currency {
        self.gate.0.sequencer.peek(|exchange| exchange.base_of(account)).1
    }

    /// When an account was closed; none of one that is open.
    pub fn closed(self, account: PaperAccountId) -> Option<Time> {
        let closed = |exchange: &trade::exchange::Exchange| exchange.ledger(account)?.closed;
        self.gate.0.sequencer.peek(closed).1
    }

    /// The strongest lock on each open account that is locked: its grade, and since when.
    pub async fn locks(self) -> Result<Vec<(PaperAccountId, Grade, Time)>, Refusal> {
        let mut locks = Vec::new();
        for account in self.open_ones() {
            let slice = self.gate.found_or_known(Key::Account(account.into())).await?;
            let on_it = slice.account(account).map_or(&[][..], |one| &one.locks);
            locks.extend(strongest(on_it).map(|(grade, since)| (account, grade, since)));
        }
        Ok(locks)
    }

    /// The base currency that these accounts have in common; none where they have several.
    pub fn common_currency(self, accounts: &[PaperAccountId]) -> Option<Currency> {
        let mut all = accounts.iter().map(|account| self.currency_of(*account));
        let first = all.next()?;
        all.all(|one| one == first).then_some(first)
    }

    /// All of them in the order that they were opened, closed ones included.
    pub fn list(self) -> Vec<PaperAccount> {
        let look = |exchange: &trade::exchange::Exchange| {
            let line = |ledger: &Ledger| PaperAccount {
                id: ledger.id,
                currency: ledger.base(),
                deposited: ledger.purse.own().deposited,
                net_liquidation: exchange.summary_of(ledger).net_liquidation,
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
                return Err(Refusal::Account(AccountRefusal::AccountTaken {
                    account: opening.account.into(),
                }));
            }
            turn.stamp(by_operator(opening.account), Command::OpenAccount(opening), false)?;
        }
        self.gate.orders().flush().await
    }

    /// Closes an account that holds nothing and has no open order; durable when it returns. False when
    /// it is not flat, or is the one that the folder began with, which stays.
    pub async fn close(self, account: PaperAccountId) -> Result<bool, Refusal> {
        let closed = {
            let mut turn = self.gate.0.sequencer.turn(self.gate.now())?;
            let ledger = turn.exchange().ledger(account);
            let ledger = ledger.ok_or(Refusal::not_found("account"))?;
            if ledger.closed.is_some() {
                return Ok(true);
            }
            if account == self.gate.account() || !ledger.is_flat() {
                return Ok(false);
            }
            turn.stamp(by_operator(account), Command::CloseAccount { account }, true)?;
            turn.exchange().ledger(account).is_some_and(|ledger| ledger.closed.is_some())
        };
        self.gate.orders().flush().await?;
        Ok(closed)
    }
}

/// Grade and beginning of the strongest of some locks.
fn strongest(locks: &[Lock]) -> Option<(Grade, Time)> {
    locks.iter().max_by_key(|one| one.grade).map(|one| (one.grade, one.at))
}

fn by_operator(account: PaperAccountId) -> Decided {
    Decided { holder: Holder::Operator, account: Some(account), ..Decided::system() }
}

impl PaperAccounts<'_> {
    /// Opens an account for a person, who becomes its owner; the operator alone. What can be refused is before
    /// anything is written. The ledger comes first and nobody may act on it; the tables, which say whose it is,
    /// come last. Where the server stopped in between, the same call takes the ledger that was left. One call at
    /// a time, for it would take that of another too.
    pub async fn create(
        self,
        actor: &Actor,
        new: NewPaperAccount,
    ) -> Result<PaperAccountId, Refusal> {
        actor.check_operator()?;
        let owner = self.gate.people().find(&new.owner).await?;
        let _alone = self.gate.0.openings.lock().await;
        if let Some(account) = new.account {
            self.check_free(account, &new).await?;
        }
        let left = self.left(&new).await?;
        let account = match left.or(new.account) {
            Some(account) => account,
            None => self.draw()?,
        };
        let command = account::Command::Open(Box::new(account::NewAccount {
            account: account.into(),
            purpose: new.purpose,
            base_currency: new.base_currency,
            products: Account::USUAL,
            limits: Limits::default(),
        }));
        let call = actor.call(Access::Account(command));
        self.gate.would_be(Key::Person(owner.id), &call).await?;
        if left.is_none() {
            let (cash, currency, self_match) = (new.cash, new.base_currency, new.self_match);
            self.open(Opening { account, cash, currency, self_match }).await?;
        }
        let owned = self.gate.run_done(Key::Person(owner.id), &call).await;
        owned.map(|_| account).map_err(|refusal| {
            // What is told of a refused commit, that it changed nothing, is not so here.
            let why = format!("whose it is could not be written ({})", refusal.code());
            let account = account.into();
            Refusal::Account(AccountRefusal::AccountUnowned { account, why })
        })
    }

    /// Whether a number that was named is free, or that of a ledger that was left with the same terms.
    async fn check_free(
        self,
        account: PaperAccountId,
        new: &NewPaperAccount,
    ) -> Result<(), Refusal> {
        let Some(one) = self.list().into_iter().find(|one| one.id == account) else {
            return Ok(());
        };
        let id = AccountId::from(account);
        if let Some(at) = one.closed {
            return Err(Refusal::Account(AccountRefusal::AccountClosed { account: id, at }));
        }
        if account == self.gate.account() || self.is_owned(account).await? {
            return Err(Refusal::Account(AccountRefusal::AccountTaken { account: id }));
        }
        if one.is_begun_as(new) {
            return Ok(());
        }
        let order = one.self_match.name();
        let cash = format!("{} {} (self-match {order})", one.deposited, one.currency);
        Err(Refusal::Account(AccountRefusal::AccountBegun { account: id, cash }))
    }

    /// A ledger that nobody owns and that is as wanted: an earlier call made it, and did not come to its end.
    async fn left(self, new: &NewPaperAccount) -> Result<Option<PaperAccountId>, Refusal> {
        for one in self.list() {
            let is_other = new.account.is_some_and(|wanted| wanted != one.id);
            if is_other || one.closed.is_some() || one.id == self.gate.account() {
                continue;
            }
            if self.is_owned(one.id).await? {
                continue;
            }
            if one.is_begun_as(new) {
                return Ok(Some(one.id));
            }
        }
        Ok(None)
    }

    /// What the tables know of an account.
    pub async fn known(self, account: PaperAccountId) -> Result<KnownAccount, Refusal> {
        let id = AccountId::from(account);
        let slice = self.gate.load(Key::Account(id)).await?;
        let found = slice.account(id);
        let mut holders = Vec::new();
        for (person, name) in self.gate.people().usernames().await? {
            let mandates = found.map_or(&[][..], |one| &one.mandates);
            holders.extend(
                mandates
                    .iter()
                    .filter(|one| one.person == person)
                    .map(|one| (name.clone(), one.role)),
            );
        }
        let locks = found.map_or(&[][..], |one| &one.locks);
        let (account, lock) = (found.and_then(|one| one.account.clone()), strongest(locks));
        Ok(KnownAccount { account, holders, lock })
    }

    /// Whether the tables know an account.
    async fn is_owned(self, account: PaperAccountId) -> Result<bool, Refusal> {
        let id = AccountId::from(account);
        let slice = self.gate.load(Key::Account(id)).await?;
        Ok(slice.account(id).is_some_and(|one| one.account.is_some()))
    }

    /// A number that no account has.
    fn draw(self) -> Result<PaperAccountId, Refusal> {
        let taken = self.all();
        loop {
            let drawn = u32::from_le_bytes(self.gate.moment()?.draw("account"));
            // Seven digits, the first not zero.
            let number = PaperAccountId::new(1_000_000 + drawn % 9_000_000);
            if let Some(free) = number.filter(|number| !taken.contains(number)) {
                return Ok(free);
            }
        }
    }

    /// Permits products on an account beside those that it has; the operator alone.
    pub async fn permit(
        self,
        actor: &Actor,
        account: PaperAccountId,
        products: Products,
    ) -> Result<(), Refusal> {
        let account = AccountId::from(account);
        let command = account::Command::Permit { account, products };
        let call = actor.call(Access::Account(command));
        self.gate.run_done(Key::Account(account), &call).await.map(drop)
    }

    /// What an account stands to gain and to lose, at the last prices. Who asks must have shown that they may look at it.
    pub fn risk(self, account: PaperAccountId) -> Result<Risk, Refusal> {
        let look =
            |exchange: &Exchange| exchange.ledger(account).map(|ledger| exchange.risk_of(ledger));
        self.gate.0.sequencer.peek(look).1.ok_or(Refusal::not_found("paper account"))
    }

    /// Sets what holds for every order on an account, whoever places it; the operator alone.
    pub async fn limit(
        self,
        actor: &Actor,
        account: PaperAccountId,
        limits: Limits,
    ) -> Result<(), Refusal> {
        let account = AccountId::from(account);
        let command = account::Command::Limit { account, limits: Box::new(limits) };
        let call = actor.call(Access::Account(command));
        self.gate.run_done(Key::Account(account), &call).await.map(drop)
    }

    /// Chooses which order of an account ends when two of them would trade with each other; the operator alone. It
    /// holds when this returns, for orders that rest already too. The ledger comes first and what its owners are told
    /// comes last; where the server stopped in between, the same call does the rest.
    pub async fn choose_self_match(
        self,
        actor: &Actor,
        account: PaperAccountId,
        self_match: SelfMatch,
    ) -> Result<(), Refusal> {
        actor.check_operator()?;
        let id = AccountId::from(account);
        self.gate.load(Key::Account(id)).await?.open_account(id)?;
        {
            let mut turn = self.gate.0.sequencer.turn(self.gate.now())?;
            let ledger = turn.exchange().ledger(account);
            let missing = Refusal::not_found("account");
            if ledger.ok_or(missing)?.self_match != self_match {
                let command = Command::SelfMatch { account, self_match };
                turn.stamp(by_operator(account), command, true)?;
            }
        }
        self.gate.orders().flush().await?;
        let command = account::Command::SelfMatch { account: id, self_match };
        let call = actor.call(Access::Account(command));
        self.gate.run_done(Key::Account(id), &call).await.map(drop)
    }

    /// Closes an account that holds nothing and has no open order; the operator alone. The ledger comes
    /// first: from then on it takes no order; the tables come last. Where the server stopped in between,
    /// the same call does the rest.
    pub async fn close_for_good(
        self,
        actor: &Actor,
        account: PaperAccountId,
    ) -> Result<Result<(), Unclosed>, Refusal> {
        actor.check_operator()?;
        if account == self.gate.account() {
            return Ok(Err(Unclosed::First));
        }
        if !self.close(account).await? {
            return Ok(Err(self.held(account)));
        }
        let id = AccountId::from(account);
        // One that nobody owns is the ledger alone.
        if self.is_owned(account).await? {
            let call = actor.call(Access::Account(account::Command::Close { account: id }));
            self.gate.run_done(Key::Account(id), &call).await?;
        }
        Ok(Ok(()))
    }

    /// What an account holds and has open.
    fn held(self, account: PaperAccountId) -> Unclosed {
        let look = |exchange: &trade::exchange::Exchange| {
            let ledger = exchange.ledger(account);
            let orders = ledger.map_or(0, |one| one.open_orders().count());
            let positions = ledger.into_iter().flat_map(Ledger::positions);
            let positions = positions.map(|(symbol, one)| (symbol, one.shares));
            (orders, positions.filter(|(_, shares)| *shares != 0).collect())
        };
        let (orders, positions) = self.gate.0.sequencer.peek(look).1;
        Unclosed::Holds { orders, positions }
    }
}

impl Gate {
    /// The folder's first account as it stands; see [`Gate::view_of`].
    pub async fn view(&self) -> Result<Arc<View>, Refusal> {
        self.view_of(self.account()).await
    }

    /// An account as it stands, once that is durable. When the journal has failed: as it stood at
    /// the last record that was. Who asks must have shown that they may look at it.
    pub async fn view_of(&self, account: PaperAccountId) -> Result<Arc<View>, Refusal> {
        let known = self.0.views.get(account);
        let (seq, fresh) = self.0.sequencer.peek(|exchange| match &known {
            Some(known) if (known.seq, known.time) == (exchange.seq(), exchange.now()) => None,
            _ => {
                let ledger = exchange.ledger(account);
                ledger.map(|ledger| View::of(exchange, ledger, known.as_deref()))
            }
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
            (None, None) => Err(Refusal::not_found("account")),
        }
    }
}
