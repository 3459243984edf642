//! Notices and their deliveries, as the operator sees them.

use gate::{Actor, DeliveryState, Gate};

use access::{NoticeId, Refusal};

use serde::{Deserialize, Serialize};

use crate::answer::{DeliveryLine, Done, MessageRow, Stopped};
use crate::answer::{NoticeRow, WebhookKey};
use crate::desk::instant;
use crate::desk::{Desk, value};
use crate::fault::Fault;
use crate::person;
use serde_json::Value;

/// Messages to people, and how their deliveries stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NoticeRequest {
    /// The newest messages.
    List {
        /// Whose; none is everybody's.
        username: Option<String>,
    },
    /// Says for its person that it was not them.
    Disown {
        /// Its id, as `notice list` prints it.
        notice: NoticeId,
    },
    /// Marks a message as read in its person's place.
    Read {
        /// Its id, as `notice list` prints it.
        notice: NoticeId,
    },
    /// Marks all messages of a person as read in their place.
    ReadAll {
        /// User name of the person it belongs to.
        username: String,
    },
    /// Messages that would have been sent, newest first.
    Outbox {
        /// To whom; none is everybody.
        #[serde(default)]
        username: Option<String>,
        /// How many at most.
        limit: u32,
    },
    /// How deliveries stand.
    Deliveries {
        /// To whom; none is everybody.
        #[serde(default)]
        username: Option<String>,
    },
    /// The secret that webhooks are signed with.
    WebhookSecret,
}

/// Does one request about messages.
pub(crate) async fn act(desk: &Desk<'_>, request: NoticeRequest) -> Result<Value, Fault> {
    let (gate, actor) = (desk.gate, &desk.actor);
    match request {
        NoticeRequest::List { username } => value(list(gate, username).await?),
        NoticeRequest::Read { notice } => value(read(gate, actor, notice).await?),
        NoticeRequest::ReadAll { username } => value(read_all(gate, actor, &username).await?),
        NoticeRequest::Disown { notice } => value(disown(gate, actor, notice).await?),
        NoticeRequest::Outbox { username, limit } => value(outbox(desk, username, limit).await?),
        NoticeRequest::Deliveries { username } => value(deliveries(gate, actor, username).await?),
        NoticeRequest::WebhookSecret => {
            let secret = gate.deliveries().webhook_secret().await?.text();
            let secret = secret.expose_text().unwrap_or_default().to_owned();
            value(WebhookKey { secret })
        }
    }
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

/// The newest messages of a person, or of everybody.
pub(crate) async fn list(
    gate: &Gate,
    username: Option<String>,
) -> Result<Vec<MessageRow>, Refusal> {
    let people = match person::named(gate, username).await? {
        Some(one) => vec![one],
        None => gate.people().list().await?,
    };
    let mut rows = Vec::new();
    for one in people {
        let page = gate.notices().list(one.id, None).await?;
        rows.extend(page.messages.into_iter().map(|message| row(&one.username, message)));
    }
    rows.sort_by(|one, two| two.at.cmp(&one.at));
    Ok(rows)
}

fn row(username: &str, one: gate::Message) -> MessageRow {
    MessageRow {
        notice: one.notice.id,
        username: username.to_owned(),
        at: instant(one.notice.at),
        topic: one.notice.topic.name().to_owned(),
        text: one.notice.text,
        device: one.notice.subject.device,
        session: one.notice.subject.session,
        address: one.notice.subject.address.map(|address| address.to_string()),
        read: one.read_at.is_some(),
        not_me: one.disowned_at.map(instant),
    }
}

/// Stops what a message tells, on behalf of its person.
pub(crate) async fn disown(
    gate: &Gate,
    actor: &Actor,
    notice: NoticeId,
) -> Result<Stopped, Refusal> {
    let stopped = gate.notices().disown(actor, notice).await?;
    Ok(Stopped {
        sessions: stopped.sessions,
        attempts: stopped.attempts,
        devices: stopped.devices.iter().map(ToString::to_string).collect(),
    })
}

/// Marks a message as read in its person's place.
pub(crate) async fn read(gate: &Gate, actor: &Actor, notice: NoticeId) -> Result<Done, Refusal> {
    let person = gate.notices().person_of(notice).await?;
    gate.notices().read_all_as(actor, person, Some(notice)).await?;
    let text = format!("message {notice} is marked as read");
    Ok(Done::new("notice_read", text).with("notice", notice.to_string()))
}

/// The same with all messages of a person.
pub(crate) async fn read_all(gate: &Gate, actor: &Actor, username: &str) -> Result<Done, Refusal> {
    let person = gate.people().find(username).await?;
    gate.notices().read_all_as(actor, person.id, None).await?;
    let text = format!("all messages to {} are marked as read", person.username);
    Ok(Done::new("notices_read", text).with("username", person.username))
}

/// How deliveries stand.
pub(crate) async fn deliveries(
    gate: &Gate,
    actor: &Actor,
    username: Option<String>,
) -> Result<Vec<DeliveryLine>, Refusal> {
    let wanted = person::named(gate, username).await?.map(|one| one.username);
    let mut rows = gate.deliveries().list(actor).await?;
    rows.retain(|row| wanted.as_ref().is_none_or(|wanted| *wanted == row.delivery.username));
    let lines = rows.into_iter().map(|row| DeliveryLine {
        notice: row.delivery.notice.id,
        at: instant(row.delivery.notice.at),
        username: row.delivery.username,
        topic: row.delivery.notice.topic.name().to_owned(),
        channel: row.channel,
        target: row.delivery.target,
        state: row.state.name().to_owned(),
        tries: row.delivery.tries,
        next_try: (row.state == DeliveryState::Waiting).then(|| instant(row.next_at)),
        fault: row.fault,
    });
    Ok(lines.collect())
}
