//! Exposure by sender: whose orders made the current positions, and who has orders open.

use std::collections::BTreeMap;

use access::{Holder, SymbolId};
use gate::View;
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::instrument::Instruments;
use trade::order::Side;

use crate::figure;
use crate::holder::Names;

/// Senders that are listed, largest first.
const MOST: usize = 8;

/// Who sent something: a credential, the portal whatever the session, the operator or the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    Portal,
    Other(Holder),
    /// From before the executions that are kept.
    Earlier,
}

#[derive(Debug, Default)]
struct Part {
    shares: BTreeMap<SymbolId, i64>,
    open: usize,
    traded: Decimal,
}

impl Sender {
    const fn of(holder: Holder) -> Self {
        match holder {
            Holder::Session(_) => Self::Portal,
            holder => Self::Other(holder),
        }
    }
}

/// The shares that each sender bought, less what it sold, over the executions that are kept; what they do not explain
/// was there before.
fn parts(known: &Instruments, view: &View) -> BTreeMap<Sender, Part> {
    let mut parts: BTreeMap<Sender, Part> = BTreeMap::new();
    for fill in &view.executions {
        let part = parts.entry(Sender::of(fill.origin.holder)).or_default();
        let quantity = i64::try_from(fill.quantity).unwrap_or(i64::MAX);
        let shares = part.shares.entry(fill.symbol).or_default();
        *shares = match fill.side {
            Side::Buy => shares.saturating_add(quantity),
            Side::Sell => shares.saturating_sub(quantity),
        };
        let value = i128::from(fill.price.0).saturating_mul(i128::from(fill.quantity));
        let value = in_base(known, view, fill.symbol, value);
        part.traded = part.traded.saturating_add(value);
    }
    for order in &view.open_orders {
        parts.entry(Sender::of(order.origin.holder)).or_default().open += 1;
    }
    let explained = |symbol: SymbolId| {
        let of = |part: &Part| part.shares.get(&symbol).copied().unwrap_or(0);
        parts.values().map(of).fold(0_i64, i64::saturating_add)
    };
    let rest = view
        .positions
        .iter()
        .map(|held| (held.symbol, held.position.shares.saturating_sub(explained(held.symbol))));
    let rest: BTreeMap<SymbolId, i64> = rest.filter(|(_, shares)| *shares != 0).collect();
    if !rest.is_empty() {
        parts.insert(Sender::Earlier, Part { shares: rest, ..Part::default() });
    }
    parts
}

/// So many ticks times steps of a contract, in the account's currency.
fn in_base(known: &Instruments, view: &View, symbol: SymbolId, value: i128) -> Decimal {
    let Some(one) = known.get(symbol) else { return Decimal::ZERO };
    let part = view.summary.parts.iter().find(|part| part.currency == one.currency);
    one.amount(value).saturating_mul(part.map_or(Decimal::ONE, |part| part.rate))
}

/// The value of what a sender holds, long and short.
fn worth(known: &Instruments, part: &Part, view: &View) -> (Decimal, Decimal) {
    let mut worth = (Decimal::ZERO, Decimal::ZERO);
    for (symbol, shares) in &part.shares {
        // What is closed, or has come to its end, is no exposure of anybody.
        let Some(held) = view.position(*symbol).filter(|held| held.position.shares != 0) else {
            continue;
        };
        let mark = held.mark.0;
        let value = i128::from(mark).saturating_mul(i128::from(*shares));
        let value = in_base(known, view, *symbol, value);
        let side = if *shares > 0 { &mut worth.0 } else { &mut worth.1 };
        *side = side.saturating_add(value);
    }
    worth
}

/// The card, as of the time that the page was loaded.
pub(super) fn card(known: &Instruments, view: &View, names: &Names) -> Markup {
    let weighed = |(sender, part)| (sender, worth(known, &part, view), part);
    let rows = parts(known, view).into_iter().map(weighed);
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|(_, (long, short), part)| std::cmp::Reverse((*long - *short, part.open)));
    let all = rows.len();
    rows.truncate(MOST);
    let most = rows.iter().map(|(_, (long, short), _)| *long - *short).max().unwrap_or_default();
    let bar = |gross: Decimal| {
        let share = gross.saturating_mul(Decimal::ONE_HUNDRED).checked_div(most);
        share.unwrap_or_default().round()
    };
    html! {
        @if !rows.is_empty() {
            section.card aria-labelledby="exposure" {
                h2 #exposure { "Exposure by sender" }
                table.flip.lines {
                    thead { tr { th { "Sent by" } th.r { "Long" } th.r { "Short" } th.r { "Open orders" } th.r { "Traded, 7 days" } } }
                    tbody { @for (sender, (long, short), part) in &rows {
                        tr {
                            td.key {
                                @match sender { Sender::Portal => "The portal", Sender::Earlier => "Held for more than seven days", Sender::Other(holder) => (names.of(*holder)) }
                                svg.size viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true" { rect width=(bar(*long - *short)) height="1" {} }
                            }
                            td.r.n data-l="Long" { (figure::money(*long, view.currency)) }
                            td.r.n data-l="Short" { (figure::money(*short, view.currency)) }
                            td.r.n data-l="Open orders" { (figure::count(part.open as u64)) }
                            td.r.n data-l="Traded, 7 days" { (figure::money(part.traded, view.currency)) }
                        }
                    } }
                }
                @if all > MOST { p.small.dim { "The largest " (MOST) " of " (all) "." } }
                p.small.dim { "Each execution counts toward the sender of its order. Amounts in " (view.currency) " at the last prices, as of when this page was loaded." }
            }
        }
    }
}
