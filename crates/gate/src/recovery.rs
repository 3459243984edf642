//! Recoveries: started without a session, stopped from anywhere, finished in the browser that
//! started them.

use std::sync::Arc;

use access::approval::Say;
use access::recovery::{Command as Recover, Recovery, RecoveryPolicy, Stage};
use access::refusal::{RecoveryRefusal, SignInRefusal};
use access::trustee;
use access::{
    By, Call, Command, PersonId, RecoveryId, Refusal, SealKey, Secret, Slice, Source, Time,
};
use store::Key;

use crate::Gate;
use crate::ask::Done;
use crate::registry::store_failed;
use crate::session::{Actor, SessionTicket};
use crate::sign_in::{Browser, SignInStep, copy, in_even_time, step};

/// Times that a proof is made again when its row has moved meanwhile.
const PROOFS: usize = 3;

/// A recovery that was just begun, or taken up.
pub struct RecoveryBegun {
    /// The recovery.
    pub recovery: RecoveryId,
    /// The token of the recovering browser: shown this once.
    pub token: Secret,
    /// When it may be finished; none where contacts alone open it.
    pub ready_at: Option<Time>,
}

/// What a recovery asks of a contact.
#[derive(Debug, Clone)]
pub struct AskInfo {
    /// Their name.
    pub username: String,
    /// The number to read to them, shown only on the recovering page.
    pub number: Option<String>,
    /// What they said.
    pub said: Option<Say>,
}

/// A recovery as pages and lists show it.
#[derive(Debug, Clone)]
pub struct RecoveryInfo {
    /// Its id.
    pub id: RecoveryId,
    /// The person.
    pub person: PersonId,
    /// The name that they sign in with.
    pub username: String,
    /// Who began it.
    pub by: By,
    /// From where.
    pub source: String,
    /// On what kind of browser.
    pub browser: String,
    /// When it began.
    pub begun_at: Time,
    /// When it may be finished, as far as it waits.
    pub ready_at: Option<Time>,
    /// How many contacts open it.
    pub needed: u32,
    /// The contacts that it asks.
    pub asks: Vec<AskInfo>,
    /// Its state.
    pub stage: Stage,
}

impl RecoveryInfo {
    /// Whether it is under way.
    pub const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Begun { .. } | Stage::Half { .. } | Stage::Ready { .. })
    }
}

fn visit(browser: &Browser, command: Recover) -> Arc<Call> {
    let command = Command::Recovery(command);
    Arc::new(Call { by: By::Visitor, source: browser.source(), command })
}

fn begun(done: Done, by: By) -> Result<RecoveryBegun, Refusal> {
    let begun = done.recovery(by)?;
    let (recovery, token, ready_at) = (begun.recovery, begun.token, begun.ready_at);
    Ok(RecoveryBegun { recovery, token, ready_at })
}

fn ask(one: &trustee::Ask) -> AskInfo {
    let said = one.said.map(|(say, _)| say);
    AskInfo { username: one.username.to_string(), number: None, said }
}

/// The same with the numbers, for the browser that recovers.
fn with_numbers(slice: &Slice, one: &Recovery, key: &SealKey) -> Result<RecoveryInfo, Refusal> {
    let mut info = info(slice, one);
    for (shown, ask) in info.asks.iter_mut().zip(&one.asks) {
        let number = trustee::open_number(one, ask, key)?;
        shown.number = number.expose_text().map(str::to_owned);
    }
    Ok(info)
}

fn info(slice: &Slice, one: &Recovery) -> RecoveryInfo {
    let username = slice.person.as_ref().map(|person| person.username.to_string());
    RecoveryInfo {
        id: one.id,
        person: one.person,
        username: username.unwrap_or_default(),
        by: one.by,
        source: one.source.clone(),
        browser: one.browser.to_string(),
        begun_at: one.begun_at,
        ready_at: one.ready_at(),
        needed: one.needed,
        asks: one.asks.iter().map(ask).collect(),
        stage: one.stage,
    }
}

/// Recoveries, and what is kept for one, through the gate. Cheap to copy.
#[derive(Clone, Copy)]
pub struct RecoveryGate<'a> {
    pub(crate) gate: &'a Gate,
}

impl Gate {
    /// Recoveries, and what is kept for one, through the gate.
    pub fn recoveries(&self) -> RecoveryGate<'_> {
        RecoveryGate { gate: self }
    }
}

impl RecoveryGate<'_> {
    /// Begins one by user name and password. Unknown names get the same answers and cost the same. One
    /// whose token the browser still has, but not its key, ends with it.
    pub async fn begin(
        self,
        username: &str,
        password: Secret,
        lost: Option<&Secret>,
        browser: &Browser,
    ) -> Result<RecoveryBegun, Refusal> {
        in_even_time(Box::pin(self.try_recovery(username, password, lost, browser))).await
    }

    async fn try_recovery(
        self,
        username: &str,
        password: Secret,
        lost: Option<&Secret>,
        browser: &Browser,
    ) -> Result<RecoveryBegun, Refusal> {
        let key = Key::Username(username);
        for _ in 0..PROOFS {
            let slice = self.gate.load(key).await?;
            let site = self.gate.check_site(&slice, browser).await?;
            let proof = self.gate.prove_at(&slice, &password, &browser.source()).await?;
            let command = match lost {
                Some(token) => Recover::Again { proof, token: copy(token) },
                None => Recover::Begin { proof },
            };
            let call = visit(browser, command);
            match self.gate.count_try(site, self.gate.run(key, Some(slice), &call).await).await {
                Err(Refusal::SignIn(SignInRefusal::ProofStale)) => {}
                done => {
                    let done = done?;
                    self.gate.tell_trustees(&done.after).await;
                    return begun(done, call.by);
                }
            }
        }
        Err(Refusal::SignIn(SignInRefusal::ProofStale))
    }

    /// Begins one for a person whom the operator knows; it waits like any other. The token goes into
    /// a link for the person's browser.
    pub async fn assist(self, actor: &Actor, username: &str) -> Result<RecoveryBegun, Refusal> {
        let call = actor.call(Command::Recovery(Recover::Assist));
        let done = self.gate.run(Key::Username(username), None, &call).await?;
        self.gate.tell_trustees(&done.after).await;
        begun(done, call.by)
    }

    /// Takes the operator's up in this browser.
    pub async fn claim(self, token: &Secret, browser: &Browser) -> Result<RecoveryBegun, Refusal> {
        let call = visit(browser, Recover::Claim { token: copy(token) });
        begun(self.gate.run(Key::Recovery(token.digest()), None, &call).await?, call.by)
    }

    /// The state of the recovery of this browser. Any other browser is refused on record.
    pub async fn by_token(
        self,
        token: &Secret,
        browser: &Browser,
    ) -> Result<RecoveryInfo, Refusal> {
        let slice = self.gate.load(Key::Recovery(token.digest())).await?;
        let mine = slice.recoveries.iter().find(|one| one.token.is_of(token));
        let mine = mine.ok_or(RecoveryRefusal::RecoveryOver)?;
        if mine.begun.is(&browser.source()) {
            return with_numbers(&slice, mine, &self.gate.0.people.key);
        }
        let call = visit(browser, Recover::Look { token: copy(token) });
        self.gate.run(Key::Recovery(token.digest()), Some(slice), &call).await?;
        Err(Refusal::Recovery(RecoveryRefusal::RecoveryElsewhere))
    }

    /// The operator's recovery that this link takes up, while no browser did.
    pub async fn to_claim(self, token: &Secret) -> Result<RecoveryInfo, Refusal> {
        let slice = self.gate.load(Key::Recovery(token.digest())).await?;
        let mine = |one: &&Recovery| one.token.is_of(token) && one.is_unclaimed();
        let found = slice.recoveries.iter().find(mine).ok_or(RecoveryRefusal::RecoveryOver)?;
        Ok(info(&slice, found))
    }

    /// The recovery that this token of its notices stops, or would have stopped.
    pub async fn to_stop(self, token: &Secret) -> Result<RecoveryInfo, Refusal> {
        let slice = self.gate.load(Key::Recovery(token.digest())).await?;
        let found = slice.recoveries.iter().find(|one| one.stop.is_of(token));
        found.map(|one| info(&slice, one)).ok_or(Refusal::Recovery(RecoveryRefusal::RecoveryOver))
    }

    /// When a recovery of the person was finished whose holding time is not over, and until when it holds.
    pub async fn recovered(self, ticket: &SessionTicket) -> Result<Option<(Time, Time)>, Refusal> {
        Ok(self.gate.load(Key::Person(ticket.person)).await?.recovered(self.gate.now()))
    }

    /// Signs in by a recovery that has waited.
    pub async fn finish(self, token: &Secret, browser: &Browser) -> Result<SignInStep, Refusal> {
        let call = visit(browser, Recover::Finish { token: copy(token) });
        step(self.gate.run(Key::Recovery(token.digest()), None, &call).await?)
    }

    /// Stops one by the token of its notices. It can do nothing else.
    pub async fn stop(self, token: &Secret, browser: &Browser) -> Result<(), Refusal> {
        let call = visit(browser, Recover::Stop { token: copy(token) });
        self.gate.run_done(Key::Recovery(token.digest()), &call).await.map(drop)
    }

    /// Stops one: of the person who asks, or of anybody for the operator.
    pub async fn cancel(self, actor: &Actor, recovery: RecoveryId) -> Result<(), Refusal> {
        let person = match actor {
            Actor::Session(ticket) => ticket.person,
            Actor::Operator { .. } => {
                let found = self.gate.found_or_known(Key::RecoveryId(recovery)).await?.person;
                found.ok_or(Refusal::not_found("recovery"))?.id
            }
        };
        let call = actor.call(Command::Recovery(Recover::Cancel { recovery }));
        self.gate.run_done(Key::Person(person), &call).await.map(drop)
    }

    /// The recoveries of one person, or of everybody, the newest first; those of the last weeks that
    /// are over too.
    pub async fn list(self, person: Option<PersonId>) -> Result<Vec<RecoveryInfo>, Refusal> {
        let slices = self.gate.slices(person).await?;
        let of = |slice: &Slice| -> Vec<_> {
            slice.recoveries.iter().map(|one| info(slice, one)).collect()
        };
        let mut list: Vec<_> = slices.iter().flat_map(of).collect();
        list.sort_by_key(|one| (std::cmp::Reverse(one.begun_at), one.id));
        Ok(list)
    }

    /// How recoveries of the person go.
    pub async fn policy(self, ticket: &SessionTicket) -> Result<RecoveryPolicy, Refusal> {
        Ok(self.gate.load(Key::Person(ticket.person)).await?.recovery_policy)
    }

    /// Says how they go.
    pub async fn choose(
        self,
        ticket: &SessionTicket,
        policy: RecoveryPolicy,
    ) -> Result<(), Refusal> {
        let call = ticket.call(Command::Recovery(Recover::Choose(policy)));
        self.gate.run_done(Key::Person(ticket.person), &call).await.map(drop)
    }

    /// How recoveries of a person go, for the operator.
    pub async fn policy_of(self, person: PersonId) -> Result<RecoveryPolicy, Refusal> {
        Ok(self.gate.load(Key::Person(person)).await?.recovery_policy)
    }

    /// Says it in a person's place, for the operator.
    pub async fn choose_as(
        self,
        actor: &Actor,
        person: PersonId,
        policy: RecoveryPolicy,
    ) -> Result<(), Refusal> {
        actor.check_person(person, "person")?;
        let call = actor.call(Command::Recovery(Recover::Choose(policy)));
        self.gate.run_done(Key::Person(person), &call).await.map(drop)
    }

    /// Tells what is due of recoveries, and ends those that nobody finished. The server does it each
    /// second; a test that moves its clock calls it.
    pub async fn tick(self) {
        let people = &self.gate.0.people;
        let due = match people.store.recoveries_due(people.clock.stamp()).await {
            Ok(due) => due,
            Err(error) => {
                store_failed(&error);
                return;
            }
        };
        for person in due {
            let command = Command::Recovery(Recover::Tick);
            let call = Arc::new(Call { by: By::System, source: Source::local(), command });
            if let Err(refusal) = self.gate.run_done(Key::Person(person), &call).await {
                tracing::warn!(%person, %refusal, "a step of a recovery was due and could not be done");
            }
        }
    }
}
