//! A walk of two persons over two accounts: what the operator and owners grant, change and revoke, locks,
//! and programs, in whatever order. Tables and memory agree after each step, and a decision that waited
//! is committed exactly when nothing that it read has moved.

use access::account::{self, Account, Currency, NewAccount};
use access::call::{By, Call};
use access::credential::{self, Door, NewCredential};
use access::decision::Command;
use access::entitlements::{Limits, OrderKind, OrderKinds, Product, Products, Scopes};
use access::lock::{self, Grade, LockTarget};
use access::mandate::{self, Conditions, MandateTerms, OwnerWord, Role, vouch_owner};
use access::moment::Span;
use access::{
    AccountId, Decision, PaperAccountId, PersonId, Reads, Scope, Slice, Source, contact, session,
};
use store::{CommitError, Key};

use crate::both_engines;
use crate::history::{ACCOUNT, History, browser};
use crate::place::Place;

both_engines!(two_persons_on_two_accounts_agree_on_random_walks);

const STEPS: u32 = 500;
const SECOND: &str = "DU7654321";

async fn two_persons_on_two_accounts_agree_on_random_walks(place: &Place) {
    let mut history = History::begin(place).await;
    let bob = history.second("bob").await;
    let people = [history.person, bob];
    let mut walk = Walk { history, people, dice: 20_261_129, tally: Tally::default(), port: 4_000 };
    let opened = Walk::open();
    walk.ask(bob, By::System, opened).await;
    for _ in 0..STEPS {
        walk.step().await;
    }
    walk.history.verify().await;
    let mut doors = Vec::new();
    for person in walk.people {
        let slice = walk.history.store.slice(Key::Person(person)).await.unwrap();
        doors.extend(slice.credentials.iter().map(|one| one.door));
    }
    let at_api = doors.iter().filter(|door| **door == Door::Api).count();
    assert!(at_api > 2 && doors.len() - at_api > 2, "{doors:?}");
    assert!(walk.tally.enough(), "too few of something: {:?}", walk.tally);
}

/// What was done how often.
#[derive(Debug, Default)]
struct Tally {
    granted: u32,
    changed: u32,
    revoked: u32,
    by_owners: u32,
    locks: u32,
    programs: u32,
    accounts: u32,
    /// Decisions that waited and were committed, and that met a conflict.
    late: (u32, u32),
}

impl Tally {
    fn enough(&self) -> bool {
        let often = [self.granted, self.changed, self.revoked, self.locks, self.programs];
        let late = [self.late.0, self.late.1];
        let seldom = [self.by_owners, self.accounts];
        often.iter().chain(&late).all(|count| *count > 9) && seldom.iter().all(|count| *count > 2)
    }
}

struct Walk {
    history: History,
    people: [PersonId; 2],
    dice: u64,
    tally: Tally,
    port: u16,
}

impl Walk {
    fn roll(&mut self, sides: u64) -> usize {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.dice >> 33) % sides).unwrap()
    }

    fn account(&mut self) -> PaperAccountId {
        [ACCOUNT, SECOND][self.roll(2)].parse().unwrap()
    }

    fn open() -> Command {
        let new = NewAccount {
            account: SECOND.parse::<AccountId>().unwrap(),
            purpose: "pension".to_owned(),
            base_currency: Currency::USD,
            products: Account::USUAL,
            limits: Limits::default(),
        };
        Command::Account(account::Command::Open(Box::new(new)))
    }

    async fn of(&self, person: PersonId, command: &Command) -> Slice {
        let accounts = command.accounts();
        self.history.store.slice_about(Key::Person(person), &accounts).await.unwrap()
    }

    async fn ask(&mut self, person: PersonId, by: By, command: Command) -> bool {
        let source = if by == By::System { Source::local() } else { browser(None) };
        let call = Call { by, source, command };
        self.history.ask(Key::Person(person), call).await.is_ok()
    }

    /// One step; a third of them while the decision of another one waits to be committed.
    async fn step(&mut self) {
        let seconds = i64::try_from(self.roll(600)).unwrap();
        self.history.now = self.history.now + Span::seconds(seconds);
        if self.roll(3) > 0 {
            return self.act().await;
        }
        let person = self.people[self.roll(2)];
        let (by, command) = self.some(person).await;
        let source = if by == By::System { Source::local() } else { browser(None) };
        let call = Call { by, source, command };
        let slice = self.of(person, &call.command).await;
        let decision = self.history.decide(&slice, &call);
        self.act().await;
        self.commit_late(&slice, &call, &decision).await;
    }

    /// Commits what was decided before another step: if and only if all that it read is as it was.
    async fn commit_late(&mut self, slice: &Slice, call: &Call, decision: &Decision) {
        if !decision.events.iter().any(access::Event::changes_tables) {
            return;
        }
        let now = self.versions().await;
        let holds = decision
            .reads
            .iter()
            .all(|(scope, version)| now.get(scope).copied().unwrap_or(0) == *version);
        let writes = slice.writes(&decision.events);
        assert!(writes.iter().all(|scope| decision.reads.contains_key(scope)), "{writes:?}");
        match self.history.commit(slice, call, decision).await {
            Ok(()) => {
                assert!(holds, "committed on what has moved: {:?}", decision.events);
                let after = self.versions().await;
                for scope in &writes {
                    assert!(after.get(scope) > now.get(scope), "{scope} was not raised");
                }
                self.history.take_up().await;
                self.tally.late.0 += 1;
            }
            Err(CommitError::Conflict) => {
                assert!(!holds, "nothing has moved: {:?}", decision.events);
                self.tally.late.1 += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// The versions of all scopes, from the tables.
    async fn versions(&self) -> Reads {
        let store = &self.history.store;
        let mut versions = Reads::new();
        for person in self.people {
            let slice = store.slice_afresh(Key::Person(person)).await.unwrap();
            versions.insert(Scope::Person(person), slice.version);
        }
        for account in store.accounts().await.unwrap() {
            versions.insert(Scope::Account(account.id), account.version);
        }
        versions
    }

    async fn act(&mut self) {
        let person = self.people[self.roll(2)];
        let (by, command) = self.some(person).await;
        let count = Counts::of(&command);
        let done = self.ask(person, by, command).await;
        if done {
            let tally = &mut self.tally;
            tally.by_owners += u32::from(count.mandate > 0 && by != By::System);
            match count.mandate {
                1 => tally.granted += 1,
                2 => tally.changed += 1,
                3 => tally.revoked += 1,
                _ => {}
            }
            tally.locks += u32::from(count.lock);
            tally.programs += u32::from(count.program);
            tally.accounts += u32::from(count.account);
        }
    }

    /// Something about a person, and who asks for it.
    async fn some(&mut self, person: PersonId) -> (By, Command) {
        match self.roll(11) {
            0..=4 => self.mandate(person).await,
            5 | 6 => (By::System, self.lock(person)),
            7 | 8 => (By::System, self.program(person).await),
            9 => (By::System, self.terms_of_account()),
            _ => {
                let sessions = Command::Session(session::Command::EndOthers);
                let address = format!("someone{}@example.org", self.roll(3));
                let mail = Command::Contact(contact::Command::SetMail { address });
                (By::System, if self.roll(3) == 0 { sessions } else { mail })
            }
        }
    }

    fn terms(&mut self, role: Role) -> MandateTerms {
        let kinds = [OrderKinds::ALL, OrderKinds::of(&[OrderKind::Limit])];
        let quantity = u64::try_from(self.roll(9)).unwrap();
        let days = i64::try_from(self.roll(30)).unwrap();
        MandateTerms {
            order_kinds: kinds[self.roll(2)],
            conditions: Conditions {
                limits: Limits { max_quantity: Some(quantity + 1), ..Limits::default() },
                ..Conditions::default()
            },
            until: (role != Role::Owner && self.roll(2) == 0)
                .then_some(self.history.now + Span::days(1 + days)),
            ..MandateTerms::of(role)
        }
    }

    async fn mandate(&mut self, person: PersonId) -> (By, Command) {
        let account = AccountId::from(self.account());
        let (by, owner) = self.owner(person, account).await;
        let slice = self.history.store.slice(Key::Person(person)).await.unwrap();
        let held = slice.mandate(account).map(|one| (one.id, one.role));
        let command = match (held, self.roll(3)) {
            (Some((mandate, _)), 0) => mandate::Command::Revoke { mandate, account, owner },
            (Some((mandate, role)), _) => {
                mandate::Command::Change { mandate, terms: Box::new(self.terms(role)), owner }
            }
            (None, _) => {
                let role = Role::ALL[self.roll(3)];
                let terms = Box::new(self.terms(role));
                mandate::Command::Grant { account, role, terms, owner }
            }
        };
        (by, Command::Mandate(command))
    }

    /// Now and then the other person acts, where they own the account.
    async fn owner(&mut self, of: PersonId, account: AccountId) -> (By, Option<OwnerWord>) {
        let other = self.people.into_iter().find(|one| *one != of).unwrap();
        if self.roll(2) == 0 {
            return (By::System, None);
        }
        let Ok(session) = self.history.by_link(other).await else { return (By::System, None) };
        let slice = self.history.store.slice(Key::Person(other)).await.unwrap();
        let (by, moment) = (By::Session(session), self.history.moment());
        let word = vouch_owner(&slice, account, (by, &browser(None)), &moment, self.history.key());
        word.map_or((By::System, None), |word| (by, Some(word)))
    }

    fn lock(&mut self, person: PersonId) -> Command {
        let target = match self.roll(3) {
            0 => LockTarget::Person(person),
            _ => LockTarget::Account(self.account().into()),
        };
        if self.roll(2) == 0 {
            return Command::Lock(lock::Command::Lift { target });
        }
        let grade = [Grade::NoNew, Grade::ReduceOnly, Grade::All][self.roll(3)];
        Command::Lock(lock::Command::Set { target, grade })
    }

    async fn program(&mut self, person: PersonId) -> Command {
        let slice = self.history.store.slice(Key::Person(person)).await.unwrap();
        let live: Vec<_> = slice.credentials.iter().filter(|one| one.revoked.is_none()).collect();
        let scopes = Scopes::trading(self.history.now + Span::days(3));
        if live.is_empty() || self.roll(3) == 0 {
            self.port += 1;
            let name = format!("bot {}", self.port);
            let both = [ACCOUNT, SECOND].map(|one| one.parse().unwrap()).to_vec();
            let accounts = if self.roll(3) == 0 { both } else { vec![self.account()] };
            let (door, with_token) = match self.roll(4) {
                0 => (Door::Api, true),
                _ => (Door::Socket { port: self.port }, self.roll(2) == 0),
            };
            let new = NewCredential { name, accounts, scopes, with_token, door, serves_api: true };
            return Command::Credential(credential::Command::Create(Box::new(new)));
        }
        let credential = live[self.roll(live.len() as u64)].id;
        Command::Credential(match self.roll(5) {
            0 => credential::Command::Revoke { credential, cancel_orders: self.roll(2) == 0 },
            1 => credential::Command::Pause { credential, cancel_orders: false },
            2 => credential::Command::Resume { credential },
            3 => credential::Command::Rotate { credential, grace: Span::hours(1) },
            _ => credential::Command::Edit { credential, scopes: Box::new(scopes) },
        })
    }

    fn terms_of_account(&mut self) -> Command {
        let account = self.account().into();
        let quantity = u64::try_from(self.roll(5)).unwrap() + 1;
        let limits = Limits { max_quantity: Some(quantity), ..Limits::default() };
        Command::Account(if self.roll(2) == 0 {
            account::Command::Limit { account, limits: Box::new(limits) }
        } else {
            let products = Products::of(&[Product::Stock]);
            account::Command::Permit { account, products }
        })
    }
}

/// What a command is about.
struct Counts {
    /// 1 grants, 2 changes, 3 revokes.
    mandate: u8,
    lock: bool,
    program: bool,
    account: bool,
}

impl Counts {
    fn of(command: &Command) -> Self {
        let mandate = match command {
            Command::Mandate(mandate::Command::Grant { .. }) => 1,
            Command::Mandate(mandate::Command::Change { .. }) => 2,
            Command::Mandate(mandate::Command::Revoke { .. }) => 3,
            _ => 0,
        };
        Self {
            mandate,
            lock: matches!(command, Command::Lock(_)),
            program: matches!(command, Command::Credential(_)),
            account: matches!(command, Command::Account(_)),
        }
    }
}
