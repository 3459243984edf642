//! What can be asked about credentials, what can happen, and what it does to a slice.

use serde::{Deserialize, Serialize};

use super::door::Door;
use super::record::{Credential, Former, NewCredential, Paused, Revoked};
use crate::call::By;
use crate::entitlements::{Scopes, Symbols};
use crate::id::{CredentialId, PaperAccountId};
use crate::moment::{Span, Time};
use crate::name::Name;
use crate::secret::Digest;
use crate::slice::{Slice, put};

/// What is asked about credentials.
pub enum Command {
    /// Makes one.
    Create(Box<NewCredential>),
    /// Ends one.
    Revoke {
        /// The credential.
        credential: CredentialId,
        /// Whether its resting orders go too.
        cancel_orders: bool,
    },
    /// Refuses it until it is resumed.
    Pause {
        /// The credential.
        credential: CredentialId,
        /// Whether its resting orders go too.
        cancel_orders: bool,
    },
    /// Ends its pause.
    Resume {
        /// The credential.
        credential: CredentialId,
    },
    /// Gives it a new token; the one before works for a while.
    Rotate {
        /// The credential.
        credential: CredentialId,
        /// For how long, at most [`super::LONGEST_GRACE`].
        grace: Span,
    },
    /// Gives it another name.
    Rename {
        /// The credential.
        credential: CredentialId,
        /// Its new name.
        name: String,
    },
    /// Gives it other scopes: narrower ones at once, wider ones with a recent proof.
    Edit {
        /// The credential.
        credential: CredentialId,
        /// What it is narrowed to from now on.
        scopes: Box<Scopes>,
    },
}

/// What happened to credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Made.
    Created(Box<Credential>),
    /// Ended.
    Revoked {
        /// The credential.
        credential: CredentialId,
        /// When it happened.
        at: Time,
        /// By whom.
        by: By,
        /// Whether its resting orders go too.
        cancel_orders: bool,
    },
    /// Ended on one of its accounts, with its orders there; it goes on on the others.
    Withdrawn {
        /// The credential.
        credential: CredentialId,
        /// The account that it is for no more, whatever its person is granted there later.
        account: PaperAccountId,
        /// The accounts that it is for from now on, ascending; never none.
        rest: Vec<PaperAccountId>,
        /// When it happened.
        at: Time,
        /// By whom.
        by: By,
    },
    /// Paused.
    Paused {
        /// The credential.
        credential: CredentialId,
        /// When, by whom, and whether its resting orders go too.
        paused: Paused,
    },
    /// Its pause has ended.
    Resumed {
        /// The credential.
        credential: CredentialId,
        /// When it happened.
        at: Time,
    },
    /// Given a new token.
    Rotated {
        /// The credential.
        credential: CredentialId,
        /// The digest of the new one.
        token: Digest,
        /// The one before, and until when it works.
        former: Former,
        /// When it happened.
        at: Time,
    },
    /// Renamed.
    Renamed {
        /// The credential.
        credential: CredentialId,
        /// Its new name.
        name: Name,
        /// When it happened.
        at: Time,
    },
    /// Given scopes that allow nothing that the old ones refused.
    Narrowed {
        /// The credential.
        credential: CredentialId,
        /// Its scopes from now on.
        scopes: Box<Scopes>,
        /// When it happened.
        at: Time,
    },
    /// Given scopes that may allow more than the old ones.
    Widened {
        /// The credential.
        credential: CredentialId,
        /// Its scopes from now on.
        scopes: Box<Scopes>,
        /// When it happened.
        at: Time,
    },
}

impl Event {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Created(_) => "credential.created",
            Self::Revoked { .. } => "credential.revoked",
            Self::Withdrawn { .. } => "credential.withdrawn",
            Self::Paused { .. } => "credential.paused",
            Self::Resumed { .. } => "credential.resumed",
            Self::Rotated { .. } => "credential.rotated",
            Self::Renamed { .. } => "credential.renamed",
            Self::Narrowed { .. } => "credential.narrowed",
            Self::Widened { .. } => "credential.widened",
        }
    }

    pub(crate) fn text(&self) -> String {
        let orders = |cancelled| if cancelled { "; its orders are cancelled" } else { "" };
        match self {
            Self::Created(new) => format!(
                "Credential {} ({}) created for {}, until {}; {}",
                new.id,
                new.name,
                on(&new.accounts().collect::<Vec<_>>()),
                new.scopes.until,
                door_text(new.door)
            ),
            Self::Revoked { credential, cancel_orders, .. } => {
                format!("Credential {credential} revoked{}", orders(*cancel_orders))
            }
            Self::Withdrawn { credential, account, .. } => format!(
                "Credential {credential} is no longer for account {account}; its orders there are cancelled"
            ),
            Self::Paused { credential, paused } => {
                format!("Credential {credential} paused{}", orders(paused.cancel_orders))
            }
            Self::Resumed { credential, .. } => format!("Credential {credential} resumed"),
            Self::Rotated { credential, former, .. } => format!(
                "Credential {credential} given a new token; the old one works until {}",
                former.until
            ),
            Self::Renamed { credential, name, .. } => {
                format!("Credential {credential} renamed to {name}")
            }
            Self::Narrowed { credential, scopes, .. } => {
                format!("Credential {credential} narrowed: {}", scopes_text(scopes))
            }
            Self::Widened { credential, scopes, .. } => {
                format!("Credential {credential} widened: {}", scopes_text(scopes))
            }
        }
    }
}

pub(crate) fn apply(slice: &mut Slice, event: &Event) {
    let id = match event {
        Event::Created(new) => return put(&mut slice.credentials, *new.clone(), |other| other.id),
        Event::Revoked { credential, .. }
        | Event::Withdrawn { credential, .. }
        | Event::Paused { credential, .. }
        | Event::Resumed { credential, .. }
        | Event::Rotated { credential, .. }
        | Event::Renamed { credential, .. }
        | Event::Narrowed { credential, .. }
        | Event::Widened { credential, .. } => *credential,
    };
    let Some(changed) = slice.credentials.iter_mut().find(|other| other.id == id) else {
        return;
    };
    match event {
        Event::Revoked { at, by, cancel_orders, .. } => {
            changed.revoked = Some(Revoked { at: *at, by: *by, cancel_orders: *cancel_orders });
        }
        Event::Withdrawn { rest, .. } => {
            if let Some((first, others)) = rest.split_first() {
                changed.account = *first;
                changed.others = others.to_vec();
            }
        }
        Event::Paused { paused, .. } => changed.paused = Some(*paused),
        Event::Resumed { .. } => changed.paused = None,
        Event::Rotated { token, former, .. } => {
            changed.token = Some(*token);
            changed.former = Some(*former);
        }
        Event::Renamed { name, .. } => changed.name = name.clone(),
        Event::Narrowed { scopes, .. } | Event::Widened { scopes, .. } => {
            changed.scopes = Scopes::clone(scopes);
        }
        Event::Created(_) => {}
    }
}

/// What a new credential's door is to it.
fn door_text(door: Door) -> String {
    match door {
        Door::Socket { port } => format!("port {port} is assigned to it"),
        Door::Api => format!("it is used at {door}"),
    }
}

/// `account DU0000001`, or several.
pub(super) fn on(accounts: &[PaperAccountId]) -> String {
    let names: Vec<_> = accounts.iter().map(ToString::to_string).collect();
    let word = if names.len() == 1 { "account" } else { "accounts" };
    format!("{word} {}", names.join(", "))
}

/// The limits of a credential, in few words: its page says them in full.
pub(super) fn scopes_text(scopes: &Scopes) -> String {
    let mut parts = Vec::new();
    parts.push(if scopes.read_only { "view only".to_owned() } else { "may trade".to_owned() });
    if let Symbols::Only(symbols) = &scopes.symbols {
        parts.push(format!("{} symbols", symbols.len()));
    }
    if let Some(most) = scopes.limits.max_quantity {
        parts.push(format!("up to {most} shares per order"));
    }
    if let Some(most) = scopes.limits.max_notional {
        parts.push(format!("up to {most} per order in the account's base currency"));
    }
    parts.push(format!("until {}", scopes.until));
    parts.join(", ")
}
