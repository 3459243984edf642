//! What each request does: one call of the gate, and its answer in plain data.

use std::path::Path;

use access::link::Purpose;
use access::{Grade, Refusal, Span, Time};
use gate::{Actor, Gate, LockTarget};
use serde::Serialize;
use serde_json::Value;

use crate::answer::{
    BackupMade, CheckpointNow, ConditionRow, Done, JumpRow, LinkMade, LockReceipt, NoticeRow,
    PersonRow, ProgressRow, SocketRow, StatusNow, TotpNow, WebhookKey,
};
use crate::fault::Fault;
use crate::request::{Request, Target};
use crate::{
    activity, authenticator, contact, credential, device, front_door, notice, order, policy, push,
    recovery, session, travel,
};

/// What every act has at hand.
pub(crate) struct Desk<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) data: &'a Path,
    /// The portal's URL.
    pub(crate) portal: &'a str,
    pub(crate) actor: Actor,
}

/// Does one request.
pub(crate) async fn act(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        Request::Status => value(status(desk)),
        Request::Outbox { limit } => value(outbox(desk, limit).await?),
        Request::Totp { username } => value(TotpNow { code: gate.totp_now(&username).await? }),
        Request::Where { username } => value(front_door::show(gate, username.as_deref()).await?),
        Request::PersonList => value(people(gate).await?),
        Request::PersonAdd { .. }
        | Request::PersonResetPassword { .. }
        | Request::PersonResetTotp { .. }
        | Request::Link { .. } => enter(desk, request).await,
        Request::CredentialList
        | Request::CredentialShow { .. }
        | Request::CredentialCreate(_)
        | Request::CredentialPause { .. }
        | Request::CredentialResume { .. }
        | Request::CredentialRename { .. }
        | Request::CredentialEdit { .. }
        | Request::CredentialRevoke { .. } => credential::act(desk, request).await,
        Request::SessionList => value(session::list(gate).await?),
        Request::SessionShow { session } => value(session::show(gate, session).await?),
        Request::PolicyShow { .. } | Request::PolicySet(_) => choose(desk, request).await,
        Request::SessionEnd { session } => {
            gate.end_session(&desk.actor, session).await?;
            value(Done { text: format!("session {session} is ended") })
        }
        Request::AuthenticatorList { username } => {
            value(authenticator::list(gate, username.as_deref()).await?)
        }
        Request::AuthenticatorRemove { authenticator } => {
            gate.remove_authenticator(&desk.actor, authenticator).await?;
            value(Done { text: format!("{authenticator} is removed and signs nobody in any more") })
        }
        Request::DeviceList => value(device::list(gate).await?),
        Request::DeviceRemove { device } => value(device::remove(desk, device).await?),
        Request::DeviceAgain { device, was } => value(device::again(desk, device, was).await?),
        Request::DeviceMovePhone { device, to, number } => {
            value(device::move_phone(desk, device, to, &number).await?)
        }
        Request::TravelShow { .. } | Request::TravelPlan(_) | Request::TravelEnd { .. } => {
            travel::act(desk, request).await
        }
        Request::PushList | Request::PushTest { .. } | Request::PushRemove { .. } => {
            push::act(desk, request).await
        }
        Request::ContactShow { .. }
        | Request::ContactSet { .. }
        | Request::NoticeList { .. }
        | Request::NoticeDisown { .. }
        | Request::DeliveryList
        | Request::WebhookSecret => reach(desk, request).await,
        Request::RecoveryList
        | Request::RecoveryShow { .. }
        | Request::RecoveryBegin { .. }
        | Request::RecoveryCancel { .. } => recovery::act(desk, request).await,
        Request::Lock { .. } | Request::Unlock { .. } => lock(desk, request).await,
        Request::Orders => value(order::list(gate).await?),
        Request::Executions => value(order::executions(gate).await?),
        Request::Positions => value(order::positions(gate).await?),
        Request::Activity(_) | Request::ActivityExport { .. } | Request::EvidenceExport { .. } => {
            activity::act(desk, request).await
        }
        Request::Checkpoint => value(checkpoint(desk).await?),
        Request::Backup { to } => value(backup(desk, &to).await?),
    }
}

/// Locks.
async fn lock(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        Request::Lock { target, grade } => {
            let on = find(gate, &target).await?;
            let receipt = gate.lock(&desk.actor, on, grade).await?;
            value(lock_receipt(&target, &receipt))
        }
        Request::Unlock { target } => {
            let on = find(gate, &target).await?;
            let lifted = gate.unlock(&desk.actor, on).await?;
            let mut text =
                format!("{} is unlocked; what the lock ended stays ended", name(&target));
            if lifted.grade == Grade::All {
                let who = username(gate, &target).await?;
                text = format!(
                    "{text}. The old password, app and recovery codes no longer sign in; passkeys do. `floorpass person reset-password {who}` makes the link that sets a new password"
                );
            }
            value(Done { text })
        }
        _ => Err(Fault::new("ANSWER", "a request of another noun".to_owned())),
    }
}

/// Policies.
async fn choose(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    match request {
        Request::PolicySet(wish) => value(policy::set(desk.gate, &desk.actor, wish).await?),
        Request::PolicyShow { username } => value(policy::show(desk.gate, &username).await?),
        _ => Err(Fault::new("ANSWER", "a request of another noun".to_owned())),
    }
}

/// Links that let a person in.
async fn enter(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let (gate, actor) = (desk.gate, &desk.actor);
    let (username, issued) = match request {
        Request::PersonAdd { username } => {
            let issued = gate.add_person(actor, &username).await?;
            (username, issued)
        }
        Request::PersonResetPassword { username } => {
            let issued = gate.reset_password(actor, &username).await?;
            (username, issued)
        }
        Request::PersonResetTotp { username } => {
            let issued = gate.reset_totp(actor, &username).await?;
            (username, issued)
        }
        Request::Link { username, phone } => {
            let purpose = if phone { Purpose::Phone } else { Purpose::SignIn };
            let issued = gate.issue_link(actor, &username, purpose).await?;
            let mut made = link(desk, username, &issued);
            if phone {
                // The page with the number that confirms it.
                made.url.push_str("?next=/approvals");
            }
            return value(made);
        }
        _ => return Err(Refusal::NotFound { what: "link" }.into()),
    };
    value(link(desk, username, &issued))
}

/// Contact, notices and their deliveries.
async fn reach(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let (gate, actor) = (desk.gate, &desk.actor);
    match request {
        Request::ContactShow { username } => value(contact::row(gate.contact_of(&username).await?)),
        Request::ContactSet { username, mail, phone } => {
            let set = gate.set_contact(actor, &username, mail.as_deref(), phone.as_deref());
            value(contact::row(set.await?))
        }
        Request::NoticeList { username } => value(notice::list(gate, &username).await?),
        Request::NoticeDisown { notice } => value(notice::disown(gate, actor, notice).await?),
        Request::WebhookSecret => {
            let secret = gate.webhook_secret().await?.text();
            let secret = secret.expose_text().unwrap_or_default().to_owned();
            value(WebhookKey { secret })
        }
        _ => value(notice::deliveries(gate, actor).await?),
    }
}

pub(crate) fn value<T: Serialize>(answer: T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|e| Fault::new("ANSWER", e.to_string()))
}

/// A time as scripts take it: RFC 3339 in UTC, whole seconds.
pub(crate) fn instant(time: Time) -> String {
    match time.to_string().strip_suffix(" UTC") {
        Some(text) => format!("{}Z", text.replacen(' ', "T", 1)),
        None => time.to_string(),
    }
}

/// So many days from now.
pub(crate) fn in_days(now: Time, days: u32) -> Time {
    now + Span::days(i64::from(days))
}

/// The nearest whole seconds.
const fn seconds(span: Span) -> i64 {
    span.0.saturating_add(500_000).div_euclid(1_000_000)
}

fn status(desk: &Desk<'_>) -> StatusNow {
    let gate = desk.gate;
    let listeners = gate.listeners().borrow().clone();
    let sockets = listeners.iter().map(|one| SocketRow {
        name: one.name.clone(),
        port: one.bound.map_or(one.port, |bound| bound.port()),
        state: credential::state_of(one.state).to_owned(),
    });
    StatusNow {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        process: std::process::id(),
        data: desk.data.to_path_buf(),
        time: instant(gate.wall()),
        stamps_ahead: gate.ahead().0.div_euclid(1_000_000),
        clock_jump: gate.last_jump().map(|jump| JumpRow {
            at: instant(jump.at),
            by: seconds(jump.by),
            ahead: seconds(jump.ahead),
            text: jump.to_string(),
        }),
        durability: gate.config().durability.name().to_owned(),
        demo: gate.is_demo(),
        account: gate.account().to_string(),
        journal_seq: gate.journal_seq(),
        catching_up: gate.progress().map(|one| ProgressRow {
            from: instant(one.from),
            at: instant(one.at),
            to: instant(one.to),
            percent: one.percent(),
        }),
        portal: desk.portal.to_owned(),
        sockets: sockets.collect(),
        conditions: gate.conditions().into_iter().map(condition).collect(),
    }
}

fn condition(one: gate::Condition) -> ConditionRow {
    let (code, since) = (one.code.to_owned(), instant(one.since));
    ConditionRow { code, subject: one.subject, text: one.text, since, stops: one.stops }
}

async fn outbox(desk: &Desk<'_>, limit: u32) -> Result<Vec<NoticeRow>, Refusal> {
    let notices = desk.gate.outbox(&desk.actor).await?;
    let rows = notices.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(rows
        .map(|notice| NoticeRow {
            at: instant(notice.at),
            username: notice.username,
            topic: notice.topic.name().to_owned(),
            text: notice.text,
            code: notice.code,
        })
        .collect())
}

async fn people(gate: &Gate) -> Result<Vec<PersonRow>, Refusal> {
    let all = gate.people().await?;
    Ok(all
        .into_iter()
        .map(|person| PersonRow {
            person: person.id,
            username: person.username,
            account: person.accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            lock: person.lock.to_string(),
        })
        .collect())
}

fn link(desk: &Desk<'_>, username: String, issued: &gate::LinkIssued) -> LinkMade {
    LinkMade {
        username,
        url: link_url(desk.portal, issued.token.expose_text().unwrap_or_default()),
        until: instant(issued.until),
    }
}

/// The address at which the portal takes a link's token.
pub fn link_url(portal: &str, token: &str) -> String {
    format!("{}/link/{token}", portal.trim_end_matches('/'))
}

fn name(target: &Target) -> String {
    match target {
        Target::Account(account) => format!("account {account}"),
        Target::Person(username) => format!("person {username}"),
    }
}

/// Who is locked, by the name to sign in with.
async fn username(gate: &Gate, target: &Target) -> Result<String, Refusal> {
    match target {
        Target::Person(username) => Ok(username.clone()),
        Target::Account(account) => {
            let people = gate.people().await?;
            let owner = people.into_iter().find(|one| one.accounts.contains(account));
            owner.map(|one| one.username).ok_or(Refusal::NotFound { what: "person" })
        }
    }
}

async fn find(gate: &Gate, target: &Target) -> Result<LockTarget, Refusal> {
    match target {
        Target::Account(account) => Ok(LockTarget::Account(*account)),
        Target::Person(username) => {
            let people = gate.people().await?;
            let person = people.into_iter().find(|p| p.username == *username);
            person.map(|p| LockTarget::Person(p.id)).ok_or(Refusal::NotFound { what: "person" })
        }
    }
}

fn lock_receipt(target: &Target, receipt: &gate::Receipt) -> LockReceipt {
    LockReceipt {
        target: name(target),
        grade: receipt.grade.to_string(),
        means: receipt.grade.text().to_owned(),
        at: instant(receipt.at),
        sessions: receipt.sessions,
        credentials: receipt.credentials.len(),
        devices: receipt.devices.len(),
        orders: receipt.orders.unwrap_or(0),
    }
}

/// Signs a checkpoint and gives its line in the folder's file, the newest.
async fn checkpoint(desk: &Desk<'_>) -> Result<CheckpointNow, Fault> {
    desk.gate.checkpoint().await?;
    let file = desk.data.join(gate::checkpoint::FILE);
    let text = tokio::fs::read_to_string(&file)
        .await
        .map_err(|e| Fault::new("CHECKPOINT_FILE", format!("{}: {e}", file.display())))?;
    Ok(CheckpointNow { line: text.lines().last().unwrap_or_default().to_owned() })
}

async fn backup(desk: &Desk<'_>, to: &Path) -> Result<BackupMade, Fault> {
    if !to.is_absolute() {
        return Err(Fault::new(
            "PATH_NOT_ABSOLUTE",
            format!("{} is no absolute path", to.display()),
        ));
    }
    let made =
        desk.gate.backup(to).await.map_err(|e| Fault::new("BACKUP_FAILED", e.to_string()))?;
    Ok(BackupMade {
        to: to.display().to_string(),
        journal_seq: made.journal_seq,
        bytes: made.bytes,
        key: desk.data.join("key").display().to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instant_is_rfc_3339() {
        assert_eq!(instant(Time::from_seconds(1_800_000_000)), "2027-01-15T08:00:00Z");
    }
}
