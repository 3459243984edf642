//! What the time of an answer tells of a name: known, unknown, locked. Statistics, no test: the rows say how far apart they are.

use crate::report::Row;
use crate::sample::{Series, Shuffle, nanos};
use access::{Secret, Span, Time};
use gate::disk::LocalDisk;
use gate::{Actor, Browser, Clock, Config, Durability, Gate, Hours, LockTarget};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use tokio::runtime::Runtime;

const BEGAN: Time = Time::from_seconds(1_795_000_000);

/// A folder with one person, on a clock that is moved so that no name ever has to wait.
struct Place {
    gate: Gate,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn start() -> Self {
        let folder = tempfile::tempdir_in(".").expect("a folder");
        let config = Config {
            data: folder.path().to_owned(),
            database: None,
            durability: Durability::Process,
            demo: true,
            seed: Some(7),
            hours: Hours::RoundTheClock,
            portal_origin: url::Url::parse("http://localhost:8080").expect("a url"),
            passkeys: None,
            token_required_by_default: false,
        };
        let clock = Clock::manual(BEGAN);
        let gate =
            Gate::open_with(config, clock.clone(), Arc::new(LocalDisk)).await.expect("opens");
        Self { gate, clock, _folder: folder }
    }

    /// One guess: refused, with one Argon2id call.
    fn guess(&self, runtime: &Runtime, name: &str) -> u64 {
        let browser = Browser {
            device_token: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            key: None,
            stay: access::stay::Stay::Usual,
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
                .into(),
        };
        let before = self.gate.authenticators().password_checks();
        let password = Secret::from_text("correct horse battery".to_owned());
        let guess = self.gate.sign_ins().password(name, password, &browser);
        let (time, step) = nanos(|| runtime.block_on(guess));
        assert!(step.is_err(), "a guess was taken");
        assert_eq!(self.gate.authenticators().password_checks() - before, 1, "{name}");
        time
    }
}

/// How far a Mann-Whitney test of two series is from "alike", in standard deviations.
fn apart(one: &Series, two: &Series) -> f64 {
    let mut all: Vec<(u64, bool)> = one.values().iter().map(|time| (*time, true)).collect();
    all.extend(two.values().iter().map(|time| (*time, false)));
    all.sort_unstable();
    let ranks = all.iter().enumerate().filter(|(_, (_, first))| *first);
    let sum: f64 = ranks.map(|(rank, _)| (rank + 1) as f64).sum();
    let (m, n) = (one.len() as f64, two.len() as f64);
    let u = sum - m * (m + 1.0) / 2.0;
    (u - m * n / 2.0) / (m * n * (m + n + 1.0) / 12.0).sqrt()
}

/// The guesses at one place: at the name that somebody has, at one that nobody has, and at another such.
type Guesses = [Series; 3];

/// Measures `rounds` guesses of each kind at each of two places, in shuffled order; in one of them the person is locked. Every fifty
/// rounds both people are proven by a link, which clears their counts of failures.
pub fn measure(rounds: usize) -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let places = runtime.block_on(async { [Place::start().await, Place::start().await] });
    let person = runtime.block_on(places[1].gate.people().find("trader")).expect("a person").id;
    let target = LockTarget::Person(person);
    runtime.block_on(forgive(&places, target));
    let mut guesses: [Guesses; 2] = Default::default();
    let mut shuffle = Shuffle::new();
    for round in 0..rounds {
        let mut order = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
        for at in (1..order.len()).rev() {
            order.swap(at, (shuffle.next() % (at as u64 + 1)) as usize);
        }
        for (place, kind) in order {
            let name =
                if kind == 0 { "trader".to_owned() } else { format!("nobody-{kind}-{round}") };
            guesses[place][kind].push(places[place].guess(&runtime, &name));
        }
        for place in &places {
            // Longer than the longest wait between two guesses at one name.
            place.clock.set(place.gate.now() + Span::minutes(16));
        }
        if round % 50 == 49 {
            runtime.block_on(forgive(&places, target));
        }
    }
    let [known, locked] = &mut guesses;
    vec![
        row("time of a refused sign-in, known name", known),
        row("time of a refused sign-in, locked name", locked),
    ]
}

/// Both people are proven, so that the next failures count from one again; the second is locked again.
async fn forgive([open, locked]: &[Place; 2], target: LockTarget) {
    let operator = Actor::Operator { uid: 0 };
    // Refused the first time, when there is no lock yet.
    drop(locked.gate.locks().unlock(&operator, target).await);
    for place in [open, locked] {
        let link = place.gate.demo().link().await.expect("a link");
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let browser = Browser {
            device_token: None,
            address,
            key: None,
            stay: access::stay::Stay::Usual,
            user_agent: String::new(),
        };
        place.gate.sign_ins().by_link(&link.token, &browser).await.expect("signed in");
    }
    locked.gate.locks().lock(&operator, target, access::Grade::All).await.expect("locked");
}

fn row(path: &'static str, [ours, unknown, again]: &mut Guesses) -> Row {
    let (z, null) = (apart(ours, unknown), apart(again, unknown));
    let micros = |series: &mut Series| series.quantile(500) as f64 / 1_000.0;
    let (ours, peer, again, count) = (micros(ours), micros(unknown), micros(again), ours.len());
    Row {
        path,
        subject: format!("p50 {ours:.0} us, {:+.0} us", ours - peer),
        peer: format!("unknown name p50 {peer:.0} us"),
        ratio: format!("{:.3}, Mann-Whitney z {z:+.1}", ours / peer),
        null: format!("{:.3}, z {null:+.1}", again / peer),
        samples: count.to_string(),
        goal: "-",
        met: None,
        checked: "each refused after one Argon2 call".to_owned(),
    }
}
