//! Deliveries: a task for each channel takes what is due from the table, tries it, and writes down
//! what came of it. A channel that hangs holds up itself alone: no sign-in waits for a delivery,
//! and what was not delivered waits in the table, over a restart too.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use access::notice::{Notice, Topic};
use access::refusal::ServerRefusal;
use access::sign_in::CODE_LIFE;
use access::{Refusal, Secret, Span, Time};
use alert::{Channel, Fault, Letter, PATIENCE, WebhookSecret};
use data_encoding::HEXLOWER;
use store::{Delivery, DeliveryRow, DeliveryState};
use tokio::sync::watch;

use crate::registry::store_failed;
use crate::session::Actor;
use crate::tables::WEBHOOK_FACT;
use crate::timer::told;
use crate::{Gate, Inner};

mod queue;

pub(crate) use queue::Deliveries;

/// Deliveries that are taken from the table at once.
const BATCH: u32 = 20;
/// Deliveries that a list shows at most.
const LISTED: u32 = 500;
/// How long a task sleeps at most: clocks may jump.
const SLEEP: Duration = Duration::from_mins(1);

/// Deliveries of messages, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct DeliveryGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Deliveries of messages, through the gate.
    pub const fn deliveries(&self) -> DeliveryGate<'_> {
        DeliveryGate { gate: self }
    }
}

impl DeliveryGate<'_> {
    /// Delivers notices by these channels from now on, each in a task of its own on the runtime
    /// that this is called on. Only from then on notices wait for a webhook.
    pub fn start(self, channels: Vec<Arc<dyn Channel>>) {
        let webhook = channels.iter().any(|one| one.name() == store::delivery::WEBHOOK);
        self.gate.0.people.store.set_webhook(webhook);
        let deliveries = &self.gate.0.people.deliveries;
        let mut tasks = deliveries.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        for channel in channels {
            let (weak, queued) = (Arc::downgrade(&self.gate.0), deliveries.queued.subscribe());
            let make = move || run(Weak::clone(&weak), Arc::clone(&channel), queued.clone());
            tasks
                .push(self.gate.0.health.task("delivery", told(&self.gate.0), make).abort_handle());
        }
    }

    /// The secret that this folder's webhook signs with, drawn at its first use.
    pub async fn webhook_secret(self) -> Result<WebhookSecret, Refusal> {
        let people = &self.gate.0.people;
        let drawn = Secret::new(self.gate.moment()?.draw::<32>(WEBHOOK_FACT).to_vec());
        let sealed = people.key.seal(&drawn, WEBHOOK_FACT, &self.gate.moment()?);
        let first = HEXLOWER.encode(&sealed.0);
        let kept = people.store.fact_or(WEBHOOK_FACT, &first).await;
        let kept = kept.map_err(|error| store_failed(&error))?;
        let sealed = HEXLOWER
            .decode(kept.as_bytes())
            .map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))?;
        let opened = people.key.open(&access::SealedSecret(sealed), WEBHOOK_FACT);
        let opened = opened.map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))?;
        let bytes =
            opened.expose().try_into().map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))?;
        Ok(WebhookSecret::new(bytes))
    }

    /// How deliveries stand, those of the newest notices first; the operator alone.
    pub async fn list(self, actor: &Actor) -> Result<Vec<DeliveryRow>, Refusal> {
        actor.check_operator()?;
        let rows = self.gate.0.people.store.deliveries(LISTED).await;
        rows.map_err(|error| store_failed(&error))
    }

    /// Wakes the channels' tasks: the clock of a test was moved.
    pub fn wake(self) {
        self.gate.0.people.deliveries.wake();
    }
}

impl Gate {
    /// What a channel has to try now, each counted as tried.
    async fn take_due(&self, channel: &str) -> Result<Vec<Delivery>, Refusal> {
        let people = &self.0.people;
        let now = people.clock.stamp();
        let failed = |error| store_failed(&error);
        let due = people.store.deliveries_due(channel, now, BATCH).await.map_err(failed)?;
        let mut taken = Vec::with_capacity(due.len());
        for one in due {
            let wait = alert::wait_after(one.tries.saturating_add(1)).unwrap_or(Span::days(1));
            let claimed = people.store.claim_delivery(channel, &one, now, now + wait).await;
            if claimed.map_err(failed)? {
                taken.push(one);
            }
        }
        Ok(taken)
    }

    fn letter(&self, delivery: &Delivery) -> Result<Letter, Refusal> {
        let notice = &delivery.notice;
        let purpose = Notice::purpose(notice.id);
        let code = notice.code.as_ref().map(|sealed| self.0.people.key.open(sealed, &purpose));
        let code = code.transpose().map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))?;
        let (code, stop) = match notice.topic {
            Topic::Recovery => (None, code.as_ref().and_then(|token| self.stop_link(token))),
            _ => (code, None),
        };
        Ok(Letter {
            id: notice.id,
            username: delivery.username.clone(),
            to: delivery.target.clone(),
            topic: notice.topic,
            text: notice.text.clone(),
            code,
            stop,
            subject: notice.subject,
            // Its reader has a clock of their own: no letter is from tomorrow.
            at: notice.at.min(self.wall()),
        })
    }

    /// The address of the page that stops a recovery and does nothing else.
    fn stop_link(&self, token: &Secret) -> Option<String> {
        let origin = self.0.config.portal_origin.as_str().trim_end_matches('/');
        token.expose_text().map(|token| format!("{origin}/recover/stop/{token}"))
    }

    /// Writes down what a try came to.
    async fn settle(&self, channel: &str, delivery: &Delivery, done: Result<(), Fault>) {
        let people = &self.0.people;
        let state = state_after(delivery, done.as_ref(), people.clock.stamp());
        let fault = done.err().map(|fault| fault.text);
        if state == DeliveryState::GivenUp {
            let notice = delivery.notice.id;
            tracing::warn!(channel, %notice, fault, "a message could not be delivered");
        }
        let settled = people.store.settle_delivery(channel, delivery, state, fault.as_deref());
        if let Err(error) = settled.await {
            tracing::error!(%error, "a delivery could not be recorded; it may be repeated");
        }
    }
}

/// Until when a delivery is of use: a code that comes too late is worth nothing.
fn of_use(delivery: &Delivery) -> Time {
    let code = delivery.notice.code.as_ref().filter(|_| delivery.notice.topic != Topic::Recovery);
    code.map_or(Time::FAR, |_| delivery.notice.at + CODE_LIFE)
}

/// The state of a delivery after a try.
fn state_after(delivery: &Delivery, done: Result<&(), &Fault>, now: Time) -> DeliveryState {
    let Err(fault) = done else { return DeliveryState::Delivered };
    match alert::wait_after(delivery.tries.saturating_add(1)) {
        Some(wait) if !fault.lasting && now + wait < of_use(delivery) => DeliveryState::Waiting,
        _ => DeliveryState::GivenUp,
    }
}

/// One channel's task. It holds the gate only while it reads and writes, never while it waits for
/// another server.
async fn run(weak: Weak<Inner>, channel: Arc<dyn Channel>, mut queued: watch::Receiver<u64>) {
    loop {
        queued.mark_unchanged();
        let taken = match weak.upgrade().map(Gate) {
            Some(gate) => gate.take_due(channel.name()).await.unwrap_or_default(),
            None => return,
        };
        let more = !taken.is_empty();
        for delivery in taken {
            let Some(gate) = weak.upgrade().map(Gate) else { return };
            let (letter, now, wall) = (gate.letter(&delivery), gate.now(), gate.wall());
            drop(gate);
            let done = attempt(channel.as_ref(), &delivery, letter, (now, wall)).await;
            let Some(gate) = weak.upgrade().map(Gate) else { return };
            gate.settle(channel.name(), &delivery, done).await;
        }
        if more {
            continue;
        }
        let sleep = match weak.upgrade().map(Gate) {
            Some(gate) => gate.sleep_until_due(channel.name()).await,
            None => return,
        };
        tokio::select! {
            changed = queued.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// One try, within its time: a code's by our stamps, and what the receiver judges by the system's clock.
async fn attempt(
    channel: &dyn Channel,
    delivery: &Delivery,
    letter: Result<Letter, Refusal>,
    (now, wall): (Time, Time),
) -> Result<(), Fault> {
    let letter = letter.map_err(Fault::lasting)?;
    if now >= of_use(delivery) {
        return Err(Fault::lasting("its code has expired"));
    }
    let tried = tokio::time::timeout(PATIENCE, channel.deliver(&letter, wall)).await;
    tried.unwrap_or_else(|_| Err(Fault::passing("it took too long")))
}

impl Gate {
    async fn sleep_until_due(&self, channel: &str) -> Duration {
        let Ok(Some(next)) = self.0.people.store.next_delivery(channel).await else { return SLEEP };
        let wait = next.since(self.now());
        // Not below a moment: tables that cannot be written are not asked without a pause.
        let wait = Duration::from_micros(u64::try_from(wait.0).unwrap_or(0));
        wait.clamp(Duration::from_millis(20), SLEEP)
    }
}
