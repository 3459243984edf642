//! Notices: the message centre of a person, and the outbox, which shows codes where nothing else
//! delivers them.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use access::evidence;
use access::notice::{self, Disowned, Topic};
use access::refusal::ServerRefusal;
use access::{Command, DeviceId, Event, NoticeId, PersonId, Refusal, Secret, Time};
use store::{Key, Message};

use crate::Gate;
use crate::ask;
use crate::registry::store_failed;
use crate::session::{Actor, SessionTicket};

mod unread;

pub(crate) use unread::Unread;

/// Messages that a list shows at most.
const LIMIT: u32 = 200;
/// Messages on a page of the message centre.
pub const PAGE: u32 = 25;

/// A message in the outbox.
#[derive(Debug, Clone)]
pub struct OutboxNotice {
    /// The message.
    pub id: NoticeId,
    /// To whom.
    pub person: PersonId,
    /// The name that they sign in with.
    pub username: String,
    /// When it was written.
    pub at: Time,
    /// What it is about.
    pub topic: Topic,
    /// What it says.
    pub text: String,
    /// The one-time code, where it tells one.
    pub code: Option<String>,
}

/// A page of the message centre, the newest message first.
#[derive(Debug, Clone)]
pub struct MessagePage {
    /// The messages. Their codes are sealed, and stay so.
    pub messages: Vec<Message>,
    /// Ask for what is behind this message to get the next page; none on the last one.
    pub next: Option<NoticeId>,
    /// The names of the browsers that messages are about, as far as they are still known.
    pub devices: BTreeMap<DeviceId, String>,
}

/// Messages to people, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct NoticeGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Messages to people, through the gate.
    pub fn notices(&self) -> NoticeGate<'_> {
        NoticeGate { gate: self }
    }
}

impl NoticeGate<'_> {
    /// The messages to the person who asks, or to everybody for the operator; newest first, 200 at
    /// most. A signed-in browser is trusted, so in a demo it may show the code that activates
    /// another one. Elsewhere a code is shown to the operator alone, and only where no mail took it.
    pub async fn outbox(self, actor: &Actor) -> Result<Vec<OutboxNotice>, Refusal> {
        let person = match actor {
            Actor::Session(ticket) => Some(ticket.person),
            Actor::Operator { .. } => None,
        };
        let people = &self.gate.0.people;
        let names = self.gate.names_or_known().await.map_err(|error| store_failed(&error))?;
        let notices = people.store.notices(person, LIMIT).await;
        let notices = notices.map_err(|error| store_failed(&error))?;
        let mut list = Vec::with_capacity(notices.len());
        for notice in notices {
            let shown = self.gate.is_demo() || (person.is_none() && notice.mail.is_empty());
            let purpose = access::notice::Notice::purpose(notice.id);
            let code = notice.code.as_ref().filter(|_| shown);
            let code = code.map(|sealed| people.key.open(sealed, &purpose));
            let code = code.transpose().map_err(|_| Refusal::Server(ServerRefusal::KeyMismatch))?;
            let name = names.iter().find(|(id, _)| *id == notice.person);
            list.push(OutboxNotice {
                id: notice.id,
                person: notice.person,
                username: name.map(|(_, name)| name.clone()).unwrap_or_default(),
                at: notice.at,
                topic: notice.topic,
                text: notice.text,
                code: code.as_ref().and_then(Secret::expose_text).map(str::to_owned),
            });
        }
        Ok(list)
    }

    /// A page of a person's messages: those behind `after`, or the newest.
    pub async fn list(
        self,
        person: PersonId,
        after: Option<NoticeId>,
    ) -> Result<MessagePage, Refusal> {
        let after = match after {
            None => None,
            Some(id) => {
                let message = self.message_of(person, id).await?;
                Some((message.notice.at, id))
            }
        };
        let store = &self.gate.0.people.store;
        let found = store.messages(person, after, PAGE + 1).await;
        let mut messages = found.map_err(|error| store_failed(&error))?;
        let size = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let more = messages.len() > size;
        messages.truncate(size);
        for one in &messages {
            self.gate.0.people.known.note_notice(&one.notice);
        }
        let next = messages.last().filter(|_| more).map(|last| last.notice.id);
        Ok(MessagePage { messages, next, devices: self.device_names(person).await? })
    }

    /// One message of a person, and the names of their browsers.
    pub async fn message(
        self,
        person: PersonId,
        notice: NoticeId,
    ) -> Result<(Message, BTreeMap<DeviceId, String>), Refusal> {
        Ok((self.message_of(person, notice).await?, self.device_names(person).await?))
    }

    async fn message_of(self, person: PersonId, notice: NoticeId) -> Result<Message, Refusal> {
        let found = self.gate.0.people.store.message(notice).await;
        let found = found.map_err(|error| store_failed(&error))?;
        let found = found.filter(|one| one.notice.person == person);
        let message = found.ok_or(Refusal::not_found("message"))?;
        self.gate.0.people.known.note_notice(&message.notice);
        Ok(message)
    }

    async fn device_names(self, person: PersonId) -> Result<BTreeMap<DeviceId, String>, Refusal> {
        let slice = self.gate.load(Key::Person(person)).await?;
        Ok(slice.devices.iter().map(|one| (one.id, one.name.to_string())).collect())
    }

    /// How many messages a person has not read; from memory where nothing changed.
    pub async fn unread(self, person: PersonId) -> Result<u32, Refusal> {
        let people = &self.gate.0.people;
        if let Some(count) = people.unread.get(person) {
            return Ok(count);
        }
        let before = people.deliveries.changes.load(Ordering::SeqCst);
        let count = people.store.unread(person).await.map_err(|error| store_failed(&error))?;
        let is_fresh = || people.deliveries.changes.load(Ordering::SeqCst) == before;
        people.unread.put(person, count, is_fresh);
        Ok(count)
    }

    /// Marks a message as read.
    pub async fn read(self, ticket: &SessionTicket, notice: NoticeId) -> Result<(), Refusal> {
        let people = &self.gate.0.people;
        self.message_of(ticket.person, notice).await?;
        let done = people.store.read_message(ticket.person, notice, self.gate.now()).await;
        self.unread_changed(ticket.person);
        done.map_err(|error| store_failed(&error))
    }

    /// Marks all messages as read that were written until the one that the page showed first.
    pub async fn read_all(self, ticket: &SessionTicket, newest: NoticeId) -> Result<(), Refusal> {
        let until = self.message_of(ticket.person, newest).await?.notice.at;
        self.gate.read_until(ticket.person, until).await
    }

    /// Marks messages of a person as read in their place: one of them, or all. What a person has read themselves is a
    /// convenience and in no evidence; that somebody else said so is.
    pub async fn read_all_as(
        self,
        actor: &Actor,
        person: PersonId,
        notice: Option<NoticeId>,
    ) -> Result<(), Refusal> {
        actor.check_person(person, "message")?;
        let what = match notice {
            Some(notice) => {
                self.message_of(person, notice).await?;
                format!("Message {notice} to {person} marked as read")
            }
            None => format!("All messages to {person} marked as read"),
        };
        let note = evidence::Command::Note { kind: "notice.read".to_owned(), text: what };
        let call = actor.call(Command::Evidence(note));
        self.gate.run_done(Key::Person(person), &call).await?;
        match notice {
            None => self.gate.read_until(person, self.gate.now()).await,
            Some(notice) => {
                let done =
                    self.gate.0.people.store.read_message(person, notice, self.gate.now()).await;
                self.unread_changed(person);
                done.map_err(|error| store_failed(&error))
            }
        }
    }

    /// Whose message it is.
    pub async fn person_of(self, notice: NoticeId) -> Result<PersonId, Refusal> {
        let found = self.gate.0.people.store.message(notice).await;
        let found = found.map_err(|error| store_failed(&error))?;
        found.map(|one| one.notice.person).ok_or(Refusal::not_found("message"))
    }

    fn unread_changed(self, person: PersonId) {
        let people = &self.gate.0.people;
        people.deliveries.changes.fetch_add(1, Ordering::SeqCst);
        people.unread.forget(person);
    }

    /// 'This was not me': ends what the message names, but never what asks.
    pub async fn disown(self, actor: &Actor, notice: NoticeId) -> Result<Disowned, Refusal> {
        let unknown = Refusal::not_found("message");
        let found = self.gate.notice_or_known(notice).await?.ok_or(unknown)?;
        actor.check_person(found.person, "message")?;
        let person = found.person;
        let disown = ask::disown(notice::Command::Disown { notice: Box::new(found) });
        self.gate.ask(Key::Person(person), None, actor.asker(), disown).await
    }
}

impl Gate {
    /// Marks all messages of a person as read that were written until then.
    pub(crate) async fn read_until(&self, person: PersonId, until: Time) -> Result<(), Refusal> {
        let done = self.0.people.store.read_messages(person, until, self.now()).await;
        self.notices().unread_changed(person);
        done.map_err(|error| store_failed(&error))
    }

    /// Notices were committed: their channels are woken and their person's count is stale.
    pub(crate) fn told(&self, events: &[Event]) {
        for event in events {
            if let Event::Notice(notice::Event::Queued(one)) = event {
                self.0.people.deliveries.wake();
                self.0.people.unread.forget(one.person);
                self.0.people.known.note_notice(one);
            }
        }
    }
}
