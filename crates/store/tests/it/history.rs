//! A person's history for tests: each step is decided on a slice loaded from the tables, committed
//! there and applied to a copy in memory; the two must stay equal.

use std::collections::BTreeMap;
use std::net::IpAddr;

use access::authenticator::{self, PasswordCheck};
use access::call::{By, Call, Source};
use access::decision::{Answer, Command, Decision, decide};
use access::evidence::Entry;
use access::link::{self, Purpose};
use access::moment::{Moment, Span, Time};
use access::notice::Topic;
use access::secret::{SealKey, Secret};
use access::skew::SkewedClock;
use access::{AccountId, AccountSlice, PersonId, Refusal, SessionId, Slice};
use store::{CommitError, Key, Replayed, Store};

use crate::place::Place;

pub const ACCOUNT: &str = "DU1234567";
pub const PASSWORD: &str = "$argon2id$stands-for-a-hash";

/// A store with one person, and a clock that moves on with each decision.
pub struct History {
    pub store: Store,
    pub person: PersonId,
    pub now: Time,
    /// What the system's clock says, where it is wrong.
    pub clock: Option<SkewedClock>,
    /// When old rows were forgotten last.
    pub pruned: Time,
    key: SealKey,
    drawn: u32,
    /// The accounts as decisions left them, to compare what others see of them.
    accounts: BTreeMap<AccountId, AccountSlice>,
}

pub fn text(secret: &Secret) -> String {
    secret.expose_text().unwrap().to_owned()
}

pub fn copy(secret: &Secret) -> Secret {
    Secret::from_text(text(secret))
}

/// The entries of all shards, in the order in which they were recorded.
pub async fn entries(store: &Store) -> Vec<Entry> {
    let mut all = Vec::new();
    for head in store.evidence_heads().await.unwrap() {
        all.extend(store.evidence_after(head.shard, 0, 1_000).await.unwrap());
    }
    all.sort_by_key(|entry| (entry.at, entry.shard, entry.seq));
    all
}

/// The key of the browsers of these tests.
pub fn browser_key() -> access::PublicKey {
    access::PublicKey::of_coordinates(&[1; 32], &[2; 32]).unwrap()
}

pub fn browser(device: Option<&Secret>) -> Source {
    let address: IpAddr = "192.0.2.7".parse().unwrap();
    Source::browser(
        address,
        device,
        Some(browser_key()),
        "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    )
}

impl History {
    /// A person named `ann` who owns [`ACCOUNT`].
    pub async fn begin(place: &Place) -> Self {
        let store = Store::open(place.url()).await.unwrap();
        let mut history = Self {
            store,
            person: PersonId([0; 16]),
            now: Time::from_seconds(1_800_000_000),
            clock: None,
            pruned: Time::default(),
            key: SealKey::new([7; 32]),
            drawn: 0,
            accounts: BTreeMap::new(),
        };
        let create = access::person::Command::Create {
            username: "ann".to_owned(),
            account: ACCOUNT.parse().unwrap(),
        };
        let call =
            Call { by: By::System, source: Source::local(), command: Command::Person(create) };
        let answer = history.ask(Key::Username("ann"), call).await;
        let Ok(Answer::PersonCreated { person }) = answer else { panic!("no person") };
        history.person = person;
        history
    }

    /// The same with password and TOTP; gives the seed.
    pub async fn enrolled(place: &Place) -> (Self, Vec<u8>) {
        let mut history = Self::begin(place).await;
        let hash = Secret::from_text(PASSWORD.to_owned());
        let set = authenticator::Command::SetPassword { hash, old: None };
        history.by_system(Command::Authenticator(set)).await.ok().unwrap();
        let offered =
            history.by_system(Command::Authenticator(authenticator::Command::OfferTotp)).await;
        let Ok(Answer::TotpOffered { .. }) = offered else { panic!("no TOTP app") };
        let slice = history.slice().await;
        let seed = slice.totp().unwrap().open_seed(&history.key).unwrap().expose().to_vec();
        (history, seed)
    }

    /// Another person of the server.
    pub async fn second(&mut self, name: &str) -> PersonId {
        let (username, account) = (name.to_owned(), ACCOUNT.parse().unwrap());
        let add = Command::Person(access::person::Command::Add {
            username,
            account,
            role: access::mandate::Role::Auditor,
        });
        let call = Call { by: By::System, source: Source::local(), command: add };
        match self.ask(Key::Username(name), call).await {
            Ok(Answer::PersonCreated { person }) => person,
            _ => panic!("no person"),
        }
    }

    /// A session of a person, by a link.
    pub async fn by_link(&mut self, person: PersonId) -> Result<SessionId, Refusal> {
        let issue = Command::Link(link::Command::Issue { purpose: Purpose::SignIn });
        let call = Call { by: By::System, source: Source::local(), command: issue };
        let Ok(Answer::Link { token, .. }) = self.ask(Key::Person(person), call).await else {
            panic!("no link")
        };
        let key = token.digest();
        let used = access::sign_in::Command::Link { token };
        match self.visit(Key::Link(key), None, used).await? {
            Answer::SignedIn(done) => Ok(done.session),
            _ => panic!("not signed in"),
        }
    }

    pub fn key(&self) -> &SealKey {
        &self.key
    }

    pub async fn slice(&self) -> Slice {
        self.store.slice(Key::Person(self.person)).await.unwrap()
    }

    pub fn moment(&mut self) -> Moment {
        self.now = self.now + Span::seconds(1);
        self.drawn += 1;
        let mut entropy = [0; 32];
        entropy[..4].copy_from_slice(&self.drawn.to_be_bytes());
        Moment::new(self.now, entropy).with_wall(self.wall())
    }

    /// What the system's clock says, and an app's that is set by it.
    pub fn wall(&self) -> Time {
        self.clock.map_or(self.now, |clock| clock.reading(self.now))
    }

    /// Decides without committing.
    pub fn decide(&mut self, slice: &Slice, call: &Call) -> Decision {
        let moment = self.moment();
        decide(slice, call, &moment, &self.key)
    }

    pub async fn commit(
        &self,
        slice: &Slice,
        call: &Call,
        decision: &Decision,
    ) -> Result<(), CommitError> {
        let read = (slice, &decision.reads);
        let committed =
            self.store.commit(read, &decision.events, call.by, &call.source, self.now).await;
        committed.map(drop)
    }

    /// Loads, decides, commits, and checks that the tables and [`Slice::apply`] agree.
    pub async fn ask(&mut self, key: Key<'_>, call: Call) -> Result<Answer, Refusal> {
        let accounts = call.command.accounts();
        let mut slice = self.store.slice_about(key, &accounts).await.unwrap();
        let decision = self.decide(&slice, &call);
        self.commit(&slice, &call, &decision).await.unwrap();
        slice.apply(&decision.events);
        if let Some(person) = &slice.person {
            let read = self.store.slice_afresh(Key::Person(person.id)).await.unwrap();
            let loaded = self.store.slice(Key::Person(person.id)).await.unwrap();
            self.note_accounts(&slice);
            // Those that it was about and its person has no part in, or no more, are not loaded with them.
            let held = slice.mandates.clone();
            slice.accounts.retain(|one| held.iter().any(|mandate| mandate.account == one.id));
            assert_eq!(loaded, read, "a slice from memory, after {:#?}", decision.events);
            assert_eq!(read, slice, "after {:#?}", decision.events);
            self.compare_accounts().await;
        }
        decision.answer
    }

    fn note_accounts(&mut self, slice: &Slice) {
        for account in &slice.accounts {
            self.accounts.insert(account.id, account.clone());
        }
    }

    /// What one person's decision left of an account is what everybody sees of it.
    async fn compare_accounts(&self) {
        for other in self.store.persons().await.unwrap() {
            let seen = self.store.slice(Key::Person(other)).await.unwrap().accounts;
            assert!(seen.iter().all(|one| self.accounts.get(&one.id) == Some(one)), "{seen:#?}");
        }
    }

    /// Takes up accounts as the tables have them, after a commit that was not followed in memory.
    pub async fn take_up(&mut self) {
        for account in self.store.accounts().await.unwrap() {
            self.accounts.insert(account.id, account);
        }
    }

    pub async fn by_system(&mut self, command: Command) -> Result<Answer, Refusal> {
        let call = Call { by: By::System, source: Source::local(), command };
        self.ask(Key::Person(self.person), call).await
    }

    pub async fn by(&mut self, by: By, command: Command) -> Result<Answer, Refusal> {
        let call = Call { by, source: browser(None), command };
        self.ask(Key::Person(self.person), call).await
    }

    pub async fn visit(
        &mut self,
        key: Key<'_>,
        device: Option<&Secret>,
        command: access::sign_in::Command,
    ) -> Result<Answer, Refusal> {
        let command = Command::SignIn(command);
        let call = Call { by: By::Visitor, source: browser(device), command };
        self.ask(key, call).await
    }

    /// The proof of a password that is right, or wrong.
    pub async fn proof(&self, right: bool) -> PasswordCheck {
        let slice = self.slice().await;
        let password = slice.password();
        PasswordCheck {
            authenticator: password.map(|one| one.id),
            row_version: password.map_or(0, |one| one.row_version),
            right,
        }
    }

    /// The code of the newest notice that has one to type.
    pub async fn activation_code(&self) -> Secret {
        self.newest_code(|topic| topic != Topic::Recovery).await.unwrap()
    }

    /// The newest token that stops a recovery.
    pub async fn stop_token(&self) -> Option<Secret> {
        self.newest_code(|topic| topic == Topic::Recovery).await
    }

    async fn newest_code(&self, wanted: impl Fn(Topic) -> bool) -> Option<Secret> {
        let notices = self.store.notices(Some(self.person), 200).await.unwrap();
        let mut notices = notices.iter().filter(|one| one.code.is_some() && wanted(one.topic));
        let notice = notices.next()?;
        let purpose = access::notice::Notice::purpose(notice.id);
        Some(self.key.open(notice.code.as_ref().unwrap(), &purpose).unwrap())
    }

    /// Follows all chains of evidence.
    pub async fn verify(&self) -> Replayed {
        let mut seen = 0;
        let now = self.now.max(self.pruned);
        let replayed = self.store.replay(now, &mut |_| seen += 1).await.unwrap();
        assert_eq!(replayed.faults, Vec::<String>::new());
        assert_eq!(seen, replayed.entries());
        replayed
    }
}
