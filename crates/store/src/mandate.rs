//! Mandates.

use access::account::Account;
use access::mandate::{Event, Mandate, Role};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::account;
use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    PUT = "INSERT INTO mandate (person, account, role, acts, products, granted_at, until_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (person, account) DO UPDATE \
           SET role = excluded.role, acts = excluded.acts, products = excluded.products, \
           granted_at = excluded.granted_at, until_at = excluded.until_at";
    OF_PERSON = "SELECT person, account, role, acts, products, granted_at, until_at FROM mandate \
                 WHERE person = $1";
    BESIDE = "SELECT person, account, role, acts, products, granted_at, until_at FROM mandate \
              WHERE account IN (SELECT account FROM mandate WHERE person = $1)";
    ON = "SELECT person, account, role, acts, products, granted_at, until_at FROM mandate \
          WHERE account = $1";
}

pub(crate) async fn apply(
    connection: &mut AnyConnection,
    Event::Granted(mandate): &Event,
) -> Result<(), StoreError> {
    // Before accounts were opened by an event of their own, the first mandate did it.
    let unopened = Account::unopened(mandate.account, mandate.granted_at);
    account::open(connection, &unopened).await?;
    let Mandate { person, account, role, acts, products, granted_at, until } = mandate;
    let (acts, products) = (json("mandate", acts)?, json("mandate", products)?);
    let until = until.map(|until| until.0);
    let (person, account) = (person.to_string(), account.to_string());
    run!(connection, PUT, person, account, role.name(), acts, products, granted_at.0, until)?;
    Ok(())
}

pub(crate) async fn of(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Mandate>, StoreError> {
    rows!(connection, OF_PERSON, person)?.iter().map(read).collect()
}

/// Those of everybody on the accounts of a person.
pub(crate) async fn beside(
    connection: &mut AnyConnection,
    person: &str,
) -> Result<Vec<Mandate>, StoreError> {
    rows!(connection, BESIDE, person)?.iter().map(read).collect()
}

/// Those on an account.
pub(crate) async fn on(
    connection: &mut AnyConnection,
    account: &str,
) -> Result<Vec<Mandate>, StoreError> {
    rows!(connection, ON, account)?.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Mandate, StoreError> {
    let mut fields = Fields::new("mandate", row);
    Ok(Mandate {
        person: fields.parsed()?,
        account: fields.parsed()?,
        role: fields.named(&Role::ALL, Role::name)?,
        acts: fields.json()?,
        products: fields.json()?,
        granted_at: fields.time()?,
        until: fields.maybe_time()?,
    })
}
