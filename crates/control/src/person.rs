//! Whose things a request is about.

use access::{Grade, PaperAccountId, Refusal};
use gate::{Gate, LockTarget, PersonInfo};

use serde::{Deserialize, Serialize};

use crate::account;
use crate::answer::{LinkMade, PersonRow};
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::front_door;
use access::link::Purpose;
use serde_json::Value;

/// The people who can sign in, and links that let them in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PersonRequest {
    /// The people.
    List,
    /// A new person, who may look, by an enrolment link.
    Add {
        /// What they will sign in with.
        username: String,
        /// The account; none is the only one.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// A new password by an enrolment link.
    ResetPassword {
        /// User name of the person.
        username: String,
    },
    /// TOTP starts again by an enrolment link.
    ResetTotp {
        /// User name of the person.
        username: String,
    },
    /// A single-use link that signs in.
    Link {
        /// User name of the person.
        username: String,
        /// Whether it is for a phone that is to answer approvals.
        #[serde(default)]
        phone: bool,
    },
    /// The interfaces, and the ways to sign in.
    Where {
        /// Whose; none is everybody's.
        username: Option<String>,
    },
}

/// Does one request about people and their links.
pub(crate) async fn act(desk: &Desk<'_>, request: PersonRequest) -> Result<Value, Fault> {
    let (gate, actor) = (desk.gate, &desk.actor);
    let (username, issued) = match request {
        PersonRequest::List => return value(people(gate).await?),
        PersonRequest::Where { username } => {
            return value(front_door::show(gate, username.as_deref()).await?);
        }
        PersonRequest::Add { username, account } => {
            let account = account::meant(gate, account)?;
            let issued = gate.people().add(actor, &username, account).await?;
            (username, issued)
        }
        PersonRequest::ResetPassword { username } => {
            let issued = gate.people().reset_password(actor, &username).await?;
            (username, issued)
        }
        PersonRequest::ResetTotp { username } => {
            let issued = gate.people().reset_totp(actor, &username).await?;
            (username, issued)
        }
        PersonRequest::Link { username, phone } => {
            let purpose = if phone { Purpose::Phone } else { Purpose::SignIn };
            let issued = gate.people().issue_link(actor, &username, purpose).await?;
            let portal = if phone { desk.devices } else { desk.portal };
            let mut made = link(portal, username, &issued);
            if phone {
                // The page with the number that confirms it.
                made.url.push_str("?next=/approvals");
            }
            return value(made);
        }
    };
    value(link(desk.portal, username, &issued))
}

async fn people(gate: &Gate) -> Result<Vec<PersonRow>, Refusal> {
    let all = gate.people().list().await?;
    Ok(all
        .into_iter()
        .map(|person| PersonRow {
            person: person.id,
            username: person.username,
            account: match person.accounts.as_slice() {
                [only] => Some(only.to_string()),
                _ => None,
            },
            accounts: person.accounts.iter().map(ToString::to_string).collect(),
            lock: person.lock.to_string(),
            locks: person.locks.iter().map(said).collect(),
        })
        .collect())
}

/// A lock of a person, or of an account of theirs, and what it is on.
fn said((target, grade): &(LockTarget, Grade)) -> String {
    match target {
        LockTarget::Person(_) => format!("{grade} on the person"),
        LockTarget::Account(account) => format!("{grade} on account {account}"),
    }
}

fn link(portal: &str, username: String, issued: &gate::LinkIssued) -> LinkMade {
    LinkMade {
        username,
        url: link_url(portal, issued.token.expose_text().unwrap_or_default()),
        until: instant(issued.until),
    }
}

/// The address at which the portal takes a link's token.
pub fn link_url(portal: &str, token: &str) -> String {
    format!("{}/link/{token}", portal.trim_end_matches('/'))
}

/// The code of a request that leaves out a name where there are several.
pub const NAME_NEEDED: &str = "NAME_NEEDED";

/// The person of this name, where one is named. A name that nobody has is told, instead of an empty list.
pub(crate) async fn named(
    gate: &Gate,
    username: Option<String>,
) -> Result<Option<PersonInfo>, Refusal> {
    match username {
        Some(name) => gate.people().find(&name).await.map(Some),
        None => Ok(None),
    }
}

/// The person who is named, or the only one that there is.
pub(crate) async fn the(gate: &Gate, username: Option<String>) -> Result<String, Fault> {
    if let Some(name) = username {
        return Ok(name);
    }
    let mut names: Vec<_> =
        gate.people().usernames().await?.into_iter().map(|(_, name)| name).collect();
    match names.pop() {
        Some(only) if names.is_empty() => Ok(only),
        Some(last) => {
            names.push(last);
            let text = format!("there are {} people; name one: {}", names.len(), names.join(", "));
            Err(Fault::new(NAME_NEEDED, text))
        }
        None => Err(Refusal::not_found("person").into()),
    }
}
