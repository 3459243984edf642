//! Planned travel of a person.

use access::address::Network;
use access::travel::{self, Plan};
use access::{Command, PersonId, Refusal, Time};
use store::Key;

use crate::Gate;
use crate::session::{Actor, SessionTicket};

/// Planned travel, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct TravelGate<'a> {
    gate: &'a Gate,
}

impl Gate {
    /// Planned travel, through the gate.
    pub fn travels(&self) -> TravelGate<'_> {
        TravelGate { gate: self }
    }
}

impl TravelGate<'_> {
    /// The travel that the person planned and that is not over.
    pub async fn own(self, ticket: &SessionTicket) -> Result<Option<Plan>, Refusal> {
        let now = self.gate.now();
        let slice = self.gate.load(Key::Person(ticket.person)).await?;
        Ok(slice.travel.filter(|plan| now < plan.until))
    }

    /// The same of anybody, for the operator.
    pub async fn of(self, username: &str) -> Result<(PersonId, Option<Plan>), Refusal> {
        let now = self.gate.now();
        let slice = self.gate.load(Key::Username(username)).await?;
        let person = slice.person.as_ref().ok_or(Refusal::not_found("person"))?.id;
        Ok((person, slice.travel.filter(|plan| now < plan.until)))
    }

    /// Plans a person's travel.
    pub async fn plan(
        self,
        actor: &Actor,
        person: PersonId,
        (from, until): (Time, Time),
        place: &str,
        network: Option<Network>,
    ) -> Result<(), Refusal> {
        let place = place.to_owned();
        let command = travel::Command::Plan { from, until, place, network };
        self.change_travel(actor, person, command).await
    }

    /// Ends it early.
    pub async fn end(self, actor: &Actor, person: PersonId) -> Result<(), Refusal> {
        self.change_travel(actor, person, travel::Command::End).await
    }

    async fn change_travel(
        self,
        actor: &Actor,
        person: PersonId,
        command: travel::Command,
    ) -> Result<(), Refusal> {
        actor.check_person(person, "planned travel")?;
        let call = actor.call(Command::Travel(command));
        self.gate.run_done(Key::Person(person), &call).await.map(drop)
    }
}
