//! What can be asked about locks, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::grade::Grade;
use super::record::{Lock, LockTarget};
use crate::call::By;
use crate::id::LockId;
use crate::moment::Time;
use crate::slice::Slice;

/// What is asked about locks.
pub enum Command {
    /// Sets one. Load the slice by the target.
    Set {
        /// On what.
        target: LockTarget,
        /// How much: not `none`.
        grade: Grade,
    },
    /// Lifts one: the operator any, a person what their own session set.
    Lift {
        /// From what.
        target: LockTarget,
    },
    /// Ends what a lock of `all` on an account ends of another one who holds it; asked by the server
    /// itself. Load that person's slice.
    Reach {
        /// On what.
        target: LockTarget,
    },
}

/// What happened to locks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Set; a weaker one on the same target has ended.
    Set(Lock),
    /// Lifted.
    Lifted {
        /// The lock.
        lock: LockId,
        /// When it happened.
        at: Time,
        /// By whom.
        by: By,
        /// From what. Records of older versions do not say it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        target: Option<LockTarget>,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Set(_) => "lock.set",
            Self::Lifted { .. } => "lock.lifted",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Set(one) => {
                format!("Lock of grade {} set on {}: {}", one.grade, one.target, one.grade.text())
            }
            Self::Lifted { lock, .. } => format!("Lock {lock} lifted"),
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    match event {
        Event::Set(lock) => {
            let replace = |locks: &mut Vec<Lock>| {
                locks.retain(|one| one.target != lock.target);
                locks.push(lock.clone());
            };
            match lock.target {
                LockTarget::Person(_) => replace(&mut slice.locks),
                LockTarget::Account(id) => slice.on_account(id, |one| replace(&mut one.locks)),
            }
        }
        Event::Lifted { lock, .. } => {
            let on_accounts = slice.accounts.iter_mut().map(|one| &mut one.locks);
            for locks in on_accounts.chain([&mut slice.locks]) {
                locks.retain(|one| one.id != *lock);
            }
        }
    }
}
