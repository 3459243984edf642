//! Decisions about orders, read back from the journal's segments.

use std::borrow::Cow;
use std::path::Path;

use access::evidence::{Topic, is_minor};
use access::id::{Holder, PaperAccountId};
use access::moment::Time;
use access::number::grouped;
use trade::instrument::{Instruments, Units};
use trade::journal::{CancelTarget, Cause, Command, Genesis, Opening, OrdersRefused, Stamped};
use trade::money::Money;
use trade::order::{Change, NewOrder, OrderType};
use trade::price::Ticks;

use crate::activity::{ActivityEntry, ActivityKind};
use crate::clock::Jump;
use crate::folder::journal_folder;
use crate::journal::record::HEADER_BYTES;
use crate::journal::{self, JournalError, Record};
use crate::order::refused::RefusedOrders;
use crate::usage::{Usages, count};

/// Records that are looked at for refused orders.
const LOOK: usize = 100_000;

/// The newest `most` records of refused orders up to `last`, oldest first.
pub(crate) fn refused(
    data: &Path,
    last: u64,
    most: usize,
) -> Result<Vec<RefusedOrders>, JournalError> {
    let segments = journal::segments(&journal_folder(data))?;
    let (mut found, mut looked) = (Vec::new(), 0);
    for (_, path) in segments.iter().rev().filter(|(first, _)| *first <= last) {
        let bytes = private::read(path)
            .map_err(|source| JournalError::Io { path: path.clone(), source })?;
        let records: Vec<_> = records(&bytes).take_while(|record| record.seq <= last).collect();
        for record in records.iter().rev() {
            if found.len() >= most || looked >= LOOK {
                found.reverse();
                return Ok(found);
            }
            looked += 1;
            if let Ok(Stamped { seq, time, decision, command: Command::OrdersRefused(refused) }) =
                journal::decode(record)
            {
                let account = decision.account;
                found.push(RefusedOrders { seq, at: time, account, refused });
            }
        }
    }
    found.reverse();
    Ok(found)
}

/// What each credential did from `since` on, up to the record `last`.
pub(crate) fn usages(data: &Path, last: u64, since: Time) -> Result<Usages, JournalError> {
    let segments = journal::segments(&journal_folder(data))?;
    let mut usages = Usages::new();
    for (_, path) in segments.iter().rev().filter(|(first, _)| *first <= last) {
        let bytes = private::read(path)
            .map_err(|source| JournalError::Io { path: path.clone(), source })?;
        let mut is_older = false;
        for record in records(&bytes).take_while(|record| record.seq <= last) {
            let Ok(Stamped { time, decision, command, .. }) = journal::decode(&record) else {
                continue;
            };
            if time < since {
                is_older = true;
            } else {
                count(&mut usages, decision.holder, &command);
            }
        }
        if is_older {
            break;
        }
    }
    Ok(usages)
}

/// The stamp of the newest record; none where there is no journal that can be read.
pub(super) fn latest(data: &Path) -> Option<Time> {
    let segments = journal::segments(&journal_folder(data)).ok()?;
    segments.iter().rev().find_map(|(_, path)| {
        let bytes = private::read(path).ok()?;
        Some(journal::decode(&records(&bytes).last()?).ok()?.time)
    })
}

/// The whole records of a segment; what follows them does not concern a reader.
fn records(bytes: &[u8]) -> impl Iterator<Item = Record<'_>> {
    let mut rest = bytes.get(HEADER_BYTES..).unwrap_or_default();
    std::iter::from_fn(move || {
        let record = Record::decode(rest)?;
        rest = rest.get(record.length..).unwrap_or_default();
        Some(record)
    })
}

/// What the activity shows of a record; none where it was not a decision.
pub(crate) fn entry(stamped: Stamped, known: &Instruments) -> Option<ActivityEntry> {
    let mut entry = blank(stamped.seq, stamped.time, stamped.decision.holder);
    if let Some((what, text)) = own(&stamped) {
        (entry.what, entry.text) = (Cow::Borrowed(what), text);
        return Some(topical(entry));
    }
    match stamped.command {
        Command::Advance
        | Command::OrderIdUsed(_)
        | Command::Genesis(_)
        | Command::Started { .. }
        | Command::OrderRule { .. }
        | Command::MarketRule { .. }
        | Command::OpenAccount(_)
        | Command::SelfMatch { .. }
        | Command::MarginCall { .. }
        | Command::CloseAccount { .. }
        | Command::ClockJumped { .. } => return None,
        Command::Place(orders) => {
            entry.what = Cow::Borrowed("order_placed");
            entry.text = format!("{}.", orders_text(orders.get(), known));
        }
        Command::Hold { orders, until } => {
            entry.what = Cow::Borrowed("order_held");
            entry.text = held_text(orders.get(), until, known);
        }
        Command::Release { order } => {
            entry.what = Cow::Borrowed("order_released");
            entry.text = format!("Order {order} waited for a person's yes and has it.");
        }
        Command::PlaceReduceOnly(orders) => {
            entry.what = Cow::Borrowed("order_placed");
            entry.text = format!("{}, reduce only.", orders_text(orders.get(), known));
        }
        Command::Modify(change) => {
            entry.what = Cow::Borrowed("order_modified");
            entry.text = modified_text(change.get());
        }
        Command::Cancel { order, cause } => {
            entry.what = Cow::Borrowed("order_cancelled");
            entry.text = format!("Order {order} cancelled {}.", cause_text(cause));
        }
        Command::CancelAll { scope, cause } => {
            entry.what = Cow::Borrowed("orders_cancelled");
            entry.text = format!("{} cancelled {}.", scope_text(scope), cause_text(cause));
        }
        Command::Refused { holder, code, text, count } => {
            refusal(&mut entry, holder, (code, text), count);
        }
        Command::OrdersRefused(OrdersRefused { holder, code, text, count, asked }) => {
            entry.asked = asked.iter().map(ToString::to_string).collect();
            let text = format!("{}: {text}", entry.asked.join("; "));
            refusal(&mut entry, holder, (code, text), count);
        }
        Command::ConnectionRefused { holder, code, text, count } => {
            refusal(&mut entry, holder, (code, text), count);
            entry.what = Cow::Borrowed("program_refused");
        }
        Command::Connected { holder, clients, count } => {
            entry.holder = Some(holder);
            entry.what = Cow::Borrowed("program_connected");
            entry.text = format!("Connected: {clients}.");
            entry.count = u64::from(count);
        }
    }
    Some(topical(entry))
}

/// With what it is about, whatever its code.
fn topical(mut entry: ActivityEntry) -> ActivityEntry {
    entry.topic = Topic::of(&entry.what, None);
    entry.minor = is_minor(&entry.what);
    entry
}

fn refusal(entry: &mut ActivityEntry, holder: Holder, (code, text): (String, String), count: u32) {
    entry.holder = Some(holder);
    entry.what = Cow::Borrowed("order_refused");
    entry.text = text;
    entry.code = Some(code);
    entry.count = u64::from(count);
}

fn scope_text(scope: CancelTarget) -> String {
    match scope {
        CancelTarget::Account => "All open orders on the account".to_owned(),
        CancelTarget::Of(account) => format!("All open orders on account {account}"),
        CancelTarget::Holder(holder) => format!("All open orders of {holder}"),
        CancelTarget::Client { holder, client_id } => {
            format!("All open orders of {holder}, client {client_id},")
        }
    }
}

fn opened(account: PaperAccountId, cash: Money) -> String {
    let (amount, currency) = (grouped(&cash.amount.to_string()), cash.currency);
    format!("Account {account} opened with {amount} {currency} in paper cash.")
}

/// What the server says of itself.
fn own(stamped: &Stamped) -> Option<(&'static str, String)> {
    Some(match &stamped.command {
        Command::Genesis(Genesis { account, cash, currency, .. })
        | Command::OpenAccount(Opening { account, cash, currency, .. }) => {
            ("account_opened", opened(*account, Money::new(*cash, *currency)))
        }
        Command::SelfMatch { account, self_match } => (
            "account_self_match",
            format!(
                "Where two orders of account {account} would trade with each other, the {} one ends.",
                self_match.name()
            ),
        ),
        Command::MarginCall { account, until: Some(until) } => (
            "margin_call",
            format!(
                "Account {account} is worth less than its positions require; they are closed from {until} on."
            ),
        ),
        Command::MarginCall { account, until: None } => {
            ("margin_call", format!("Account {account} is worth enough again."))
        }
        Command::CloseAccount { account } => {
            ("account_closed", format!("Account {account} closed."))
        }
        Command::Started { version } => {
            ("server_started", format!("The server started, version {version}."))
        }
        Command::OrderRule { rule } => {
            ("order_rule_changed", format!("From here on, orders follow rule {rule}."))
        }
        Command::MarketRule { rule } => {
            ("market_rule_changed", format!("From here on, the markets follow rule {rule}."))
        }
        Command::ClockJumped { by, ahead } => {
            let jump = Jump { at: stamped.time, by: *by, ahead: *ahead };
            ("clock_jumped", format!("{jump}."))
        }
        _ => return None,
    })
}

/// An entry of the journal that says nothing yet.
pub(crate) fn blank(seq: u64, at: Time, holder: Holder) -> ActivityEntry {
    ActivityEntry {
        seq,
        shard: None,
        kind: ActivityKind::Order,
        at,
        holder: Some(holder),
        who: String::new(),
        source: String::new(),
        what: Cow::Borrowed(""),
        text: String::new(),
        asked: Vec::new(),
        code: None,
        count: 1,
        topic: Topic::Orders,
        minor: false,
        person: None,
        device: None,
        credential: None,
    }
}

fn held_text(orders: &[NewOrder], until: Time, known: &Instruments) -> String {
    format!("{}; it waits for a person's yes until {until}.", orders_text(orders, known))
}

fn orders_text(orders: &[NewOrder], known: &Instruments) -> String {
    let orders: Vec<_> = orders.iter().map(|one| order_text(one, known)).collect();
    orders.join("; ")
}

fn order_text(order: &NewOrder, known: &Instruments) -> String {
    let Some(one) = known.get(order.symbol) else {
        return format!("{} {} of contract {}", order.side, order.quantity, order.symbol);
    };
    let (quantity, title) = (one.quantity(order.quantity), one.title());
    format!("{} {quantity} {title} {}", order.side, terms(order.order_type, one.units()))
}

fn terms(order_type: OrderType, units: Units) -> String {
    let of = |ticks: Ticks| units.price.of(ticks.0.into());
    match order_type {
        OrderType::Market => "at the market".to_owned(),
        OrderType::Limit { price } => format!("at {} or better", of(price)),
        OrderType::Stop { trigger } => format!("at the market once {} is reached", of(trigger)),
        OrderType::StopLimit { trigger, price } => {
            format!("at {} or better once {} is reached", of(price), of(trigger))
        }
    }
}

fn modified_text(change: &Change) -> String {
    let quantity = change.units.quantity.of(change.quantity.into());
    format!(
        "Order {} changed to {quantity} {}.",
        change.order,
        terms(change.order_type, change.units)
    )
}

const fn cause_text(cause: Cause) -> &'static str {
    match cause {
        Cause::Request => "on request",
        Cause::Lock => "by a lock",
        Cause::Revocation => "with the credential or session that sent them",
        Cause::Declined => "because its owner said no",
        Cause::Unanswered => "because its owner did not answer in time",
        Cause::Unsound => "because the checks refused it after its owner's yes",
        Cause::Unasked => "because no phone of its owner could be asked",
        Cause::MarginCall => "because a margin call was not met",
    }
}
