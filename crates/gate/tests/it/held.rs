//! Orders of programs that wait for a person: exactly what the phone says yes to comes to the market, and nothing else.

use std::time::Duration;

use access::approval::{ContentKind, Say};
use access::entitlements::{Control, Scopes};
use access::lock::LockTarget;
use access::{AccountId, CredentialId, Grade, Span};
use gate::{Admission, Answered, ApprovalInfo, OrderRequest, SocketProof};
use rust_decimal::Decimal;
use trade::order::{Change, End, Order, OrderId, OrderState, OrderType, Side, TimeInForce};
use trade::price::Ticks;

use crate::large_order::Home;
use crate::place::{HOME, OPERATOR, Place};

/// A program that asks for a person above 1,000 dollars.
struct Program {
    home: Home,
    id: CredentialId,
    bot: Admission,
}

pub(crate) async fn limited(place: &Place, above: u32) -> (CredentialId, Admission) {
    let all = place.gate.credentials().list(None).await.unwrap();
    let one = all.iter().find(|one| one.credential.name.to_string() == "trading").unwrap();
    let mut scopes = Scopes::clone(&one.credential.scopes);
    let controls = &scopes.limits.controls;
    scopes.limits.controls = controls.with(Control::AsksAbove, Some(Decimal::from(above)));
    let id = one.credential.id;
    place.gate.credentials().edit(&OPERATOR, id, scopes).await.unwrap();
    (id, entered(place, id))
}

pub(crate) fn entered(place: &Place, id: CredentialId) -> Admission {
    let door = SocketProof { credential: id, address: HOME, token: None };
    place.gate.enter_socket(&door).unwrap()
}

/// What a look gives once it gives something.
pub(crate) async fn soon<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..1_000 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing came of it in ten seconds");
}

async fn known(place: &Place, id: OrderId) -> Order {
    place.gate.orders().flush().await.unwrap();
    let view = place.gate.view().await.unwrap();
    let found = view.open_orders.iter().find(|one| one.id == id).cloned();
    let found = found.or_else(|| view.completed_orders.iter().find(|one| one.id == id).cloned());
    Order::clone(&found.unwrap())
}

async fn ended(place: &Place, id: OrderId) -> Order {
    soon(async || Some(known(place, id).await).filter(|order| !order.state.is_open())).await
}

fn change(order: OrderId, quantity: u64) -> OrderRequest {
    OrderRequest::Modify(Change {
        order,
        quantity,
        order_type: OrderType::Limit { price: Ticks(10_000) },
        tif: TimeInForce::Gtc,
        units: trade::instrument::Units::SHARES,
    })
}

impl Program {
    async fn new() -> Self {
        let home = Home::new().await;
        let (id, bot) = limited(&home.place, 1_000).await;
        Self { home, id, bot }
    }

    /// Sends an order that is held.
    fn hold(&self, request: OrderRequest) -> OrderId {
        let gate = &self.home.place.gate;
        let held = gate.orders().submit(&self.bot, HOME, request).unwrap().orders()[0].clone();
        assert_eq!((held.state, held.filled), (OrderState::PreSubmitted, 0));
        let now = self.home.place.clock.stamp();
        assert_eq!(held.held.map(|until| until.since(now)), Some(Span::minutes(15)));
        held.id
    }

    /// What the phone is asked about an order that has these terms.
    async fn asked(&self, quantity: &str) -> ApprovalInfo {
        let gate = &self.home.place.gate;
        let about = |one: &ApprovalInfo| {
            let lines = one.content.lines();
            let quantity = lines.iter().any(|it| it.label == "Quantity" && it.text == quantity);
            one.content.kind == ContentKind::ProgramOrder && quantity
        };
        soon(async || {
            let all = gate.approvals().list(&self.home.on_phone()).await.unwrap();
            all.into_iter().find(about)
        })
        .await
    }

    async fn answer(&self, one: &ApprovalInfo, say: Say) -> Result<(), access::Refusal> {
        assert!(!one.asks_number, "no page shows one");
        let (approval, digest) = (one.id, one.content.digest(one.id));
        let signed = format!("floorpass approval 2\n{approval}\n{}\n{digest}\n", say.name());
        let signature = self.home.key.sign(&signed).unwrap();
        let answered = Answered { approval, say, number: "", signature: &signature };
        self.home.place.gate.approvals().answer(&self.home.on_phone(), &answered).await
    }

    async fn no_more_asked(&self) {
        soon(async || {
            let all = self.home.place.gate.approvals().list(&self.home.on_phone()).await.unwrap();
            all.is_empty().then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn order_above_its_threshold_waits_and_the_phones_yes_lets_it_through() {
    let it = Program::new().await;
    let gate = &it.home.place.gate;
    let small = gate.orders().submit(&it.bot, HOME, it.home.limit(10, 9_999)).unwrap();
    assert_eq!(small.orders()[0].held, None, "it is not above the threshold");
    let would = gate.orders().what_if(
        &it.bot,
        HOME,
        vec![it.home.order(Side::Buy, 100, OrderType::Market)],
    );
    assert_eq!(
        would.unwrap().waits_above.map(|above| above.to_string()).as_deref(),
        Some("1000.00 USD")
    );
    let id = it.hold(it.home.market(Side::Buy, 100));
    let asked = it.asked("100").await;
    let lines = asked.content.lines();
    for (label, text) in [("Program", "trading".to_owned()), ("Order", id.to_string())] {
        assert!(lines.iter().any(|it| it.label == label && it.text == text), "{lines:?}");
    }
    assert_eq!(known(&it.home.place, id).await.state, OrderState::PreSubmitted);
    it.answer(&asked, Say::Yes).await.unwrap();
    assert_eq!(ended(&it.home.place, id).await.filled, 100);
    let filter = gate::ActivityFilter { limit: 50, ..gate::ActivityFilter::default() };
    let page = gate.activity().page(&OPERATOR, &filter, None).await.unwrap();
    let whats: Vec<_> = page.entries.iter().map(|one| &*one.what).collect();
    for what in ["order_held", "large_order.allowed_program", "order_released"] {
        assert!(whats.contains(&what), "{what} is not in {whats:?}");
    }
}

#[tokio::test]
async fn order_that_waits_ends_with_a_no_and_with_its_time() {
    let it = Program::new().await;
    let id = it.hold(it.home.limit(100, 10_000));
    it.answer(&it.asked("100").await, Say::No).await.unwrap();
    assert_eq!(ended(&it.home.place, id).await.end, Some(End::Declined));
    let id = it.hold(it.home.limit(101, 10_000));
    it.asked("101").await;
    it.home.place.pass(Span::minutes(16));
    assert_eq!(ended(&it.home.place, id).await.end, Some(End::Unanswered));
}

#[tokio::test]
async fn changed_order_is_asked_for_anew_and_the_old_yes_is_none() {
    let it = Program::new().await;
    let gate = &it.home.place.gate;
    let id = it.hold(it.home.limit(100, 10_000));
    let old = it.asked("100").await;
    gate.orders().submit(&it.bot, HOME, change(id, 101)).unwrap();
    let new = it.asked("101").await;
    let refused = it.answer(&old, Say::Yes).await.unwrap_err();
    assert_eq!(refused.code(), "APPROVAL_ENDED");
    assert_eq!(known(&it.home.place, id).await.state, OrderState::PreSubmitted);
    it.answer(&new, Say::Yes).await.unwrap();
    soon(async || (known(&it.home.place, id).await.state == OrderState::Working).then_some(()))
        .await;
    // In the market, no change may take it above what it was let through with.
    let refused = gate.orders().submit(&it.bot, HOME, change(id, 102)).unwrap_err();
    assert_eq!(refused.code(), "ORDER_NEEDS_YES");
    gate.orders().submit(&it.bot, HOME, change(id, 99)).unwrap();
}

#[tokio::test]
async fn cancelled_and_revoked_orders_are_asked_for_no_more() {
    let it = Program::new().await;
    let gate = &it.home.place.gate;
    let id = it.hold(it.home.limit(100, 10_000));
    it.asked("100").await;
    gate.orders().submit(&it.bot, HOME, OrderRequest::Cancel { order: id }).unwrap();
    assert_eq!(known(&it.home.place, id).await.end, Some(End::Requested));
    it.no_more_asked().await;
    let id = it.hold(it.home.limit(101, 10_000));
    it.asked("101").await;
    gate.credentials().revoke(&OPERATOR, it.id, true).await.unwrap();
    assert_eq!(known(&it.home.place, id).await.end, Some(End::Revoked));
    it.no_more_asked().await;
}

#[tokio::test]
async fn what_a_lock_forbids_is_not_let_through_by_an_older_question() {
    let it = Program::new().await;
    let gate = &it.home.place.gate;
    let id = it.hold(it.home.limit(100, 10_000));
    let asked = it.asked("100").await;
    let target = LockTarget::Account(AccountId::from(gate.account()));
    gate.locks().lock(&OPERATOR, target, Grade::NoNew).await.unwrap();
    it.answer(&asked, Say::Yes).await.unwrap();
    assert_eq!(ended(&it.home.place, id).await.end, Some(End::Refused));
    let refused = gate.orders().refused(gate.account()).await.unwrap();
    assert_eq!(refused[0].refused.code, "LOCKED");
}

#[tokio::test]
async fn order_waits_over_a_restart() {
    let mut it = Program::new().await;
    let id = it.hold(it.home.market(Side::Buy, 100));
    it.asked("100").await;
    let Program { home, id: credential, bot } = it;
    drop(bot);
    let home = home.reopened().await;
    let bot = entered(&home.place, credential);
    it = Program { home, id: credential, bot };
    assert!(known(&it.home.place, id).await.held.is_some());
    let asked = it.asked("100").await;
    it.answer(&asked, Say::Yes).await.unwrap();
    assert_eq!(ended(&it.home.place, id).await.filled, 100);
}

#[tokio::test]
async fn order_that_nobody_can_be_asked_about_ends_at_once() {
    let place = Place::new().await;
    let (_, bot) = limited(&place, 0).await;
    let order = trade::order::NewOrder {
        account: place.gate.account(),
        symbol: access::SymbolId(700_001),
        side: Side::Buy,
        quantity: 1,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        outside_hours: false,
        origin: trade::order::Origin { holder: bot.holder(), client_id: 1, order_id: 1 },
        parent: None,
        oca: None,
        reference: None,
    };
    let held = place.gate.orders().submit(&bot, HOME, OrderRequest::Place(vec![order])).unwrap();
    let order = ended(&place, held.orders()[0].id).await;
    assert_eq!((order.end, order.filled), (Some(End::Unasked), 0));
}
