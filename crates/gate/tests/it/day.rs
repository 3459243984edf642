//! A week of a person's life, minute by minute on a clock of the test's: a laptop in the morning and
//! the evening that sleeps in between, a phone at noon from another network, and a program that
//! trades every minute of the markets. With the tempo `active` and a window on Sunday 10:00 in Berlin, nothing is
//! asked for outside the window, and nobody lacks for a minute what they were promised.
//!
//! Acts that ask for a proof by their nature are not in it: making or revoking ways in (credentials,
//! devices, ways to sign in, contact), and changing policies.

use std::net::IpAddr;

use access::entitlements::{Act, Side};
use access::policy::{Policy, Tempo};
use access::session::Interface;
use access::window::{OPEN, Window};
use access::{Refusal, Secret, Span, SymbolId, Time};
use gate::{Admission, Hours, OrderRequest, Refused, SessionTicket, Shows, SignedIn, SocketProof};
use trade::order::{NewOrder, OrderType, Origin, TimeInForce};

use crate::place::{AWAY, HOME, KEY, OPERATOR, Place, done, from, secret, text};

const AAPL: SymbolId = SymbolId(700_001);
const MINUTE: Span = Span::minutes(1);
const WEEK: i64 = 7 * 24 * 60;
/// Monday 2026-11-23 00:00 UTC; the window opens on Sunday 29 at 09:00 UTC.
const MONDAY: Time = Time::from_seconds(1_795_392_000);

fn window() -> Window {
    Window::new(6, 10 * 60, "Europe/Berlin").unwrap()
}

/// A browser of the person's.
struct Screen {
    token: Secret,
    device: Option<Secret>,
    from: IpAddr,
}

/// Something that a person was asked for.
#[derive(Debug)]
struct Prompt {
    at: Time,
    why: Refusal,
}

struct Life {
    place: Place,
    portal: Screen,
    phone: Screen,
    bot: Admission,
    prompts: Vec<Prompt>,
    orders: usize,
}

fn screen(signed_in: &SignedIn, from: IpAddr) -> Screen {
    let device = signed_in.device_token.as_ref();
    let device = device.map(|token| secret(text(token)));
    Screen { token: secret(text(&signed_in.session_token)), device, from }
}

impl Life {
    async fn begin() -> Self {
        let place = Place::in_hours(Hours::Real).await;
        place.clock.set(MONDAY);
        let (ticket, signed_in) = place.by_link().await;
        let portal = screen(&signed_in, HOME);
        // The phone is enrolled: by a link from the portal, and the number that it shows.
        let actor = gate::Actor::Session(ticket.clone());
        let link =
            place.gate.people().issue_link(&actor, "trader", access::link::Purpose::Phone).await;
        let link = link.unwrap().token;
        let step = place.gate.sign_ins().by_link(&link, &from(HOME, None)).await.unwrap();
        let phone = screen(&done(step), HOME);
        let bot = place.gate.credentials().find("trading").await.unwrap().credential.id;
        let door = SocketProof { credential: bot, address: HOME, token: None };
        let bot = place.gate.enter_socket(&door).unwrap();
        let life = Self { place, portal, phone, bot, prompts: Vec::new(), orders: 0 };
        let on_phone = life.ticket(&life.phone, true).unwrap();
        let number = life.place.gate.approvals().phone_number(&on_phone).await.unwrap().unwrap();
        let confirmed = life.place.gate.approvals().confirm_phone(
            &ticket,
            on_phone.device,
            text(&number),
            false,
        );
        confirmed.await.unwrap();
        life
    }

    /// The tempo of both interfaces, and a window; then one proof on each, from which they count.
    async fn choose(&mut self, tempo: Tempo, window: Option<Window>) {
        let gate = &self.place.gate;
        let person = gate.people().list().await.unwrap()[0].id;
        for interface in [Interface::Portal, Interface::Phone] {
            let policy = Policy { tempo, ..Policy::standard(person, interface) };
            gate.policies().set(&OPERATOR, policy).await.unwrap();
        }
        gate.policies().set_window(&OPERATOR, person, window).await.unwrap();
        self.prove(false).await;
        self.prove(true).await;
    }

    fn screen(&self, phone: bool) -> &Screen {
        if phone { &self.phone } else { &self.portal }
    }

    fn ticket(&self, screen: &Screen, used: bool) -> Result<SessionTicket, Refusal> {
        let gate = &self.place.gate;
        let shows = Shows { key: Some(KEY.shown(gate.now()).unwrap()), hardware: None };
        let token = text(&screen.token);
        if used {
            gate.sessions().by_token(token, screen.from, shows)
        } else {
            gate.sessions().by_token_unused(token, screen.from, shows)
        }
    }

    async fn prove(&mut self, phone: bool) {
        self.place.pass(MINUTE);
        let ticket = self.ticket(self.screen(phone), true).unwrap();
        let code = self.place.code().await;
        let password = self.place.password();
        let proven = self.place.gate.step_ups().password(&ticket, password, &code).await.unwrap();
        let screen = if phone { &mut self.phone } else { &mut self.portal };
        screen.token = proven.token;
    }

    /// Whether a screen could look and trade now; what stands against it.
    fn lacks(&self, screen: &Screen, used: bool) -> Option<Refusal> {
        let checked = self.ticket(screen, used).and_then(|ticket| {
            let admission = self.place.gate.sessions().admit(&ticket)?;
            let given = admission.entitlements();
            for act in [Act::ViewAccount, Act::PlaceOrder, Act::ModifyOrder, Act::CancelOrder] {
                if !given.acts.contains(act) {
                    return Err(given.why_not(act));
                }
            }
            Ok(())
        });
        checked.err()
    }

    fn order(&mut self, who: &Admission, from: IpAddr) {
        let side = if self.orders.is_multiple_of(2) { Side::Buy } else { Side::Sell };
        let order = NewOrder {
            account: self.place.gate.account(),
            symbol: AAPL,
            side,
            quantity: 1,
            order_type: OrderType::Market,
            tif: TimeInForce::Day,
            outside_hours: true,
            origin: Origin { holder: who.holder(), client_id: 0, order_id: 0 },
            parent: None,
            oca: None,
            reference: None,
        };
        let placed = self.place.gate.orders().submit(who, from, OrderRequest::Place(vec![order]));
        match placed {
            Ok(_) => self.orders += 1,
            // The markets are closed: it had the authority all the same.
            Err(Refused::Denial(denial)) if denial.code() == "MARKET_CLOSED" => {}
            Err(why) => panic!("{}: {why:?}", self.place.gate.now()),
        }
    }

    /// One minute: the program trades; the person at a screen uses it; both screens have what
    /// they were promised, used or not. Someone who is asked for a sign-in gives it and goes on.
    async fn minute(&mut self, portal: bool, phone: bool) {
        self.place.pass(MINUTE);
        self.order(&self.bot.clone(), HOME);
        for (is_phone, used) in [(false, portal), (true, phone)] {
            let Some(why) = self.lacks(self.screen(is_phone), used) else {
                if used && self.orders.is_multiple_of(60) {
                    let screen = self.screen(is_phone);
                    let (ticket, from) = (self.ticket(screen, true).unwrap(), screen.from);
                    let admission = self.place.gate.sessions().admit(&ticket).unwrap();
                    self.order(&admission, from);
                }
                continue;
            };
            let at = self.place.gate.now();
            self.prompts.push(Prompt { at, why });
            if used {
                self.sign_in(is_phone).await;
            }
        }
    }

    async fn sign_in(&mut self, phone: bool) {
        let (at, token) = (self.screen(phone).from, &self.screen(phone).device);
        let link = self.place.gate.demo().link().await.unwrap();
        let step = self.place.gate.sign_ins().by_link(&link.token, &from(at, token.as_ref())).await;
        let device = token.as_ref().map(|token| secret(text(token)));
        let mut screen = screen(&done(step.unwrap()), at);
        screen.device = screen.device.or(device);
        if phone {
            self.phone = screen;
        } else {
            self.portal = screen;
        }
    }

    /// The hours of a day: the laptop from 7 to 8 and from 18 to 21 (it sleeps in between and at
    /// night), the phone from 12 to 12:30 on the way, and now and then at home in the evening.
    async fn live(&mut self, minutes: i64, mut then: impl AsyncFnMut(&mut Self, i64)) {
        let from = self.place.gate.now().since(MONDAY).0 / MINUTE.0;
        for minute in from..from + minutes {
            let of_day = minute.rem_euclid(24 * 60);
            let portal = (7 * 60..8 * 60).contains(&of_day) || (18 * 60..21 * 60).contains(&of_day);
            let noon = (12 * 60..12 * 60 + 30).contains(&of_day);
            let phone = noon || of_day == 20 * 60;
            self.phone.from = if noon { AWAY } else { HOME };
            self.minute(portal, phone).await;
            then(self, minute).await;
        }
    }
}

/// Waits until somebody was told of the window.
async fn announced(place: &Place) {
    let told = async {
        loop {
            let outbox = place.gate.notices().outbox(&OPERATOR).await.unwrap();
            if outbox.iter().any(|one| one.topic == access::notice::Topic::Renewal) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_mins(1), told).await.unwrap();
}

#[tokio::test]
async fn week_of_an_active_person_has_no_prompt_outside_the_window_that_they_picked() {
    let mut life = Life::begin().await;
    life.choose(Tempo::Active, Some(window())).await;
    let opens = MONDAY + Span::hours(6 * 24 + 9);
    let first = life.ticket(&life.portal, true).unwrap();
    assert_eq!(first.until, opens + OPEN, "{}", first.until);
    // In the window, on Sunday at 9:30 and 9:35, the person proves themselves once on each screen.
    let window = 6 * 24 * 60 + 9 * 60;
    let mut asked = 0;
    life.live(WEEK, async |life, minute| {
        if minute == window - 23 * 60 {
            announced(&life.place).await;
        }
        for (at, phone) in [(window + 30, false), (window + 35, true)] {
            if minute == at {
                let ticket = life.ticket(life.screen(phone), true).unwrap();
                let renewal = life.place.gate.policies().renewal(&ticket).await.unwrap().unwrap();
                life.prove(phone).await;
                let after = life.ticket(life.screen(phone), true).unwrap();
                assert_eq!((after.session, after.until), (ticket.session, renewal.then));
                assert_eq!(after.until, opens + Span::days(7) + OPEN);
                asked += 1;
            }
        }
    })
    .await;
    assert_eq!(asked, 2);
    assert!(life.prompts.is_empty(), "{:?}", life.prompts);
    assert!(life.bot.is_current());
    // Every minute of five trading days, less those of Thanksgiving.
    assert!(life.orders > 4 * 380, "{}", life.orders);
    let laptop = life.ticket(&life.portal, true).unwrap();
    assert_eq!(laptop.session, first.session, "one session all week");
    assert!(life.place.gate.now() > opens + OPEN);
}

#[tokio::test]
async fn day_of_an_occasional_person_without_a_window_has_prompts() {
    let mut life = Life::begin().await;
    life.choose(Tempo::Occasional, None).await;
    life.live(WEEK / 7, async |_, _| {}).await;
    let sat = |one: &&Prompt| {
        let of_day = one.at.since(MONDAY).0 / MINUTE.0;
        (7 * 60..8 * 60).contains(&of_day) || (18 * 60..21 * 60).contains(&of_day)
    };
    assert!(life.prompts.iter().filter(sat).count() >= 2, "in the morning and in the evening");
    let codes: std::collections::BTreeSet<_> =
        life.prompts.iter().map(|one| one.why.code()).collect();
    assert!(codes.contains("SESSION_ENDED"), "{codes:?}");
    assert!(life.bot.is_current(), "the program goes on all the same");
}
