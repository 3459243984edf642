//! Notices and their deliveries, as the operator sees them.

use gate::{Actor, DeliveryState, Gate};

use access::{NoticeId, Refusal};

use crate::act::instant;
use crate::answer::{DeliveryLine, Done, MessageRow, Stopped};
use crate::person;

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
    let mut rows = gate.deliveries(actor).await?;
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
