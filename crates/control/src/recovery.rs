//! Recoveries, as the operator sees them.

use std::net::IpAddr;

use access::approval::Say;
use access::recovery::{RecoveryEnd, RecoveryPolicy, Stage};
use access::{RecoveryId, Refusal, Span, TrusteeId};
use gate::{Gate, PersonInfo, RecoveryInfo};
use serde_json::Value;

use serde::{Deserialize, Serialize};

use crate::answer::{Done, RecoveryContactRow, RecoveryMade, RecoveryPolicyNow, RecoveryRow};
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::person;

/// How recoveries of a person are to go; none leaves what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryWish {
    /// User name of the person it belongs to.
    pub username: String,
    /// How long one waits.
    pub hours: Option<u32>,
    /// How many contacts let in at once.
    pub contacts: Option<u32>,
    /// Whether waiting lets in too, where contacts do.
    pub waiting: Option<bool>,
}

/// Recoveries, and how they go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RecoveryRequest {
    /// The recoveries of the last weeks.
    List {
        /// Whose; none is everybody's.
        #[serde(default)]
        username: Option<String>,
    },
    /// One recovery.
    Show {
        /// Its id, as `recovery list` prints it.
        recovery: RecoveryId,
    },
    /// Begins a recovery for a person.
    Begin {
        /// User name of the person it is for.
        username: String,
    },
    /// Stops a recovery.
    Cancel {
        /// Its id, as `recovery list` prints it.
        recovery: RecoveryId,
    },
    /// How recoveries of a person go.
    Policy {
        /// Whose; none is the only person's.
        username: Option<String>,
    },
    /// Says how they go; what is left out stays.
    SetPolicy(RecoveryWish),
    /// The recovery contacts of a person.
    Contacts {
        /// Whose; none is the only person's.
        username: Option<String>,
    },
    /// Names one.
    NameContact {
        /// User name of the person whose contact it is.
        username: String,
        /// The contact's user name.
        contact: String,
    },
    /// Takes one away.
    RemoveContact {
        /// User name of the person whose contact it is.
        username: String,
        /// Its id, as `recovery contacts` prints it.
        contact: TrusteeId,
    },
}

/// Does what is asked about recoveries.
pub(crate) async fn act(desk: &Desk<'_>, request: RecoveryRequest) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        RecoveryRequest::Show { recovery } => value(show(gate, recovery).await?),
        RecoveryRequest::Begin { username } => value(begin(desk, username).await?),
        RecoveryRequest::Cancel { recovery } => {
            gate.recoveries().cancel(&desk.actor, recovery).await?;
            let text = format!("recovery {recovery} is stopped");
            value(Done::new("recovery_cancelled", text).with("recovery", recovery.to_string()))
        }
        RecoveryRequest::Policy { username } => {
            let username = person::the(gate, username).await?;
            value(policy(gate, gate.people().find(&username).await?).await?)
        }
        RecoveryRequest::SetPolicy(wish) => value(set_policy(desk, wish).await?),
        RecoveryRequest::Contacts { username } => {
            let username = person::the(gate, username).await?;
            value(contacts(gate, &username).await?)
        }
        RecoveryRequest::NameContact { username, contact } => {
            value(name_contact(desk, &username, &contact).await?)
        }
        RecoveryRequest::RemoveContact { username, contact } => {
            value(remove_contact(desk, &username, contact).await?)
        }
        RecoveryRequest::List { username } => value(list(gate, username).await?),
    }
}

/// All of the last weeks.
async fn list(gate: &Gate, username: Option<String>) -> Result<Vec<RecoveryRow>, Refusal> {
    let person = person::named(gate, username).await?.map(|one| one.id);
    Ok(gate.recoveries().list(person).await?.into_iter().map(row).collect())
}

/// One of them.
async fn show(gate: &Gate, id: RecoveryId) -> Result<RecoveryRow, Refusal> {
    let found = gate.recoveries().list(None).await?.into_iter().find(|one| one.id == id);
    found.map(row).ok_or(Refusal::not_found("recovery"))
}

/// Begins one for a person, with the link for their browser.
async fn begin(desk: &Desk<'_>, username: String) -> Result<RecoveryMade, Refusal> {
    let begun = desk.gate.recoveries().assist(&desk.actor, &username).await?;
    let (portal, token) = (desk.portal.trim_end_matches('/'), begun.token.expose_text());
    Ok(RecoveryMade {
        recovery: begun.recovery,
        username,
        url: format!("{portal}/recover/claim/{}", token.unwrap_or_default()),
        ready: begun.ready_at.map(instant),
    })
}

async fn policy(gate: &Gate, person: PersonInfo) -> Result<RecoveryPolicyNow, Refusal> {
    let RecoveryPolicy { wait, needed, waits } = gate.recoveries().policy_of(person.id).await?;
    let wait_hours = wait.seconds_up().div_euclid(3_600);
    Ok(RecoveryPolicyNow { username: person.username, wait_hours, needed, waits })
}

async fn set_policy(desk: &Desk<'_>, wish: RecoveryWish) -> Result<RecoveryPolicyNow, Refusal> {
    let person = desk.gate.people().find(&wish.username).await?;
    let old = desk.gate.recoveries().policy_of(person.id).await?;
    let wanted = RecoveryPolicy {
        wait: wish.hours.map_or(old.wait, |hours| Span::hours(hours.into())),
        needed: wish.contacts.unwrap_or(old.needed),
        waits: wish.waiting.unwrap_or(old.waits),
    };
    desk.gate.recoveries().choose_as(&desk.actor, person.id, wanted).await?;
    policy(desk.gate, person).await
}

async fn contacts(gate: &Gate, username: &str) -> Result<Vec<RecoveryContactRow>, Refusal> {
    let person = gate.people().find(username).await?;
    let all = gate.trustees().of(person.id).await?.into_iter();
    Ok(all
        .map(|one| RecoveryContactRow {
            contact: one.id,
            username: person.username.clone(),
            contact_name: one.username,
            since: instant(one.named_at),
            accepted: one.agreed_at.map(instant),
        })
        .collect())
}

async fn name_contact(desk: &Desk<'_>, username: &str, contact: &str) -> Result<Done, Refusal> {
    let person = desk.gate.people().find(username).await?;
    desk.gate.trustees().name_as(&desk.actor, person.id, contact).await?;
    let text = format!(
        "{contact} is named as a recovery contact of {}, and counts once they accept",
        person.username
    );
    let done = Done::new("recovery_contact_named", text).with("username", person.username);
    Ok(done.with("contact_name", contact))
}

async fn remove_contact(
    desk: &Desk<'_>,
    username: &str,
    contact: TrusteeId,
) -> Result<Done, Refusal> {
    let person = desk.gate.people().find(username).await?;
    desk.gate.trustees().remove_as(&desk.actor, person.id, contact).await?;
    let text = format!("{contact} is no longer a recovery contact of {}", person.username);
    let done = Done::new("recovery_contact_removed", text).with("username", person.username);
    Ok(done.with("contact", contact.to_string()))
}

/// How one ended, for programs.
const fn name_of(end: RecoveryEnd) -> &'static str {
    match end {
        RecoveryEnd::ByPerson => "by_person",
        RecoveryEnd::ByLink => "by_link",
        RecoveryEnd::ByOperator => "by_operator",
        RecoveryEnd::SignedIn => "signed_in",
        RecoveryEnd::Locked => "locked",
        RecoveryEnd::Lapsed => "lapsed",
        RecoveryEnd::BegunAgain => "begun_again",
    }
}

fn row(one: RecoveryInfo) -> RecoveryRow {
    let ended = match one.stage {
        Stage::Over { at, why } => Some((at, name_of(why), why.text().to_owned())),
        Stage::Finished { at, .. } => Some((at, "signed_in_by_it", "signed in".to_owned())),
        Stage::Begun { .. } | Stage::Half { .. } | Stage::Ready { .. } => None,
    };
    let held_until = match one.stage {
        Stage::Finished { held_until, .. } => Some(instant(held_until)),
        _ => None,
    };
    // The operator's own, which no browser has taken up, has no address.
    let address = one.source.parse::<IpAddr>().ok();
    RecoveryRow {
        recovery: one.id,
        username: one.username,
        begun: instant(one.begun_at),
        begun_by: if one.by.runs_the_server() { "operator" } else { "visitor" }.to_owned(),
        address: address.map(|address| address.to_string()),
        browser: address.map(|_| one.browser),
        state: one.stage.name().to_owned(),
        ready: one.ready_at.map(instant),
        needed: one.needed,
        vouched: one.asks.iter().filter(|ask| ask.said == Some(Say::Yes)).count(),
        ended: ended.as_ref().map(|(at, _, _)| instant(*at)),
        end: ended.as_ref().map(|(_, end, _)| (*end).to_owned()),
        why: ended.map(|(_, _, why)| why),
        held_until,
    }
}
