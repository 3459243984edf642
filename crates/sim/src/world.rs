//! The world of a run: a machine, a server on it, the people and programs that use it, and what they know.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use access::id::Holder;
use access::{CredentialId, PaperAccountId, Span, Time};
use gate::SocketProof;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use trade::exchange::Exchange;

use crate::books::{Allowed, Books, digest};
use crate::client::{Client, Told};
use crate::dice::Dice;
use crate::finding::{Finding, Ran, Trace, demand};
use crate::machine::{DoorRefusal, Life, Machine, new_folder};
use crate::model::{Model, Program};
use crate::visitor::PortalUser;

/// Where programs come from.
pub const HOME: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
/// What a cut is answered that holds and is not in the tables yet.
const OWED: &str = "IN_FORCE_NOT_ON_RECORD";
/// The currencies that a second account may have.
const CURRENCIES: [&str; 4] = ["USD", "EUR", "JPY", "CHF"];

/// Everything of a run.
pub struct World {
    /// Where its choices come from.
    pub dice: Dice,
    /// What goes on when the server dies.
    pub machine: Machine,
    /// The server.
    pub life: Life,
    /// Programs that are connected.
    pub clients: Vec<Client>,
    /// People who have signed in.
    pub visitors: Vec<PortalUser>,
    /// What was answered.
    pub model: Model,
    /// The same before the step, or since the last cut in it.
    pub before: (Model, Time),
    /// What signs the demo's person in.
    pub password: Option<String>,
    /// What must be held.
    pub books: Books,
    /// What clients were told, and the hash of every word of it.
    pub log: (Told, Sha256),
    /// How often each thing was done.
    pub tally: BTreeMap<&'static str, u32>,
    /// The hashes of what was written in lives that are over.
    pub written: Sha256,
    /// Number of the next thing that needs a name.
    pub named: u32,
    /// Steps until a commit can work again; 0 when it can.
    pub failing: u32,
    /// Steps that were checked.
    pub checked: u32,
    /// What was done last.
    pub trace: Trace,
}

impl World {
    /// A new folder with two people, their accounts and their programs, so many days later than usual.
    pub async fn new((seed, later): (u64, u32), trace: Trace) -> Ran<Self> {
        let mut dice = Dice::new(seed);
        let machine = Machine::new(&mut dice, later)?;
        let life = machine.open(new_folder()?, &mut dice).await?;
        let (log, tally) = ((Told::default(), Sha256::new()), BTreeMap::new());
        let (model, books, written) = (Model::default(), Books::default(), Sha256::new());
        let secrets = life.gate.demo().secrets();
        let password = secrets.and_then(|one| one.password.expose_text().map(str::to_owned));
        let before = (model.clone(), life.gate.now());
        let mut world = Self {
            dice,
            machine,
            life,
            clients: Vec::new(),
            visitors: Vec::new(),
            model,
            before,
            password,
            books,
            log,
            tally,
            written,
            named: 0,
            failing: 0,
            checked: 0,
            trace,
        };
        world.life.stepper.make_room();
        world.settle_in().await?;
        Ok(world)
    }

    async fn settle_in(&mut self) -> Ran {
        let first = self.life.gate.account();
        self.model.accounts.push(first);
        self.model.mandates.insert(("trader".to_owned(), first));
        self.open_account("trader").await?;
        for account in self.model.open() {
            let products = ["options", "futures", "forex", "bonds", "funds", "forecasts"];
            let permit = json!({"account": {"permit": {"account": account, "products": products}}});
            self.must(&permit).await?;
            let add = json!({"person": {"add": {
                "username": "ann", "account": account, "role": "owner"}}});
            let grant = json!({"mandate": {"grant": {
                "username": "ann", "account": account, "role": "owner"}}});
            let request = if account == first { add } else { grant };
            self.must(&request).await?;
            self.model.mandates.insert(("ann".to_owned(), account));
        }
        for info in
            self.life.gate.credentials().list(None).await.map_err(|e| Finding::of("list", e))?
        {
            let one = &info.credential;
            self.model.programs.push(Program {
                id: one.id,
                name: one.name.to_string(),
                person: info.username.to_string(),
                accounts: one.accounts().collect(),
                until: one.scopes.until,
                is_paused: false,
                is_revoked: false,
            });
        }
        self.new_program().await?;
        self.begin_step();
        self.check()
    }

    /// From here on nothing comes that the model bars. On a disk that failed is nothing to look at: what it still
    /// took is seen after the next start, and was allowed when all was last looked at.
    pub fn begin_step(&mut self) {
        if !self.life.disk.has_failed() {
            self.before = (self.model.clone(), self.life.gate.now());
        }
    }

    /// Something was cut, and the answer says so: what came before is looked at by the old rules, and from here on
    /// everything by the new ones.
    pub fn cut(&mut self, what: &'static str, cut: impl FnOnce(&mut Model)) -> Ran {
        self.check()?;
        cut(&mut self.model);
        self.begin_step();
        self.count(what);
        Ok(())
    }

    /// Counts what was done.
    pub fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
        self.trace.note(format!("{} {what}", self.life.gate.now()));
    }

    /// Asks the operator's door. A cut that holds without being on record counts as done.
    pub async fn ask(&mut self, request: &Value) -> Ran<Result<Value, DoorRefusal>> {
        let answer = self.life.ask(request).await?;
        Ok(self.answered(request, answer))
    }

    /// What an answer of the operator's door means.
    pub fn answered(
        &mut self,
        request: &Value,
        answer: Result<Value, DoorRefusal>,
    ) -> Result<Value, DoorRefusal> {
        let said = match &answer {
            Ok(value) => value.to_string(),
            Err(refused) => format!("{} {}", refused.code, refused.text),
        };
        self.trace.note(format!("{request} -> {said}"));
        self.log.1.update(said);
        self.count(if answer.is_ok() { "operator: done" } else { "operator: refused" });
        match answer {
            Err(refused) if refused.code == OWED => {
                self.count("operator: in force, not on record");
                Ok(Value::Null)
            }
            answer => answer,
        }
    }

    /// The same of what has to work.
    pub async fn must(&mut self, request: &Value) -> Ran<Value> {
        let answer = self.ask(request).await?;
        answer.map_err(|refused| Finding(format!("{request} was refused: {}", refused.text)))
    }

    /// A name that nothing has.
    pub fn name(&mut self) -> String {
        self.named += 1;
        format!("bot {}", self.named)
    }

    /// Opens an account for somebody.
    pub async fn open_account(&mut self, owner: &str) -> Ran {
        let number = PaperAccountId::new(2_000_000 + self.named).or(PaperAccountId::new(2_000_000));
        let number = number.ok_or_else(|| Finding("no number for an account".to_owned()))?;
        self.named += 1;
        // Mostly one in which something trades.
        let instruments = std::sync::Arc::clone(&self.machine.instruments);
        let traded = self.dice.pick(instruments.all()).map(|one| one.currency.to_string());
        let other = self.dice.pick(&CURRENCIES).map(ToString::to_string);
        let currency = if self.dice.chance(5, 6) { traded } else { other };
        let currency = currency.unwrap_or_else(|| "USD".to_owned());
        let cash = Decimal::from(self.dice.between(1, 2_000_000));
        let self_match = if self.dice.chance(1, 2) { "newest" } else { "oldest" };
        let request = json!({"account": {"create": {
            "owner": owner, "account": number, "cash": cash, "currency": currency,
            "purpose": "simulated", "self_match": self_match}}});
        // Its ledger may be there though the tables refused the rest.
        let parsed = currency.parse().map_err(|_| Finding(format!("{currency} is no currency")))?;
        self.books.paid_in.insert(number, (cash, parsed));
        if self.ask(&request).await?.is_ok() {
            self.model.accounts.push(number);
            self.model.mandates.insert((owner.to_owned(), number));
            self.count("account opened");
        }
        Ok(())
    }

    /// A credential for somebody's program, on one or all of their accounts.
    pub async fn new_program(&mut self) -> Ran {
        let people = ["trader", "ann"];
        let person = self.dice.pick(&people).copied().unwrap_or("trader");
        let held: Vec<_> = self.model.mandates.iter().filter(|(name, _)| name == person).collect();
        let mut accounts: Vec<_> = held.into_iter().map(|(_, account)| *account).collect();
        accounts.retain(|one| !self.model.closed.contains(one));
        if accounts.len() > 1 && self.dice.chance(1, 2) {
            let at = self.dice.roll(accounts.len());
            accounts = accounts.get(at).copied().into_iter().collect();
        }
        let days = self.dice.between(1, 40);
        let name = self.name();
        let mut scopes = json!({"days": days});
        if let Some(scopes) = scopes.as_object_mut() {
            if self.dice.chance(1, 6) {
                scopes.insert("per_second".to_owned(), json!(2));
            }
            if self.dice.chance(1, 6) {
                scopes.insert("max_open_orders".to_owned(), json!(3));
            }
        }
        let request = json!({"credential": {"create": {
            "name": name, "accounts": accounts, "person": person, "scopes": scopes, "token": false}}});
        let before = self.life.gate.now();
        if let Ok(made) = self.ask(&request).await? {
            let id: CredentialId =
                serde_json::from_value(made.get("credential").cloned().unwrap_or_default())
                    .map_err(|error| Finding::of("a new credential", error))?;
            let until = before + Span::days(days) + Span::minutes(1);
            let person = person.to_owned();
            self.model.programs.push(Program {
                id,
                name,
                person,
                accounts,
                until,
                is_paused: false,
                is_revoked: false,
            });
            self.count("program made");
        }
        Ok(())
    }

    /// Connects a program that may still come in, or one that may not.
    pub async fn connect(&mut self) -> Ran {
        let now = self.life.gate.now();
        let mut programs = self.model.programs.clone();
        if self.dice.chance(5, 6) {
            programs.retain(|one| {
                let holder = Holder::Credential(one.id);
                one.accounts.iter().any(|account| self.model.bars(holder, *account, now).is_none())
            });
        }
        let Some(program) = self.dice.pick(&programs).cloned() else { return Ok(()) };
        let client_id = i32::try_from(self.dice.roll(4)).unwrap_or(0);
        let who = (program.id, client_id);
        if self.clients.iter().any(|one| (one.credential, one.client_id) == who) {
            return Ok(());
        }
        let client = Client::connect(&self.life.door, who, HOME, &mut self.log).await?;
        if client.is_open {
            self.count("connected");
            if let Some(program) = self.model.programs.iter().find(|one| one.id == program.id) {
                let is_barred = program.is_revoked || program.is_paused;
                demand(!is_barred, || format!("{} was let in although it is cut", program.name))?;
            }
            self.clients.push(client);
            Ok(())
        } else {
            self.count("turned away");
            client.gone().await
        }
    }

    /// Waits until every client has heard what was there for it, and lets those go that were told to.
    pub async fn hear(&mut self) -> Ran {
        for client in &mut self.clients {
            client.barrier(&mut self.log).await?;
        }
        let all = std::mem::take(&mut self.clients);
        for client in all {
            if client.is_open {
                self.clients.push(client);
            } else {
                client.gone().await?;
            }
        }
        Ok(())
    }

    /// Looks whether everything is as it must be, unless the disk failed: then only the next start tells.
    pub fn check(&mut self) -> Ran {
        if self.life.disk.has_failed() {
            return Ok(());
        }
        let (books, after) = (&mut self.books, &self.model);
        let rules = Allowed { before: (&self.before.0, self.before.1), after };
        self.life.stepper.exchange(|exchange| books.follow(exchange, &rules)).1?;
        self.books.stands(&self.log.0)?;
        self.checked += 1;
        Ok(())
    }

    /// The state that a restart must leave as it is.
    pub fn digest(&self) -> String {
        self.life.stepper.exchange(digest).1
    }

    async fn end_life(&mut self) {
        let digest = self.life.disk.digest();
        self.written.update(digest);
        for client in self.clients.drain(..) {
            client.die().await;
        }
    }

    /// Kills the server, and starts it again on what is left of its folder.
    pub async fn crash(mut self) -> Ran<Self> {
        let state = self.caught_up();
        self.end_life().await;
        self.count("killed");
        self.again(state, true).await
    }

    /// Stops the server and starts it again. One whose disk fails meanwhile is killed.
    pub async fn restart(mut self) -> Ran<Self> {
        if self.life.disk.has_failed() || self.failing > 0 {
            return self.crash().await;
        }
        let state = self.caught_up();
        let may_fail = private::simulation::will_fail();
        let closed = self.life.stop().await;
        // One that could not write its last checkpoint says so, and the next start does without.
        let has_failed = self.life.disk.has_failed() || (may_fail && closed.is_err());
        self.end_life().await;
        if has_failed {
            return self.again(None, true).await;
        }
        closed.map_err(|why| Finding(format!("the server could not be stopped: {why}")))?;
        self.count("restarted");
        self.again(state, false).await
    }

    /// The state with the markets where they belong, some of the time, and always none of a failed disk. At other
    /// times the next start passes what was missed, and fills what is due.
    fn caught_up(&mut self) -> Option<(Time, String)> {
        if self.dice.chance(1, 3) {
            return None;
        }
        self.life.stepper.beat();
        (!self.life.disk.has_failed()).then(|| (self.come_to(), self.digest()))
    }

    /// The time that the markets have come to.
    fn come_to(&self) -> Time {
        self.life.stepper.exchange(Exchange::now).1
    }

    async fn again(self, state: Option<(Time, String)>, is_killed: bool) -> Ran<Self> {
        let Self { mut dice, machine, life, model, books, visitors, before, password, .. } = self;
        let Self { log, tally, written, named, failing, checked, trace, .. } = self;
        private::simulation::fail_after(None);
        let folder = if is_killed { life.kill(machine.is_durable())? } else { life.into_folder() };
        let life = machine.open(folder, &mut dice).await?;
        let clients = Vec::new();
        let mut world = Self {
            dice,
            machine,
            life,
            clients,
            visitors,
            model,
            before,
            password,
            books,
            log,
            tally,
            written,
            named,
            failing,
            checked,
            trace,
        };
        world.begins_again(state).await?;
        Ok(world)
    }

    /// What was there is there: the same state, every program and account, nobody who was cut.
    async fn begins_again(&mut self, state: Option<(Time, String)>) -> Ran {
        self.life.stepper.make_room();
        if let Some((time, state)) = state {
            // Where a long time was missed, the start leaves it to the first beat.
            self.life.stepper.beat();
            // A system clock that was set back while the server ran rules again after a start, and of a trading day
            // that ended without a record nothing is known until it has ended again.
            self.machine.hands.pass(time.since(self.come_to()));
            self.life.stepper.beat();
            let now = self.digest();
            demand(state == now, || format!("a restart changed\n{state}into\n{now}"))?;
        }
        self.check()?;
        self.begin_step();
        let listed = self.life.gate.credentials().list(None).await;
        let listed = listed.map_err(|error| Finding::of("the list of credentials", error))?;
        for program in &self.model.programs {
            let found = listed.iter().any(|one| one.credential.id == program.id);
            demand(found, || format!("{} is gone", program.name))?;
            let is_cut = program.is_revoked || program.is_paused;
            demand(!is_cut || !self.comes_in(program.id), || {
                format!("{} was cut, and comes in after a start", program.name)
            })?;
        }
        for at in 0..self.visitors.len() {
            let is_over =
                self.visitors.get(at).is_some_and(|one| self.model.over.contains(&one.session));
            let is_in = self.is_signed_in(at).await?;
            demand(!is_over || !is_in, || {
                "a session that was ended goes on after a start".to_owned()
            })?;
        }
        let accounts = self.life.gate.paper_accounts().all();
        for account in &self.model.accounts {
            demand(accounts.contains(account), || format!("{account} is gone"))?;
        }
        Ok(())
    }

    /// Whether a program is let in by itself.
    fn comes_in(&self, credential: CredentialId) -> bool {
        let door = SocketProof { credential, address: HOME.into(), token: None };
        self.life.gate.enter_socket(&door).is_ok()
    }

    /// Both chains of evidence hold, and the journal leads to the tables.
    pub async fn verify(&mut self) -> Ran {
        let instruments = std::sync::Arc::clone(&self.machine.instruments);
        let report = gate::evidence_verify_trading(self.life.path(), &instruments).await;
        let report = report.map_err(|error| Finding::of("evidence verify", error))?;
        self.count("verified");
        demand(report.faults.is_empty(), || format!("the evidence has faults: {:?}", report.faults))
    }
}
