//! The outbox: messages to people that nothing delivers yet, with the codes that they tell.

use access::notice::Topic;
use access::{NoticeId, PersonId, Refusal, Secret, Time};

use crate::Gate;
use crate::registry::store_failed;
use crate::session::Actor;

/// Messages that a list shows at most.
const LIMIT: u32 = 200;

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

impl Gate {
    /// The messages to the person who asks, or to everybody for the operator; newest first, 200 at
    /// most. A signed-in browser is trusted, so it may show the code that activates another one.
    pub async fn outbox(&self, actor: &Actor) -> Result<Vec<OutboxNotice>, Refusal> {
        let person = match actor {
            Actor::Session(ticket) => Some(ticket.person),
            Actor::Operator { .. } => None,
        };
        let people = &self.0.people;
        let names = self.people().await?;
        let notices = people.store.notices(person, LIMIT).await;
        let notices = notices.map_err(|error| store_failed(&error))?;
        let mut list = Vec::with_capacity(notices.len());
        for notice in notices {
            let purpose = access::notice::Notice::purpose(notice.id);
            let code = notice.code.as_ref().map(|sealed| people.key.open(sealed, &purpose));
            let code = code.transpose().map_err(|_| Refusal::KeyMismatch)?;
            let name = names.iter().find(|one| one.id == notice.person);
            list.push(OutboxNotice {
                id: notice.id,
                person: notice.person,
                username: name.map(|one| one.username.clone()).unwrap_or_default(),
                at: notice.at,
                topic: notice.topic,
                text: notice.text,
                code: code.as_ref().and_then(Secret::expose_text).map(str::to_owned),
            });
        }
        Ok(list)
    }
}
