//! Planned travel of a person.

use access::address::Network;
use access::travel::{self, Plan};
use access::{Command, Refusal, Time};
use store::Key;

use crate::Gate;
use crate::session::SessionTicket;

impl Gate {
    /// The travel that the person planned and that is not over.
    pub async fn travel(&self, ticket: &SessionTicket) -> Result<Option<Plan>, Refusal> {
        let now = self.now();
        let slice = self.load(Key::Person(ticket.person)).await?;
        Ok(slice.travel.filter(|plan| now < plan.until))
    }

    /// Plans travel.
    pub async fn plan_travel(
        &self,
        ticket: &SessionTicket,
        (from, until): (Time, Time),
        place: &str,
        network: Option<Network>,
    ) -> Result<(), Refusal> {
        let place = place.to_owned();
        let command = travel::Command::Plan { from, until, place, network };
        let call = ticket.call(Command::Travel(command));
        self.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// Ends it early.
    pub async fn end_travel(&self, ticket: &SessionTicket) -> Result<(), Refusal> {
        let call = ticket.call(Command::Travel(travel::Command::End));
        self.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }
}
