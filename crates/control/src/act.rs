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
    activity, authenticator, contact, credential, device, front_door, notice, order, person,
    policy, push, recovery, session, ticket, travel,
};

/// What every act has at hand.
pub(crate) struct Desk<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) data: &'a Path,
    /// The portal's URL.
    pub(crate) portal: &'a str,
    /// The same as other devices reach it.
    pub(crate) devices: &'a str,
    pub(crate) actor: Actor,
}

/// Does one request.
pub(crate) async fn act(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        Request::Status => value(status(desk)),
        Request::Outbox { username, limit } => value(outbox(desk, username, limit).await?),
        Request::Totp { username } => {
            value(TotpNow { code: gate.authenticators().totp_now(&username).await? })
        }
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
        | Request::CredentialRotate { .. }
        | Request::CredentialRename { .. }
        | Request::CredentialEdit { .. }
        | Request::CredentialRevoke { .. } => credential::act(desk, request).await,
        Request::SessionList { .. }
        | Request::SessionShow { .. }
        | Request::SessionEnd { .. }
        | Request::SessionEndAll { .. } => session::act(desk, request).await,
        Request::PolicyShow { .. } | Request::PolicySet(_) => choose(desk, request).await,
        Request::AuthenticatorList { .. }
        | Request::AuthenticatorRename { .. }
        | Request::AuthenticatorReplaceApp { .. }
        | Request::AuthenticatorConfirmApp { .. }
        | Request::AuthenticatorRemove { .. } => authenticator::act(desk, request).await,
        Request::DeviceList { .. }
        | Request::DeviceRename { .. }
        | Request::DeviceRole { .. }
        | Request::DeviceBlock { .. }
        | Request::DeviceRemove { .. }
        | Request::DeviceRemoveAll { .. }
        | Request::DeviceAgain { .. }
        | Request::DeviceMovePhone { .. } => device::act(desk, request).await,
        Request::TravelShow { .. } | Request::TravelPlan(_) | Request::TravelEnd { .. } => {
            travel::act(desk, request).await
        }
        Request::PushList { .. } | Request::PushTest { .. } | Request::PushRemove { .. } => {
            push::act(desk, request).await
        }
        Request::ContactShow { .. }
        | Request::ContactSet { .. }
        | Request::NoticeList { .. }
        | Request::NoticeDisown { .. }
        | Request::NoticeRead { .. }
        | Request::NoticeReadAll { .. }
        | Request::DeliveryList { .. }
        | Request::WebhookSecret => reach(desk, request).await,
        Request::RecoveryList { .. }
        | Request::RecoveryShow { .. }
        | Request::RecoveryBegin { .. }
        | Request::RecoveryCancel { .. }
        | Request::RecoveryPolicy { .. }
        | Request::RecoverySetPolicy(_)
        | Request::RecoveryContacts { .. }
        | Request::RecoveryNameContact { .. }
        | Request::RecoveryRemoveContact { .. } => recovery::act(desk, request).await,
        Request::Lock { .. } | Request::Unlock { .. } => lock(desk, request).await,
        Request::Activity(_) | Request::ActivityExport { .. } | Request::EvidenceExport { .. } => {
            activity::act(desk, request).await
        }
        other => rest(desk, other).await,
    }
}

/// Orders, positions, and what is done with the folder.
async fn rest(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        Request::Orders => value(order::list(gate).await?),
        Request::OrderPreview(_) | Request::OrderPlace(_) | Request::OrderChange(_) => {
            ticket::act(gate, request).await
        }
        Request::OrderCancel { order } => value(order::cancel(gate, Some(order)).await?),
        Request::OrderCancelAll => value(order::cancel(gate, None).await?),
        Request::Executions => value(order::executions(gate).await?),
        Request::Positions => value(order::positions(gate).await?),
        Request::Checkpoint => value(checkpoint(desk).await?),
        Request::Backup { to } => value(backup(desk, &to).await?),
        _ => Err(Fault::astray()),
    }
}

/// Locks.
async fn lock(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let gate = desk.gate;
    match request {
        Request::Lock { target, grade } => {
            let (target, on) = find(gate, target).await?;
            let receipt = gate.locks().lock(&desk.actor, on, grade).await?;
            value(lock_receipt(&target, &receipt))
        }
        Request::Unlock { target } => {
            let (target, on) = find(gate, target).await?;
            let lifted = gate.locks().unlock(&desk.actor, on).await?;
            let mut text =
                format!("{} is unlocked; what the lock ended stays ended", name(&target));
            let is_all = lifted.grade == Grade::All;
            if is_all {
                let who = username(gate, &target).await?;
                text = format!(
                    "{text}. The old password, app and recovery codes no longer work; passkeys do. To set a new password: floorpass person reset-password {who}"
                );
            }
            let (account, person) = named(&target);
            let done =
                Done::new("unlocked", text).with("account", account).with("username", person);
            // The old password and app sign nobody in any more, and a new one needs a link.
            value(done.with("grade", lifted.grade.to_string()).with("needs_new_password", is_all))
        }
        _ => Err(Fault::astray()),
    }
}

/// Policies.
async fn choose(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    match request {
        Request::PolicySet(wish) => value(policy::set(desk.gate, &desk.actor, wish).await?),
        Request::PolicyShow { username } => {
            let username = person::the(desk.gate, username).await?;
            value(policy::show(desk.gate, &username).await?)
        }
        _ => Err(Fault::astray()),
    }
}

/// Links that let a person in.
async fn enter(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let (gate, actor) = (desk.gate, &desk.actor);
    let (username, issued) = match request {
        Request::PersonAdd { username } => {
            let issued = gate.people().add(actor, &username).await?;
            (username, issued)
        }
        Request::PersonResetPassword { username } => {
            let issued = gate.people().reset_password(actor, &username).await?;
            (username, issued)
        }
        Request::PersonResetTotp { username } => {
            let issued = gate.people().reset_totp(actor, &username).await?;
            (username, issued)
        }
        Request::Link { username, phone } => {
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
        _ => return Err(Refusal::NotFound { what: "link" }.into()),
    };
    value(link(desk.portal, username, &issued))
}

/// Contact, notices and their deliveries.
async fn reach(desk: &Desk<'_>, request: Request) -> Result<Value, Fault> {
    let (gate, actor) = (desk.gate, &desk.actor);
    match request {
        Request::ContactShow { username } => {
            let username = person::the(gate, username).await?;
            value(contact::row(gate.contacts().of(&username).await?))
        }
        Request::ContactSet { username, mail, phone } => {
            let set = gate.contacts().set(actor, &username, mail.as_deref(), phone.as_deref());
            value(contact::row(set.await?))
        }
        Request::NoticeList { username } => value(notice::list(gate, username).await?),
        Request::NoticeRead { notice } => value(notice::read(gate, actor, notice).await?),
        Request::NoticeReadAll { username } => {
            value(notice::read_all(gate, actor, &username).await?)
        }
        Request::NoticeDisown { notice } => value(notice::disown(gate, actor, notice).await?),
        Request::WebhookSecret => {
            let secret = gate.webhook_secret().await?.text();
            let secret = secret.expose_text().unwrap_or_default().to_owned();
            value(WebhookKey { secret })
        }
        Request::DeliveryList { username } => {
            value(notice::deliveries(gate, actor, username).await?)
        }
        _ => Err(Fault::astray()),
    }
}

pub(crate) fn value<T: Serialize>(answer: T) -> Result<Value, Fault> {
    serde_json::to_value(answer).map_err(|e| Fault::new("ANSWER", e.to_string()))
}

/// A time as scripts take it: RFC 3339 in UTC, whole seconds.
pub fn instant(time: Time) -> String {
    time.rfc_3339()
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
    let listeners = gate.credentials().listeners().borrow().clone();
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

async fn outbox(
    desk: &Desk<'_>,
    username: Option<String>,
    limit: u32,
) -> Result<Vec<NoticeRow>, Refusal> {
    let wanted = person::named(desk.gate, username).await?.map(|one| one.username);
    let notices = desk.gate.notices().outbox(&desk.actor).await?.into_iter();
    let theirs = notices.filter(|one| wanted.as_ref().is_none_or(|wanted| *wanted == one.username));
    let rows = theirs.take(usize::try_from(limit).unwrap_or(usize::MAX));
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
        })
        .collect())
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

/// Who is locked, by the name to sign in with.
async fn username(gate: &Gate, target: &Target) -> Result<String, Refusal> {
    match target {
        Target::Person(username) => Ok(username.clone()),
        Target::Account(account) => gate.owner_name(*account).await,
        Target::OnlyAccount => Err(Refusal::NotFound { what: "account" }),
    }
}

/// What a lock is on, by its name; a person is found in any spelling of theirs.
async fn find(gate: &Gate, target: Target) -> Result<(Target, LockTarget), Fault> {
    match target {
        Target::Account(account) => Ok((target, LockTarget::Account(account))),
        Target::OnlyAccount => {
            let account = person::only_account(gate).await?;
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
    LockReceipt {
        text: format!("{} is locked: {}", name(target), receipt.grade.text()),
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
            format!("{} is not an absolute path", to.display()),
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
