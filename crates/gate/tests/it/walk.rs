//! A random walk of two persons over two accounts through the gate: mandates, locks, programs and sessions in
//! whatever order. Every few steps the folder is opened anew, and what may be done then is what could be done
//! before: what is in memory is what the tables say.

use std::collections::BTreeMap;

use access::entitlements::{Limits, OrderKind, OrderKinds};
use access::link::Purpose;
use access::mandate::{Conditions, MandateTerms, Role};
use access::{Grade, PaperAccountId, Scopes, Secret, Span};
use gate::{DoorWish, LockTarget, NewCredential, SocketProof, evidence_verify};

use crate::mandate::{on_two_accounts, rest, second_owner};
use crate::place::{HOME, OPERATOR, Place, browser, done, shows, text};

const ROUNDS: usize = 12;
const STEPS: usize = 14;
const NAMES: [&str; 2] = ["trader", "ann"];

struct Walk {
    place: Place,
    accounts: [PaperAccountId; 2],
    tokens: Vec<Secret>,
    dice: u64,
    made: u32,
    /// Mandates, locks, programs, sessions and orders that went through.
    tally: [u32; 5],
}

#[tokio::test]
async fn memory_and_a_fresh_start_agree_on_a_random_walk() {
    let place = Place::new().await;
    let (second, _) = on_two_accounts(&place).await;
    second_owner(&place.gate).await;
    let accounts = [place.gate.account(), second];
    let (tokens, dice, tally) = (Vec::new(), 20_261_130, [0; 5]);
    let mut walk = Walk { place, accounts, tokens, dice, made: 0, tally };
    let mut most = 0;
    for round in 0..ROUNDS {
        for _ in 0..STEPS {
            walk.step().await;
        }
        let before = walk.live().await;
        walk.place = walk.place.reopened().await;
        let after = walk.live().await;
        assert_eq!(before, after, "round {round}");
        most = most.max(after.len());
    }
    assert!(most > 5 && walk.tally.iter().all(|count| *count > 5), "{most} {:?}", walk.tally);
    let report = evidence_verify(walk.place.folder.path(), None).await.unwrap();
    assert!(report.faults.is_empty(), "{:?}", report.faults);
}

impl Walk {
    fn roll(&mut self, sides: usize) -> usize {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.dice >> 33).unwrap() % sides
    }

    fn account(&mut self) -> PaperAccountId {
        self.accounts[self.roll(2)]
    }

    /// What every program and every session may do on each account; nothing of those that may do nothing.
    async fn live(&self) -> BTreeMap<String, String> {
        let gate = &self.place.gate;
        let mut live = BTreeMap::new();
        for info in gate.credentials().list(None).await.unwrap() {
            let id = info.credential.id;
            let door = SocketProof { credential: id, address: HOME, token: None };
            let Ok(who) = gate.enter_socket(&door) else { continue };
            for account in who.accounts() {
                let on = who.on(account).unwrap();
                live.insert(format!("{id} {account}"), format!("{:?}", on.entitlements()));
            }
        }
        for token in &self.tokens {
            let Ok(ticket) = gate.sessions().by_token_unused(text(token), HOME, shows()) else {
                continue;
            };
            for account in ticket.accounts.iter() {
                let on = ticket
                    .on(*account)
                    .map_err(access::Refusal::from)
                    .and_then(|on| gate.sessions().admit(&on));
                let may = on.map(|on| format!("{:?}", on.entitlements()));
                let may = may.unwrap_or_else(|why| why.code().to_owned());
                live.insert(format!("{} {account}", ticket.session), may);
            }
        }
        live
    }

    async fn step(&mut self) {
        self.place.pass(Span::seconds(1));
        let (what, went) = match self.roll(12) {
            0..=3 => (0, self.mandate().await),
            4 | 5 => (1, self.lock().await),
            6..=8 => (2, self.program().await),
            9 | 10 => (3, self.session().await),
            _ => (4, self.order().await),
        };
        self.tally[what] += u32::from(went);
    }

    async fn mandate(&mut self) -> bool {
        let (name, account) = (NAMES[self.roll(2)], self.account().into());
        let role = Role::ALL[self.roll(3)];
        let kinds = [OrderKinds::ALL, OrderKinds::of(&[OrderKind::Limit])];
        let order_kinds = kinds[self.roll(2)];
        let max_quantity = [None, Some(9)][self.roll(2)];
        let limits = Limits { max_quantity, ..Limits::default() };
        let conditions = Conditions { limits, ..Conditions::default() };
        let terms = |role| MandateTerms { order_kinds, conditions, ..MandateTerms::of(role) };
        let changes = self.roll(2) == 0;
        let mandates = self.place.gate.mandates();
        let person = self.place.gate.people().find(name).await.unwrap().id;
        let held = mandates.list(account).await.unwrap();
        match held.into_iter().find(|one| one.person == person) {
            None => mandates.grant(&OPERATOR, name, (account, role), terms(role)).await.is_ok(),
            Some(one) if changes => {
                mandates.change(&OPERATOR, name, account, terms(one.role)).await.is_ok()
            }
            Some(_) => mandates.revoke(&OPERATOR, name, account).await.is_ok(),
        }
    }

    async fn lock(&mut self) -> bool {
        let target = if self.roll(3) == 0 {
            let name = NAMES[self.roll(2)];
            LockTarget::Person(self.place.gate.people().find(name).await.unwrap().id)
        } else {
            LockTarget::Account(self.account().into())
        };
        let (lifts, grade) = (self.roll(2) == 0, self.roll(3));
        let locks = self.place.gate.locks();
        if lifts {
            return locks.unlock(&OPERATOR, target).await.is_ok();
        }
        let grade = [Grade::NoNew, Grade::ReduceOnly, Grade::All][grade];
        locks.lock(&OPERATOR, target, grade).await.is_ok()
    }

    async fn program(&mut self) -> bool {
        let scopes = Scopes::trading(self.place.gate.now() + Span::days(9));
        let all = self.place.gate.credentials().list(None).await.unwrap();
        let live: Vec<_> = all.iter().filter(|one| one.credential.revoked.is_none()).collect();
        if live.is_empty() || self.roll(2) == 0 {
            self.made += 1;
            let name = format!("bot {}", self.made);
            let both = self.roll(3) > 0;
            let accounts = if both { self.accounts.to_vec() } else { vec![self.account()] };
            let new = NewCredential {
                name,
                accounts,
                scopes,
                token_required: Some(false),
                door: DoorWish::Socket { port: None },
            };
            return self.place.gate.credentials().create(&OPERATOR, new).await.is_ok();
        }
        let one = live[self.roll(live.len())].credential.id;
        let (what, orders) = (self.roll(5), self.roll(2) == 0);
        let credentials = self.place.gate.credentials();
        match what {
            0 => credentials.revoke(&OPERATOR, one, orders).await.is_ok(),
            1 => credentials.pause(&OPERATOR, one, orders).await.is_ok(),
            2 => credentials.resume(&OPERATOR, one).await.is_ok(),
            3 => credentials.edit(&OPERATOR, one, scopes).await.is_ok(),
            _ => {
                let narrow = Scopes { read_only: true, ..scopes };
                credentials.edit(&OPERATOR, one, narrow).await.is_ok()
            }
        }
    }

    async fn session(&mut self) -> bool {
        if !self.tokens.is_empty() && self.roll(3) == 0 {
            let at = self.roll(self.tokens.len());
            let gate = &self.place.gate;
            let ticket = gate.sessions().by_token_unused(text(&self.tokens[at]), HOME, shows());
            let Ok(ticket) = ticket else { return false };
            return gate.sessions().end(&OPERATOR, ticket.session).await.is_ok();
        }
        let name = NAMES[self.roll(2)];
        let gate = &self.place.gate;
        let Ok(link) = gate.people().issue_link(&OPERATOR, name, Purpose::SignIn).await else {
            return false;
        };
        let Ok(step) = gate.sign_ins().by_link(&link.token, &browser(None)).await else {
            return false;
        };
        self.tokens.push(done(step).session_token);
        true
    }

    /// An order on an account by the first program that may, from any of them on.
    async fn order(&mut self) -> bool {
        let all = self.place.gate.credentials().list(None).await.unwrap();
        let (from, account) = (self.roll(all.len()), self.account());
        self.made += 1;
        let number = i32::try_from(self.made).unwrap();
        let gate = &self.place.gate;
        all.iter().cycle().skip(from).take(all.len()).any(|one| {
            let door = SocketProof { credential: one.credential.id, address: HOME, token: None };
            let who = gate.enter_socket(&door).ok();
            let who = who.and_then(|who| who.on(account));
            who.is_some_and(|who| rest(gate, &who, number).is_ok())
        })
    }
}
