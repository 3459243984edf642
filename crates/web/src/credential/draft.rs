//! The form of a new credential, and how it is read.

use access::address::{Addresses, Network};
use access::entitlements::{Rate, Sides, Symbols};
use access::{Limits, Misread, Number, Scopes, Side, Span, Time};
use gate::NewCredential;
use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::field::{self, Errors, Field};
use crate::form::Fields;
use crate::shell;
use crate::visit::Signed;

/// How long a credential may live, in days.
const DAYS: [(&str, &str); 5] =
    [("1", "1 day"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "1 year")];

/// What the empty form holds.
pub(super) fn default(token: bool) -> Fields {
    let query: &[u8] = if token {
        b"kind=trading&sides=both&days=90&demand_token=yes"
    } else {
        b"kind=trading&sides=both&days=90"
    };
    Fields::parse(query).unwrap_or_default()
}

/// The form.
pub(super) fn form(signed: &Signed, fields: &Fields, errors: &Errors) -> Markup {
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
    html! {
        form.f method="post" action="/credentials/preview" data-preview="/credentials/preview" {
            (shell::token(signed))
            (Field { required: true, ..line("name", "Name", "Of the program that will use it, up to 40 characters.", "") })
            (field::choice("kind", "It may", fields.get("kind"), &[("trading", "view and trade"), ("read-only", "look only")]))
            (field::choice("sides", "Sides", fields.get("sides"), &[("both", "buy and sell"), ("buy", "buy only"), ("sell", "sell only")]))
            (line("symbols", "Symbols", "Like AAPL, MSFT. Empty: all.", ""))
            div.two {
                (line("max_quantity", "Largest order, shares", "", "numeric"))
                (line("max_notional", "Largest order, USD", "", "decimal"))
                (line("rate", "Order messages a second", "", "numeric"))
                (line("max_open_orders", "Open orders at once", "", "numeric"))
                (line("collar", "Limit beyond the market, %", "", "decimal"))
                (line("duplicate_seconds", "No identical order within, s", "", "numeric"))
            }
            p.help { "An empty limit leaves the account's own limit." }
            (line("addresses", "Addresses", "Like 127.0.0.1, 192.0.2.0/24. Empty: any that reaches the port.", ""))
            div.two {
                (field::select("days", "It ends after", fields.get("days"), &DAYS))
                (line("port", "Port", "Empty: the next free one.", "numeric"))
            }
            (field::tick("demand_token", "Its clients must show a token", fields.has("demand_token")))
            div.row { button.main formaction="/credentials" { "Create it" } button { "Preview" } }
        }
    }
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
    let scopes = scopes(signed.now(), fields, &mut errors);
    let new = NewCredential {
        name: name.to_owned(),
        account: signed.ticket.account,
        scopes,
        token_required: Some(fields.has("demand_token")),
        port,
    };
    if errors.is_empty() { Ok(new) } else { Err(errors) }
}

/// What it may do; what is wrong goes into `errors`.
pub(super) fn scopes(now: Time, fields: &Fields, errors: &mut Errors) -> Scopes {
    let days: Option<u32> =
        Number::within("a number of days", "90", 1, 365).read_whole(fields.get("days")).ok();
    if days.is_none() {
        errors.insert("days", "Choose how long it lives: 1 to 365 days.".to_owned());
    }
    let rate: Option<u32> = counted(fields, "rate", RATE, errors);
    let collar = number(fields, "collar", Number::PERCENT, errors);
    let window: Option<u32> = counted(fields, "duplicate_seconds", SECONDS, errors);
    Scopes {
        read_only: fields.get("kind") == "read-only",
        symbols: symbols(fields.get("symbols"), errors),
        sides: match fields.get("sides") {
            "buy" => Sides::Only(Side::Buy),
            "sell" => Sides::Only(Side::Sell),
            _ => Sides::Both,
        },
        addresses: addresses(fields.get("addresses"), errors),
        rate: rate.map(|per_second| Rate { per_second, burst: per_second }),
        limits: Limits {
            max_quantity: counted(fields, "max_quantity", Number::SHARES, errors),
            max_notional: number(fields, "max_notional", Number::DOLLARS, errors),
            collar_bps: collar.and_then(bps),
            max_open_orders: counted(fields, "max_open_orders", OPEN_ORDERS, errors),
            duplicate_window: window.map(|seconds| Span::seconds(seconds.into())),
        },
        ..Scopes::trading(now + Span::days(days.unwrap_or(1).into()))
    }
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

fn symbols(typed: &str, errors: &mut Errors) -> Symbols {
    if typed.is_empty() {
        return Symbols::All;
    }
    let contracts = trade::contract::Contracts::builtin();
    let mut found = Vec::new();
    for name in typed.split([',', ' ', ';']).filter(|name| !name.is_empty()) {
        if let Some(contract) = contracts.named(name) {
            found.push(contract.id);
        } else {
            let shown: String = name.chars().take(16).collect();
            errors.insert(
                "symbols",
                format!(
                    "\u{201c}{shown}\u{201d} is no symbol that trades here; search under Trade."
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
                format!("\u{201c}{shown}\u{201d} is no address; write 192.0.2.7 or 192.0.2.0/24."),
            );
        }
    }
    Addresses::Only(networks.into_boxed_slice())
}
