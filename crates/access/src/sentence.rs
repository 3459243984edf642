//! What an authority can and cannot do, in plain sentences: the same on every door.

use std::fmt;

use crate::address::Addresses;
use crate::currency::Currency;
use crate::entitlements::{Act, Acts, Entitlements, Hours, Narrowing, Sides, Symbols};
use crate::id::{Holder, SymbolId};
use crate::lock::Grade;
use crate::moment::Time;
use crate::number::grouped;

/// What a sentence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It may.
    Can,
    /// It may not.
    Cannot,
    /// How long.
    Until,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Can => "can",
            Self::Cannot => "cannot",
            Self::Until => "until",
        })
    }
}

/// One sentence, to follow its verdict: `can` `see prices and history`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// What it says.
    pub verdict: Verdict,
    /// The rest of it, without a full stop.
    pub text: String,
}

/// The sentences of an authority: what it can, with its limits, then what it cannot, then its end.
/// `name` gives a contract's symbol, `accounts` are all that its holder has it on, in words, and `currency` is the
/// base currency of the one that it is about.
pub fn can_cannot(
    given: &Entitlements,
    (accounts, currency): (&str, Currency),
    name: &dyn Fn(SymbolId) -> String,
) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut say = |verdict, text: String| sentences.push(Sentence { verdict, text });
    let trades = Acts::of(&[Act::PlaceOrder, Act::ReduceOrder]);
    for act in Act::ALL.iter().filter(|act| given.acts.contains(**act)) {
        // What may be placed is said whole; the part that only reduces goes without saying.
        if *act == Act::ReduceOrder && given.acts.contains(Act::PlaceOrder) {
            continue;
        }
        let scope = if trades.contains(*act) { order_scope(given, name) } else { String::new() };
        let added = added_alone(given, *act).map(str::to_owned);
        say(Verdict::Can, added.unwrap_or_else(|| format!("{act}{scope}")));
    }
    if !given.acts.and(trades).is_empty() {
        for limit in limits(given, currency) {
            say(Verdict::Cannot, limit);
        }
        let restricted = given.limits.controls.restricted();
        if !restricted.is_empty() {
            let names: Vec<_> = restricted.iter().take(10).map(|symbol| name(*symbol)).collect();
            let more = match restricted.len().saturating_sub(names.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let list = names.join(", ");
            say(Verdict::Cannot, format!("open or enlarge a position in {list}{more}"));
        }
    }
    for act in Act::ALL.iter().filter(|act| !given.acts.contains(**act)) {
        let reduced = *act == Act::ReduceOrder && !given.acts.contains(Act::PlaceOrder);
        if !reduced || given.acts.contains(Act::ReduceOrder) {
            say(Verdict::Cannot, act.to_string());
        }
    }
    say(Verdict::Cannot, other_accounts(accounts));
    if let Addresses::Only(networks) = &given.addresses {
        let list: Vec<_> = networks.iter().map(ToString::to_string).collect();
        say(Verdict::Cannot, format!("be used from anywhere but {}", list.join(", ")));
    }
    if given.lock != Grade::None {
        say(Verdict::Cannot, format!("do more while the account is locked: {}", given.lock.text()));
    }
    if given.until != Time::FAR {
        let leaves_none =
            matches!(given.holder, Holder::Credential(_)) && !given.acts.and(trades).is_empty();
        let orders = if leaves_none { "; its open orders are cancelled then" } else { "" };
        say(Verdict::Until, format!("{}{orders}", given.until));
    }
    sentences
}

/// What nobody can, beside the accounts that their authority is on.
pub fn other_accounts(accounts: &str) -> String {
    format!("use any account but {accounts}")
}

/// What a session that a recovery holds may do of these: add, and take nothing of its person's away.
fn added_alone(given: &Entitlements, act: Act) -> Option<&'static str> {
    let holds = |(_, why): &(Acts, Narrowing)| matches!(why, Narrowing::Recovered { .. });
    match act {
        Act::ManageDevices => Some("add a phone, but not rename, block or remove a device"),
        Act::ManageAuthenticators => Some("add a way to sign in, but not remove one"),
        _ => None,
    }
    .filter(|_| given.narrowing.iter().any(holds))
}

/// Which orders: ` that buy in AAPL, MSFT alone, mon-fri 13:30-20:00 UTC`.
fn order_scope(given: &Entitlements, name: &dyn Fn(SymbolId) -> String) -> String {
    let sides = match given.sides {
        Sides::Both => String::new(),
        Sides::Only(side) => format!(" that {side}"),
        Sides::Neither => ", but neither buy nor sell".to_owned(),
    };
    let symbols = match &given.symbols {
        Symbols::All => String::new(),
        Symbols::Only(symbols) => {
            let names: Vec<_> = symbols.iter().take(10).map(|symbol| name(*symbol)).collect();
            let more = match symbols.len().saturating_sub(names.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(" in {}{more} only", names.join(", "))
        }
    };
    let hours = match &given.hours {
        Hours::Always => String::new(),
        hours => format!(", {hours} UTC"),
    };
    format!("{sides}{symbols}{hours}")
}

/// What the limits forbid.
fn limits(given: &Entitlements, currency: Currency) -> Vec<String> {
    let limits = &given.limits;
    let percent = |bps: u32| format!("{}.{:02} %", bps / 100, bps % 100);
    [
        limits.max_quantity.map(|most| {
            format!(
                "place an order for more than {} shares or contracts",
                grouped(&most.to_string())
            )
        }),
        limits
            .max_notional
            .map(|most| format!("place an order above {} {currency}", grouped(&most.to_string()))),
        limits
            .collar_bps
            .map(|bps| format!("set a limit price more than {} through the market", percent(bps))),
        limits.max_open_orders.map(|most| format!("have more than {most} orders open")),
        limits.duplicate_window.map(|span| format!("repeat an identical order within {span}")),
        given.rate.map(|rate| {
            format!(
                "send more than {} orders or changes per second (bursts of {})",
                rate.per_second, rate.burst
            )
        }),
    ]
    .into_iter()
    .flatten()
    .chain(limits.controls.iter().map(|(one, most)| one.forbids(most, Some(currency))))
    .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::entitlements::{Limits, Rate, Scopes};
    use crate::id::{CredentialId, PaperAccountId, PersonId};
    use crate::mandate::{Mandate, Role};

    fn lines(scopes: &Scopes) -> String {
        let mandate = Mandate::preset(
            (crate::id::MandateId([1; 16]), crate::mandate::Grantor::System),
            PersonId([1; 16]),
            PaperAccountId::new(1_234_567).unwrap().into(),
            Role::Owner,
            Time(0),
        );
        let holder = Holder::Credential(CredentialId([2; 16]));
        let given = mandate.entitlements(holder, Grade::None).unwrap().narrow(holder, scopes);
        let name = |symbol: SymbolId| format!("S{symbol}");
        let lines = can_cannot(&given, ("DU1234567", "EUR".parse().unwrap()), &name);
        let lines: Vec<_> =
            lines.iter().map(|line| format!("{} {}", line.verdict, line.text)).collect();
        lines.join("\n") + "\n"
    }

    #[test]
    fn narrow_credential_says_its_limits() {
        let scopes = Scopes {
            symbols: Symbols::only([SymbolId(2), SymbolId(1)]),
            rate: Some(Rate { per_second: 5, burst: 5 }),
            limits: Limits {
                max_quantity: Some(100),
                max_notional: Some(20_000.into()),
                collar_bps: Some(350),
                ..Limits::default()
            },
            ..Scopes::trading(Time::from_seconds(0))
        };
        let text = lines(&scopes);
        for line in [
            "can place orders in S1, S2 only\n",
            "can cancel orders\n",
            "cannot place an order for more than 100 shares or contracts\n",
            "cannot place an order above 20,000 EUR\n",
            "cannot set a limit price more than 3.50 % through the market\n",
            "cannot send more than 5 orders or changes per second (bursts of 5)\n",
            "cannot create and revoke credentials\n",
            "cannot use any account but DU1234567\n",
            "until 1970-01-01 00:00:00 UTC; its open orders are cancelled then\n",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn read_only_credential_says_that_it_cannot_trade() {
        let text = lines(&Scopes::read_only(Time::FAR));
        assert!(text.starts_with("can see the account"), "{text}");
        assert!(text.contains("cannot place orders\ncannot modify orders\n"), "{text}");
        assert!(!text.contains("until"), "{text}");
    }
}
