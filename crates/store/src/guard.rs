//! The guards of a commit: everything that its decision read is still as it was, and stays so until
//! the commit. Rows are taken in ascending order of their scopes, so that no two commits wait for
//! each other.

use access::account::Account;
use access::decision::Event;
use access::guard::{Reads, Scope};
use access::slice::Slice;
use access::{account as opened, person, throttle as counted};
use sqlx::{AnyConnection, AssertSqlSafe};

use crate::commit::CommitError;
use crate::engine::Engine;
use crate::error::StoreError;
use crate::field::Fields;
use crate::{account, throttle};

statements! {
    RAISE_PERSON = "UPDATE person SET version = version + 1 WHERE id = $1 AND version = $2";
    RAISE_ACCOUNT = "UPDATE account SET version = version + 1 WHERE id = $1 AND version = $2";
    OF_PERSON = "SELECT version FROM person WHERE id = $1";
    OF_ACCOUNT = "SELECT version FROM account WHERE id = $1";
}

/// Compares the version of every scope that was read, and raises that of every scope that is
/// written. A conflict when one has moved.
pub(crate) async fn check(
    connection: &mut AnyConnection,
    engine: Engine,
    (slice, reads): (&Slice, &Reads),
    events: &[Event],
) -> Result<(), CommitError> {
    let writes = slice.writes(events);
    let begins = |scope: &Scope| {
        events.iter().any(|event| match event {
            Event::Person(person::Event::Created(one)) => *scope == Scope::Person(one.id),
            _ => false,
        })
    };
    if let Some(scope) = writes.iter().find(|scope| !reads.contains_key(scope) && !begins(scope)) {
        return Err(CommitError::Unread(*scope));
    }
    for (scope, version) in reads {
        let holds = match (writes.contains(scope), *version) {
            (true, 0) => open(connection, *scope, events).await?,
            (true, version) => raise(connection, *scope, version).await?,
            (false, version) => is_still(connection, engine, *scope, version).await?,
        };
        holds.then_some(()).ok_or(CommitError::Conflict)?;
    }
    if slice.person.is_none() { check_name(connection, slice, events).await } else { Ok(()) }
}

/// Raises a version, which also takes its row until the commit.
async fn raise(
    connection: &mut AnyConnection,
    scope: Scope,
    version: i64,
) -> Result<bool, sqlx::Error> {
    let raised = match scope {
        Scope::Person(id) => run!(connection, RAISE_PERSON, id.to_string(), version)?,
        Scope::Account(id) => run!(connection, RAISE_ACCOUNT, id.to_string(), version)?,
    };
    Ok(raised == 1)
}

/// Whether a version is what it was. Its row stays so until the commit; others may read it meanwhile.
async fn is_still(
    connection: &mut AnyConnection,
    engine: Engine,
    scope: Scope,
    version: i64,
) -> Result<bool, CommitError> {
    let (statement, id) = match scope {
        Scope::Person(id) => (OF_PERSON, id.to_string()),
        Scope::Account(id) => (OF_ACCOUNT, id.to_string()),
    };
    let statement = AssertSqlSafe(format!("{statement}{}", engine.kept()));
    let Some(row) = sqlx::query(statement).bind(id).fetch_optional(connection).await? else {
        return Ok(version == 0);
    };
    Ok(Fields::new("version", &row).int()? == version)
}

/// Begins what there was not; false when somebody else was first.
async fn open(
    connection: &mut AnyConnection,
    scope: Scope,
    events: &[Event],
) -> Result<bool, StoreError> {
    let first = events.iter().find_map(|event| match event {
        Event::Account(opened::Event::Opened(one)) if scope == Scope::Account(one.id) => {
            Some(Account::clone(one))
        }
        _ => None,
    });
    match first {
        Some(first) => account::open(connection, &first).await,
        None => Ok(false),
    }
}

/// The same of a name that nobody has, whose counter has a version of its own.
async fn check_name(
    connection: &mut AnyConnection,
    slice: &Slice,
    events: &[Event],
) -> Result<(), CommitError> {
    for event in events {
        match event {
            Event::Throttle(counted::Event::StrangerFailed(stranger)) => {
                let is_put = throttle::put_stranger(connection, stranger, slice.version).await?;
                is_put.then_some(()).ok_or(CommitError::Conflict)?;
            }
            Event::Person(person::Event::Created(_)) => {
                if let Some(stranger) = &slice.stranger {
                    throttle::forget_stranger(connection, stranger.name).await?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}
