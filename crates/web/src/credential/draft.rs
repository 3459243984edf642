//! The form of a new credential, and how it is read.

use std::str::FromStr;

use access::address::{Addresses, Network};
use access::entitlements::{Rate, Sides, Symbols};
use access::{Limits, Scopes, Side, Span, Time};
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
            (field::choice("kind", "It may", fields.get("kind"), &[("trading", "look and trade"), ("read-only", "look only")]))
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
    let port = number::<u16>(fields, "port", "(1024 to 65535)", &mut errors);
    if port.is_some_and(|port| port < 1024) {
        errors
            .insert("port", "Ports below 1024 belong to the system; use 1024 to 65535.".to_owned());
    }
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
    let days =
        number::<i64>(fields, "days", "days", errors).filter(|days| (1..=365).contains(days));
    if days.is_none() {
        errors
            .entry("days")
            .or_insert_with(|| "Choose how long it lives: 1 to 365 days.".to_owned());
    }
    let rate = number::<u32>(fields, "rate", "messages a second", errors);
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
            max_quantity: number(fields, "max_quantity", "shares", errors),
            max_notional: number::<Decimal>(fields, "max_notional", "US dollars", errors),
            collar_bps: number::<Decimal>(fields, "collar", "percent", errors).and_then(bps),
            max_open_orders: number(fields, "max_open_orders", "orders", errors),
            duplicate_window: number(fields, "duplicate_seconds", "seconds", errors)
                .map(Span::seconds),
        },
        ..Scopes::trading(now + Span::days(days.unwrap_or(1)))
    }
}

/// A number of 1 or more (or above zero), or none where nothing is typed.
fn number<T: FromStr + PartialOrd + Default>(
    fields: &Fields,
    name: &'static str,
    unit: &str,
    errors: &mut Errors,
) -> Option<T> {
    let typed = fields.get(name).replace([',', ' ', '_'], "");
    if typed.is_empty() {
        return None;
    }
    let number = typed.parse::<T>().ok().filter(|number| *number > T::default());
    if number.is_none() {
        let shown: String = fields.get(name).chars().take(24).collect();
        errors.insert(name, format!("\u{201c}{shown}\u{201d} is no number of {unit} above zero."));
    }
    number
}

fn bps(percent: Decimal) -> Option<u32> {
    u32::try_from(percent.checked_mul(Decimal::ONE_HUNDRED)?.round()).ok()
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
