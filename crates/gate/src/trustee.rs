//! Recovery contacts: named by one person, asked and answering in another's session.

use std::sync::Arc;

use access::approval::Say;
use access::name::Username;
use access::recovery::Recovery;
use access::refusal::{ServerRefusal, SignInRefusal};
use access::trustee::{self, Ask, Attested, Command as Help};
use access::{
    By, Call, Command, PersonId, RecoveryId, Refusal, Secret, Slice, Source, Time, TrusteeId,
};
use store::Key;

use crate::Gate;
use crate::registry::store_failed;
use crate::session::{Actor, SessionTicket};

/// Looks at a person who keeps changing, before an act of theirs for somebody else is given up.
const LOOKS: usize = 20;

/// A contact of a person.
#[derive(Debug, Clone)]
pub struct TrusteeInfo {
    /// Its id.
    pub id: TrusteeId,
    /// The name that was typed.
    pub username: String,
    /// Since when they agree; none before.
    pub agreed_at: Option<Time>,
    /// When they were named.
    pub named_at: Time,
}

/// Somebody who named the person who looks.
#[derive(Debug, Clone)]
pub struct Helping {
    /// The person.
    pub person: PersonId,
    /// Their name.
    pub username: String,
    /// Since when the one who looks agrees; none before.
    pub agreed_at: Option<Time>,
    /// The recovery under way that asks the one who looks.
    pub asks: Option<HelpAsked>,
}

/// A recovery that asks a contact.
#[derive(Debug, Clone)]
pub struct HelpAsked {
    /// The recovery.
    pub recovery: RecoveryId,
    /// When it was begun.
    pub begun_at: Time,
    /// From where.
    pub source: String,
    /// On what kind of browser.
    pub browser: String,
    /// Whether the operator began it.
    pub by_operator: bool,
    /// Wrong numbers that are left.
    pub tries_left: u32,
    /// What was said.
    pub said: Option<Say>,
}

fn helping(slice: &Slice, looks: PersonId) -> Option<Helping> {
    let person = slice.person.as_ref()?;
    let row = slice.trustees.iter().find(|one| one.trustee == Some(looks))?;
    let asked = |one: &Recovery| {
        let ask: &Ask = one.asks.iter().find(|ask| ask.trustee == looks)?;
        Some(HelpAsked {
            recovery: one.id,
            begun_at: one.begun_at,
            source: one.source.clone(),
            browser: one.browser.to_string(),
            by_operator: one.by.runs_the_server(),
            tries_left: ask.tries_left,
            said: ask.said.map(|(say, _)| say),
        })
    };
    Some(Helping {
        person: person.id,
        username: person.username.to_string(),
        agreed_at: row.agreed_at,
        asks: slice.open_recovery().and_then(asked),
    })
}

/// Recovery contacts, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct TrusteeGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Recovery contacts, through the gate.
    pub fn trustees(&self) -> TrusteeGate<'_> {
        TrusteeGate { gate: self }
    }
}

impl TrusteeGate<'_> {
    /// The contacts of the person who asks.
    pub async fn own(self, ticket: &SessionTicket) -> Result<Vec<TrusteeInfo>, Refusal> {
        self.of(ticket.person).await
    }

    /// The contacts of a person.
    pub async fn of(self, person: PersonId) -> Result<Vec<TrusteeInfo>, Refusal> {
        let slice = self.gate.load(Key::Person(person)).await?;
        let mut list: Vec<_> = slice
            .trustees
            .iter()
            .map(|one| TrusteeInfo {
                id: one.id,
                username: one.username.to_string(),
                agreed_at: one.agreed_at,
                named_at: one.named_at,
            })
            .collect();
        list.sort_by_key(|one| one.named_at);
        Ok(list)
    }

    /// Names a contact; whether somebody has the name is not said.
    pub async fn name(self, ticket: &SessionTicket, username: &str) -> Result<(), Refusal> {
        self.name_as(&Actor::Session(ticket.clone()), ticket.person, username).await
    }

    /// Names a contact of a person: that person, or the operator in their place.
    pub async fn name_as(
        self,
        actor: &Actor,
        person: PersonId,
        username: &str,
    ) -> Result<(), Refusal> {
        actor.check_person(person, "person")?;
        let found = self.gate.load(Key::Username(username)).await?.person.map(|person| person.id);
        let command = Help::Name { username: username.to_owned(), found };
        let call = actor.call(Command::Trustee(command));
        let after = self.gate.run_done(Key::Person(person), &call).await?;
        if let (Some(trustee), Some(whom)) = (found, after.person.map(|person| person.username)) {
            self.tell_trustee(trustee, whom, false).await;
        }
        Ok(())
    }

    /// Takes one away.
    pub async fn remove(self, ticket: &SessionTicket, trustee: TrusteeId) -> Result<(), Refusal> {
        self.remove_as(&Actor::Session(ticket.clone()), ticket.person, trustee).await
    }

    /// Takes a contact of a person away: that person, or the operator in their place.
    pub async fn remove_as(
        self,
        actor: &Actor,
        person: PersonId,
        trustee: TrusteeId,
    ) -> Result<(), Refusal> {
        actor.check_person(person, "person")?;
        let call = actor.call(Command::Trustee(Help::Remove { trustee }));
        self.gate.run_done(Key::Person(person), &call).await.map(drop)
    }

    /// Tells a contact, in their own message centre. The page shows it too, so one that cannot be
    /// written is not a reason to refuse what it tells of.
    async fn tell_trustee(self, trustee: PersonId, whom: Username, recovers: bool) {
        let command = Command::Trustee(Help::Tell { whom, recovers });
        let call = Arc::new(Call { by: By::System, source: Source::local(), command });
        if let Err(refusal) = self.gate.run_done(Key::Person(trustee), &call).await {
            tracing::warn!(%trustee, %refusal, "a recovery contact could not be notified");
        }
    }

    /// Those who named the person who looks.
    pub async fn helping(self, ticket: &SessionTicket) -> Result<Vec<Helping>, Refusal> {
        let people = self.gate.0.people.store.helped_by(ticket.person).await;
        let mut list = Vec::new();
        for person in people.map_err(|error| store_failed(&error))? {
            let slice = self.gate.load(Key::Person(person)).await?;
            list.extend(helping(&slice, ticket.person));
        }
        list.sort_by(|one, two| one.username.cmp(&two.username));
        Ok(list)
    }

    /// The one who acts for somebody else, by a look at their own slice; a refusal is on record.
    async fn attest(self, ticket: &SessionTicket) -> Result<Attested, Refusal> {
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        let (by, source, moment) =
            (By::Session(ticket.session), ticket.source(), self.gate.moment()?);
        let attested = trustee::attest(&slice, (by, &source), &moment, &self.gate.0.people.key);
        if let Err(refusal) = &attested {
            self.gate.record_refusal(by, &source, &slice, refusal).await;
        }
        attested
    }

    /// Agrees to be a contact of `person`, or wants no part in it.
    pub async fn agree(
        self,
        ticket: &SessionTicket,
        person: PersonId,
        yes: bool,
    ) -> Result<(), Refusal> {
        self.help(ticket, person, |attested| Help::Agree { attested, yes }).await
    }

    /// Answers a recovery of `person`.
    pub async fn vouch(
        self,
        ticket: &SessionTicket,
        (person, recovery): (PersonId, RecoveryId),
        (say, number): (Say, &str),
    ) -> Result<(), Refusal> {
        let vouch = |attested| {
            let number = Secret::from_text(number.to_owned());
            Help::Vouch { attested, recovery, say, number }
        };
        self.help(ticket, person, vouch).await
    }

    /// Acts for `person`. Whoever acts is looked at again when that changed before the act was on
    /// record: their session may have ended meanwhile.
    async fn help(
        self,
        ticket: &SessionTicket,
        person: PersonId,
        act: impl Fn(Attested) -> Help,
    ) -> Result<(), Refusal> {
        for _ in 0..LOOKS {
            let attested = self.attest(ticket).await?;
            let call = ticket.call(Command::Trustee(act(attested)));
            match self.gate.run_done(Key::Person(person), &call).await {
                Err(Refusal::SignIn(SignInRefusal::ProofStale)) => {}
                done => return done.map(drop),
            }
        }
        Err(Refusal::Server(ServerRefusal::StoreFailed))
    }
}

impl Gate {
    /// Tells all whom a recovery asks.
    pub(crate) async fn tell_trustees(&self, after: &Slice) {
        let (Some(person), Some(open)) = (&after.person, after.open_recovery()) else { return };
        for ask in &open.asks {
            self.trustees().tell_trustee(ask.trustee, person.username.clone(), true).await;
        }
    }
}
