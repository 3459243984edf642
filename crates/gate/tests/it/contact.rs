//! Contact at the gate: a code works in the session that asked.

use access::refusal::{ChangeRefusal, SignInRefusal};
use access::{Refusal, Span};

use crate::place::{OPERATOR, Place};

#[tokio::test]
async fn mail_address_is_verified_in_the_session_that_asked() {
    let place = Place::new().await;
    let (one, _) = place.by_link().await;
    let (two, _) = place.by_link().await;
    let gate = &place.gate;
    gate.contacts().set_mail(&one, " Ann@Example.org ").await.unwrap();
    let code = place.activation_code().await;
    assert!(gate.contacts().own(&one).await.unwrap().asked.unwrap().here);
    assert!(!gate.contacts().own(&two).await.unwrap().asked.unwrap().here);
    assert_eq!(
        gate.contacts().confirm_mail(&two, &code).await,
        Err(Refusal::SignIn(SignInRefusal::CodeElsewhere))
    );
    gate.contacts().confirm_mail(&one, &code).await.unwrap();
    let info = gate.contacts().own(&two).await.unwrap();
    assert_eq!(info.mail.unwrap().0, "Ann@example.org");
    assert!(info.asked.is_none());
    gate.contacts().remove_mail(&one).await.unwrap();
    assert_eq!(gate.contacts().own(&one).await.unwrap().former.len(), 1);
    place.pass(Span::days(7));
    assert!(gate.contacts().of("trader").await.unwrap().former.is_empty());
}

#[tokio::test]
async fn operator_sets_what_is_given_and_leaves_the_rest() {
    let place = Place::new().await;
    let gate = &place.gate;
    let phone = "+44 20 7946 0000";
    gate.contacts().set(&OPERATOR, "trader", Some("a@example.org"), Some(phone)).await.unwrap();
    let info = gate.contacts().set(&OPERATOR, "trader", None, Some("")).await.unwrap();
    assert_eq!(info.mail.unwrap().0, "a@example.org");
    assert!(info.phone.is_none());
    let unknown = gate.contacts().set(&OPERATOR, "nobody", Some("a@example.org"), None).await;
    assert_eq!(unknown, Err(Refusal::not_found("person")));
    let (ticket, _) = place.by_link().await;
    let refused =
        gate.contacts().set(&gate::Actor::Session(ticket), "trader", Some(""), None).await;
    assert_eq!(refused, Err(Refusal::Change(ChangeRefusal::OperatorOnly)));
}
