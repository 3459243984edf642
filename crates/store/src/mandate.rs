//! Mandates. One that was revoked keeps its row.

use access::account::Account;
use access::mandate::{Event, Mandate, Role};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::account;
use crate::error::StoreError;
use crate::field::{Fields, json};

statements! {
    INSERT = "INSERT INTO mandate (id, grantor, person, account, role, acts, products, order_kinds, \
              conditions, granted_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    CHANGE = "UPDATE mandate SET acts = $2, products = $3, order_kinds = $4, conditions = $5, \
              until_at = $6 WHERE id = $1";
    REVOKE = "UPDATE mandate SET revoked_at = $2, revoked_by = $3 WHERE id = $1";
    OF_PERSON = "SELECT id, grantor, person, account, role, acts, products, order_kinds, conditions, \
                 granted_at, until_at FROM mandate WHERE revoked_at IS NULL AND person = $1";
    BESIDE = "SELECT id, grantor, person, account, role, acts, products, order_kinds, conditions, \
              granted_at, until_at FROM mandate WHERE revoked_at IS NULL AND account IN \
              (SELECT account FROM mandate WHERE revoked_at IS NULL AND person = $1)";
    ON = "SELECT id, grantor, person, account, role, acts, products, order_kinds, conditions, \
          granted_at, until_at FROM mandate WHERE revoked_at IS NULL AND account = $1";
}

pub(crate) async fn apply(connection: &mut AnyConnection, event: &Event) -> Result<(), StoreError> {
    match event {
        Event::Granted(mandate) => insert(connection, mandate).await,
        Event::Changed(mandate) => {
            let Mandate { id, acts, products, order_kinds, conditions, until, .. } = mandate;
            let (acts, products) = (json("mandate", acts)?, json("mandate", products)?);
            let kinds = json("mandate", order_kinds)?;
            let conditions = json("mandate", conditions)?;
            let until = until.map(|until| until.0);
            run!(connection, CHANGE, id.to_string(), acts, products, kinds, conditions, until)?;
            Ok(())
        }
        Event::Revoked { mandate, at, by, .. } => {
            run!(connection, REVOKE, mandate.to_string(), at.0, by.to_string())?;
            Ok(())
        }
    }
}

async fn insert(connection: &mut AnyConnection, mandate: &Mandate) -> Result<(), StoreError> {
    // Before accounts were opened by an event of their own, the first mandate did it.
    let unopened = Account::unopened(mandate.account, mandate.granted_at);
    account::open(connection, &unopened).await?;
    let Mandate { id, grantor, person, account, role, .. } = mandate;
    let (id, grantor) = (id.to_string(), grantor.to_string());
    let (person, account, role) = (person.to_string(), account.to_string(), role.name());
    let acts = json("mandate", &mandate.acts)?;
    let products = json("mandate", &mandate.products)?;
    let kinds = json("mandate", &mandate.order_kinds)?;
    let conditions = json("mandate", &mandate.conditions)?;
    let (granted, until) = (mandate.granted_at.0, mandate.until.map(|until| until.0));
    run!(
        connection, INSERT, id, grantor, person, account, role, acts, products, kinds, conditions,
        granted, until
    )?;
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
        id: fields.parsed()?,
        grantor: fields.parsed()?,
        person: fields.parsed()?,
        account: fields.parsed()?,
        role: fields.named(&Role::ALL, Role::name)?,
        acts: fields.json()?,
        products: fields.json()?,
        order_kinds: fields.json()?,
        conditions: fields.json()?,
        granted_at: fields.time()?,
        until: fields.maybe_time()?,
    })
}
