//! Notices and their deliveries, as the operator sees them.

use gate::{Actor, DeliveryState, Gate};

use access::{NoticeId, Refusal};

use crate::act::instant;
use crate::answer::{DeliveryLine, MessageRow, Stopped};

/// The newest messages of a person.
pub(crate) async fn list(gate: &Gate, username: &str) -> Result<Vec<MessageRow>, Refusal> {
    let person = gate.find_person(username).await?.id;
    let page = gate.messages(person, None).await?;
    let rows = page.messages.into_iter().map(|one| MessageRow {
        notice: one.notice.id,
        at: instant(one.notice.at),
        topic: one.notice.topic.name().to_owned(),
        text: one.notice.text,
        device: one.notice.subject.device,
        session: one.notice.subject.session,
        address: one.notice.subject.address.map(|address| address.to_string()),
        read: one.read_at.is_some(),
        not_me: one.disowned_at.map(instant),
    });
    Ok(rows.collect())
}

/// Stops what a message tells, on behalf of its person.
pub(crate) async fn disown(
    gate: &Gate,
    actor: &Actor,
    notice: NoticeId,
) -> Result<Stopped, Refusal> {
    let stopped = gate.disown(actor, notice).await?;
    Ok(Stopped {
        sessions: stopped.sessions,
        attempts: stopped.attempts,
        devices: stopped.devices.iter().map(ToString::to_string).collect(),
    })
}

/// How deliveries stand.
pub(crate) async fn deliveries(gate: &Gate, actor: &Actor) -> Result<Vec<DeliveryLine>, Refusal> {
    let rows = gate.deliveries(actor).await?;
    let lines = rows.into_iter().map(|row| DeliveryLine {
        notice: row.delivery.notice.id,
        at: instant(row.delivery.notice.at),
        username: row.delivery.username,
        topic: row.delivery.notice.topic.name().to_owned(),
        channel: row.channel,
        target: row.delivery.target,
        state: row.state.name().to_owned(),
        tries: row.delivery.tries,
        next: (row.state == DeliveryState::Waiting).then(|| instant(row.next_at)),
        fault: row.fault,
    });
    Ok(lines.collect())
}
