//! Limits of a program's orders, whoever set them: the narrowest holds, and who is refused learns whose it was.

use access::entitlements::{Control, Limits, Scopes};
use access::{CredentialId, Span, SymbolId};
use gate::{Admission, OrderRequest};
use trade::order::{NewOrder, OrderType, Origin, Side, TimeInForce};

use crate::held::{entered, limited};
use crate::place::{HOME, OPERATOR, Place};

/// Buys so many shares at the market; else the code and all of the text.
fn buy(place: &Place, bot: &Admission, quantity: u64) -> Result<(), (&'static str, String)> {
    let order = NewOrder {
        account: place.gate.account(),
        symbol: SymbolId(700_001),
        side: Side::Buy,
        quantity,
        order_type: OrderType::Market,
        tif: TimeInForce::Day,
        outside_hours: false,
        origin: Origin { holder: bot.holder(), client_id: 1, order_id: 1 },
        parent: None,
        oca: None,
        reference: None,
    };
    let sent = place.gate.orders().submit(bot, HOME, OrderRequest::Place(vec![order]));
    sent.map(drop).map_err(|refused| (refused.code(), refused.to_string()))
}

fn code(sent: Result<(), (&'static str, String)>) -> Option<&'static str> {
    sent.err().map(|(code, _)| code)
}

async fn edit(place: &Place, id: CredentialId, change: impl FnOnce(&mut Limits)) {
    let all = place.gate.credentials().list(None).await.unwrap();
    let one = all.iter().find(|one| one.credential.id == id).unwrap();
    let mut scopes = Scopes::clone(&one.credential.scopes);
    change(&mut scopes.limits);
    place.gate.credentials().edit(&OPERATOR, id, scopes).await.unwrap();
}

#[tokio::test]
async fn limits_of_a_person_and_of_an_account_hold_for_their_programs_and_say_whose_they_are() {
    let place = Place::new().await;
    let (id, bot) = limited(&place, 1_000_000).await;
    edit(&place, id, |limits| limits.max_quantity = Some(50)).await;
    let gate = &place.gate;
    let whose = &gate.people().list().await.unwrap()[0];
    let most = |quantity| Limits { max_quantity: Some(quantity), ..Limits::default() };
    assert_eq!(buy(&place, &bot, 50), Ok(()));
    gate.people().limit(&OPERATOR, &whose.username, most(20)).await.unwrap();
    gate.paper_accounts().limit(&OPERATOR, gate.account(), most(30)).await.unwrap();
    assert_eq!(buy(&place, &bot, 20), Ok(()));
    let (first, text) = buy(&place, &bot, 51).unwrap_err();
    assert_eq!(first, "QUANTITY_ABOVE_LIMIT");
    let person = format!("set by person {}", whose.username);
    let account = format!("set by account {}", gate.account());
    for owner in [person.as_str(), account.as_str(), "set by credential"] {
        assert!(text.contains(owner), "{owner}: {text}");
    }
    assert!(text.contains(&format!("`floorpass person limit {}`", whose.username)), "{text}");
    assert_eq!(code(buy(&place, &bot, 21)), Some("QUANTITY_ABOVE_LIMIT"));
    gate.people().limit(&OPERATOR, &whose.username, Limits::default()).await.unwrap();
    assert_eq!(buy(&place, &bot, 30), Ok(()));
    assert_eq!(code(buy(&place, &bot, 31)), Some("QUANTITY_ABOVE_LIMIT"));
    // They come back with the tables.
    gate.people().limit(&OPERATOR, &whose.username, most(1)).await.unwrap();
    let place = place.reopened().await;
    assert_eq!(code(buy(&place, &entered(&place, id), 2)), Some("QUANTITY_ABOVE_LIMIT"));
}

#[tokio::test]
async fn program_that_repeats_refused_orders_is_stopped_for_a_minute() {
    let place = Place::new().await;
    let (id, _) = limited(&place, 1_000_000).await;
    edit(&place, id, |limits| {
        limits.max_quantity = Some(5);
        limits.controls = limits.controls.with(Control::Runaway, Some(3.into()));
    })
    .await;
    let bot = entered(&place, id);
    let send = |quantity| code(buy(&place, &bot, quantity));
    assert_eq!(send(6), Some("QUANTITY_ABOVE_LIMIT"));
    assert_eq!((send(1), send(1)), (None, None), "the second of these repeats");
    assert_eq!(send(6), Some("QUANTITY_ABOVE_LIMIT"), "the third");
    assert_eq!(send(2), Some("RUNAWAY"));
    place.pass(Span::seconds(59));
    assert_eq!(send(2), Some("RUNAWAY"));
    place.pass(Span::seconds(2));
    assert_eq!(send(2), None);
}
