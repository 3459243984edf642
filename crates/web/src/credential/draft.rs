//! The form of a credential, new or not, and how it is read.

use access::address::{Addresses, Network};
use access::credential::Credential;
use access::currency::Currency;
use access::entitlements::{Control, Controls, Hours, LimitUnit, Rate, Sides, Symbols};
use access::refusal::Field as Input;
use access::{Limits, Misread, Number, PaperAccountId, Scopes, Side, Span, Time};
use gate::{CredentialInfo, DoorWish, NewCredential};
use maud::{Markup, html};
use rust_decimal::Decimal;
use trade::instrument::Instruments;

use crate::contract;
use crate::currency;
use crate::field::{self, Errors, Field};
use crate::figure;
use crate::form::Fields;
use crate::refusal::sentence;
use crate::shell;
use crate::visit::Signed;

/// The fields that a refusal can be about.
pub(super) const FORM: [(Input, &str); 12] = [
    (Input::CredentialName, "name"),
    (Input::Symbols, "symbols"),
    (Input::MaxQuantity, "max_quantity"),
    (Input::MaxNotional, "max_notional"),
    (Input::Rate, "rate"),
    (Input::Burst, "rate"),
    (Input::MaxOpenOrders, "max_open_orders"),
    (Input::Collar, "collar"),
    (Input::DuplicateWindow, "duplicate_seconds"),
    (Input::Hours, "hours"),
    (Input::Addresses, "addresses"),
    (Input::Port, "port"),
];

/// How long a credential may live, in days.
const DAYS: [(&str, &str); 5] =
    [("1", "1 day"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "1 year")];

const DAYS_WANTED: &str = "Choose when it ends: after 1 to 365 days.";

/// The choice of a form that leaves the end of a credential as it is.
const KEEP: &str = "keep";
/// The field of the accounts beside that of the page.
const ALSO: &str = "also";

/// The preset for programs that cannot send a token.
pub(super) const TOKENLESS: &str = "tokenless";

pub(super) const TOKENLESS_NOTE: &str = "For nautilus_trader, @stoqey/ib and the Rust crate ibapi, which cannot send a token. Without a token the address is all that protects it: leave this computer's, or put those of your program's machine.";

/// Presets of the form: name, label, and what they fill in. All but one require a token.
pub(super) const PRESETS: [(&str, &str, &str); 6] = [
    ("full", "Trade everything", "kind=trading&sides=both&days=90"),
    ("view", "View only", "kind=read-only&sides=both&days=90"),
    (
        "symbol",
        "One symbol",
        "kind=trading&sides=both&days=30&symbols=AAPL&max_quantity=100&max_notional=20000&rate=5&max_open_orders=10",
    ),
    (
        "day",
        "Day trading",
        "kind=trading&sides=both&days=7&hours=mon-fri+13:30-21:00&max_notional=50000&rate=10&max_open_orders=20&collar=2&duplicate_seconds=2",
    ),
    ("exits", "Sell only", "kind=trading&sides=sell&days=30&max_notional=50000&rate=5"),
    (
        TOKENLESS,
        "Client without tokens",
        "kind=trading&sides=both&days=30&addresses=127.0.0.1,+::1",
    ),
];

/// What the form of a preset holds; of an unknown one, what the plain form does.
pub(super) fn preset(name: &str) -> Fields {
    let known = PRESETS.iter().find(|(known, ..)| *known == name).or(PRESETS.first());
    let query = known.map_or("", |(_, _, query)| query);
    let token = if name == TOKENLESS { "" } else { "&demand_token=yes" };
    Fields::parse(format!("{query}{token}").as_bytes()).unwrap_or_default()
}

/// What the form holds for a credential that there is.
pub(super) fn of(known: &Instruments, credential: &Credential) -> Fields {
    let scopes = &credential.scopes;
    let limits = &scopes.limits;
    let list = |words: Vec<String>| words.join(", ");
    let number = |value: Option<String>| value.unwrap_or_default();
    let pairs = [
        ("kind", if scopes.read_only { "read-only" } else { "trading" }.to_owned()),
        (
            "sides",
            match scopes.sides {
                Sides::Only(side) => side.to_string(),
                Sides::Both | Sides::Neither => "both".to_owned(),
            },
        ),
        (
            "symbols",
            match &scopes.symbols {
                Symbols::All => String::new(),
                Symbols::Only(all) => {
                    list(all.iter().map(|id| contract::symbol(known, *id)).collect())
                }
            },
        ),
        (
            "addresses",
            match &scopes.addresses {
                Addresses::Any => String::new(),
                Addresses::Only(all) => list(all.iter().map(ToString::to_string).collect()),
            },
        ),
        (
            "hours",
            match &scopes.hours {
                Hours::Always => String::new(),
                hours => hours.to_string(),
            },
        ),
        ("max_quantity", number(limits.max_quantity.map(|most| most.to_string()))),
        ("max_notional", number(limits.max_notional.map(|most| most.to_string()))),
        ("rate", number(scopes.rate.map(|rate| rate.per_second.to_string()))),
        ("max_open_orders", number(limits.max_open_orders.map(|most| most.to_string()))),
        (
            "collar",
            number(
                limits.collar_bps.map(|bps| Decimal::new(bps.into(), 2).normalize().to_string()),
            ),
        ),
        (
            "duplicate_seconds",
            number(limits.duplicate_window.map(|window| window.seconds_up().to_string())),
        ),
        ("days", KEEP.to_owned()),
        ("edits", "yes".to_owned()),
        ("ends", scopes.until.0.to_string()),
    ];
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs);
    let controls = &limits.controls;
    query.extend_pairs(controls.iter().map(|(one, most)| (one.name(), most.to_string())));
    let restricted = controls.restricted().iter().map(|id| contract::symbol(known, *id)).collect();
    query.append_pair("restricted", &list(restricted));
    query.extend_pairs(credential.accounts().map(|account| (ALSO, account.to_string())));
    Fields::parse(query.finish().as_bytes()).unwrap_or_default()
}

/// What a preview of the form begins with: of a new credential no limits, of one that there is its end.
pub(super) fn base_of(now: Time, fields: &Fields) -> Scopes {
    let ends = fields.get("ends").parse().map(Time);
    Scopes::trading(ends.unwrap_or(now + Span::days(1)))
}

/// The form: of a new credential, or of one that there is.
pub(super) fn form(
    signed: &Signed,
    fields: &Fields,
    errors: &Errors,
    of: Option<&CredentialInfo>,
) -> Markup {
    let line =
        |name: &'static str, label: &'static str, help: &'static str, mode: &'static str| Field {
            name,
            label,
            help,
            mode,
            value: fields.get(name),
            error: errors.get(name).map(String::as_str),
            ..Field::default()
        };
    let path = of.map(|info| format!("/credentials/{}/edit", info.credential.id));
    let action = path.as_deref().unwrap_or("/credentials/preview");
    let kept = of.map(|info| format!("as now, {}", figure::day(info.credential.scopes.until)));
    let mut days = DAYS.to_vec();
    days.extend(kept.as_deref().map(|kept| (KEEP, kept)));
    // Beside another field a longer label would push its own down.
    let (largest, largest_help) = match currency::common(signed) {
        Some(currency) => (format!("Largest order, {currency}"), ""),
        None => ("Largest order, value".to_owned(), "In the account's currency."),
    };
    html! {
        form.f method="post" action=(action) data-preview="/credentials/preview" {
            (shell::token(signed))
            @if of.is_none() { (Field { required: true, ..line("name", "Name", "Name the program that will use it, in up to 40 characters.", "") }) }
            @if of.is_none() { (others(signed, fields, errors)) }
            (field::choice("kind", "It may", fields.get("kind"), &[("trading", "view and trade"), ("read-only", "view only")]))
            (field::choice("sides", "Sides", fields.get("sides"), &[("both", "buy and sell"), ("buy", "buy only"), ("sell", "sell only")]))
            (line("symbols", "Symbols", "Like AAPL, MSFT. Empty: all.", ""))
            div.two {
                (line("max_quantity", "Largest order, shares or contracts", "", "numeric"))
                (Field { label: &largest, ..line("max_notional", "", largest_help, "decimal") })
                (line("rate", "Order messages per second", "Orders, changes and cancellations.", "numeric"))
                (line("max_open_orders", "Open orders at once", "", "numeric"))
                (line("collar", "Price collar, %", "Refuses a limit price more than this far through the market.", "decimal"))
                (line("duplicate_seconds", "Duplicate window, s", "Refuses an order identical to one sent within this many seconds.", "numeric"))
            }
            details open[has_controls(fields, errors)] {
                summary { "More limits" }
                div.two {
                    @for control in Control::ALL { (line(control.name(), control.label(), "", "decimal")) }
                }
                (line("restricted", "Reduce only", "Symbols like TSLA: positions may be reduced, and none opened.", ""))
                p.help { "A program's order that waits for a person is asked for on your phone for 15 minutes. Money is in the account's currency." }
            }
            p.help { "An empty limit leaves the account's own limit." }
            (line("hours", "Hours for orders, UTC", "Like mon-fri 13:30-20:00. New York's session is 13:30-20:00 in summer and 14:30-21:00 in winter; 13:30-21:00 covers both. Empty: any time. Cancelling is always allowed.", ""))
            (line("addresses", "Addresses", "Like 127.0.0.1, 192.0.2.0/24. Empty: any address that can reach the port.", ""))
            div.two {
                (field::select("days", "Ends after", fields.get("days"), &days))
                @if of.is_none() { (line("port", "Port", "Empty: the next free one.", "numeric")) }
            }
            p.help { "When it ends, its open orders are cancelled." }
            @if let Some(text) = errors.get("days") { p.err { (text) } }
            @match of {
                None => {
                    (field::tick("demand_token", "Require a token", fields.has("demand_token")))
                    p.help { "nautilus_trader, @stoqey/ib and the Rust crate ibapi cannot send one: untick this, and name the addresses they come from." }
                    div.row { button.main formaction="/credentials" { "Create it" } button { "Preview" } }
                },
                Some(info) => {
                    input type="hidden" name="edits" value="yes";
                    @for account in info.credential.accounts() { input type="hidden" name=(ALSO) value=(account); }
                    input type="hidden" name="ends" value=(info.credential.scopes.until.0);
                    div.row { button.main { "Save" } a.btn href={ "/credentials/" (info.credential.id) } { "Cancel" } }
                },
            }
        }
    }
}

/// Whether any of the further limits is filled in.
fn has_controls(fields: &Fields, errors: &Errors) -> bool {
    let names = Control::ALL.iter().map(|one| one.name()).chain(["restricted"]);
    names.into_iter().any(|name| !fields.get(name).is_empty() || errors.contains_key(name))
}

/// Reads the form; every field that is wrong is named.
pub(super) fn read(signed: &Signed, fields: &Fields) -> Result<NewCredential, Errors> {
    let mut errors = Errors::new();
    let name = fields.get("name");
    let letters = name.chars().count();
    if !(1..=40).contains(&letters) {
        errors.insert("name", format!("The name has {letters} characters; use 1 to 40."));
    }
    let port = counted(fields, "port", Number::PORT, &mut errors);
    let base = Scopes::trading(signed.now() + Span::days(1));
    let scopes = scopes(signed, fields, &base, &mut errors);
    if fields.get("days") == KEEP {
        errors.insert("days", DAYS_WANTED.to_owned());
    }
    if fields.all(ALSO).any(|account| !is_theirs(signed, account)) {
        errors.insert(
            ALSO,
            "One of these is no account of yours; choose among those shown.".to_owned(),
        );
    }
    let new = NewCredential {
        name: name.to_owned(),
        accounts: accounts(signed, fields),
        scopes,
        token_required: Some(fields.has("demand_token")),
        door: DoorWish::Socket { port },
    };
    if errors.is_empty() { Ok(new) } else { Err(errors) }
}

fn is_theirs(signed: &Signed, account: &str) -> bool {
    account.parse().is_ok_and(|account| signed.ticket.accounts.contains(&account))
}

/// The accounts that it is for: that of the page, and those that were ticked beside it.
pub(super) fn accounts(signed: &Signed, fields: &Fields) -> Vec<PaperAccountId> {
    let also = fields.all(ALSO).filter_map(|account| account.parse().ok());
    let mut accounts = vec![signed.ticket.account];
    accounts.extend(also.filter(|one| signed.ticket.accounts.contains(one)));
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// The other accounts of the person, to be ticked; nothing where there are none.
fn others(signed: &Signed, fields: &Fields, errors: &Errors) -> Markup {
    let own = signed.ticket.account;
    let known = signed.visit.portal.gate().paper_accounts();
    let all = signed.ticket.accounts.iter();
    let others: Vec<_> = all.filter(|one| **one != own && known.closed(**one).is_none()).collect();
    if others.is_empty() {
        return html! {};
    }
    let chosen = accounts(signed, fields);
    html! {
        fieldset {
            legend { "Accounts" }
            p.help { "It is for " span.mono { (own) } ". Its programs name the account of each order if it is for others as well; its limits hold on each, its rate over all." }
            @for account in others {
                label.check { input type="checkbox" name=(ALSO) value=(account) checked[chosen.contains(account)]; span { "Also for " span.mono { (account) } } }
            }
            @if let Some(text) = errors.get(ALSO) { p.err { (text) } }
        }
    }
}

/// What it may do: `base` with what the form says in its place. What is wrong goes into `errors`.
pub(super) fn scopes(
    signed: &Signed,
    fields: &Fields,
    base: &Scopes,
    errors: &mut Errors,
) -> Scopes {
    let (now, currency) = (signed.now(), currency::common(signed));
    let until = if fields.get("days") == KEEP {
        Some(base.until)
    } else {
        let days = Number::within("a number of days", "90", 1, 365);
        let days: Option<u32> = days.read_whole(fields.get("days")).ok();
        days.map(|days| now + Span::days(days.into()))
    };
    if until.is_none() {
        errors.insert("days", DAYS_WANTED.to_owned());
    }
    let rate: Option<u32> = counted(fields, "rate", RATE, errors);
    // A burst that was set elsewhere stays with its rate.
    let rate = rate.map(|per_second| {
        let same = base.rate.filter(|rate| rate.per_second == per_second);
        same.unwrap_or(Rate { per_second, burst: per_second })
    });
    let collar = number(fields, "collar", Number::PERCENT, errors);
    let window: Option<u32> = counted(fields, "duplicate_seconds", SECONDS, errors);
    Scopes {
        read_only: fields.get("kind") == "read-only",
        symbols: symbols(contract::known(signed), ("symbols", fields.get("symbols")), errors),
        sides: match fields.get("sides") {
            "buy" => Sides::Only(Side::Buy),
            "sell" => Sides::Only(Side::Sell),
            _ => Sides::Both,
        },
        hours: hours(fields.get("hours"), errors),
        addresses: addresses(fields.get("addresses"), errors),
        until: until.unwrap_or(now),
        rate,
        limits: Limits {
            max_quantity: counted(fields, "max_quantity", Number::SHARES, errors),
            max_notional: number(fields, "max_notional", Number::AMOUNT.of(currency), errors),
            collar_bps: collar.and_then(bps),
            max_open_orders: counted(fields, "max_open_orders", OPEN_ORDERS, errors),
            duplicate_window: window.map(|seconds| Span::seconds(seconds.into())),
            controls: controls(signed, (fields, currency), errors),
        },
        ..base.clone()
    }
}

/// The limits beyond one order's numbers.
fn controls(
    signed: &Signed,
    (fields, currency): (&Fields, Option<Currency>),
    errors: &mut Errors,
) -> Controls {
    let mut controls = Controls::default();
    for control in Control::ALL {
        let wanted = match control.unit() {
            LimitUnit::Money => Number::AMOUNT.of(currency),
            LimitUnit::Percent => Number::PERCENT,
            LimitUnit::Units | LimitUnit::Times | LimitUnit::Orders | LimitUnit::Level => {
                Number::AMOUNT
            }
        };
        let typed = number(fields, control.name(), wanted, errors);
        if let Some(given) = typed.filter(|given| !control.takes(*given)) {
            let (least, most) = control.range();
            errors.insert(control.name(), format!("{given} is none: use {least} to {most}."));
        }
        controls = controls.with(*control, typed);
    }
    match symbols(contract::known(signed), ("restricted", fields.get("restricted")), errors) {
        Symbols::Only(all) => controls.restricting(all.iter().copied()),
        Symbols::All => controls,
    }
}

fn hours(typed: &str, errors: &mut Errors) -> Hours {
    if typed.is_empty() {
        return Hours::Always;
    }
    typed.parse().unwrap_or_else(|why: access::hours::HoursError| {
        errors.insert("hours", sentence(&why.to_string()));
        Hours::Always
    })
}

const RATE: Number = Number::count("a number of messages", "5");
const OPEN_ORDERS: Number = Number::count("a number of orders", "10");
const SECONDS: Number = Number::within("a number of seconds", "30", 1, 86_400);

/// A number that was typed, or none where nothing was.
fn number(
    fields: &Fields,
    name: &'static str,
    wanted: Number,
    errors: &mut Errors,
) -> Option<Decimal> {
    taken(wanted.read(fields.get(name)), name, errors)
}

/// The same of whole numbers.
fn counted<T: TryFrom<u64>>(
    fields: &Fields,
    name: &'static str,
    wanted: Number,
    errors: &mut Errors,
) -> Option<T> {
    taken(wanted.read_whole(fields.get(name)), name, errors)
}

fn taken<T>(read: Result<T, Misread>, name: &'static str, errors: &mut Errors) -> Option<T> {
    read.map_err(|why| (!why.is_empty()).then(|| errors.insert(name, why.to_string()))).ok()
}

fn bps(percent: Decimal) -> Option<u32> {
    u32::try_from(percent.checked_mul(Decimal::ONE_HUNDRED)?).ok()
}

fn symbols(
    contracts: &Instruments,
    (field, typed): (&'static str, &str),
    errors: &mut Errors,
) -> Symbols {
    if typed.is_empty() {
        return Symbols::All;
    }
    let mut found = Vec::new();
    for name in typed.split([',', ' ', ';']).filter(|name| !name.is_empty()) {
        if let Some(contract) = contracts.named(name) {
            found.push(contract.id);
        } else {
            let shown: String = name.chars().take(16).collect();
            errors.insert(
                field,
                format!(
                    "\u{201c}{shown}\u{201d} is not a symbol that trades here; search under Trade."
                ),
            );
        }
    }
    Symbols::only(found)
}

fn addresses(typed: &str, errors: &mut Errors) -> Addresses {
    if typed.is_empty() {
        return Addresses::Any;
    }
    let mut networks: Vec<Network> = Vec::new();
    for text in typed.split([',', ' ', ';']).filter(|text| !text.is_empty()) {
        if let Ok(network) = text.parse() {
            networks.push(network);
        } else {
            let shown: String = text.chars().take(48).collect();
            errors.insert(
                "addresses",
                format!(
                    "\u{201c}{shown}\u{201d} is not an address; write 192.0.2.7 or 192.0.2.0/24."
                ),
            );
        }
    }
    Addresses::Only(networks.into_boxed_slice())
}
