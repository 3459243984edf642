//! Cuts that others do not wait for: orders come while one is in force and not on record yet.

use std::pin::pin;

use access::{CredentialId, Grade, PaperAccountId, Span};
use serde_json::{Value, json};
use store::simulation::HeldCommit;

use crate::action::target_of;
use crate::books::Allowed;
use crate::finding::Ran;
use crate::machine::DoorRefusal;
use crate::model::{LockSubject, Model};
use crate::world::World;

/// What is taken away.
enum Cut {
    Revoke(CredentialId),
    Pause(CredentialId),
    Lock(LockSubject, Grade),
    Mandate(String, PaperAccountId),
    Close(PaperAccountId),
}

impl Cut {
    fn request(&self, cancel_orders: bool) -> Value {
        match self {
            Self::Revoke(id) => json!({"credential": {"revoke": {
                "credential": {"id": id}, "cancel_orders": cancel_orders}}}),
            Self::Pause(id) => json!({"credential": {"pause": {
                "credential": {"id": id}, "cancel_orders": cancel_orders}}}),
            Self::Lock(on, grade) => {
                json!({"lock": {"lock": {"target": target_of(on), "grade": grade}}})
            }
            Self::Mandate(person, account) => {
                json!({"mandate": {"revoke": {"username": person, "account": account}}})
            }
            Self::Close(account) => json!({"account": {"close": {"account": account}}}),
        }
    }

    fn apply(self, model: &mut Model) {
        match self {
            Self::Revoke(id) => {
                if let Some(program) = model.program(id) {
                    program.is_revoked = true;
                }
            }
            Self::Pause(id) => {
                if let Some(program) = model.program(id) {
                    program.is_paused = true;
                }
            }
            Self::Lock(on, grade) => {
                model.locks.insert(on, grade);
            }
            Self::Mandate(person, account) => model.mandate_ends(&person, account),
            Self::Close(account) => {
                model.closed.insert(account);
            }
        }
    }
}

impl World {
    /// Something is cut, and programs go on sending while the cut waits for the tables: nothing that it bars comes in
    /// from the moment when its commit begins.
    pub async fn race(&mut self) -> Ran {
        let Some(cut) = self.some_cut() else { return Ok(()) };
        let request = cut.request(self.dice.chance(1, 2));
        let (answer, was_held) = self.ask_under_orders(&request).await?;
        let is_in_force = self.answered(&request, answer).is_ok();
        if is_in_force && was_held {
            // What came before the commit was looked at then, by the old rules.
            cut.apply(&mut self.model);
            self.begin_step();
            self.count("cut while orders came");
            self.check()?;
        } else if is_in_force {
            self.cut("cut", |model| cut.apply(model))?;
        }
        self.hear().await
    }

    /// The answer to a request whose commit is held while every client sends an order; false where it had no commit.
    async fn ask_under_orders(
        &mut self,
        request: &Value,
    ) -> Ran<(Result<Value, DoorRefusal>, bool)> {
        let mut orders = Vec::new();
        for at in 0..self.clients.len() {
            let id = self.next_id(at);
            orders.push(self.order(at, id));
        }
        let held = HeldCommit::next();
        let Self { life, clients, log, machine, books, before, model, .. } = self;
        let mut asked = pin!(life.ask(request));
        let meanwhile = async {
            held.begun().await;
            if !life.disk.has_failed() {
                let rules = Allowed { before: (&before.0, before.1), after: model };
                life.stepper.exchange(|exchange| books.follow(exchange, &rules)).1?;
            }
            machine.hands.pass(Span::milliseconds(1));
            for (client, order) in clients.iter_mut().zip(orders) {
                if let Some(order) = order {
                    client.send(&order.into());
                }
            }
            for client in clients.iter_mut() {
                client.barrier(log).await?;
            }
            held.let_go();
            Ok(())
        };
        tokio::select! {
            biased;
            answer = &mut asked => Ok((answer?, false)),
            met = meanwhile => {
                met?;
                Ok((asked.await?, true))
            }
        }
    }

    fn some_cut(&mut self) -> Option<Cut> {
        let (programs, accounts) = (self.model.live(), self.model.open());
        let running: Vec<_> = programs
            .iter()
            .map(|one| one.id)
            .filter(|id| self.clients.iter().any(|one| one.credential == *id))
            .collect();
        let program = self.dice.pick(&running).copied();
        let account = self.dice.pick(&accounts).copied()?;
        let person = if self.dice.chance(1, 2) { "trader" } else { "ann" }.to_owned();
        let grade = self.dice.pick(&[Grade::NoNew, Grade::All]).copied()?;
        match self.dice.roll(8) {
            0 | 1 => program.map(Cut::Revoke),
            2 => program.map(Cut::Pause),
            3 | 4 => Some(Cut::Lock(LockSubject::Account(account), grade)),
            5 => Some(Cut::Lock(LockSubject::Person(person), grade)),
            6 => self
                .model
                .mandates
                .contains(&(person.clone(), account))
                .then_some(Cut::Mandate(person, account)),
            // The first account stays: the others are opened beside it.
            _ => accounts.get(1).copied().map(Cut::Close),
        }
    }
}
