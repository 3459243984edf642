//! The controls with real facts, and all that is told of a refusal.

use access::entitlements::{Control, RuleOwner};
use access::id::{AccountId, PaperAccountId};

use super::*;

const BBY: SymbolId = SymbolId(700_004);

fn controls(all: &[(Control, i64)]) -> Limits {
    let controls = all.iter().fold(Controls::default(), |controls, (control, number)| {
        controls.with(*control, Some(Decimal::from(*number)))
    });
    Limits { controls, ..Limits::default() }
}

fn of_credential(limits: &Limits) -> Rule {
    let owner = RuleOwner::Credential { id: None, name: Some("bot".to_owned()) };
    Rule { owner, limits: limits.clone() }
}

fn of_account(limits: &Limits) -> Rule {
    let account: PaperAccountId = "DU1234567".parse().unwrap();
    Rule { owner: RuleOwner::Account(AccountId::from(account)), limits: limits.clone() }
}

/// The codes of all reasons, or none.
fn codes(exchange: &Exchange, rules: &[Rule], order: NewOrder) -> Vec<&'static str> {
    let limits = rules.iter().fold(Limits::default(), |all, rule| all.and(&rule.limits));
    match check_by(&facts(exchange), (rules, &limits), NOW, vec![order], false) {
        Ok(_) => Vec::new(),
        Err(denied) => denied.reasons().map(|reason| reason.denial.code()).collect(),
    }
}

/// An exchange whose ledgers count what is ordered.
fn counting() -> Exchange {
    let mut exchange = exchange();
    let seq = exchange.seq() + 1;
    let command = Command::OrderRule { rule: crate::ORDER_RULE };
    exchange.apply(&Stamped { seq, time: NOW, decision: Decided::system(), command });
    exchange
}

#[test]
fn all_that_speaks_against_an_order_is_told_with_its_owner_and_the_first_as_ever() {
    let exchange = exchange();
    let own = Limits { max_quantity: Some(100), ..controls(&[(Control::Position, 50)]) };
    let whole = Limits { max_quantity: Some(150), max_notional: Some(9_000.into()), ..own.clone() };
    let rules = [of_account(&whole), of_credential(&own)];
    let limits = whole.and(&own);
    let order = limit(Side::Buy, 200, 10_000);
    let alone = check(&facts(&exchange), &limits, NOW, vec![order.clone()]).unwrap_err();
    let denied =
        check_by(&facts(&exchange), (&rules, &limits), NOW, vec![order], false).unwrap_err();
    assert_eq!(denied.first(), &alone);
    let told: Vec<_> = denied
        .reasons()
        .map(|it| (it.denial.code(), it.owner.as_ref().map(ToString::to_string)))
        .collect();
    let bot = || Some("credential bot".to_owned());
    let account = || Some("account DU1234567".to_owned());
    assert_eq!(
        told,
        [
            ("QUANTITY_ABOVE_LIMIT", bot()),
            ("POSITION_ABOVE_LIMIT", bot()),
            ("QUANTITY_ABOVE_LIMIT", account()),
            ("NOTIONAL_ABOVE_LIMIT", account()),
        ]
    );
    let text = denied.evidence_text();
    for part in [
        "QUANTITY_ABOVE_LIMIT: a quantity of 200 is above the limit of 100 per order",
        "(set by credential bot; its owner can raise it",
        "; also POSITION_ABOVE_LIMIT: the position could come to 200",
        "; also NOTIONAL_ABOVE_LIMIT: 20000.00 USD is above the limit of 9000.00 USD",
        "floorpass account limit DU1234567",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn single_reason_of_before_is_told_in_the_words_of_before() {
    let exchange = exchange();
    let own = Limits { max_quantity: Some(100), ..Limits::default() };
    let order = limit(Side::Buy, 101, 100);
    let rules = [of_credential(&own)];
    let denied = check_by(&facts(&exchange), (&rules, &own), NOW, vec![order], false).unwrap_err();
    assert_eq!(
        denied.evidence_text(),
        "QUANTITY_ABOVE_LIMIT: a quantity of 101 is above the limit of 100 per order; send 100 or fewer"
    );
}

#[test]
fn day_counts_what_was_placed_of_its_holder_and_of_the_account() {
    let mut exchange = counting();
    let own = controls(&[(Control::DailyQuantity, 100)]);
    let whole = controls(&[(Control::DailyNotional, 15_000)]);
    let (own, whole) = (of_credential(&own), of_account(&whole));
    place(&mut exchange, &Limits::default(), limit(Side::Buy, 60, 10_000));
    let ask = |exchange: &Exchange, holder, quantity| {
        let order = limit(Side::Buy, quantity, 10_000);
        let order = NewOrder { origin: Origin { holder, ..order.origin }, ..order };
        codes(exchange, &[own.clone(), whole.clone()], order)
    };
    assert_eq!(ask(&exchange, HOLDER, 40), Vec::<&str>::new());
    assert_eq!(ask(&exchange, HOLDER, 41), ["DAILY_QUANTITY_ABOVE_LIMIT"]);
    // Another holder has a hundred of its own, and the account's value is theirs together.
    let other = Holder::Credential(CredentialId([2; 16]));
    assert_eq!(ask(&exchange, other, 90), Vec::<&str>::new());
    assert_eq!(ask(&exchange, other, 91), ["DAILY_NOTIONAL_ABOVE_LIMIT"]);
    let both = ["DAILY_QUANTITY_ABOVE_LIMIT", "DAILY_NOTIONAL_ABOVE_LIMIT"];
    assert_eq!(ask(&exchange, other, 101), both);
    // It is counted from the journal: a snapshot has it, and the next trading day begins anew.
    let again = Exchange::restore(&exchange.snapshot().unwrap(), exchange.instruments()).unwrap();
    assert_eq!(ask(&again, HOLDER, 41), ["DAILY_QUANTITY_ABOVE_LIMIT"]);
    let seq = exchange.seq() + 1;
    let (time, decision) = (NOW + Span::days(1), Decided::system());
    exchange.apply(&Stamped { seq, time, decision, command: Command::Advance });
    assert_eq!(ask(&exchange, HOLDER, 100), Vec::<&str>::new());
}

#[test]
fn restricted_contract_can_be_left_and_not_entered() {
    let mut exchange = counting();
    let bought = order(Side::Buy, 10, OrderType::Market);
    place(&mut exchange, &Limits::default(), bought.clone());
    let limits =
        Limits { controls: Controls::default().restricting([bought.symbol]), ..Limits::default() };
    let rules = [of_account(&limits)];
    assert_eq!(codes(&exchange, &rules, bought.clone()), ["RESTRICTED"]);
    let sold = |quantity| order(Side::Sell, quantity, OrderType::Market);
    assert_eq!(codes(&exchange, &rules, sold(10)), Vec::<&str>::new());
    assert_eq!(codes(&exchange, &rules, sold(11)), ["RESTRICTED"]);
    assert_eq!(codes(&exchange, &rules, NewOrder { symbol: BBY, ..bought }), Vec::<&str>::new());
}

#[test]
fn exposure_counts_what_is_held_and_what_is_ordered_in_all_contracts() {
    let mut exchange = counting();
    let far = Limits { collar_bps: Some(100_000), ..Limits::default() };
    place(&mut exchange, &far, limit(Side::Buy, 100, 10_000));
    let short = NewOrder { symbol: BBY, ..limit(Side::Sell, 100, 10_000) };
    place(&mut exchange, &far, short.clone());
    let gross = [of_account(&controls(&[(Control::GrossExposure, 25_000)]))];
    let more = |quantity| NewOrder { quantity, ..limit(Side::Buy, 1, 10_000) };
    assert_eq!(codes(&exchange, &gross, more(50)), Vec::<&str>::new());
    assert_eq!(codes(&exchange, &gross, more(51)), ["GROSS_EXPOSURE_ABOVE_LIMIT"]);
    let net = [of_account(&controls(&[(Control::NetExposure, 5_000)]))];
    assert_eq!(codes(&exchange, &net, more(50)), Vec::<&str>::new());
    assert_eq!(codes(&exchange, &net, more(51)), ["NET_EXPOSURE_ABOVE_LIMIT"]);
}

#[test]
fn loss_of_the_day_stops_what_opens() {
    let mut exchange = counting();
    place(&mut exchange, &Limits::default(), order(Side::Buy, 500, OrderType::Market));
    place(&mut exchange, &Limits::default(), order(Side::Sell, 400, OrderType::Market));
    let lost = -facts(&exchange).gained_today().amount;
    assert!(lost > Decimal::ZERO, "spread and commission: {lost}");
    let limit_of = |number: Decimal| {
        let controls = Controls::default().with(Control::DailyLoss, Some(number));
        [of_account(&Limits { controls, ..Limits::default() })]
    };
    let buys = || order(Side::Buy, 1, OrderType::Market);
    assert_eq!(codes(&exchange, &limit_of(lost + Decimal::ONE), buys()), Vec::<&str>::new());
    assert_eq!(codes(&exchange, &limit_of(lost), buys()), ["LOSS_STOP"]);
    let sells = order(Side::Sell, 100, OrderType::Market);
    assert_eq!(codes(&exchange, &limit_of(lost), sells), Vec::<&str>::new());
}

#[test]
fn order_far_above_the_holders_usual_size_is_refused() {
    let mut exchange = counting();
    let limits = [of_credential(&controls(&[(Control::UsualSize, 3)]))];
    for _ in 0..5 {
        assert_eq!(codes(&exchange, &limits, limit(Side::Buy, 90, 10_000)), Vec::<&str>::new());
        place(&mut exchange, &Limits::default(), limit(Side::Buy, 10, 10_000));
    }
    assert_eq!(codes(&exchange, &limits, limit(Side::Buy, 30, 10_000)), Vec::<&str>::new());
    assert_eq!(codes(&exchange, &limits, limit(Side::Buy, 31, 10_000)), ["UNUSUAL_SIZE"]);
}

#[test]
fn change_meets_the_controls_with_what_it_adds() {
    let mut exchange = counting();
    let id = place(&mut exchange, &Limits::default(), limit(Side::Buy, 50, 10_000));
    let limits = controls(&[(Control::Position, 60)]);
    let change = |quantity| Change {
        order: id,
        quantity,
        order_type: OrderType::Limit { price: Ticks(10_000) },
        tif: TimeInForce::Day,
        units: crate::instrument::Units::SHARES,
    };
    assert!(check_modify(&facts(&exchange), &limits, change(60)).is_ok());
    let denied = check_modify(&facts(&exchange), &limits, change(61)).unwrap_err();
    assert_eq!(denied.code(), "POSITION_ABOVE_LIMIT");
    assert!(check_modify(&facts(&exchange), &limits, change(40)).is_ok());
}

#[test]
fn shares_that_are_hard_to_borrow_are_sold_short_no_further_than_they_are_located() {
    let exchange = exchange();
    let located = exchange.instruments().get(BBY).unwrap().located.unwrap();
    let short = |quantity| NewOrder { symbol: BBY, ..limit(Side::Sell, quantity, 10_000) };
    // 20,000 shares are too dear for the account.
    assert_eq!(codes(&exchange, &[], short(located)), ["BUYING_POWER"]);
    assert_eq!(codes(&exchange, &[], short(located + 1)), ["NOT_LOCATED", "BUYING_POWER"]);
    let limits = Limits { max_quantity: Some(100), ..Limits::default() };
    let rules = [of_account(&limits)];
    let denied =
        check_by(&facts(&exchange), (&rules, &limits), NOW, vec![short(located + 1)], false);
    let owners: Vec<_> = denied
        .unwrap_err()
        .reasons()
        .map(|it| (it.denial.code(), it.owner.as_ref().map(ToString::to_string)))
        .collect();
    let house = Some("the house".to_owned());
    assert!(owners.contains(&("NOT_LOCATED", house)), "{owners:?}");
    assert!(owners.iter().any(|(code, _)| *code == "QUANTITY_ABOVE_LIMIT"), "{owners:?}");
}

#[test]
fn order_is_held_against_what_trades_on_a_usual_day() {
    let exchange = exchange();
    let usual = exchange.instruments().get(BBY).unwrap().daily_volume * 1_000;
    let percent = |number| {
        let controls = Controls::default().with(Control::VolumeShare, Some(number));
        [of_account(&Limits { controls, ..Limits::default() })]
    };
    let order = |quantity| NewOrder { symbol: BBY, ..limit(Side::Buy, quantity, 100) };
    let rules = percent(Decimal::new(1, 1));
    assert_eq!(codes(&exchange, &rules, order(usual / 1_000)), Vec::<&str>::new());
    assert_eq!(codes(&exchange, &rules, order(usual / 1_000 + 1)), ["VOLUME_SHARE_ABOVE_LIMIT"]);
}
