//! Tells a person's phones by Web Push that an approval is waiting, while none of them has the page
//! open. What cannot be delivered is not a loss of authority: the page shows it all the same.

use std::sync::{Arc, Weak};
use std::time::Duration;

use access::approval::{self, Approval};
use access::push::{Command as PushCommand, Push, Wish};
use access::refusal::{ServerRefusal, SessionRefusal};
use access::{
    ApprovalId, By, Call, Command, DeviceId, PersonId, PublicKey, Refusal, SealedSecret, Secret,
    Source, Span,
};
use alert::{Fault, PushMessage, PushTarget, Pushed, VapidKey};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::json;
use store::{Key, PushRow};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::registry::store_failed;
use crate::session::{Actor, SessionTicket};
use crate::tables::PUSH_FACT;
use crate::timer::told;
use crate::{Gate, Inner};

mod queue;

pub(crate) use queue::Pushes;

/// Most approvals that wait to be pushed; one more is not pushed, and shows only on the page.
const QUEUED: usize = 256;
/// Messages under way at once.
const AT_ONCE: usize = 16;
/// Pauses before a message that failed is tried again, in seconds: an approval lives two minutes.
const AGAIN: [u64; 3] = [2, 5, 15];
/// How long the push service keeps a message of the operator's test.
const TEST_LIFE: Span = Span::minutes(2);

/// What a phone's browser says of itself, as text of a form.
pub struct PushWish<'a> {
    /// Its address at its push service.
    pub endpoint: &'a str,
    /// Its key, in base64url.
    pub key: &'a str,
    /// What it shares with us beside, in base64url.
    pub auth: &'a str,
    /// Whether a message tells what is asked, on a lock screen too.
    pub shows: bool,
}

/// Push messages to browsers, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct PushGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Push messages to browsers, through the gate.
    pub fn pushes(&self) -> PushGate<'_> {
        PushGate { gate: self }
    }
}

impl PushGate<'_> {
    /// The key that push services know this folder by, drawn at its first use.
    pub async fn key(self) -> Result<VapidKey, Refusal> {
        let people = &self.gate.0.people;
        let moment = self.gate.moment()?;
        // Four draws: that one is not a key is as likely as guessing a number of 32 bits.
        let drawn = (0..4)
            .map(|turn| Secret::new(moment.draw::<32>(&format!("{PUSH_FACT} {turn}")).to_vec()));
        let drawn = drawn.into_iter().find(|one| VapidKey::new(one).is_some());
        let sealed = people.key.seal(&drawn.ok_or(ServerRefusal::StoreFailed)?, PUSH_FACT, &moment);
        let kept = people.store.fact_or(PUSH_FACT, &HEXLOWER.encode(&sealed.0)).await;
        let kept = kept.map_err(|error| store_failed(&error))?;
        let sealed = HEXLOWER
            .decode(kept.as_bytes())
            .map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))?;
        let opened = people.key.open(&SealedSecret(sealed), PUSH_FACT);
        VapidKey::new(&opened.map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))?)
            .ok_or(Refusal::Server(ServerRefusal::KeyMismatch))
    }

    /// Tells phones from now on, by a task on the runtime that this is called on. Once.
    pub fn start(self, push: alert::Push) {
        let (queue, asked) = mpsc::channel(QUEUED);
        if !self.gate.0.people.pushes.begin(push, queue) {
            return;
        }
        let weak = Arc::downgrade(&self.gate.0);
        let asked = Arc::new(tokio::sync::Mutex::new(asked));
        let make = move || keep_telling(Weak::clone(&weak), Arc::clone(&asked));
        self.gate.0.health.task("push", told(&self.gate.0), make);
    }

    /// The key that browsers subscribe for; none where the server does not push.
    pub fn public(self) -> Option<String> {
        self.gate.0.people.pushes.sender().ok().map(|push| push.key().text())
    }

    /// How a session's phone is told; none when it is not.
    pub async fn of(self, ticket: &SessionTicket) -> Result<Option<Push>, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        Ok(slice.push(ticket.device).cloned())
    }

    /// Tells a session's phone from now on.
    pub async fn set(self, ticket: &SessionTicket, wish: &PushWish<'_>) -> Result<(), Refusal> {
        let push = self.gate.0.people.pushes.sender()?;
        let refused = Refusal::Session(SessionRefusal::PushAddressRefused);
        let decode =
            |text: &str| BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).ok();
        let url = push.takes(wish.endpoint).map_err(|_| refused.clone())?;
        let key = decode(wish.key).and_then(|bytes| PublicKey::new(&bytes));
        let auth = decode(wish.auth).filter(|bytes| bytes.len() == 16).map(Secret::new);
        let (Some(key), Some(auth)) = (key, auth) else { return Err(refused) };
        let wish = Wish {
            endpoint: Secret::from_text(url.to_string()),
            service: url.host_str().unwrap_or_default().to_owned(),
            key,
            auth,
            shows: wish.shows,
        };
        let command = Command::Push(PushCommand::Set(Box::new(wish)));
        self.gate.run_done(Key::Person(ticket.person), &ticket.call(command)).await.map(drop)
    }

    /// Tells a phone no longer.
    pub async fn stop(self, actor: &Actor, device: DeviceId) -> Result<(), Refusal> {
        let what = "push address";
        let rows = self.list().await?;
        let row = rows.into_iter().find(|row| row.push.device == device);
        let person = row.ok_or(Refusal::not_found(what))?.push.person;
        actor.check_person(person, what)?;
        let call = actor.call(Command::Push(PushCommand::Stop { device }));
        self.gate.run_done(Key::Person(person), &call).await.map(drop)
    }

    /// Every phone that is told; for the operator.
    pub async fn list(self) -> Result<Vec<PushRow>, Refusal> {
        self.gate.0.people.store.pushes().await.map_err(|error| store_failed(&error))
    }

    /// Sends a phone a message that says that it is a test; gives what came of it.
    pub async fn test(
        self,
        actor: &Actor,
        device: DeviceId,
    ) -> Result<Result<Pushed, Fault>, Refusal> {
        actor.check_operator()?;
        let sender = self.gate.0.people.pushes.sender()?;
        let found = self.list().await?.into_iter().find(|row| row.push.device == device);
        let push = found.ok_or(Refusal::not_found("push address"))?.push;
        let text = words("Floorpass", "This is a test. Approvals will look like this.");
        let (target, message) = self.addressed(&push, text, TEST_LIFE, "test")?;
        let sent = sender.send(&target, &message, self.gate.wall()).await;
        self.push_tried(&push, &sent).await;
        Ok(sent)
    }

    fn addressed(
        self,
        push: &Push,
        text: String,
        life: Span,
        topic: &'static str,
    ) -> Result<(PushTarget, PushMessage), Refusal> {
        let moment = self.gate.moment()?;
        let (endpoint, auth) = push.open(&self.gate.0.people.key)?;
        let endpoint = endpoint.expose_text().unwrap_or_default().to_owned();
        let drawn = (moment.draw("push exchange"), moment.draw("push salt"));
        let message = PushMessage { text, life, topic, drawn };
        Ok((PushTarget { endpoint, key: push.key, auth }, message))
    }

    /// What is to be sent for an approval that still waits: to each of its person's phones, but not to the one that asks.
    async fn to_tell(
        self,
        person: PersonId,
        approval: ApprovalId,
    ) -> Option<(Vec<Push>, Approval)> {
        let slice = self.gate.load(Key::Person(person)).await.ok()?;
        let now = self.gate.now();
        let approval = slice.approval(approval).filter(|one| one.is_open(now))?;
        let phones = approval::phones(&slice, now, None);
        let phones = phones.filter(|phone| !approval::is_own(&slice, approval, phone.id));
        let pushes = phones.filter_map(|phone| slice.push(phone.id).cloned());
        Some((pushes.collect(), approval.clone()))
    }

    /// Writes down what a try came to; an address that is gone is forgotten.
    async fn push_tried(self, push: &Push, sent: &Result<Pushed, Fault>) {
        let device = push.device;
        if *sent == Ok(Pushed::Gone) {
            let gone = PushCommand::Gone { device, created_at: push.created_at };
            let (by, command) = (By::System, Command::Push(gone));
            let call = Arc::new(Call { by, source: Source::local(), command });
            // Gone meanwhile for another reason, or replaced by a newer one: nothing is left to do.
            drop(self.gate.run_done(Key::Person(push.person), &call).await);
            return;
        }
        if let Err(fault) = sent {
            tracing::warn!(%device, service = %push.service, %fault, "a phone could not be notified");
        }
        if let Err(error) = self.gate.0.people.store.push_tried(device, sent.is_ok()).await {
            tracing::error!(%error, "the outcome of a push could not be recorded");
        }
    }
}

/// Tells phones of what is asked for, several approvals at a time.
async fn keep_telling(
    weak: Weak<Inner>,
    asked: Arc<tokio::sync::Mutex<mpsc::Receiver<(PersonId, ApprovalId)>>>,
) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut asked = asked.lock().await;
    while let Some((person, approval)) = asked.recv().await {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let weak = Weak::clone(&weak);
        tokio::spawn(async move {
            tell(&weak, person, approval).await;
            drop(turn);
        });
    }
}

/// Tells all phones of one approval. The gate is held only between the tries.
async fn tell(weak: &Weak<Inner>, person: PersonId, approval: ApprovalId) {
    let Some(gate) = weak.upgrade().map(Gate) else { return };
    let found = gate.pushes().to_tell(person, approval).await;
    drop(gate);
    let Some((pushes, _)) = found else { return };
    let mut each = JoinSet::new();
    for push in pushes {
        each.spawn(tell_one(Weak::clone(weak), push, approval));
    }
    each.join_all().await;
}

async fn tell_one(weak: Weak<Inner>, push: Push, approval: ApprovalId) {
    let mut pauses = AGAIN.into_iter();
    loop {
        let Some(gate) = weak.upgrade().map(Gate) else { return };
        let Some((pushes, approval)) = gate.pushes().to_tell(push.person, approval).await else {
            return;
        };
        // Answered, over, stopped or replaced meanwhile.
        if !pushes.contains(&push) {
            return;
        }
        let text = text(&push, &approval);
        let addressed =
            gate.pushes().addressed(&push, text, approval.until.since(gate.now()), "approval");
        let (Ok((target, message)), Ok(sender)) = (addressed, gate.0.people.pushes.sender()) else {
            return;
        };
        let wall = gate.wall();
        drop(gate);
        let sent = sender.send(&target, &message, wall).await;
        let Some(gate) = weak.upgrade().map(Gate) else { return };
        gate.pushes().push_tried(&push, &sent).await;
        drop(gate);
        let again = sent.is_err_and(|fault| !fault.lasting).then(|| pauses.next()).flatten();
        let Some(pause) = again else { return };
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

/// What a lock screen shows: that something waits, and what only where its person chose that.
fn text(push: &Push, approval: &Approval) -> String {
    if !push.shows {
        return words("Floorpass", "An approval is waiting.");
    }
    let lines = approval.content.lines();
    let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
    words(approval.content.kind.text(), &lines.join("\n"))
}

/// A message as the worker reads it; never longer than one may be.
fn words(title: &str, body: &str) -> String {
    let mut body = body;
    loop {
        let text = json!({ "title": title, "body": body }).to_string();
        if text.len() <= alert::push::MOST || body.is_empty() {
            return text;
        }
        body =
            body.get(..body.floor_char_boundary(body.len() - body.len().div_ceil(8))).unwrap_or("");
    }
}

#[cfg(test)]
mod tests {
    use access::approval::{Asker, Content, ContentKind, LIFE, Term, Terms};
    use access::{AttemptId, SealedSecret, Time};

    use super::*;

    #[test]
    fn message_is_cut_to_what_one_push_holds_and_stays_json() {
        for body in ["short".to_owned(), "\"\u{1}é".repeat(2_000), "x".repeat(5_000)] {
            let text = words("Title", &body);
            assert!(text.len() <= alert::push::MOST);
            let read = serde_json::from_str::<serde_json::Value>(&text);
            assert!(
                read.is_ok_and(|it| it.get("title").is_some_and(|one| one == "Title")),
                "{text}"
            );
        }
    }

    #[test]
    fn message_tells_what_is_asked_only_where_its_person_chose_that() {
        let sealed = || SealedSecret(Vec::new());
        let (person, device) = (PersonId([1; 16]), DeviceId([2; 16]));
        let (mut terms, facts) = (Terms::default(), Terms::default());
        terms.push(Term::Browser, "Firefox on Linux");
        let approval = Approval {
            id: ApprovalId([3; 16]),
            person,
            asker: Asker::Attempt(AttemptId([4; 16])),
            content: Content { kind: ContentKind::SignIn, terms, facts },
            number: Some(sealed()),
            tries_left: 3,
            asked_at: Time(0),
            until: Time(0) + LIFE,
            answered: None,
        };
        let key = PublicKey::of_coordinates(&[1; 32], &[2; 32]);
        let told = key.map(|key| {
            let (endpoint, auth, service) = (sealed(), sealed(), String::new());
            let created_at = Time(0);
            let push =
                Push { device, person, endpoint, service, key, auth, shows: false, created_at };
            (text(&push, &approval), text(&Push { shows: true, ..push }, &approval))
        });
        let (quiet, open) = told.unwrap_or_default();
        assert_eq!(quiet, r#"{"body":"An approval is waiting.","title":"Floorpass"}"#);
        assert!(open.contains("Firefox on Linux") && open.contains("signing in"), "{open}");
    }
}
