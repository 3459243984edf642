//! What happens in a step, as the dice say.

use access::{Grade, PaperAccountId, Span};
use rust_decimal::Decimal;
use serde_json::json;
use store::engine::existing_sqlite_url;
use store::simulation::refuse_commits;
use tws::inbound::{AllOpenOrders, CancelOrder, GlobalCancel};
use tws::{Contract, Inbound, PlaceOrder};

use crate::disk::Trouble;
use crate::finding::{Finding, Ran};
use crate::model::LockSubject;
use crate::world::World;

const PEOPLE: [&str; 2] = ["trader", "ann"];

/// What the operator's door calls it.
pub fn target_of(on: &LockSubject) -> serde_json::Value {
    match on {
        LockSubject::Account(account) => json!({"account": account}),
        LockSubject::Person(name) => json!({"person": name}),
    }
}

impl World {
    /// One step: time passes, something happens, everybody hears of it, and all is looked at.
    pub async fn step(mut self) -> Ran<Self> {
        self.begin_step();
        self.pass();
        match self.dice.roll(100) {
            0..=36 => self.orders().await?,
            37..=47 => self.browse().await?,
            48..=54 => self.connect().await?,
            55..=57 => self.lose_a_client().await?,
            58..=61 => self.new_program().await?,
            62..=66 => self.cut_program().await?,
            67..=69 => self.race().await?,
            70..=71 => self.lock().await?,
            72..=74 => self.unlock().await?,
            75..=79 => self.mandate().await?,
            80..=82 => self.accounts().await?,
            83..=85 => self.clock(),
            86..=88 => self.trouble(),
            89..=91 => self.failing_commits().await?,
            92..=94 => self.keep().await,
            95..=96 => {
                let mut world = self.crash().await?;
                if world.dice.chance(1, 4) {
                    world.mend_and_verify().await?;
                }
                return Ok(world);
            }
            97 => return Box::pin(self.restart()).await,
            _ => {}
        }
        self.hear().await?;
        self.background().await?;
        self.hear().await?;
        if self.life.disk.has_failed() && self.dice.chance(1, 2) {
            return self.crash().await;
        }
        self.check()?;
        Ok(self)
    }

    /// True time goes on, mostly by little.
    fn pass(&mut self) {
        let span = match self.dice.roll(60) {
            0 => Span::seconds(self.dice.between(3_600, 90_000)),
            1..=3 => Span::seconds(self.dice.between(60, 3_600)),
            4..=40 => Span::milliseconds(self.dice.between(0, 3_000)),
            _ => Span::milliseconds(self.dice.between(0, 20)),
        };
        self.machine.hands.pass(span);
    }

    /// What the server would do by itself meanwhile, some of it.
    async fn background(&mut self) -> Ran {
        if self.dice.chance(4, 5) {
            self.life.stepper.beat();
        }
        if self.dice.chance(4, 5) {
            self.life.stepper.make_room();
        }
        if self.dice.chance(1, 2) {
            self.life.stepper.tick().await;
        }
        if self.dice.chance(1, 4) {
            self.life.stepper.look();
        }
        if self.failing > 0 {
            self.failing -= 1;
            if self.failing == 0 {
                self.refuse_commits(false).await?;
            }
        }
        if self.failing == 0 && self.dice.chance(1, 3) {
            self.life.stepper.settle().await;
            self.life.stepper.settle_held().await;
            self.life.stepper.look_at_margin().await;
        }
        Ok(())
    }

    async fn keep(&mut self) {
        if self.dice.chance(1, 2) {
            self.life.stepper.snapshot();
            self.count("snapshot");
        } else {
            self.life.stepper.checkpoint().await;
            self.count("checkpoint");
        }
    }

    fn clock(&mut self) {
        let most = if self.dice.chance(1, 4) { 400_000 } else { 120 };
        let by = Span::seconds(self.dice.between(-most, most));
        self.machine.hands.shift(by);
        self.count("clock set");
    }

    fn trouble(&mut self) {
        let after = u32::try_from(self.dice.roll(12)).unwrap_or(0);
        match self.dice.roll(6) {
            0 | 1 if self.machine.is_durable() => self.life.disk.plan(after, Trouble::PowerLoss),
            0..=2 => self.life.disk.plan(after, Trouble::Short),
            3 => self.life.disk.plan(after, Trouble::Error),
            4 if self.dice.chance(1, 2) => private::simulation::fail_after(Some(after / 4)),
            4 => self.life.disk.fill(true),
            _ => self.life.disk.fill(false),
        }
        self.count("disk trouble");
    }

    async fn failing_commits(&mut self) -> Ran {
        if self.failing > 0 {
            return Ok(());
        }
        self.failing = u32::try_from(self.dice.between(1, 6)).unwrap_or(1);
        self.count("commits fail");
        self.refuse_commits(true).await
    }

    async fn refuse_commits(&mut self, refuse: bool) -> Ran {
        let url = existing_sqlite_url(&self.life.path().join(gate::open::DATABASE));
        refuse_commits(&url, refuse).await.map_err(|error| Finding::of("the tables", error))
    }

    async fn lose_a_client(&mut self) -> Ran {
        if self.clients.is_empty() {
            return Ok(());
        }
        let at = self.dice.roll(self.clients.len());
        let client = self.clients.remove(at);
        self.count("connection lost");
        client.gone().await
    }

    /// One or several clients write, and only then is anything read.
    async fn orders(&mut self) -> Ran {
        if self.clients.is_empty() {
            return self.connect().await;
        }
        for _ in 0..=self.dice.roll(4) {
            let at = self.dice.roll(self.clients.len());
            let requests = self.requests(at);
            let is_half = self.dice.chance(1, 12);
            let cut = self.dice.roll(60);
            let Some(client) = self.clients.get_mut(at) else { continue };
            for request in requests {
                if is_half {
                    client.send_half(&request, cut);
                } else {
                    client.send(&request);
                }
            }
        }
        if self.dice.chance(1, 20) {
            let at = self.dice.roll(self.clients.len());
            let client = self.clients.remove(at);
            self.count("connection lost with orders under way");
            client.gone().await?;
        }
        if let Some(client) = self.clients.first()
            && self.dice.chance(1, 20)
        {
            client.read_slowly(64);
        } else if let Some(client) = self.clients.first() {
            client.read_freely();
        }
        Ok(())
    }

    /// What a client asks for next.
    fn requests(&mut self, at: usize) -> Vec<Inbound> {
        let sent = self.clients.get(at).map(|one| one.sent.clone()).unwrap_or_default();
        match self.dice.roll(20) {
            0..=2 => {
                let Some(id) = self.dice.pick(&sent).copied() else { return Vec::new() };
                self.count("cancel");
                vec![CancelOrder { order_id: id, ..CancelOrder::default() }.into()]
            }
            3 => {
                self.count("cancel all");
                vec![GlobalCancel {}.into()]
            }
            4 => vec![AllOpenOrders {}.into()],
            5..=7 => {
                let Some(id) = self.dice.pick(&sent).copied() else { return Vec::new() };
                self.count("change");
                self.order(at, id).into_iter().map(Inbound::from).collect()
            }
            8 | 9 => self.bracket(at),
            10 => self.group(at),
            _ => {
                self.count("order");
                let id = self.next_id(at);
                self.order(at, id).into_iter().map(Inbound::from).collect()
            }
        }
    }

    /// An id that this client gives to its next order.
    pub fn next_id(&mut self, at: usize) -> i32 {
        let Some(client) = self.clients.get_mut(at) else { return 0 };
        let id = client.next_id;
        client.next_id = client.next_id.saturating_add(1);
        client.sent.push(id);
        id
    }

    /// A parent with two children, sent whole.
    fn bracket(&mut self, at: usize) -> Vec<Inbound> {
        self.count("bracket");
        let parent_id = self.next_id(at);
        let Some(parent) = self.order(at, parent_id) else { return Vec::new() };
        let mut all = vec![parent];
        for is_last in [false, true] {
            let id = self.next_id(at);
            let Some(mut child) = self.order(at, id) else { return Vec::new() };
            if let Some(parent) = all.first_mut() {
                parent.order.transmit = false;
                child.contract = parent.contract.clone();
                child.order.account.clone_from(&parent.order.account);
                child.order.total_quantity = parent.order.total_quantity;
                let is_buy = parent.order.action == "BUY";
                child.order.action = String::from(if is_buy { "SELL" } else { "BUY" });
            }
            child.order.parent_id = parent_id;
            child.order.transmit = is_last;
            all.push(child);
        }
        all.into_iter().map(Inbound::from).collect()
    }

    /// Orders of which one cancels, or reduces, the others.
    fn group(&mut self, at: usize) -> Vec<Inbound> {
        self.count("one cancels all");
        let (name, kind) = (self.name(), i32::try_from(self.dice.between(1, 3)).unwrap_or(1));
        let mut all = Vec::new();
        for _ in 0..=self.dice.roll(3) {
            let id = self.next_id(at);
            let Some(mut order) = self.order(at, id) else { continue };
            order.order.oca_group.clone_from(&name);
            order.order.oca_type = Some(kind);
            all.push(order.into());
        }
        all
    }

    /// An order of any kind on an instrument of the catalogue, near its price.
    pub fn order(&mut self, at: usize, order_id: i32) -> Option<Box<PlaceOrder>> {
        let holder = self.clients.get(at)?.credential;
        let accounts = self.model.program(holder)?.accounts.clone();
        let account = self.dice.pick(&accounts).copied()?;
        let instruments = std::sync::Arc::clone(&self.machine.instruments);
        // A few of them, so that orders meet.
        let currency = self.books.paid_in.get(&account).map(|(_, currency)| *currency);
        let is_own = |one: &&trade::Instrument| Some(one.currency) == currency;
        let own: Vec<_> = instruments.all().iter().filter(is_own).collect();
        let few = own.get(..own.len().min(3)).unwrap_or_default();
        // Both outcomes of two thresholds in the middle of a day's.
        let listed = self.life.stepper.exchange(trade::Exchange::quotes).1.listed;
        let listed = listed.iter().filter_map(|id| instruments.get(*id));
        let is_forecast = |one: &&trade::Instrument| one.other_side().is_some();
        let forecasts: Vec<_> = listed.filter(is_forecast).skip(8).take(4).collect();
        let instrument = match self.dice.roll(12) {
            0 => self.dice.pick(instruments.all())?,
            1 => self.dice.pick(&own)?,
            2 if !forecasts.is_empty() => self.dice.pick(&forecasts)?,
            3 => {
                let is_bond = |one: &&trade::Instrument| one.bond().is_some();
                let bonds: Vec<_> = instruments.all().iter().filter(is_bond).collect();
                self.dice.pick(&bonds).copied()?
            }
            4 => {
                let is_fund = |one: &&trade::Instrument| one.fund().is_some();
                let funds: Vec<_> = instruments.all().iter().filter(is_fund).collect();
                self.dice.pick(&funds).copied()?
            }
            _ => self.dice.pick(few).copied().or_else(|| instruments.all().first())?,
        };
        let mark = self.life.stepper.exchange(|exchange| exchange.mark(instrument.id)).1;
        let near = |dice: &mut crate::dice::Dice| {
            let far = if dice.chance(1, 6) { 20 } else { 2_000 };
            let most = (mark.0 / far).max(3);
            instrument.price(trade::Ticks(mark.0.saturating_add(dice.between(-most, most))))
        };
        let mut kinds = ["MKT", "LMT", "LMT", "LMT", "STP", "STP LMT"];
        if instrument.fund().is_some() {
            // Most other kinds are denied.
            kinds[1..5].fill("MKT");
        }
        let kind = self.dice.pick(&kinds).copied()?;
        let mut order = PlaceOrder {
            order_id,
            contract: Contract {
                con_id: i32::try_from(instrument.id.0).ok()?,
                exchange: "SMART".to_owned(),
                ..Contract::default()
            },
            ..PlaceOrder::default()
        };
        let fields = &mut order.order;
        fields.action = String::from(if self.dice.chance(1, 2) { "BUY" } else { "SELL" });
        kind.clone_into(&mut fields.order_type);
        let most = if self.dice.chance(1, 12) { 200_000 } else { 60 };
        let steps = u64::try_from(self.dice.between(0, most)).unwrap_or(1);
        fields.total_quantity = Some(instrument.quantity(steps));
        fields.limit_price = kind.contains("LMT").then(|| near(&mut self.dice));
        fields.aux_price = kind.contains("STP").then(|| near(&mut self.dice));
        fields.tif = String::from(*self.dice.pick(&["DAY", "GTC", "GTC", "IOC", "FOK"])?);
        fields.account = account.to_string();
        fields.outside_rth = self.dice.chance(1, 2);
        fields.transmit = true;
        fields.exempt_code = Some(-1);
        if self.dice.chance(1, 30) {
            fields.limit_price = Some(Decimal::new(1, 7));
        }
        Some(Box::new(order))
    }

    async fn cut_program(&mut self) -> Ran {
        let programs = self.model.live();
        let Some(program) = self.dice.pick(&programs).cloned() else { return Ok(()) };
        let (id, credential) = (program.id, json!({"id": program.id}));
        let cancel = self.dice.chance(1, 2);
        // Written before the cut is asked for; whether it is read before it is the server's affair.
        if let Some(at) = self.clients.iter().position(|one| one.credential == id)
            && self.dice.chance(1, 2)
        {
            let requests = self.requests(at);
            if let Some(client) = self.clients.get_mut(at) {
                for request in &requests {
                    client.send(request);
                }
            }
        }
        let choices = if program.is_paused { 6 } else { 4 };
        match self.dice.roll(choices) {
            0 => {
                let request = json!({"credential": {"revoke": {
                    "credential": credential, "cancel_orders": cancel}}});
                if self.ask(&request).await?.is_ok() {
                    self.cut("program revoked", |model| {
                        if let Some(program) = model.program(id) {
                            program.is_revoked = true;
                        }
                    })?;
                    self.knock().await?;
                }
            }
            1 => {
                let request = json!({"credential": {"pause": {
                    "credential": credential, "cancel_orders": cancel}}});
                if self.ask(&request).await?.is_ok() {
                    self.cut("program paused", |model| {
                        if let Some(program) = model.program(id) {
                            program.is_paused = true;
                        }
                    })?;
                    self.knock().await?;
                }
            }
            3..=5 => {
                let request = json!({"credential": {"resume": {"credential": credential}}});
                if self.ask(&request).await?.is_ok()
                    && let Some(program) = self.model.program(id)
                {
                    program.is_paused = false;
                }
            }
            _ => {
                let grace = self.dice.between(0, 10);
                let request = json!({"credential": {"rotate": {
                    "credential": credential, "grace_minutes": grace}}});
                self.ask(&request).await?.ok();
            }
        }
        Ok(())
    }

    /// The next message of everybody, right after a cut: what it bars must not come in.
    async fn knock(&mut self) -> Ran {
        for at in 0..self.clients.len() {
            let id = self.next_id(at);
            if let Some(order) = self.order(at, id)
                && let Some(client) = self.clients.get_mut(at)
            {
                client.send(&order.into());
            }
        }
        self.hear().await?;
        self.check()
    }

    async fn lock(&mut self) -> Ran {
        let on = if self.dice.chance(1, 3) {
            LockSubject::Person(self.dice.pick(&PEOPLE).copied().unwrap_or("ann").to_owned())
        } else {
            let accounts = self.model.open();
            let Some(account) = self.dice.pick(&accounts).copied() else { return Ok(()) };
            LockSubject::Account(account)
        };
        let target = target_of(&on);
        let grades = [Grade::NoNew, Grade::ReduceOnly, Grade::ReduceOnly, Grade::NoNew, Grade::All];
        let grade = self.dice.pick(&grades).copied().unwrap_or(Grade::NoNew);
        let request = json!({"lock": {"lock": {"target": target, "grade": grade}}});
        if self.ask(&request).await?.is_ok() {
            self.cut("locked", |model| {
                model.locks.insert(on, grade);
            })?;
            self.knock().await?;
        }
        Ok(())
    }

    async fn unlock(&mut self) -> Ran {
        let all: Vec<_> = self.model.locks.keys().cloned().collect();
        let Some(on) = self.dice.pick(&all).cloned() else { return Ok(()) };
        let request = json!({"lock": {"unlock": {"target": target_of(&on)}}});
        if self.ask(&request).await?.is_ok() {
            self.model.locks.remove(&on);
            self.count("unlocked");
        }
        Ok(())
    }

    async fn mandate(&mut self) -> Ran {
        let accounts = self.model.open();
        let person = self.dice.pick(&PEOPLE).copied().unwrap_or("ann");
        let Some(account) = self.dice.pick(&accounts).copied() else { return Ok(()) };
        let held = (person.to_owned(), account);
        if !self.model.mandates.contains(&held) {
            let role = self
                .dice
                .pick(&["owner", "owner", "trader", "auditor"])
                .copied()
                .unwrap_or("owner");
            let request = json!({"mandate": {"grant": {
                "username": person, "account": account, "role": role}}});
            if self.ask(&request).await?.is_ok() {
                self.model.mandates.insert(held);
                self.count("mandate granted");
            }
            return Ok(());
        }
        if self.dice.chance(3, 4) {
            let request = json!({"mandate": {"change": {"username": person, "account": account,
                "terms": {"max_quantity": self.dice.between(1, 500)}}}});
            self.ask(&request).await?.ok();
            return Ok(());
        }
        let request = json!({"mandate": {"revoke": {"username": person, "account": account}}});
        if self.ask(&request).await?.is_ok() {
            self.cut("mandate revoked", |model| model.mandate_ends(person, account))?;
            self.knock().await?;
        }
        Ok(())
    }

    async fn accounts(&mut self) -> Ran {
        let open = self.model.open();
        let second: Vec<PaperAccountId> = open.iter().copied().skip(1).collect();
        match (self.dice.roll(3), self.dice.pick(&second).copied()) {
            (0, _) if open.len() < 4 => self.open_account("trader").await,
            (1, Some(account)) => {
                let request = json!({"account": {"close": {"account": account}}});
                if self.ask(&request).await?.is_ok() {
                    self.cut("account closed", |model| {
                        model.closed.insert(account);
                    })?;
                    self.knock().await?;
                }
                Ok(())
            }
            (_, Some(account)) => {
                let choice = if self.dice.chance(1, 2) { "newest" } else { "oldest" };
                let request =
                    json!({"account": {"change": {"account": account, "self_match": choice}}});
                self.ask(&request).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// What the tables could not take is recorded, and both chains verified.
    async fn mend_and_verify(&mut self) -> Ran {
        if self.failing > 0 {
            self.failing = 0;
            self.refuse_commits(false).await?;
        }
        self.life.stepper.settle().await;
        self.verify().await
    }

    /// The end of a run: what is broken is mended, what is owed is recorded, and everything is verified.
    pub async fn end(self) -> Ran<Self> {
        self.life.disk.fill(false);
        let mut world = self.crash().await?;
        world.life.stepper.make_room();
        world.life.stepper.beat();
        world.life.stepper.tick().await;
        world.check()?;
        world.mend_and_verify().await?;
        world.life.stepper.checkpoint().await;
        world.verify().await?;
        Ok(world)
    }
}
