//! The gate's table of sessions with a million in it, and the end of all sessions of one person.

use crate::browse::Browser;
use crate::portal::{HOST, Portal};
use crate::report::Row;
use crate::sample::{Shuffle, nanos, paired};
use crate::server::Server;
use access::entitlements::Limits;
use access::mandate::{Mandate, Role};
use access::name::Username;
use access::person::Person;
use access::policy::Assurance;
use access::session::{Interface, Method, Session};
use access::{
    DeviceId, Digest, Grade, Holder, PaperAccountId, PersonId, SealKey, Secret, SessionId, Span,
    Time,
};
use gate::Durability;
use gate::Shows;
use gate::session::Sessions;
use gate::session::table::Visitor;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const BEGAN: Time = Time::from_seconds(1_795_000_000);
/// Look-ups that are timed together.
const BATCH: usize = 1_000;

/// A digest is uniform already: the peer does not hash it once more.
#[derive(Default)]
struct First(u64);

impl Hasher for First {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}
}

/// What the peer keeps of a session: as much as a request needs.
struct Kept {
    person: PersonId,
    until: Time,
    used: Time,
    address: IpAddr,
}

type Peer = hashbrown::HashMap<[u8; 32], Kept, BuildHasherDefault<First>>;

fn drawn(what: &str, number: usize) -> Digest {
    Digest::of(format!("{what} {number}").as_bytes())
}

fn id(what: &str, number: usize) -> [u8; 16] {
    drawn(what, number).0[..16].try_into().expect("sixteen bytes")
}

fn resident_bytes() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("procfs");
    let pages: u64 = pages.split(' ').nth(1).and_then(|rss| rss.parse().ok()).expect("a number");
    pages * rustix::param::page_size() as u64
}

/// Puts `count` sessions of people with a thousand each into the gate's table.
fn fill(tokens: &[Digest]) -> Sessions {
    let sessions = Sessions::default();
    let account = PaperAccountId::new(1_234_567).expect("seven digits");
    for (number, token) in tokens.iter().enumerate() {
        let person = Person {
            id: PersonId(id("person", number / 1_000)),
            username: Username::new(&format!("p{}", number / 1_000)).expect("a name"),
            created_at: BEGAN,
            limits: Limits::default(),
        };
        let session = Session {
            id: SessionId(id("session", number)),
            person: person.id,
            device: DeviceId(id("device", number)),
            token: *token,
            interface: Interface::Portal,
            methods: vec![Method::Password, Method::Totp],
            address: Some(HOME),
            started_at: BEGAN + Span(number as i64),
            idle: Span::minutes(30),
            until: BEGAN + Span(number as i64) + Span::hours(12),
            key: None,
            hardware: None,
            proven_at: BEGAN + Span(number as i64),
            proven_by: vec![Method::Password, Method::Totp],
            assurance: Assurance::Two,
            networks: Vec::new(),
            announced: false,
            receipt: None,
            held_until: None,
            stay: access::stay::Stay::Usual,
            agent: None,
        };
        let mandate = Mandate::preset(
            (access::id::MandateId([1; 16]), access::mandate::Grantor::System),
            person.id,
            account.into(),
            Role::Owner,
            BEGAN,
        );
        let mut given = mandate.entitlements(Holder::Session(session.id), Grade::None).unwrap();
        given.until = session.until;
        sessions.put(&person, &session, vec![given], None);
    }
    sessions
}

fn peer(tokens: &[Digest]) -> Peer {
    let kept = |number: usize| Kept {
        person: PersonId(id("person", number / 1_000)),
        until: BEGAN + Span::hours(12),
        used: BEGAN,
        address: HOME,
    };
    tokens.iter().enumerate().map(|(number, token)| (token.0, kept(number))).collect()
}

/// Gives the next tokens of an order that nobody can foresee.
struct Asked {
    order: Vec<Digest>,
    at: usize,
}

impl Asked {
    fn new(tokens: &[Digest], shuffle: &mut Shuffle) -> Self {
        let mut order = tokens.to_vec();
        for at in (1..order.len()).rev() {
            order.swap(at, (shuffle.next() % (at as u64 + 1)) as usize);
        }
        Self { order, at: 0 }
    }

    fn next(&mut self) -> &[Digest] {
        let at = self.at;
        self.at = (self.at + BATCH) % self.order.len();
        &self.order[at..at + BATCH]
    }
}

/// Looks one batch up, each only once the one before is known: requests come one by one, and a processor that looked up several at once
/// would hide what each costs. `look` gives the session's end.
fn one_by_one(asked: &[Digest], mut look: impl FnMut(&Digest) -> Time) -> u64 {
    let (time, last) = nanos(|| {
        let mut last = BEGAN;
        for token in asked {
            let mut token = *token;
            // Nothing changes, which the processor cannot know; the first bytes say where to look.
            token.0[0] ^= u8::from(black_box(last) < BEGAN);
            last = look(&token);
            assert!(last > BEGAN, "not found");
        }
        last
    });
    assert!(last > BEGAN);
    time
}

fn look(peer: &mut Peer, asked: &[Digest], now: Time) -> u64 {
    one_by_one(asked, |token| match peer.get_mut(&token.0) {
        Some(kept) if now < kept.until && kept.person != PersonId([0; 16]) => {
            (kept.used, kept.address) = (now, HOME);
            kept.until
        }
        _ => Time(0),
    })
}

/// Measures `count` sessions: bytes of each, and one look-up that misses the caches.
pub fn measure(count: usize, rounds: usize) -> Row {
    let tokens: Vec<_> = (0..count).map(|number| drawn("token", number)).collect();
    let before = resident_bytes();
    let sessions = fill(&tokens);
    let bytes = (resident_bytes() - before) as f64 / count as f64;
    let (mut one, mut two) = (peer(&tokens), peer(&tokens));
    let mut shuffle = Shuffle::new();
    let mut asked = [(); 3].map(|()| Asked::new(&tokens, &mut shuffle));
    let [ours, first, second] = &mut asked;
    let now = BEGAN + Span::seconds(60);
    let secret = SealKey::new([1; 32]);
    let shows = Shows::default();
    let visitor = Visitor { shows, address: HOME, secret: &secret, is_use: true };
    let mut out = paired(
        rounds,
        || {
            one_by_one(ours.next(), |token| match sessions.visit(token, &visitor, now) {
                Some(Ok(seen)) => seen.until,
                _ => Time(0),
            })
        },
        || look(&mut one, first.next(), now),
        || look(&mut two, second.next(), now),
    );
    assert!(sessions.visit(&drawn("stranger", 0), &visitor, now).is_none());
    let each = |total: u64| total as f64 / BATCH as f64;
    let (ratio, null) = (out.ratio(500), out.null(500));
    Row {
        path: "cold session look-up, 1,000,000 sessions",
        subject: format!("{:.0} ns; {bytes:.0} bytes a session", each(out.subject.quantile(500))),
        peer: format!("unlocked hashbrown map {:.0} ns", each(out.peer.quantile(500))),
        ratio: format!("{ratio:.2}"),
        null: format!("{null:.2}"),
        samples: format!("{} x {BATCH}", out.subject.len()),
        goal: "<= 1.3; <= 160 bytes",
        met: (0.95..=1.05).contains(&null).then_some(ratio <= 1.3 && bytes <= 160.0),
        checked: format!("{count} sessions of {} people, each found and slid", count / 1_000),
    }
}

/// Ends all other sessions of a person while two threads ask for each of them in turn.
pub fn end_all(count: usize) -> Row {
    let server = Server::start(Durability::Process);
    let portal = Portal::start(&server.gate);
    let mut own = portal.signed_in(&server);
    let tokens: Vec<Secret> = server.sockets.block_on(async {
        let mut tokens = Vec::new();
        for _ in 0..count {
            let link = server.gate.demo().link().await.expect("a link");
            let browser = gate::Browser {
                device_token: None,
                address: HOME,
                key: None,
                user_agent: String::new(),
                stay: access::stay::Stay::Usual,
            };
            match server.gate.sign_ins().by_link(&link.token, &browser).await.expect("signed in") {
                gate::SignInStep::Done(signed) => tokens.push(signed.session_token),
                _ => panic!("a link asks for nothing more"),
            }
        }
        tokens
    });
    let page = own.get("/sessions").expect("answered");
    let text = String::from_utf8_lossy(&page.body).into_owned();
    let form = text.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form = form.expect("a form").to_owned();
    let (start, stop) = (Instant::now(), AtomicBool::new(false));
    let (last_good, asked) = (AtomicU64::new(0), AtomicU64::new(0));
    let micros = |start: &Instant| start.elapsed().as_micros() as u64;
    let (begun, done) = std::thread::scope(|scope| {
        let (server, start, stop) = (&server, &start, &stop);
        let (last_good, asked) = (&last_good, &asked);
        for half in tokens.chunks(count.div_ceil(2)) {
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    for token in half {
                        let sent = micros(start);
                        let text = token.expose_text().expect("a text");
                        if server.gate.sessions().by_token(text, HOME, Shows::default()).is_ok() {
                            last_good.fetch_max(sent, Ordering::Relaxed);
                        }
                        asked.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
        let begun = micros(start);
        let answer = own.post("/sessions/end-others", &[("form", &form)]).expect("answered");
        let done = micros(start);
        assert_eq!(answer.location, format!("/sessions?ended={count}"));
        std::thread::sleep(std::time::Duration::from_millis(200));
        stop.store(true, Ordering::Relaxed);
        (begun, done)
    });
    let refused = |token: &Secret| {
        server
            .gate
            .sessions()
            .by_token(token.expose_text().unwrap(), HOME, Shows::default())
            .is_err()
    };
    assert!(tokens.iter().all(refused), "a session outlived its end");
    let mut stranger = Browser::connect(portal.address, HOST).expect("connected");
    assert_eq!(stranger.get("/sessions").expect("answered").status, 303);
    let last = last_good.load(Ordering::Relaxed);
    Row {
        path: "end of all of one person's 1,000 sessions",
        subject: format!(
            "the last one let in was sent {:.1} ms after the act was, which returned after {:.1} ms",
            last.saturating_sub(begun) as f64 / 1_000.0,
            (done - begun) as f64 / 1_000.0
        ),
        peer: "-".to_owned(),
        ratio: "-".to_owned(),
        null: "-".to_owned(),
        samples: format!("{} requests by two threads", asked.load(Ordering::Relaxed)),
        goal: "none is let in after the act returned",
        met: Some(last < done),
        checked: format!("{count} sessions ended, each refused afterwards"),
    }
}
