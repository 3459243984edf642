//! Whose things a request is about.

use access::{Grade, PaperAccountId, Refusal};
use gate::{Gate, LockTarget, PersonInfo};

use serde::{Deserialize, Serialize};

use crate::account;
use crate::answer::{LimitsRow, LinkMade, PersonRow};
use crate::condition::LimitsWish;
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::front_door;
use access::link::Purpose;
use access::mandate::Role;
use serde_json::Value;

/// The people who can sign in, and links that let them in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PersonRequest {
    /// The people.
    List,
    /// A new person with a mandate on an account, by an enrolment link.
    Add {
        /// What they will sign in with.
        username: String,
        /// The account; none is the only one.
        #[serde(default)]
        account: Option<PaperAccountId>,
        /// `owner`, `trader` or `auditor`; none is an auditor, who looks.
        #[serde(default)]
        role: Option<String>,
    },
    /// Sets what holds for every order of theirs and of their programs, on any account.
    Limit {
        /// User name of the person.
        username: String,
        /// What is to be other than it is.
        wish: LimitsWish,
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
        PersonRequest::Add { username, account, role } => {
            let account = account::meant(gate, account)?;
            let role = role.as_deref().map_or(Ok(Role::Auditor), role_of)?;
            let issued = gate.people().add_as(actor, &username, account, role).await?;
            // As it was made, whatever case it was typed in.
            let username = gate.people().find(&username).await?.username;
            let made = link(desk.portal, username, &issued);
            let (account, role) = (Some(account.to_string()), Some(role.name().to_owned()));
            return value(LinkMade { account, role, ..made });
        }
        PersonRequest::Limit { username, wish } => {
            let found = gate.people().find(&username).await?;
            let limits = wish.put(found.limits, None, gate.markets().instruments())?;
            gate.people().limit(actor, &found.username, limits).await?;
            return value(row(gate, gate.people().find(&found.username).await?));
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
    Ok(all.into_iter().map(|person| row(gate, person)).collect())
}

fn row(gate: &Gate, person: PersonInfo) -> PersonRow {
    PersonRow {
        person: person.id,
        account: match person.accounts.as_slice() {
            [only] => Some(only.to_string()),
            _ => None,
        },
        accounts: person.accounts.iter().map(ToString::to_string).collect(),
        lock: person.lock.to_string(),
        locks: person.locks.iter().map(said).collect(),
        limits: LimitsRow::of(&person.limits, None, gate.markets().instruments()),
        username: person.username,
    }
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
        account: None,
        role: None,
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

/// A fault that says that there is no such person, with the name of a request that nobody has: what decides knows only
/// that nobody was found.
pub(crate) async fn naming(gate: &Gate, fault: Fault, request: &[u8]) -> Fault {
    if fault != Fault::from(Refusal::not_found("person")) {
        return fault;
    }
    let asked: Value = serde_json::from_slice(request).unwrap_or_default();
    let mut names = Vec::new();
    names_in(&asked, &mut names);
    for name in names {
        if gate.people().find(name).await.is_ok() {
            continue;
        }
        let shown: String = name.chars().take(64).filter(|letter| !letter.is_control()).collect();
        let text = format!(
            "there is no person \u{201c}{shown}\u{201d}; `floorpass person list` shows everybody"
        );
        return Fault { text, ..fault };
    }
    fault
}

/// The names of people in a request.
fn names_in<'v>(asked: &'v Value, names: &mut Vec<&'v str>) {
    for (field, value) in asked.as_object().into_iter().flatten() {
        let is_name = matches!(field.as_str(), "username" | "owner" | "person" | "contact");
        match value.as_str().filter(|_| is_name) {
            Some(name) => names.push(name),
            None => names_in(value, names),
        }
    }
}

/// The role of this name.
pub(crate) fn role_of(name: &str) -> Result<Role, Fault> {
    Role::ALL.into_iter().find(|role| role.name() == name).ok_or_else(|| {
        let all = Role::ALL.map(Role::name).join(", ");
        Fault::new("NAME_UNKNOWN", format!("role {name} is not known; use {all}"))
    })
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
