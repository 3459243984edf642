//! Locks, as the operator sets and lifts them.

use access::{AccountId, Grade};
use gate::{Gate, LockTarget};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account;
use crate::answer::{Done, LockReceipt};
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;

/// What a lock is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The only account.
    OnlyAccount,
    /// An account.
    Account(AccountId),
    /// A person, by user name.
    Person(String),
}

/// Locks of accounts and people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LockRequest {
    /// Cuts authority.
    Lock {
        /// Of what.
        target: Target,
        /// How far.
        grade: Grade,
    },
    /// Gives authority back.
    Unlock {
        /// What it is on.
        target: Target,
    },
}

/// Does one request about locks.
pub(crate) async fn act(desk: &Desk<'_>, request: LockRequest) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        LockRequest::Lock { target, grade } => {
            let (target, on) = find(gate, target).await?;
            let receipt = gate.locks().lock(&desk.actor, on, grade).await?;
            value(lock_receipt(&target, &receipt))
        }
        LockRequest::Unlock { target } => {
            let (target, on) = find(gate, target).await?;
            let lifted = gate.locks().unlock(&desk.actor, on).await?;
            let mut text =
                format!("{} is unlocked; what the lock ended stays ended", name(&target));
            if let Some(worn) = lifted.worn {
                let who = gate.people().find(&worn.to_string()).await?.username;
                text = format!(
                    "{text}. The old password, app and recovery codes of {who} no longer work; passkeys do. To set a new password: floorpass person reset-password {who}"
                );
            }
            let (account, person) = named(&target);
            let done =
                Done::new("unlocked", text).with("account", account).with("username", person);
            // The old password and app sign nobody in any more, and a new one needs a link.
            value(
                done.with("grade", lifted.grade.to_string())
                    .with("needs_new_password", lifted.worn.is_some()),
            )
        }
    }
}

fn name(target: &Target) -> String {
    match target {
        Target::Account(account) => format!("account {account}"),
        Target::Person(username) => format!("person {username}"),
        Target::OnlyAccount => "the account".to_owned(),
    }
}

/// The same as fields: the account, and the person's user name.
fn named(target: &Target) -> (Option<String>, Option<String>) {
    match target {
        Target::Account(account) => (Some(account.to_string()), None),
        Target::Person(username) => (None, Some(username.clone())),
        Target::OnlyAccount => (None, None),
    }
}

/// What a lock is on, by its name; a person is found in any spelling of theirs.
async fn find(gate: &Gate, target: Target) -> Result<(Target, LockTarget), Fault> {
    match target {
        Target::Account(account) => Ok((target, LockTarget::Account(account))),
        Target::OnlyAccount => {
            let account = AccountId::from(account::meant(gate, None)?);
            Ok((Target::Account(account), LockTarget::Account(account)))
        }
        Target::Person(username) => {
            let person = gate.people().find(&username).await?;
            Ok((Target::Person(person.username), LockTarget::Person(person.id)))
        }
    }
}

fn lock_receipt(target: &Target, receipt: &gate::Receipt) -> LockReceipt {
    let (account, person) = named(target);
    let mut text = format!("{} is locked: {}", name(target), receipt.grade.text());
    if receipt.grade == Grade::All && receipt.worn.is_none() {
        text.push_str(". Several people own it, so their devices, passwords and apps stay; to end those of one: floorpass lock --person NAME --grade all");
    }
    LockReceipt {
        text,
        account,
        username: person,
        grade: receipt.grade.to_string(),
        at: instant(receipt.at),
        sessions: receipt.sessions,
        credentials: receipt.credentials.len(),
        devices: receipt.devices.len(),
        orders: receipt.orders.unwrap_or(0),
    }
}
