//! The entitlement check against Cedar's `is_authorized`, with the same decisions on the same requests.

use crate::report::Row;
use crate::sample::{Shuffle, nanos, paired};
use access::address::{Addresses, Network};
use access::entitlements::{
    Act, Acts, Entitlements, Hours, Product, Question, Side, Sides, Symbols, Window,
};
use access::id::{PaperAccountId, SymbolId};
use access::moment::{Span, Time};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

/// One rule for all credentials, as Cedar would have it: what a credential may do is in its entity, what is asked in the request.
/// Cedar has no remainder, so the caller gives the weekday and the minute of the day; our check works them out itself.
const POLICY: &str = r#"
permit(principal is Credential, action, resource)
when {
  context.now < principal.until
  && resource == principal.account
  && principal.acts.contains(action)
  && context.address.isInRange(principal.network)
  && (action == Action::"ViewAccount" || action == Action::"CancelOrder"
      || (principal.symbols.contains(context.symbol)
          && (action == Action::"ViewMarketData"
              || (principal.sides.contains(context.side)
                  && principal.days.contains(context.day)
                  && principal.opens <= context.minute && context.minute < principal.closes))))
};"#;

/// The credential that [`entitlements`] describes.
const CREDENTIAL: &str = r#"[{
  "uid": { "type": "Credential", "id": "bot" },
  "attrs": {
    "account": { "__entity": { "type": "Account", "id": "mine" } },
    "acts": [
      { "__entity": { "type": "Action", "id": "ViewAccount" } },
      { "__entity": { "type": "Action", "id": "ViewMarketData" } },
      { "__entity": { "type": "Action", "id": "PlaceOrder" } },
      { "__entity": { "type": "Action", "id": "CancelOrder" } }
    ],
    "symbols": [1, 2, 3, 5, 8, 13, 21, 34],
    "sides": ["buy"],
    "days": [0, 1, 2, 3, 4],
    "opens": 240,
    "closes": 1200,
    "network": { "__extn": { "fn": "ip", "arg": "127.0.0.1/32" } },
    "until": { "__extn": { "fn": "datetime", "arg": "2026-01-12T00:00:00Z" } }
  },
  "parents": []
}]"#;

/// 2026-01-05, a Monday, 00:00 UTC.
const MONDAY: Time = Time::from_seconds(1_767_571_200);
const REQUESTS: usize = 1_024;

const ACTS: [(Act, &str); 6] = [
    (Act::ViewAccount, "ViewAccount"),
    (Act::ViewMarketData, "ViewMarketData"),
    (Act::PlaceOrder, "PlaceOrder"),
    (Act::CancelOrder, "CancelOrder"),
    (Act::ModifyOrder, "ModifyOrder"),
    (Act::Lock, "Lock"),
];

fn entitlements(base: Entitlements) -> Entitlements {
    let days = (0..5).map(|day| day * 1440);
    Entitlements {
        acts: Acts::of(&[Act::ViewAccount, Act::ViewMarketData, Act::PlaceOrder, Act::CancelOrder]),
        symbols: Symbols::only([1, 2, 3, 5, 8, 13, 21, 34].map(SymbolId)),
        sides: Sides::Only(Side::Buy),
        hours: Hours::Weekly(days.map(|day| Window { from: day + 240, to: day + 1200 }).collect()),
        addresses: Addresses::Only(Box::new([Network::host(IpAddr::V4(Ipv4Addr::LOCALHOST))])),
        until: MONDAY + Span::days(7),
        ..base
    }
}

/// One request in both vocabularies.
fn ask(mine: PaperAccountId, word: u64) -> (Question, Request) {
    let (act, name) = ACTS[(word % 6) as usize];
    let symbol = (word >> 8) % 40;
    let (side, side_name) =
        if (word >> 16) & 1 == 0 { (Side::Buy, "buy") } else { (Side::Sell, "sell") };
    // Milliseconds since Monday: 7.7 days, the last tenth of them after the end.
    let at = (word >> 20) % 665_280_000;
    let local = !(word >> 50).is_multiple_of(8);
    let address = if local { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(192, 0, 2, 1) };
    let (account, account_name) = match (word >> 54) % 16 {
        0 => (PaperAccountId::new(7_654_321).expect("an account"), "other"),
        _ => (mine, "mine"),
    };
    let (day, minute) = (at / 86_400_000, at / 60_000 % 1440);
    let now = format!(
        "2026-01-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        5 + day,
        minute / 60,
        minute % 60,
        at / 1_000 % 60,
        at % 1_000
    );
    let context = format!(
        r#"{{ "symbol": {symbol}, "side": "{side_name}", "day": {day}, "minute": {minute},
            "address": {{ "__extn": {{ "fn": "ip", "arg": "{address}" }} }},
            "now": {{ "__extn": {{ "fn": "datetime", "arg": "{now}" }} }} }}"#
    );
    let uid = |text: &str| EntityUid::from_str(text).expect("a uid");
    let order = matches!(act, Act::PlaceOrder | Act::ModifyOrder);
    let ours = Question {
        act,
        account,
        product: Product::Stock,
        symbol: Some(SymbolId(symbol as u32)),
        side: order.then_some(side),
        kind: order.then_some(access::entitlements::OrderKind::Limit),
        address: IpAddr::V4(address),
        now: MONDAY + Span(at as i64 * 1_000),
    };
    let theirs = Request::new(
        uid(r#"Credential::"bot""#),
        uid(&format!(r#"Action::"{name}""#)),
        uid(&format!(r#"Account::"{account_name}""#)),
        Context::from_json_str(&context, None).expect("a context"),
        None,
    );
    (ours, theirs.expect("a request"))
}

/// The time of the second of two passes: the first brings back what the other side displaced from the caches.
fn second_pass(mut pass: impl FnMut() -> usize) -> u64 {
    black_box(pass());
    nanos(|| black_box(pass())).0
}

/// Measures the check; `requests` are compared for equal decisions first.
pub fn measure(base: Entitlements, requests: usize) -> Row {
    let ours = entitlements(base);
    let policies = PolicySet::from_str(POLICY).expect("a policy");
    let entities = Entities::from_json_str(CREDENTIAL, None).expect("entities");
    let authorizer = Authorizer::new();
    let cedar = |r: &Request| {
        authorizer.is_authorized(r, &policies, &entities).decision() == Decision::Allow
    };
    let mut random = Shuffle::new();
    let (mut allowed, mut orders) = (0_usize, 0_usize);
    let (mut asked, mut theirs) = (Vec::new(), Vec::new());
    for at in 0..requests {
        let (question, request) = ask(ours.account, random.next());
        let yes = ours.decide(&question).is_none();
        assert_eq!(yes, ours.check(&question).is_ok());
        assert_eq!(yes, cedar(&request), "a decision differs: {question:?}");
        allowed += usize::from(yes);
        orders += usize::from(yes && question.act == Act::PlaceOrder);
        if at < REQUESTS {
            asked.push(question);
            theirs.push(request);
        }
    }
    // One sample is a pass over all that were kept: a single check is shorter than the clock's resolution.
    let decided = || {
        second_pass(|| {
            asked.iter().filter(|q| black_box(&ours).decide(black_box(q)).is_none()).count()
        })
    };
    let worded = || {
        let check = |q: &&Question| black_box(black_box(&ours).check(black_box(q))).is_ok();
        second_pass(|| asked.iter().filter(check).count())
    };
    let heavy = || second_pass(|| theirs.iter().filter(|r| cedar(black_box(r))).count());
    let mut out = paired(300, decided, heavy, heavy);
    let mut with_words = paired(300, worded, decided, decided);
    let each = |total: u64| total as f64 / REQUESTS as f64;
    let (ratio, null) = (out.ratio(500), out.null(500));
    let hot = each(out.subject.quantile(500));
    Row {
        path: "entitlement check, hot",
        subject: format!(
            "{hot:.1} ns; {:.1} ns with the reason of each refusal made ready to be worded",
            each(with_words.subject.quantile(500))
        ),
        peer: format!("Cedar is_authorized {:.1} us", each(out.peer.quantile(500)) / 1_000.0),
        ratio: format!("1/{:.0}", 1.0 / ratio),
        null: format!("{null:.2}"),
        samples: format!("{} x {REQUESTS} checks", out.subject.len()),
        goal: "<= 10 ns; <= 1/1000 of Cedar",
        met: (0.95..=1.05).contains(&null).then_some(hot <= 10.0 && ratio <= 0.001),
        checked: format!("{requests} equal decisions, {allowed} of them allowed, {orders} orders"),
    }
}
