//! Whether scopes give no more than others: a change that only takes away needs no proof and takes
//! effect at once. And the numbers that limits may have.

use rust_decimal::Decimal;

use crate::entitlements::{
    Acts, Hours, Limits, OrderKinds, Products, Rate, Scopes, Sides, Symbols,
};
use crate::moment::Span;
use crate::refusal::{Field, InputRefusal, Refusal};

impl Scopes {
    /// Whether these scopes allow nothing that `other` refuses. What cannot be compared field by field
    /// counts as wider, so a `false` may ask for a proof that was not needed, and a `true` never lets
    /// authority grow.
    pub fn is_within(&self, other: &Self) -> bool {
        // Taken apart, so that a new field does not compile until it is compared.
        let Self {
            acts,
            read_only,
            products,
            order_kinds,
            symbols,
            sides,
            hours,
            addresses,
            until,
            rate,
            limits,
        } = self;
        are_acts_within(*acts, other.acts)
            && (*read_only || !other.read_only)
            && are_products_within(*products, other.products)
            && are_kinds_within(*order_kinds, other.order_kinds)
            && are_symbols_within(symbols, &other.symbols)
            && are_sides_within(*sides, other.sides)
            && are_hours_within(hours, &other.hours)
            && addresses.are_within(&other.addresses)
            && *until <= other.until
            && is_rate_within(*rate, other.rate)
            && are_limits_within(limits, &other.limits)
    }
}

const fn are_acts_within(acts: Acts, other: Acts) -> bool {
    acts.without(other).is_empty()
}

fn are_products_within(products: Products, other: Products) -> bool {
    products.and(other) == products
}

fn are_kinds_within(kinds: OrderKinds, other: OrderKinds) -> bool {
    kinds.and(other) == kinds
}

fn are_symbols_within(symbols: &Symbols, other: &Symbols) -> bool {
    match symbols {
        Symbols::All => *other == Symbols::All,
        Symbols::Only(list) => list.iter().all(|symbol| other.contains(*symbol)),
    }
}

fn are_sides_within(sides: Sides, other: Sides) -> bool {
    sides.and(other) == sides
}

/// Minute by minute: the same hours can be written in many ways.
pub(crate) fn are_hours_within(hours: &Hours, other: &Hours) -> bool {
    *other == Hours::Always
        || hours == other
        || Hours::minutes().all(|minute| other.hold_at(minute) || !hours.hold_at(minute))
}

fn is_rate_within(rate: Option<Rate>, other: Option<Rate>) -> bool {
    match (rate, other) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(rate), Some(other)) => {
            rate.per_second <= other.per_second && rate.burst <= other.burst
        }
    }
}

pub(crate) fn are_limits_within(limits: &Limits, other: &Limits) -> bool {
    let Limits {
        max_quantity,
        max_notional,
        collar_bps,
        max_open_orders,
        duplicate_window,
        controls,
    } = limits;
    is_limit_within(*max_quantity, other.max_quantity)
        && is_limit_within(*max_notional, other.max_notional)
        && is_limit_within(*collar_bps, other.collar_bps)
        && is_limit_within(*max_open_orders, other.max_open_orders)
        // The longer window refuses more, and none refuses nothing.
        && *duplicate_window >= other.duplicate_window
        && controls.are_within(&other.controls)
}

/// Whether a limit lets through no more than another, where none is no limit.
pub(crate) fn is_limit_within<T: Ord>(limit: Option<T>, other: Option<T>) -> bool {
    other.is_none_or(|other| limit.is_some_and(|limit| limit <= other))
}

/// The refusal of a number outside its range.
pub(crate) fn out_of_range<T: ToString + Copy, L: ToString + Copy>(
    field: Field,
    given: T,
    least: L,
    most: L,
) -> Refusal {
    let (given, least, most) = (given.to_string(), least.to_string(), most.to_string());
    Refusal::Input(InputRefusal::OutOfRange { field, given, least, most })
}

/// Whether a number, where there is one, is between 1 and the most.
pub(crate) fn within(field: Field, given: Option<u64>, most: u64) -> Result<(), Refusal> {
    match given {
        Some(given) if !(1..=most).contains(&given) => Err(out_of_range(field, given, 1, most)),
        _ => Ok(()),
    }
}

impl Limits {
    /// Whether the numbers make sense; each refusal says the range.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        within(Field::MaxQuantity, self.max_quantity, 1_000_000_000)?;
        within(Field::Collar, self.collar_bps.map(u64::from), 10_000)?;
        within(Field::MaxOpenOrders, self.max_open_orders.map(u64::from), 100_000)?;
        let most = Decimal::from(1_000_000_000_000_u64);
        match self.max_notional {
            Some(given) if given <= Decimal::ZERO || given > most => {
                return Err(out_of_range(Field::MaxNotional, given, Decimal::ONE, most));
            }
            _ => {}
        }
        for (control, given) in self.controls.iter() {
            if !control.takes(given) {
                let (least, most) = control.range();
                return Err(Refusal::Input(InputRefusal::OutOfRange {
                    field: Field::Control,
                    given: format!("{}={given}", control.name()),
                    least: least.to_string(),
                    most: most.to_string(),
                }));
            }
        }
        match self.duplicate_window {
            Some(given) if given <= Span(0) || given > Span::days(1) => Err(out_of_range(
                Field::DuplicateWindow,
                given,
                Span::milliseconds(1),
                Span::days(1),
            )),
            _ => Ok(()),
        }
    }
}
