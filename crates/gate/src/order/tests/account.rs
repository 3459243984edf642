//! Two accounts on one gate: their orders meet, and each sees, changes and cancels its own.

use access::refusal::{AccountRefusal, AuthorityRefusal, CredentialRefusal};
use trade::journal::Opening;
use trade::ledger::SelfMatch;
use trade::order::Parent;

use super::*;

fn second() -> PaperAccountId {
    "DU7654321".parse().unwrap()
}

fn opening() -> Opening {
    Opening {
        account: second(),
        cash: Decimal::from(500_000),
        currency: access::currency::Currency::USD,
        self_match: SelfMatch::CancelOldest,
    }
}

/// Prices of the orders that both accounts place: between the quotes, where nobody else is.
fn inside(bench: &Bench) -> OrderType {
    loop {
        let quotes = bench.gate.markets().quotes();
        let quote = quotes.get(AAPL).unwrap();
        let (bid, ask) = (quote.bid().unwrap().price.0, quote.ask().unwrap().price.0);
        if ask - bid > 1 {
            return OrderType::Limit { price: Ticks(bid + 1) };
        }
        bench.clock.set(bench.gate.now() + Span::seconds(1));
        bench.gate.0.sequencer.beat(bench.gate.now(), false).unwrap();
    }
}

#[tokio::test]
async fn trade_between_two_accounts_is_told_to_each_by_its_own_side() {
    let bench = Bench::new().await;
    bench.gate.paper_accounts().open(opening()).await.unwrap();
    let (one, other) = (bench.trading(), bench.credential_on(second(), 2, |_| {}));
    let (mut ones, mut others) =
        (bench.gate.orders().subscribe(&one), bench.gate.orders().subscribe(&other));
    let price = inside(&bench);
    let sells = NewOrder { account: second(), ..bench.order(Side::Sell, 10, price) };
    let rests = bench.place(&one, vec![bench.order(Side::Buy, 10, price)]).unwrap();
    let rests = rests.orders()[0].id;
    // Neither names, finds or changes what is the other's.
    let foreign = bench.place(&other, vec![bench.order(Side::Buy, 10, price)]);
    assert_eq!(code(foreign), "ACCOUNT_NOT_ALLOWED");
    let cancel = bench.gate.orders().submit(&other, HERE, OrderRequest::Cancel { order: rests });
    assert_eq!(code(cancel), "UNKNOWN_ORDER");
    let comes = bench.place(&other, vec![sells]).unwrap();
    let is_own = |event: &Event, account| event.order().unwrap().account == account;
    assert!(comes.record.events.iter().all(|event| is_own(event, second())));
    assert_eq!(comes.orders()[0].state, OrderState::Filled);
    bench.gate.orders().flush().await.unwrap();
    for (inbox, account) in [(&mut ones, bench.gate.account()), (&mut others, second())] {
        let Some(Delivery::Group(group)) = inbox.try_recv() else { panic!("nothing was told") };
        let events = || group.records.iter().flat_map(|record| &record.events);
        assert!(events().all(|event| is_own(event, account)));
        assert!(events().any(|event| matches!(event, Event::OrderFilled { .. })));
    }
    let views = [bench.gate.view().await.unwrap(), bench.gate.view_of(second()).await.unwrap()];
    assert_eq!(
        views.each_ref().map(|view| view.position(AAPL).unwrap().position.shares),
        [10, -10]
    );
    assert_eq!(views.each_ref().map(|view| view.executions.len()), [1, 1]);
}

#[tokio::test]
async fn cut_of_one_account_leaves_the_orders_of_the_other() {
    let bench = Bench::new().await;
    bench.gate.paper_accounts().open(opening()).await.unwrap();
    let (first, one) = (bench.gate.account(), bench.trading());
    let other = bench.credential_on(second(), 2, |_| {});
    bench.place(&one, vec![bench.resting()]).unwrap();
    bench.place(&other, vec![NewOrder { account: second(), ..bench.resting() }]).unwrap();
    assert!(bench.gate.rests(first, None) && bench.gate.rests(second(), None));
    assert_eq!(bench.gate.cancel_orders(second(), None, Holder::Operator).unwrap(), 1);
    assert!(bench.gate.rests(first, None) && !bench.gate.rests(second(), None));
    assert_eq!(bench.gate.cancel_orders(first, None, Holder::Operator).unwrap(), 1);
    assert!(!bench.gate.rests(first, None));
}

#[tokio::test]
async fn account_is_there_after_a_restart_and_closes_only_when_it_is_flat() {
    for close in [false, true] {
        let bench = Bench::new().await;
        bench.gate.paper_accounts().open(opening()).await.unwrap();
        let taken = bench.gate.paper_accounts().open(opening()).await;
        assert_eq!(
            taken,
            Err(Refusal::Account(AccountRefusal::AccountTaken { account: second().into() }))
        );
        let bench = bench.reopen(close).await;
        let accounts = bench.gate.paper_accounts();
        let kept: Vec<_> = accounts.list().iter().map(|one| (one.id, one.self_match)).collect();
        let first = (bench.gate.account(), SelfMatch::CancelNewest);
        assert_eq!(kept, [first, (second(), SelfMatch::CancelOldest)]);
        let other = bench.credential_on(second(), 2, |_| {});
        bench.place(&other, vec![NewOrder { account: second(), ..bench.resting() }]).unwrap();
        assert_eq!(accounts.close(second()).await, Ok(false), "an order is open");
        bench.gate.cancel_orders(second(), None, Holder::Operator).unwrap();
        assert_eq!(accounts.close(second()).await, Ok(true));
        assert_eq!(accounts.close(bench.gate.account()).await, Ok(false), "the first stays");
        let late = bench.place(&other, vec![NewOrder { account: second(), ..bench.resting() }]);
        assert_eq!(code(late), "UNKNOWN_ACCOUNT");
        let missing = accounts.close("DU7777777".parse().unwrap()).await;
        assert_eq!(missing, Err(Refusal::not_found("account")));
    }
}

/// Rates are a credential's, whatever accounts it is for.
#[tokio::test]
async fn credential_on_two_accounts_trades_on_each_at_one_rate_and_listens_to_both() {
    let bench = Bench::new().await;
    bench.gate.paper_accounts().open(opening()).await.unwrap();
    let slow = |scopes: &mut Scopes| scopes.rate = Some(Rate { per_second: 1, burst: 2 });
    bench.credential_on(bench.gate.account(), 1, slow);
    let came = bench.credential_on(second(), 1, slow);
    let mut both = [bench.gate.account(), second()];
    both.sort_unstable();
    assert_eq!(came.accounts().collect::<Vec<_>>(), both);
    assert!(came.account() == both[0] && !came.has_one_account());
    let one = came.on(bench.gate.account()).unwrap();
    let other = came.on(second()).unwrap();
    assert!(one.on("DU7777777".parse().unwrap()).is_none());
    let mut inbox = bench.gate.orders().subscribe_client(&one, 1);
    let on_second = || NewOrder { account: second(), ..bench.resting() };
    // An admission is for one account, whatever others its holder has.
    assert_eq!(code(bench.place(&one, vec![on_second()])), "ACCOUNT_NOT_ALLOWED");
    // A group on both is told that, and not that it may not use one of them; of a third account both are named.
    let child = |account| NewOrder {
        account,
        parent: Some(Parent::Member(0)),
        ..bench.order(Side::Sell, 10, OrderType::Limit { price: Ticks(50_000) })
    };
    let mixed = bench.place(&one, vec![bench.resting(), child(second())]);
    assert_eq!(code(mixed), "ACCOUNTS_MIXED");
    let third = "DU7777777".parse().unwrap();
    for orders in
        [vec![NewOrder { account: third, ..bench.resting() }], vec![bench.resting(), child(third)]]
    {
        let Err(Refused::Refusal(why)) = bench.place(&one, orders) else { panic!("it was placed") };
        let allowed = both.to_vec();
        let wanted = AuthorityRefusal::AccountNotAllowed { account: third, allowed };
        assert_eq!(why, wanted.into());
        let told = format!("does not cover account {third}; it is for {} and {}", both[0], both[1]);
        assert!(why.caller_text().contains(&told), "{why}");
    }
    bench.place(&one, vec![bench.resting()]).unwrap();
    bench.place(&other, vec![on_second()]).unwrap();
    assert_eq!(code(bench.place(&other, vec![on_second()])), "RATE_EXCEEDED");
    bench.gate.orders().flush().await.unwrap();
    let Some(Delivery::Group(group)) = inbox.try_recv() else { panic!("nothing was told") };
    let told = group.records.iter().flat_map(|record| record.orders());
    let told: Vec<_> = told.map(|order| order.account).collect();
    assert_eq!(told, [bench.gate.account(), second()]);

    // What ends on one account leaves the other, and what it listens to there. Of that account it hears the end of its own
    // orders, and of no other's.
    let stranger = bench.credential_on(second(), 2, |_| ());
    bench.place(&stranger, vec![NewOrder { account: second(), ..bench.resting() }]).unwrap();
    bench.gate.orders().flush().await.unwrap();
    let reason = Refusal::Credential(CredentialRefusal::CredentialUnknown);
    bench.gate.0.live.end_on(CredentialId([1; 16]), second(), &reason);
    bench.gate.hang_up();
    assert!(one.is_current() && other.ended() == Some(reason));
    let door = crate::SocketProof { credential: CredentialId([1; 16]), address: HERE, token: None };
    let again = bench.gate.enter_socket(&door).unwrap();
    assert!(again.has_one_account() && again.account() == bench.gate.account());
    bench.gate.cancel_orders(second(), None, Holder::Operator).unwrap();
    bench.gate.cancel_orders(bench.gate.account(), None, Holder::Operator).unwrap();
    bench.gate.orders().flush().await.unwrap();
    let Some(Delivery::Group(group)) = inbox.try_recv() else { panic!("nothing was told") };
    let told: Vec<_> = group.records.iter().flat_map(|record| record.orders()).collect();
    let of: Vec<_> = told.iter().map(|order| (order.account, order.origin.holder)).collect();
    assert_eq!(of, [second(), bench.gate.account()].map(|account| (account, one.holder())));
    let by = Refusal::Credential(CredentialRefusal::CredentialRevoked { at: START });
    bench.gate.0.live.end_credential(CredentialId([1; 16]), &by);
    bench.gate.hang_up();
    assert!(matches!(inbox.try_recv(), Some(Delivery::Ended(reason)) if reason == by));
}
