//! Accounts, each with a version of its own.

use access::account::{Account, AccountSlice, Event};
use access::id::AccountId;
use access::mandate::Mandate;
use access::slice::Slice;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::field::{Fields, json};
use crate::{Store, lock, mandate};

statements! {
    OPEN = "INSERT INTO account (id, version, purpose, base_currency, products, limits, opened_at, \
            closed_at) VALUES ($1, 1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
    PERMIT = "UPDATE account SET products = $2 WHERE id = $1";
    LIMIT = "UPDATE account SET limits = $2 WHERE id = $1";
    CLOSE = "UPDATE account SET closed_at = $2 WHERE id = $1";
    BY_ID = "SELECT id, version, purpose, base_currency, products, limits, opened_at, closed_at \
             FROM account WHERE id = $1";
    ALL = "SELECT id, version, purpose, base_currency, products, limits, opened_at, closed_at \
           FROM account ORDER BY opened_at, id";
    OF_PERSON = "SELECT id, version, purpose, base_currency, products, limits, opened_at, closed_at FROM account \
                 WHERE id IN (SELECT account FROM mandate \
                 WHERE revoked_at IS NULL AND person = $1)";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    let id = event.account().to_string();
    let changed = match event {
        Event::Opened(account) => return open(connection, account).await.map(drop),
        Event::Permitted { products, .. } => {
            run!(connection, PERMIT, id, json("account", products)?)
        }
        Event::Limited { limits, .. } => run!(connection, LIMIT, id, json("account", limits)?),
        // The ledger keeps it, and the journal.
        Event::SelfMatchSet { .. } => return Ok(()),
        Event::Closed { at, .. } => run!(connection, CLOSE, id, at.0),
    };
    changed?;
    Ok(())
}

/// Opens an account; false when there is one of that id already.
pub(crate) async fn open(
    connection: &mut AnyConnection,
    account: &Account,
) -> Result<bool, StoreError> {
    let Account { id, purpose, base_currency, products, limits, opened_at, closed_at } = account;
    let closed_at = closed_at.map(|at| at.0);
    let (id, purpose, currency) = (id.to_string(), purpose.to_string(), base_currency.to_string());
    let (products, limits) = (json("account", products)?, json("account", limits)?);
    let opened = opened_at.0;
    Ok(run!(connection, OPEN, id, purpose, currency, products, limits, opened, closed_at)? == 1)
}

/// The accounts of a person. Their versions are read before what is on them: whatever changes while
/// the rest is read makes the commit a conflict.
pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<AccountSlice>, StoreError> {
    let rows = rows!(connection, OF_PERSON, person)?;
    let mut accounts: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
    if accounts.is_empty() {
        return Ok(accounts);
    }
    let mandates = mandate::beside(connection, person).await?;
    let locks = lock::on_accounts_of(connection, person).await?;
    for account in &mut accounts {
        account.mandates = on(account.id, &mandates);
        account.locks = locks
            .iter()
            .filter(|(id, _)| *id == account.id)
            .map(|(_, lock)| lock.clone())
            .collect();
    }
    Ok(accounts)
}

fn on(account: AccountId, mandates: &[Mandate]) -> Vec<Mandate> {
    mandates.iter().filter(|one| one.account == account).cloned().collect()
}

/// Adds the accounts that a decision is about and its person has no part in.
pub(crate) async fn add(
    connection: &mut AnyConnection,
    slice: &mut Slice,
    accounts: &[AccountId],
) -> Result<(), StoreError> {
    for id in accounts {
        if slice.account(*id).is_some() {
            continue;
        }
        let text = id.to_string();
        let mut account = match row!(connection, BY_ID, text.clone())? {
            Some(row) => read(&row)?,
            None => AccountSlice::missing(*id),
        };
        if account.account.is_some() {
            account.mandates = mandate::on(connection, &text).await?;
            account.locks = lock::on(connection, &text).await?;
        }
        slice.accounts.push(account);
    }
    slice.sort();
    Ok(())
}

impl Store {
    /// Every account, closed ones too, in the order in which they were opened.
    pub async fn accounts(&self) -> Result<Vec<AccountSlice>, StoreError> {
        let mut connection = self.database.pool().acquire().await?;
        let mut accounts = Vec::new();
        for row in &rows!(connection, ALL)? {
            let mut account = read(row)?;
            let id = account.id.to_string();
            account.mandates = mandate::on(&mut connection, &id).await?;
            account.locks = lock::on(&mut connection, &id).await?;
            accounts.push(account);
        }
        Ok(accounts)
    }
}

fn read(row: &AnyRow) -> Result<AccountSlice, StoreError> {
    let mut fields = Fields::new("account", row);
    let id = fields.parsed()?;
    let version = fields.int()?;
    let purpose = fields.checked(access::name::Name::kept)?;
    let base_currency = fields.parsed()?;
    let (products, limits) = (fields.json()?, fields.json()?);
    let (opened_at, closed_at) = (fields.time()?, fields.maybe_time()?);
    let account = Account { id, purpose, base_currency, products, limits, opened_at, closed_at };
    let (mandates, locks) = (Vec::new(), Vec::new());
    Ok(AccountSlice { id, version, account: Some(account), mandates, locks })
}
