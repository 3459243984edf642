//! Large orders at the gate: no session places one without what it takes, and what was let through
//! is exactly what is placed.

use access::approval::Say;
use access::large_order::Threshold;
use access::link::Purpose;
use access::refusal::{PasskeyFault, SignInRefusal};
use access::{ApprovalId, Holder, Refusal, SymbolId};
use gate::{
    Actor, Admission, Answered, ApprovalState, Browser, BrowserKey, OrderRequest, Refused,
    SessionTicket, Shows, SignedIn, SocketProof, Submitted,
};
use rust_decimal::Decimal;
use trade::order::{Change, NewOrder, OrderState, OrderType, Origin, Parent, Side, TimeInForce};
use trade::price::Ticks;

use crate::passkey::register;
use crate::place::{HOME, OPERATOR, Place, browser, done, start, text};

const AAPL: SymbolId = SymbolId(700_001);

/// A browser of the person with its session, and a phone that answers.
pub struct Home {
    pub place: Place,
    ticket: SessionTicket,
    admission: Admission,
    pub key: BrowserKey,
    phone: SignedIn,
}

impl Home {
    pub async fn new() -> Self {
        let place = Place::new().await;
        let (ticket, _) = place.by_link().await;
        let key = BrowserKey::generate().unwrap();
        let link =
            place.gate.people().issue_link(&OPERATOR, "trader", Purpose::Phone).await.unwrap();
        let shown = key.shown(start() + access::Span::days(3_650)).unwrap();
        let other = Browser { key: Some(shown), ..browser(None) };
        let phone = done(place.gate.sign_ins().by_link(&link.token, &other).await.unwrap());
        let admission = place.gate.sessions().admit(&ticket).unwrap();
        let home = Self { place, ticket, admission, key, phone };
        let on = home.on_phone();
        let number = home.place.gate.approvals().phone_number(&on).await.unwrap().unwrap();
        let confirmed = home
            .place
            .gate
            .approvals()
            .confirm_phone(&home.ticket, on.device, text(&number), false)
            .await;
        confirmed.unwrap();
        home
    }

    /// The same folder after a stop and a start.
    pub async fn reopened(self) -> Self {
        let Self { place, ticket, admission, key, phone } = self;
        drop(admission);
        let place = place.reopened().await;
        let admission = place.gate.sessions().admit(&ticket).unwrap();
        Self { place, ticket, admission, key, phone }
    }

    pub fn on_phone(&self) -> SessionTicket {
        let shown = self.key.shown(start() + access::Span::days(3_650)).unwrap();
        let shows = Shows { key: Some(shown), hardware: None };
        self.place.gate.sessions().by_token(text(&self.phone.session_token), HOME, shows).unwrap()
    }

    async fn threshold(&self, above: Option<Decimal>) {
        let actor = Actor::Session(self.ticket.clone());
        let threshold = Threshold { above };
        self.place.gate.large_orders().set(&actor, self.ticket.person, threshold).await.unwrap();
    }

    fn submit(&self, request: OrderRequest) -> Result<Submitted, Refused> {
        self.place.gate.orders().submit(&self.admission, HOME, request)
    }

    async fn ask(&self, request: &OrderRequest) -> (ApprovalId, Decimal) {
        let asked =
            self.place.gate.large_orders().ask(&self.ticket, &self.admission, request).await;
        let asked = asked.unwrap().unwrap();
        (asked.approval, asked.bound)
    }

    /// The phone's answer, with the number that the asking page shows.
    async fn answer(&self, approval: ApprovalId, say: Say) {
        let gate = &self.place.gate;
        let state = gate.large_orders().approval(&self.ticket, approval).await.unwrap();
        let ApprovalState::Waits { number: Some(number), .. } = state else {
            panic!("{state:?}");
        };
        let on = self.on_phone();
        let shown = gate.approvals().list(&on).await.unwrap();
        let content = shown.into_iter().find(|one| one.id == approval).unwrap().content;
        let number = if say == Say::Yes { number } else { String::new() };
        let digest = content.digest(approval);
        let signed =
            format!("floorpass approval 2\n{approval}\n{}\n{digest}\n{number}", say.name());
        let signature = self.key.sign(&signed).unwrap();
        let answered = Answered { approval, say, number: &number, signature: &signature };
        gate.approvals().answer(&on, &answered).await.unwrap();
    }

    async fn send(
        &self,
        request: &OrderRequest,
        bound: Decimal,
        approval: Option<ApprovalId>,
    ) -> Result<Submitted, Refused> {
        let (gate, order) = (&self.place.gate, (request.clone(), bound));
        gate.large_orders().submit(&self.ticket, &self.admission, order, approval).await
    }

    pub fn order(&self, side: Side, quantity: u64, order_type: OrderType) -> NewOrder {
        NewOrder {
            account: self.place.gate.account(),
            symbol: AAPL,
            side,
            quantity,
            order_type,
            tif: TimeInForce::Gtc,
            outside_hours: false,
            origin: Origin { holder: Holder::System, client_id: 0, order_id: 0 },
            parent: None,
            oca: None,
            reference: None,
        }
    }

    pub fn limit(&self, quantity: u64, cents: i64) -> OrderRequest {
        let price = Ticks(cents);
        OrderRequest::Place(vec![self.order(Side::Buy, quantity, OrderType::Limit { price })])
    }

    pub fn market(&self, side: Side, quantity: u64) -> OrderRequest {
        OrderRequest::Place(vec![self.order(side, quantity, OrderType::Market)])
    }
}

fn code<T>(result: Result<T, Refused>) -> &'static str {
    result.err().unwrap().code()
}

#[tokio::test]
async fn order_of_a_session_over_the_threshold_is_refused_with_both_numbers() {
    let home = Home::new().await;
    home.threshold(Some(Decimal::from(1_000))).await;
    home.submit(home.limit(10, 9_999)).unwrap();
    home.submit(home.limit(10, 10_000)).unwrap();
    let refused = home.submit(home.limit(10, 10_001)).unwrap_err();
    assert_eq!(refused.code(), "ORDER_LARGE");
    let words = refused.caller_text();
    assert!(words.contains("1000.10 USD") && words.contains("1000.00 USD"), "{words}");
    // Two at once are as large as both.
    let OrderRequest::Place(mut two) = home.limit(6, 10_000) else { panic!() };
    two.push(two[0].clone());
    assert_eq!(code(home.submit(OrderRequest::Place(two))), "ORDER_LARGE");
    // What was admitted before a change has what the change left.
    home.threshold(Some(Decimal::from(999))).await;
    assert_eq!(code(home.submit(home.limit(10, 10_000))), "ORDER_LARGE");
    home.threshold(None).await;
    home.submit(home.limit(10, 10_001)).unwrap();
    // A program has the limits of its credential.
    home.threshold(Some(Decimal::ONE)).await;
    let gate = &home.place.gate;
    let bot = gate.credentials().list(None).await.unwrap();
    let bot = bot.iter().find(|one| one.credential.name.to_string() == "trading").unwrap();
    let door = SocketProof { credential: bot.credential.id, address: HOME, token: None };
    let bot = gate.enter_socket(&door).unwrap();
    gate.orders().submit(&bot, HOME, home.limit(10, 10_001)).unwrap();
}

#[tokio::test]
async fn order_with_its_exits_is_approved_as_a_whole_and_with_no_other_exit() {
    let home = Home::new().await;
    home.threshold(Some(Decimal::from(1_000))).await;
    let with = |profit, loss| {
        let exit = |order_type| NewOrder {
            parent: Some(Parent::Member(0)),
            ..home.order(Side::Sell, 20, order_type)
        };
        OrderRequest::Place(vec![
            home.order(Side::Buy, 20, OrderType::Limit { price: Ticks(10_000) }),
            exit(OrderType::Limit { price: Ticks(profit) }),
            exit(OrderType::Stop { trigger: Ticks(loss) }),
        ])
    };
    let wanted = with(13_000, 9_000);
    assert_eq!(code(home.submit(wanted.clone())), "ORDER_LARGE");
    let (approval, bound) = home.ask(&wanted).await;
    let shown = home.place.gate.approvals().list(&home.on_phone()).await.unwrap();
    let lines = shown.iter().find(|asked| asked.id == approval).unwrap().content.lines();
    for (label, value) in [
        (
            "Then take profit",
            "Sell 20; kind Limit; limit price 130.00 USD; good for Until cancelled",
        ),
        ("Then stop loss", "Sell 20; kind Stop; stop price 90.00 USD; good for Until cancelled"),
    ] {
        assert!(lines.iter().any(|it| it.label == label && it.text == value), "{lines:?}");
    }
    home.answer(approval, Say::Yes).await;
    let other = home.send(&with(13_000, 8_999), bound, Some(approval)).await;
    assert_eq!(code(other), "APPROVAL_DIFFERS");
    let (approval, bound) = home.ask(&wanted).await;
    home.answer(approval, Say::Yes).await;
    let placed = home.send(&wanted, bound, Some(approval)).await.unwrap();
    assert_eq!(placed.orders().len(), 3);
    // What goes the same way as the order is no exit, and nobody can approve that as one.
    let OrderRequest::Place(mut group) = with(13_000, 9_000) else { panic!() };
    group[1].parent = None;
    let group = OrderRequest::Place(group);
    let asked = home.place.gate.large_orders().ask(&home.ticket, &home.admission, &group);
    assert_eq!(asked.await.unwrap_err().code(), "ORDER_LARGE");
}

#[tokio::test]
async fn cancels_and_what_reduces_are_never_asked_for() {
    let home = Home::new().await;
    home.submit(home.market(Side::Buy, 100)).unwrap();
    let rests = home.submit(home.limit(100, 10_000)).unwrap().orders()[0].id;
    home.threshold(Some(Decimal::ZERO)).await;
    assert_eq!(code(home.submit(home.market(Side::Buy, 1))), "ORDER_LARGE");
    assert_eq!(code(home.submit(home.market(Side::Sell, 101))), "ORDER_LARGE");
    let order_type = OrderType::Limit { price: Ticks(9_000) };
    let smaller = Change {
        order: rests,
        quantity: 99,
        order_type,
        tif: TimeInForce::Gtc,
        units: trade::instrument::Units::SHARES,
    };
    home.submit(OrderRequest::Modify(smaller)).unwrap();
    home.submit(OrderRequest::Cancel { order: rests }).unwrap();
    home.submit(home.market(Side::Sell, 100)).unwrap();
}

/// An exit that waits for its price neither keeps anybody from closing at once nor has it asked for.
#[tokio::test]
async fn order_that_says_that_it_only_reduces_is_held_to_that_and_not_asked_for() {
    let home = Home::new().await;
    let one = |side, quantity| match home.market(side, quantity) {
        OrderRequest::Place(orders) => orders.into_iter().next().unwrap(),
        other => panic!("{other:?}"),
    };
    home.submit(home.market(Side::Buy, 100)).unwrap();
    let order_type = OrderType::Limit { price: Ticks(90_000) };
    let exit = NewOrder { order_type, tif: TimeInForce::Gtc, ..one(Side::Sell, 100) };
    home.submit(OrderRequest::Place(vec![exit.clone()])).unwrap();
    home.threshold(Some(Decimal::ZERO)).await;
    let reduce = |side, quantity| code(home.submit(OrderRequest::Reduce(one(side, quantity))));
    assert_eq!(code(home.submit(home.market(Side::Sell, 100))), "ORDER_LARGE");
    assert_eq!(reduce(Side::Sell, 101), "ORDER_PAST_FLAT");
    assert_eq!(reduce(Side::Buy, 1), "ORDER_PAST_FLAT");
    let rests = home.submit(OrderRequest::Reduce(exit)).unwrap().orders()[0].clone();
    assert!(rests.reduce_only && rests.state.is_open());
    home.submit(OrderRequest::Reduce(one(Side::Sell, 100))).unwrap();
    home.place.gate.orders().flush().await.unwrap();
    let left: Vec<_> =
        home.place.gate.view().await.unwrap().open_orders.iter().map(|o| o.id).collect();
    assert!(!left.contains(&rests.id) && left.len() == 1, "the other exit is kept to nothing");
    assert_eq!(reduce(Side::Sell, 1), "ORDER_PAST_FLAT");
}

#[tokio::test]
async fn change_that_takes_an_order_over_the_threshold_or_enlarges_it_above_is_asked_for() {
    let home = Home::new().await;
    home.threshold(Some(Decimal::from(1_000))).await;
    let rests = home.submit(home.limit(10, 5_000)).unwrap().orders()[0].id;
    let to = |quantity, cents| {
        let order_type = OrderType::Limit { price: Ticks(cents) };
        OrderRequest::Modify(Change {
            order: rests,
            quantity,
            order_type,
            tif: TimeInForce::Gtc,
            units: trade::instrument::Units::SHARES,
        })
    };
    home.submit(to(20, 5_000)).unwrap();
    assert_eq!(code(home.submit(to(21, 5_000))), "ORDER_LARGE");
    let wanted = to(30, 5_000);
    let (approval, bound) = home.ask(&wanted).await;
    home.answer(approval, Say::Yes).await;
    let other = home.send(&to(31, 5_000), bound, Some(approval)).await;
    assert_eq!(code(other), "APPROVAL_DIFFERS");
    let (approval, bound) = home.ask(&wanted).await;
    home.answer(approval, Say::Yes).await;
    home.send(&wanted, bound, Some(approval)).await.unwrap();
    // It is above now: no larger passes, larger does not.
    home.submit(to(29, 5_000)).unwrap();
    assert_eq!(code(home.submit(to(30, 5_000))), "ORDER_LARGE");
}

#[tokio::test]
async fn order_that_the_phone_approved_is_placed_once_and_no_other_is() {
    let home = Home::new().await;
    let wanted = home.market(Side::Buy, 1_000);
    assert_eq!(code(home.submit(wanted.clone())), "ORDER_LARGE");
    let (approval, bound) = home.ask(&wanted).await;
    let early = home.send(&wanted, bound, Some(approval)).await;
    assert_eq!(code(early), "APPROVAL_WAITS");
    home.answer(approval, Say::Yes).await;
    let placed = home.send(&wanted, bound, Some(approval)).await.unwrap();
    assert_eq!(placed.orders()[0].state, OrderState::Filled);
    let twice = home.send(&wanted, bound, Some(approval)).await;
    assert_eq!(code(twice), "APPROVAL_ENDED");
    // One field changed after the yes, whichever it is.
    let OrderRequest::Place(orders) = &wanted else { panic!() };
    let changed: [fn(&mut NewOrder); 7] = [
        |one| one.side = Side::Sell,
        |one| one.quantity += 1,
        |one| one.symbol = SymbolId(700_002),
        |one| one.order_type = OrderType::Limit { price: Ticks(1_000_000) },
        |one| one.tif = TimeInForce::Ioc,
        |one| one.outside_hours = true,
        |one| one.reference = Some("x".into()),
    ];
    for (at, change) in changed.into_iter().enumerate() {
        let (approval, bound) = home.ask(&wanted).await;
        home.answer(approval, Say::Yes).await;
        let mut other = orders.clone();
        change(&mut other[0]);
        let refused = home.send(&OrderRequest::Place(other), bound, Some(approval)).await;
        let expected = if at < 5 { "APPROVAL_DIFFERS" } else { "ORDER_UNPROVEN" };
        assert_eq!(code(refused), expected, "field {at}");
        home.place.pass(access::Span::minutes(3));
    }
    let (approval, bound) = home.ask(&wanted).await;
    home.answer(approval, Say::Yes).await;
    let wider = home.send(&wanted, bound + Decimal::ONE, Some(approval)).await;
    assert_eq!(code(wider), "APPROVAL_DIFFERS");
    let view = home.place.gate.view().await.unwrap();
    assert_eq!(view.completed_orders.len() + view.open_orders.len(), 1);
}

#[tokio::test]
async fn refused_by_not_me_ends_the_session_and_sends_nothing() {
    let home = Home::new().await;
    let wanted = home.market(Side::Buy, 1_000);
    let (approval, bound) = home.ask(&wanted).await;
    home.answer(approval, Say::NotMe).await;
    assert_eq!(code(home.send(&wanted, bound, Some(approval)).await), "NOT_SIGNED_IN");
    assert!(!home.admission.is_current());
}

#[tokio::test]
async fn order_that_a_proof_came_with_is_placed_within_its_bound() {
    let home = Home::new().await;
    let (gate, place) = (&home.place.gate, &home.place);
    let wanted = home.market(Side::Buy, 1_000);
    let large = gate.large_orders().of(&home.admission, &home.ticket, &wanted).unwrap().unwrap();
    assert!(large.value.amount > large.above.amount && large.cost.bound() > large.cost.total());
    let unproven = home.send(&wanted, large.cost.bound(), None).await;
    assert_eq!(code(unproven), "ORDER_UNPROVEN");
    let code_of_app = place.code().await;
    let fresh = gate.step_ups().fresh(&home.ticket, place.password(), &code_of_app).await;
    let (ticket, _) = fresh.unwrap();
    let admission = gate.step_ups().foresee(&ticket).await.unwrap();
    let low = (wanted.clone(), large.cost.total() - Decimal::new(1, 2));
    let moved = gate.large_orders().submit(&ticket, &admission, low, None).await.unwrap_err();
    assert_eq!(moved.code(), "ORDER_COST_MOVED");
    let order = (wanted.clone(), large.cost.bound());
    let done = gate.large_orders().submit(&ticket, &admission, order, None).await.unwrap();
    // It is on record which order was let through by what.
    let filter = gate::ActivityFilter { limit: 9, ..gate::ActivityFilter::default() };
    let operator = gate::Actor::Operator { uid: 0 };
    let page = gate.activity().page(&operator, &filter, None).await.unwrap();
    let placed = page.entries.iter().find(|one| one.what == "large_order.placed").unwrap();
    let (order, seq) = (done.orders()[0].id.0, done.seq());
    let text = format!("a sign-in for it, is order {order} (journal entry {seq})");
    assert!(placed.text.ends_with(&text), "{}", placed.text);
    // That proof was of that request: the session's next one has none.
    assert_eq!(code(home.send(&wanted, large.cost.bound(), None).await), "ORDER_UNPROVEN");
    assert_eq!(code(home.submit(wanted)), "ORDER_LARGE");
}

#[tokio::test]
async fn passkey_proves_the_order_that_it_was_asked_for_and_no_other() {
    let home = Home::new().await;
    let gate = &home.place.gate;
    let mut passkey = register(&home.place, &home.ticket, b"h").await;
    let (wanted, other) = (home.market(Side::Buy, 1_000), home.market(Side::Buy, 2_000));
    let large = gate.large_orders().of(&home.admission, &home.ticket, &wanted).unwrap().unwrap();
    let bound = large.cost.bound();
    let ended =
        Refusal::SignIn(SignInRefusal::PasskeyRefused { reason: PasskeyFault::CeremonyEnded });
    for (asked, sent) in
        [(Some(&wanted), Some(&other)), (None, Some(&wanted)), (Some(&wanted), None)]
    {
        let begun = match asked {
            Some(order) => gate.large_orders().passkey_start(&home.ticket, order, bound).unwrap(),
            None => gate.step_ups().passkey_start(&home.ticket).unwrap(),
        };
        let answer = passkey.get(&begun.options);
        let ceremony = &begun.ceremony;
        let refused = match sent {
            Some(order) => gate
                .large_orders()
                .passkey_finish(&home.ticket, (order, bound), ceremony, &answer)
                .await
                .err(),
            None => gate.step_ups().passkey_finish(&home.ticket, ceremony, &answer).await.err(),
        };
        assert_eq!(refused, Some(ended.clone()));
    }
    let begun = gate.large_orders().passkey_start(&home.ticket, &wanted, bound).unwrap();
    let answer = passkey.get(&begun.options);
    let order = (&wanted, bound);
    let proven =
        gate.large_orders().passkey_finish(&home.ticket, order, &begun.ceremony, &answer).await;
    let (ticket, reissued) = proven.unwrap();
    assert!(reissued.token.expose_text().is_some(), "its session has a new token");
    let admission = gate.step_ups().foresee(&ticket).await.unwrap();
    gate.large_orders().submit(&ticket, &admission, (wanted.clone(), bound), None).await.unwrap();
}
