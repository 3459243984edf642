//! Every route and act against every session that lacks it. The list of acts is here, the list of
//! routes is the router's own: a form that is not on it fails these tests.

use std::net::{IpAddr, Ipv4Addr};

use access::device::DeviceRole;
use access::entitlements::{Act, Acts};
use access::link::Purpose;
use access::lock::Grade;
use access::policy::{Assurance, Needs, Policy};
use access::recovery::{HELD_ACTS, WAIT};
use access::session::Interface;
use access::{Span, Time};
use axum::http::{Method, StatusCode};
use floorpass_web::{Admits, routes};
use gate::{ActivityFilter, ActivityKind, Actor, Clock, LockTarget};

use crate::place::{Place, RESTING, Visitor};

const OPERATOR: Actor = Actor::Operator { uid: 0 };
const AWAY: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
const TRADES: Acts = Acts::of(&[Act::PlaceOrder, Act::ReduceOrder, Act::ModifyOrder]);

/// What a form does, as the decision behind it names it.
enum Does {
    /// This act.
    Act(Act),
    /// Something about the session that sends it, or a proof of its person: every session may.
    Own,
    /// Nothing: it only shows.
    Look,
}

fn does(path: &str) -> Does {
    use Act as A;
    let act = match path {
        "/sign-out"
        | "/sign-out/forget"
        | "/step-up"
        | "/step-up/passkey/start"
        | "/step-up/passkey/finish"
        | "/step-up/approval/ask"
        | "/step-up/approval"
        | "/approvals/{approval}"
        | "/phone/move"
        | "/phone/{device}/move"
        | "/phone/push"
        | "/phone/push/off"
        | "/session/take-over"
        | "/recovery/cancel" => return Does::Own,
        "/ticket/preview"
        | "/ticket/edit"
        | "/orders/{order}/preview"
        | "/credentials/preview"
        | "/credentials/edit"
        | "/activity/export"
        | "/messages/read"
        | "/messages/{notice}/read" => return Does::Look,
        "/ticket/confirm" => A::PlaceOrder,
        path if path.starts_with("/large-orders/") => A::PlaceOrder,
        "/orders/{order}/modify" => A::ModifyOrder,
        "/orders/{order}/cancel" | "/orders/cancel-all" => A::CancelOrder,
        // What a lock keeps from a session, it must have to lift one.
        "/credentials"
        | "/lock/lift"
        | "/credentials/{credential}/rotate"
        | "/credentials/{credential}/resume"
        | "/credentials/{credential}/rename" => A::ManageCredentials,
        // Revoking and pausing narrow: a session that may lock may do both.
        "/lock"
        | "/messages/{notice}/not-me"
        | "/credentials/{credential}/edit"
        | "/credentials/{credential}/pause"
        | "/credentials/{credential}/revoke" => A::Lock,
        "/enrol/mail" | "/enrol/mail/confirm" | "/enrol/mail/resend" => A::ManageContact,
        path => match path.split('/').nth(1).unwrap() {
            "sessions" => A::ManageSessions,
            "devices" | "phone" => A::ManageDevices,
            "authenticators" | "enrol" => A::ManageAuthenticators,
            "recovery" => A::ManageRecovery,
            "contact" | "travel" => A::ManageContact,
            "policies" => A::ManagePolicy,
            _ => panic!("{path}: say which act this form does"),
        },
    };
    Does::Act(act)
}

/// What signs a session's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SignedBy {
    Nothing,
    Own,
    Derived,
}

/// Every kind of session with every kind of proof that it can have.
fn kinds() -> impl Iterator<Item = (Kind, SignedBy)> {
    Kind::ALL.into_iter().flat_map(|kind| match kind {
        Kind::Unbound => vec![(kind, SignedBy::Nothing)],
        _ => vec![(kind, SignedBy::Own), (kind, SignedBy::Derived)],
    })
}

/// A kind of session: what it lacks, and the code that says so.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Unbound,
    ReadOnly,
    NoNew,
    ReduceOnly,
    LowAssurance,
    Elsewhere,
    Recovered,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Unbound,
        Self::ReadOnly,
        Self::NoNew,
        Self::ReduceOnly,
        Self::LowAssurance,
        Self::Elsewhere,
        Self::Recovered,
    ];

    fn lacks(self, act: Act) -> bool {
        let has = match self {
            Self::Unbound => Acts::VIEW,
            Self::ReadOnly => DeviceRole::View.acts(),
            Self::NoNew => Grade::NoNew.allows(),
            Self::ReduceOnly => Grade::ReduceOnly.allows(),
            Self::LowAssurance => Acts::ALL.without(TRADES),
            // What cuts passes from everywhere.
            Self::Elsewhere => {
                return TRADES.contains(act)
                    || matches!(
                        act,
                        Act::ManageCredentials
                            | Act::ManageDevices
                            | Act::ManageAuthenticators
                            | Act::ManageContact
                            | Act::ManagePolicy
                            | Act::ManageRecovery
                    );
            }
            Self::Recovered => HELD_ACTS,
        };
        !has.contains(act)
    }

    fn code(self) -> &'static str {
        match self {
            Self::Unbound => "SESSION_UNBOUND",
            Self::ReadOnly => "DEVICE_ROLE",
            Self::NoNew | Self::ReduceOnly => "LOCKED",
            Self::LowAssurance => "ASSURANCE_LOW",
            Self::Elsewhere => "NETWORK_UNPROVEN",
            Self::Recovered => "RECOVERY_HOLDS",
        }
    }

    /// A session of this kind, whose requests its browser's own key signs, or one derived for it.
    async fn visitor<'a>(self, place: &'a Place, clock: &Clock, by: SignedBy) -> Visitor<'a> {
        let mut visitor = self.begin(place, clock).await;
        if by == SignedBy::Derived {
            visitor.derive().await;
        }
        visitor
    }

    async fn begin<'a>(self, place: &'a Place, clock: &Clock) -> Visitor<'a> {
        if let Self::Recovered = self {
            return recovered(place, clock).await;
        }
        if let Self::Unbound = self {
            return place.open_link(place.plain_visitor()).await;
        }
        // Later than the owner's, so that the newest session is this one.
        clock.set(clock.stamp() + Span::seconds(1));
        let mut visitor = place.signed_in().await;
        let gate = &place.gate;
        match self {
            Self::Unbound | Self::Recovered => {}
            Self::ReadOnly => {
                let sessions = gate.sessions().list(None).await.unwrap();
                let device = sessions.iter().max_by_key(|one| one.since).unwrap().device;
                gate.devices().set_role(&OPERATOR, device, DeviceRole::View).await.unwrap();
            }
            Self::NoNew => lock(place, Grade::NoNew).await,
            Self::ReduceOnly => lock(place, Grade::ReduceOnly).await,
            Self::LowAssurance => {
                let person = gate.people().list().await.unwrap()[0].id;
                let standard = Policy::standard(person, Interface::Portal);
                let needs = Needs { trade: Assurance::Resistant, ..standard.needs };
                gate.policies().set(&OPERATOR, Policy { needs, ..standard }).await.unwrap();
            }
            Self::Elsewhere => visitor.from = AWAY,
        }
        visitor
    }
}

async fn lock(place: &Place, grade: Grade) {
    let account = LockTarget::Account(place.gate.account().into());
    place.gate.locks().lock(&OPERATOR, account, grade).await.unwrap();
}

async fn recovered<'a>(place: &'a Place, clock: &Clock) -> Visitor<'a> {
    let mut visitor = place.visitor();
    let password = place.secrets.password.expose_text().unwrap().to_owned();
    visitor.post("/recover", &[("username", "trader"), ("password", &password)]).await;
    for _ in 0..2 {
        clock.set(clock.stamp() + Span(WAIT.0 / 2 + 1_000_000));
        place.gate.recoveries().tick().await;
    }
    let done = visitor.post("/recover/finish", &[]).await;
    assert!(done.to().starts_with("/authenticators"), "{}", done.body);
    visitor.token = visitor.get("/").await.form_token();
    visitor
}

/// Things of the person, by the places of a path where they stand.
type Things = Vec<(&'static str, String)>;

async fn things(place: &Place, owner: &mut Visitor<'_>) -> Things {
    let order = RESTING;
    let preview = owner.post("/ticket/preview", &order).await;
    let key = preview.hidden("key");
    let fields: Vec<_> = order.into_iter().chain([("key", key.as_str())]).collect();
    let placed = owner.post("/ticket/confirm", &fields).await;
    let order = placed.to().split(['/', '?']).nth(2).unwrap().to_owned();
    let gate = &place.gate;
    let session = gate.sessions().list(None).await.unwrap().remove(0);
    vec![
        ("{order}", order),
        ("{session}", session.id.to_string()),
        ("{device}", session.device.to_string()),
        ("{credential}", gate.credentials().list(None).await.unwrap()[0].credential.id.to_string()),
        ("{authenticator}", gate.authenticators().all().await.unwrap()[0].1.id.to_string()),
        ("{notice}", gate.notices().outbox(&OPERATOR).await.unwrap()[0].id.to_string()),
        ("{interface}", "portal".into()),
        ("{approval}", access::ApprovalId([7; 16]).to_string()),
        ("{symbol}", "AAPL".into()),
    ]
}

fn real(path: &str, things: &Things) -> String {
    things.iter().fold(path.to_owned(), |path, (place, id)| path.replace(place, id))
}

/// Whatever a change would change: the newest decision that was not a refusal, and the orders.
async fn state(place: &Place) -> String {
    let filter = ActivityFilter {
        kind: Some(ActivityKind::Access),
        limit: 200,
        ..ActivityFilter::default()
    };
    let page = place.gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
    // That a known network was seen again is not a change of authority.
    let change = |entry: &&gate::ActivityEntry| {
        entry.code.is_none()
            && !matches!(entry.what.as_ref(), "network.seen" | "session.moved" | "notice.queued")
            // The owner's own session may pass its limit meanwhile.
            && !entry.text.ends_with("it reached its maximum length")
    };
    let newest = page.entries.iter().find(change).map(|entry| (entry.seq, entry.text.clone()));
    let view = place.gate.view().await.unwrap();
    let orders: Vec<_> = view.open_orders.iter().map(|one| format!("{one:?}")).collect();
    format!("{newest:?} {orders:?} {}", view.completed_orders.len())
}

/// Fields that would pass, whatever the form.
const FIELDS: [(&str, &str); 18] = [
    ("name", "x"),
    ("role", "automate"),
    ("symbol", "AAPL"),
    ("side", "buy"),
    ("quantity", "1"),
    ("type", "LMT"),
    ("price", "2.00"),
    ("tif", "GTC"),
    ("grade", "reduce-only"),
    ("address", "ann@example.org"),
    ("number", "+44 20 7946 0000"),
    ("days", "7"),
    ("hours", "48"),
    ("needed", "0"),
    ("tempo", "adviser"),
    ("set", "none"),
    ("above", "1000000"),
    ("bound", "1000000"),
];

/// Forms about something that is not there in this test (a waiting order, a mail to confirm, a lock): that is what their
/// refusal may say.
const NOT_THERE: [&str; 6] = [
    "/enrol/mail/confirm",
    "/enrol/mail/resend",
    "/large-orders/prove",
    "/large-orders/passkey/finish",
    "/large-orders/{approval}",
    "/lock/lift",
];

#[tokio::test]
async fn form_of_an_act_that_its_session_lacks_changes_nothing_on_every_route() {
    for (kind, by) in kinds() {
        let clock = Clock::manual(Time::from_seconds(1_795_000_000));
        let place = Place::at(&clock).await;
        let mut owner = place.signed_in().await;
        let things = things(&place, &mut owner).await;
        let mut visitor = kind.visitor(&place, &clock, by).await;
        // What a first request from somewhere may note is noted now.
        visitor.get("/").await;
        let mut asked = 0;
        for route in routes() {
            let Admits::Session(_) = route.admits else { continue };
            if route.method != Method::POST {
                continue;
            }
            let Does::Act(act) = does(route.path) else { continue };
            if !kind.lacks(act) {
                continue;
            }
            let before = state(&place).await;
            let answer = visitor.post(&real(route.path, &things), &FIELDS).await;
            let name = format!("{kind:?} {by:?} {} ({act:?}): {}", route.path, answer.status);
            // A code that nobody asked for leads back to where one could.
            let refused = answer.status.is_client_error() || answer.to() == "/enrol";
            assert!(refused, "{name} {} {}", answer.to(), answer.body);
            assert_eq!(state(&place).await, before, "{name}");
            asked += 1;
            let told = answer.body.contains(kind.code()) || NOT_THERE.contains(&route.path);
            assert!(told, "{name}: another reason than {}: {}", kind.code(), answer.body);
        }
        assert!(asked > 1, "{kind:?} lacks nothing that a form does");
    }
}

#[tokio::test]
async fn page_of_an_act_that_its_session_lacks_is_refused_and_others_are_not() {
    for (kind, by) in kinds() {
        let clock = Clock::manual(Time::from_seconds(1_795_000_000));
        let place = Place::at(&clock).await;
        let mut owner = place.signed_in().await;
        let things = things(&place, &mut owner).await;
        let mut visitor = kind.visitor(&place, &clock, by).await;
        for route in routes().into_iter().filter(|route| route.method == Method::GET) {
            let Admits::Session(act) = route.admits else { continue };
            let answer = visitor.get(&real(route.path, &things)).await;
            let name = format!("{kind:?} {by:?} {} ({act:?}): {}", route.path, answer.status);
            let lacks = act.is_some_and(|act| kind.lacks(act));
            // Pages are shown to an unbound session as they would be to one that proves itself.
            if lacks && matches!(kind, Kind::Unbound) {
                continue;
            }
            if lacks {
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name} {}", answer.body);
                assert!(answer.body.contains(kind.code()), "{name} {}", answer.body);
            } else {
                assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
                let refused = answer.status == StatusCode::FORBIDDEN;
                assert!(!(refused && answer.body.contains(kind.code())), "{name} {}", answer.body);
            }
        }
    }
}

/// What a key of the session signs opens the session, and begins nothing else.
#[tokio::test]
async fn derived_key_counts_on_every_route_of_its_session_and_on_no_other() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let things = things(&place, &mut owner).await;
    owner.derive().await;
    let (mut opened, mut own) = (0, 0);
    for route in routes() {
        let path = real(route.path, &things);
        let ends = route.path.starts_with("/sign-out") || route.path.ends_with("/remove");
        if let Admits::Session(_) = route.admits {
            // Its own token is missing: nothing is done, and who asks is known.
            let answer = if route.method == Method::GET {
                owner.get(&path).await
            } else {
                owner.post_raw(&path, "x=1".to_owned()).await
            };
            assert!(!ends || answer.status == StatusCode::FORBIDDEN, "{path}");
            assert_eq!(answer.headers.get("floorpass-key"), None, "{path} {}", answer.body);
            assert_ne!(answer.status, StatusCode::UNAUTHORIZED, "{path} {}", answer.body);
            opened += 1;
            continue;
        }
        let before = state(&place).await;
        let answer = if route.method == Method::GET {
            owner.get(&path).await
        } else {
            owner.post(&path, &FIELDS).await
        };
        assert_eq!(state(&place).await, before, "{path}");
        // Files, and what browsers send past the worker, take no proof at all.
        let reads =
            !matches!(route.admits, Admits::Open) || answer.headers.contains_key("floorpass-key");
        if reads && !route.path.starts_with("/session/bind") && route.path != "/session/refresh" {
            assert_eq!(answer.headers["floorpass-key"], "own", "{path}");
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
            own += 1;
        }
    }
    assert!(opened > 60 && own > 15, "{opened} {own}");
}

/// Another person of the same server finds nothing that is not theirs.
#[tokio::test]
async fn thing_of_another_person_is_not_found_on_every_route() {
    let place = Place::new().await;
    let mut owner = place.signed_in().await;
    let things = things(&place, &mut owner).await;
    place.gate.people().add(&OPERATOR, "other", place.gate.account()).await.unwrap();
    let link = place.gate.people().issue_link(&OPERATOR, "other", Purpose::SignIn).await.unwrap();
    let mut other = place.visitor();
    let token = link.token.expose_text().unwrap().to_owned();
    let entered = other.post("/link", &[("token", &token)]).await;
    assert_eq!(entered.to(), "/?welcome=1", "{}", entered.body);
    other.token = other.get("/").await.form_token();
    let mut asked = 0;
    for route in routes() {
        let named = ["{session}", "{device}", "{credential}", "{authenticator}", "{notice}"];
        let Admits::Session(_) = route.admits else { continue };
        // A credential is the account's: anyone who may see the account may see it, and no more.
        let seen = route.method == Method::GET && route.path.contains("{credential}");
        if seen || !named.iter().any(|place| route.path.contains(place)) {
            continue;
        }
        let before = state(&place).await;
        let path = real(route.path, &things);
        let answer = if route.method == Method::GET {
            other.get(&path).await
        } else {
            other.post(&path, &FIELDS).await
        };
        assert!(answer.status.is_client_error(), "{} {}", route.path, answer.body);
        assert_eq!(state(&place).await, before, "{}", route.path);
        asked += 1;
    }
    assert!(asked > 8, "{asked} routes name a thing");
}
