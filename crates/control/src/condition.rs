//! What narrows a credential and a mandate alike: from where, when and how much, as it is typed and as it is told.

use std::collections::BTreeMap;

use access::address::{Addresses, Network};
use access::currency::Currency;
use access::entitlements::{Control, Hours, LimitUnit, Limits};
use access::refusal::Field;
use access::{Misread, Number, Span, SymbolId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use trade::instrument::Instruments;

use crate::amount::money;
use crate::answer::LimitsRow;
use crate::fault::Fault;

/// Limits of an account or of a person, as far as they are to be others; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsWish {
    /// Whether all existing limits are removed first.
    pub clear: bool,
    /// Shares per order.
    pub max_quantity: Option<u64>,
    /// The most that an order may be worth, in the currency of the account, as it was typed.
    pub max_notional: Option<String>,
    /// Orders of one holder open at once.
    pub max_open_orders: Option<u32>,
    /// How far a limit price may be beyond the market, in percent.
    pub collar: Option<Decimal>,
    /// Seconds within which an identical order is a duplicate.
    pub duplicate_seconds: Option<u32>,
    /// Further limits by name, `daily_loss=500`; `daily_loss=none` takes one off.
    pub controls: Vec<String>,
    /// The symbols that may only be reduced; `none` for none at all, and empty leaves them.
    pub restricted: Vec<String>,
}

impl LimitsWish {
    /// Puts it in place of what was; amounts are in this currency, or in that of whichever account they meet.
    pub(crate) fn put(
        &self,
        before: Limits,
        currency: Option<Currency>,
        known: &Instruments,
    ) -> Result<Limits, Fault> {
        let mut limits = if self.clear { Limits::default() } else { before };
        let typed = Typed {
            addresses: &[],
            hours: None,
            max_quantity: self.max_quantity,
            max_notional: self.max_notional.as_deref(),
            currency,
            max_open_orders: self.max_open_orders,
            collar: self.collar,
            duplicate_seconds: self.duplicate_seconds,
            controls: &self.controls,
            restricted: &self.restricted,
            known,
        };
        // Neither an account nor a person has addresses or hours of its own.
        typed.put(&mut Addresses::Any, &mut Hours::Always, &mut limits)?;
        Ok(limits)
    }
}

/// What is typed of it; what is left out stays as it is.
pub(crate) struct Typed<'a> {
    pub(crate) addresses: &'a [Network],
    pub(crate) hours: Option<&'a str>,
    pub(crate) max_quantity: Option<u64>,
    pub(crate) max_notional: Option<&'a str>,
    /// The base currency that the accounts have in common.
    pub(crate) currency: Option<Currency>,
    pub(crate) max_open_orders: Option<u32>,
    /// In percent.
    pub(crate) collar: Option<Decimal>,
    pub(crate) duplicate_seconds: Option<u32>,
    /// `name=number`, or `name=none` to take one off.
    pub(crate) controls: &'a [String],
    /// The symbols that may only be reduced; `none` for none at all, and empty leaves them.
    pub(crate) restricted: &'a [String],
    pub(crate) known: &'a Instruments,
}

impl Typed<'_> {
    /// Puts it in place of what was.
    pub(crate) fn put(
        &self,
        addresses: &mut Addresses,
        hours: &mut Hours,
        limits: &mut Limits,
    ) -> Result<(), Fault> {
        if !self.addresses.is_empty() {
            *addresses = Addresses::Only(self.addresses.into());
        }
        if let Some(typed) = self.hours {
            let read = typed.parse::<Hours>();
            *hours = read.map_err(|error| Fault::new("HOURS_UNREADABLE", error.to_string()))?;
        }
        limits.max_quantity = self.max_quantity.or(limits.max_quantity);
        if let Some(typed) = self.max_notional {
            let read = Number::AMOUNT.of(self.currency).read(typed);
            let field = Some(Field::MaxNotional.name().to_owned());
            let unread =
                |why: Misread| Fault { field, ..Fault::new("AMOUNT_UNREADABLE", why.to_string()) };
            limits.max_notional = Some(read.map_err(unread)?);
        }
        limits.max_open_orders = self.max_open_orders.or(limits.max_open_orders);
        if let Some(percent) = self.collar {
            limits.collar_bps = Some(hundredths(percent)?);
        }
        let window = self.duplicate_seconds.map(|seconds| Span::seconds(seconds.into()));
        limits.duplicate_window = window.or(limits.duplicate_window);
        for typed in self.controls {
            let (control, number) = control(typed, self.currency)?;
            limits.controls = limits.controls.with(control, number);
        }
        match self.restricted {
            [] => {}
            [one] if one == NONE => limits.controls = limits.controls.restricting([]),
            symbols => {
                let ids = symbols.iter().map(|one| contract(self.known, one));
                let ids = ids.collect::<Result<Vec<_>, _>>()?;
                limits.controls = limits.controls.restricting(ids);
            }
        }
        Ok(())
    }
}

/// What takes a limit off.
const NONE: &str = "none";

/// A limit and its number, as `name=number` has it.
fn control(typed: &str, currency: Option<Currency>) -> Result<(Control, Option<Decimal>), Fault> {
    let unread = |text: String| {
        let field = Some(Field::Control.name().to_owned());
        Fault { field, ..Fault::new("LIMIT_UNREADABLE", text) }
    };
    let known = || Control::ALL.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
    let (name, number) = typed.split_once('=').unwrap_or((typed, ""));
    let control = Control::named(name)
        .ok_or_else(|| unread(format!("there is no limit {name}; use one of {}", known())))?;
    if number == NONE {
        return Ok((control, None));
    }
    let wanted = match control.unit() {
        LimitUnit::Money => Number::AMOUNT.of(currency),
        LimitUnit::Percent => Number::PERCENT,
        LimitUnit::Units | LimitUnit::Times | LimitUnit::Orders | LimitUnit::Level => {
            Number::AMOUNT
        }
    };
    let read = wanted.read(number).map_err(|why| unread(format!("{}: {why}", control.name())))?;
    Ok((control, Some(read)))
}

/// The contract of a symbol.
pub(crate) fn contract(known: &Instruments, symbol: &str) -> Result<SymbolId, Fault> {
    known.named(&symbol.to_uppercase()).map(|c| c.id).ok_or_else(|| {
        Fault::new(
            "SYMBOL_UNKNOWN",
            format!("there is no contract {symbol}; search for contracts in the portal"),
        )
    })
}

/// The limits beyond one order's numbers, by name.
pub(crate) fn controls(limits: &Limits) -> BTreeMap<String, String> {
    let all = limits.controls.iter();
    all.map(|(control, number)| (control.name().to_owned(), number.to_string())).collect()
}

/// The symbols that may only be reduced.
pub(crate) fn restricted(limits: &Limits, known: &Instruments) -> Vec<String> {
    let name =
        |id: &SymbolId| known.get(*id).map_or_else(|| id.to_string(), |one| one.symbol.clone());
    limits.controls.restricted().iter().map(name).collect()
}

/// A collar in hundredths of a percent.
fn hundredths(percent: Decimal) -> Result<u32, Fault> {
    let bps = percent.checked_mul(Decimal::ONE_HUNDRED).filter(Decimal::is_integer);
    bps.and_then(|bps| u32::try_from(bps).ok()).ok_or_else(|| {
        let text = "the collar must be a percentage with at most two decimals";
        Fault::new("COLLAR_UNREADABLE", text)
    })
}

/// The networks; none for any.
pub(crate) fn addresses(addresses: &Addresses) -> Option<Vec<String>> {
    match addresses {
        Addresses::Any => None,
        Addresses::Only(networks) => Some(networks.iter().map(ToString::to_string).collect()),
    }
}

/// The hours; none for any.
pub(crate) fn hours(hours: &Hours) -> Option<String> {
    match hours {
        Hours::Always => None,
        hours => Some(hours.to_string()),
    }
}

impl LimitsRow {
    /// As they are told: amounts in this currency, or in that of whichever account they meet.
    pub(crate) fn of(limits: &Limits, currency: Option<Currency>, known: &Instruments) -> Self {
        Self {
            max_quantity: limits.max_quantity,
            max_notional: limits.max_notional.map(|most| money(most, currency)),
            max_open_orders: limits.max_open_orders,
            collar: collar(limits),
            duplicate_seconds: duplicate_seconds(limits),
            controls: controls(limits),
            restricted: restricted(limits, known),
        }
    }
}

/// The collar in percent.
pub(crate) fn collar(limits: &Limits) -> Option<String> {
    limits.collar_bps.map(|bps| Decimal::new(bps.into(), 2).normalize().to_string())
}

/// The window for duplicates in seconds.
pub(crate) fn duplicate_seconds(limits: &Limits) -> Option<i64> {
    limits.duplicate_window.map(|window| window.0.div_euclid(1_000_000))
}
