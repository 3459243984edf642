//! What narrows a credential and a mandate alike: from where, when and how much, as it is typed and as it is told.

use access::address::{Addresses, Network};
use access::currency::Currency;
use access::entitlements::{Hours, Limits};
use access::refusal::Field;
use access::{Misread, Number, Span};
use rust_decimal::Decimal;

use crate::fault::Fault;

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
        Ok(())
    }
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

/// The collar in percent.
pub(crate) fn collar(limits: &Limits) -> Option<String> {
    limits.collar_bps.map(|bps| Decimal::new(bps.into(), 2).normalize().to_string())
}

/// The window for duplicates in seconds.
pub(crate) fn duplicate_seconds(limits: &Limits) -> Option<i64> {
    limits.duplicate_window.map(|window| window.0.div_euclid(1_000_000))
}
