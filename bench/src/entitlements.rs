//! The entitlement check against Cedar's `is_authorized`, with the same decisions on the same requests.

use crate::report::Row;
use crate::sample::{Shuffle, nanos, paired};
use access::address::{Addresses, Network};
use access::entitlements::{Act, Acts, Entitlements, Product, Question, Side, Sides, Symbols};
use access::id::SymbolId;
use access::moment::Time;
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

const POLICY: &str = r#"
permit(principal == Credential::"bot", action, resource)
when {
  (action == Action::"ViewAccount" || action == Action::"ViewMarketData" || action == Action::"PlaceOrder" || action == Action::"CancelOrder")
  && context.account == 1234567
  && (action == Action::"ViewAccount" || action == Action::"CancelOrder" || [1, 2, 3, 5, 8, 13, 21, 34].contains(context.symbol))
  && (context.side == 0 || action != Action::"PlaceOrder")
  && context.now < 2000000
  && context.address == 2130706433
};"#;

const ACTS: [(Act, &str); 6] = [
    (Act::ViewAccount, "ViewAccount"),
    (Act::ViewMarketData, "ViewMarketData"),
    (Act::PlaceOrder, "PlaceOrder"),
    (Act::CancelOrder, "CancelOrder"),
    (Act::ModifyOrder, "ModifyOrder"),
    (Act::Lock, "Lock"),
];

fn entitlements(base: Entitlements) -> Entitlements {
    Entitlements {
        acts: Acts::of(&[Act::ViewAccount, Act::ViewMarketData, Act::PlaceOrder, Act::CancelOrder]),
        symbols: Symbols::only([1, 2, 3, 5, 8, 13, 21, 34].map(SymbolId)),
        sides: Sides::Only(Side::Buy),
        addresses: Addresses::Only(Box::new([Network::host(IpAddr::V4(Ipv4Addr::LOCALHOST))])),
        until: Time(2_000_000),
        ..base
    }
}

struct Ask {
    ours: Question,
    theirs: Request,
}

fn ask(base: &Entitlements, word: u64) -> Ask {
    let (act, name) = ACTS[(word % 6) as usize];
    let symbol = (word >> 8) % 40;
    let side = (word >> 16) & 1;
    let now = ((word >> 20) % 2_200_000) as i64;
    let local = (word >> 44) % 8 != 0;
    let address = if local { Ipv4Addr::LOCALHOST } else { Ipv4Addr::new(192, 0, 2, 1) };
    let order = act == Act::PlaceOrder;
    let context = format!(
        r#"{{"account": 1234567, "symbol": {symbol}, "side": {side}, "now": {now}, "address": {}}}"#,
        u32::from(address)
    );
    let uid = |text: &str| EntityUid::from_str(text).expect("a uid");
    Ask {
        ours: Question {
            act,
            account: base.account,
            product: Product::Stock,
            symbol: Some(SymbolId(symbol as u32)),
            side: order.then_some(if side == 0 { Side::Buy } else { Side::Sell }),
            address: IpAddr::V4(address),
            now: Time(now),
        },
        theirs: Request::new(
            uid(r#"Credential::"bot""#),
            uid(&format!(r#"Action::"{name}""#)),
            uid(r#"Account::"1234567""#),
            Context::from_json_str(&context, None).expect("a context"),
            None,
        )
        .expect("a request"),
    }
}

/// Measures the check; `requests` are compared for equal decisions first.
pub fn measure(base: Entitlements, requests: usize) -> Row {
    let ours = entitlements(base);
    let policies = PolicySet::from_str(POLICY).expect("a policy");
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    let cedar = |r: &Request| {
        authorizer.is_authorized(r, &policies, &entities).decision() == Decision::Allow
    };
    let mut random = Shuffle::new();
    let mut allowed = 0_usize;
    let mut kept = Vec::new();
    for at in 0..requests {
        let one = ask(&ours, random.next());
        let yes = ours.check(&one.ours).is_ok();
        assert_eq!(yes, cedar(&one.theirs), "a decision differs: {:?}", one.ours);
        allowed += usize::from(yes);
        if at < 1_024 {
            kept.push(one);
        }
    }
    // One sample of ours is 1,024 checks: a single one is shorter than the clock's resolution.
    let hot = || {
        nanos(|| {
            kept.iter().filter(|one| black_box(&ours).check(black_box(&one.ours)).is_ok()).count()
        })
        .0
    };
    let heavy = || nanos(|| kept.iter().filter(|one| cedar(black_box(&one.theirs))).count()).0;
    let mut out = paired(300, hot, heavy, heavy);
    let (ratio, null) = (out.ratio(500), out.null(500));
    let each = out.subject.quantile(500) as f64 / kept.len() as f64;
    Row {
        path: "entitlement check, hot",
        subject: format!("{each:.1} ns"),
        peer: format!(
            "Cedar is_authorized {:.1} us",
            out.peer.quantile(500) as f64 / kept.len() as f64 / 1_000.0
        ),
        ratio: format!("1/{:.0}", 1.0 / ratio),
        null: format!("{null:.2}"),
        samples: format!("{} x {} checks", out.subject.len(), kept.len()),
        goal: "<= 10 ns; <= 1/1000 of Cedar",
        met: (0.95..=1.05).contains(&null).then_some(each <= 10.0 && ratio <= 0.001),
        checked: format!("{requests} equal decisions, {allowed} of them allowed"),
    }
}
