//! Limits that go beyond the numbers of one order, each by its name: a day's volume, a position, an exposure, a loss.
//! A smaller number is always the narrower one. A record that names a limit which this version does not know is not
//! read, so that nothing that was limited goes on without its limit.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Product;
use crate::currency::Currency;
use crate::id::SymbolId;
use crate::number::grouped;
use crate::symbol::SymbolSet;

/// What a limit's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitUnit {
    /// Shares, contracts or other units of an instrument.
    Units,
    /// The account's base currency.
    Money,
    /// Percent, of at most two decimals.
    Percent,
    /// How many times as large.
    Times,
    /// Orders.
    Orders,
    /// A level of option trading, 1 to 4.
    Level,
}

/// Writes a limit once: its name, what it counts, the least and the most that it may be, and its help.
macro_rules! controls {
    ($($(#[$doc:meta])* $Control:ident = $name:literal, $LimitUnit:ident, $least:literal, $most:literal, $label:literal;)*) => {
        /// A limit by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Control { $($(#[$doc])* $Control,)* }

        impl Control {
            /// Every limit.
            pub const ALL: &[Self] = &[$(Self::$Control,)*];

            /// The stable name, in records, commands and forms.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Control => $name,)* }
            }

            /// What its number counts.
            pub const fn unit(self) -> LimitUnit {
                match self { $(Self::$Control => LimitUnit::$LimitUnit,)* }
            }

            /// The least and the most that it may be.
            pub const fn range(self) -> (u64, u64) {
                match self { $(Self::$Control => ($least, $most),)* }
            }

            /// What a form calls it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$Control => $label,)* }
            }
        }

        /// How many there are.
        const COUNT: usize = Control::ALL.len();
    };
}

controls! {
    /// Units that may be ordered in a trading day, all instruments together.
    DailyQuantity = "daily_quantity", Units, 1, 1_000_000_000_000, "Most shares or contracts a day";
    /// What the orders of a trading day may be worth together.
    DailyNotional = "daily_notional", Money, 1, 1_000_000_000_000, "Most value a day";
    /// Units that a position in one instrument may have, long or short.
    Position = "position", Units, 1, 1_000_000_000, "Largest position";
    /// What all positions and orders may be worth, long and short added.
    GrossExposure = "gross_exposure", Money, 1, 1_000_000_000_000, "Largest exposure, gross";
    /// The same, short taken from long.
    NetExposure = "net_exposure", Money, 1, 1_000_000_000_000, "Largest exposure, net";
    /// How far bid and ask may be apart for a market order.
    Spread = "spread", Percent, 0, 100, "Widest spread for market orders";
    /// How large a part an order may be of what usually trades in a day.
    VolumeShare = "volume_share", Percent, 0, 100, "Share of a usual day's volume";
    /// How many times as large as the median of the holder's last orders in the product.
    UsualSize = "usual_size", Times, 1, 1_000, "Times the usual size";
    /// What may be lost in a trading day before nothing new is opened.
    DailyLoss = "daily_loss", Money, 1, 1_000_000_000_000, "Loss a day that stops new risk";
    /// Repeated or refused orders within ten seconds that stop a holder for a minute.
    Runaway = "runaway", Orders, 2, 1_000, "Repeated or refused orders that stop it";
    /// What may be done with options: 1 covered calls, 2 buying too, 3 covered by an option too, 4 anything.
    OptionLevel = "option_level", Level, 1, 4, "Option level";
    /// An order worth more waits for a person's yes.
    AsksAbove = "asks_above", Money, 0, 100_000_000, "Waits for a person above";
    /// The price collar of options.
    CollarOption = "collar_option", Percent, 0, 100, "Price collar of options";
    /// The price collar of futures.
    CollarFuture = "collar_future", Percent, 0, 100, "Price collar of futures";
    /// The price collar of forex.
    CollarForex = "collar_forex", Percent, 0, 100, "Price collar of forex";
    /// The price collar of bonds.
    CollarBond = "collar_bond", Percent, 0, 100, "Price collar of bonds";
    /// The price collar of funds.
    CollarFund = "collar_fund", Percent, 0, 100, "Price collar of funds";
    /// The price collar of forecast contracts.
    CollarForecast = "collar_forecast", Percent, 0, 100, "Price collar of forecast contracts";
}

impl Control {
    /// The limit of a name, with `-` or `_`.
    pub fn named(name: &str) -> Option<Self> {
        let same = |one: &Self| {
            let known = one.name().bytes();
            known.eq(name.bytes().map(|byte| if byte == b'-' { b'_' } else { byte }))
        };
        Self::ALL.iter().copied().find(same)
    }

    /// The collar of a product beside the general one; none for what has no other.
    pub const fn collar_of(product: Product) -> Option<Self> {
        match product {
            Product::Option => Some(Self::CollarOption),
            Product::Future => Some(Self::CollarFuture),
            Product::Forex => Some(Self::CollarForex),
            Product::Bond => Some(Self::CollarBond),
            Product::Fund => Some(Self::CollarFund),
            Product::Forecast => Some(Self::CollarForecast),
            Product::Stock => None,
            #[cfg(test)]
            Product::Later => None,
        }
    }

    /// Whether a number can be its limit.
    pub fn takes(self, number: Decimal) -> bool {
        let (least, most) = self.range();
        let above_zero = self == Self::AsksAbove || number > Decimal::ZERO;
        let places = match self.unit() {
            LimitUnit::Orders | LimitUnit::Level => 0,
            LimitUnit::Percent | LimitUnit::Times => 2,
            LimitUnit::Money => 3,
            LimitUnit::Units => 8,
        };
        above_zero
            && (Decimal::from(least)..=Decimal::from(most)).contains(&number)
            && number.normalize().scale() <= places
    }

    /// What a limit of this number forbids, to follow `cannot`; amounts are in `currency`, or in that of the account.
    pub fn forbids(self, number: Decimal, currency: Option<Currency>) -> String {
        let count = grouped(&number.normalize().to_string());
        let money = || match currency {
            Some(currency) => format!("{count} {currency}"),
            None => format!("{count} of the account's currency"),
        };
        match self {
            Self::DailyQuantity => format!("order more than {count} shares or contracts a day"),
            Self::DailyNotional => format!("place orders worth more than {} a day", money()),
            Self::Position => {
                format!("hold more than {count} shares or contracts of anything, long or short")
            }
            Self::GrossExposure => {
                format!(
                    "have positions and orders worth more than {}, long and short added",
                    money()
                )
            }
            Self::NetExposure => {
                format!("have positions and orders worth more than {}, long less short", money())
            }
            Self::Spread => {
                format!("place a market order where bid and ask are more than {count} % apart")
            }
            Self::VolumeShare => {
                format!("place an order of more than {count} % of what trades on a usual day")
            }
            Self::UsualSize => format!(
                "place an order more than {count} times as large as the median of its last ones in that product"
            ),
            Self::DailyLoss => format!("open anything after losing {} in a day", money()),
            Self::Runaway => format!(
                "go on after {count} repeated or refused orders within 10 seconds: it has to wait a minute"
            ),
            Self::OptionLevel => match number.to_string().as_str() {
                "1" => "trade options but to close them or to sell calls on shares that are held",
                "2" => "sell options short but for calls on shares that are held",
                "3" => "sell options short that neither shares nor other options cover",
                _ => "trade options beyond level 4",
            }
            .to_owned(),
            Self::AsksAbove => format!("place an order above {} without a person's yes", money()),
            Self::CollarOption
            | Self::CollarFuture
            | Self::CollarForex
            | Self::CollarBond
            | Self::CollarFund
            | Self::CollarForecast => {
                let product = self.name().trim_start_matches("collar_");
                format!(
                    "set a limit price of a {product} order more than {count} % through the market"
                )
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Set {
    numbers: [Option<Decimal>; COUNT],
    restricted: SymbolSet,
    /// As it is recorded.
    text: String,
}

/// The limits that are set, by name. Cheap to clone, and nothing where none is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Controls(Option<Arc<Set>>);

/// The name of the list of what may only be reduced.
const RESTRICTED: &str = "restricted";

impl Controls {
    /// Whether nothing is limited.
    #[inline]
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// The number of a limit.
    pub fn get(&self, control: Control) -> Option<Decimal> {
        self.0.as_ref().and_then(|set| set.numbers.get(control as usize).copied().flatten())
    }

    /// What may not be opened, only reduced.
    pub fn restricted(&self) -> &[SymbolId] {
        self.0.as_ref().map_or(&[], |set| &set.restricted)
    }

    /// Whether a contract may only be reduced.
    pub fn restricts(&self, symbol: SymbolId) -> bool {
        self.0.as_ref().is_some_and(|set| set.restricted.contains(symbol))
    }

    /// The limits that are set.
    pub fn iter(&self) -> impl Iterator<Item = (Control, Decimal)> {
        Control::ALL.iter().filter_map(|one| Some((*one, self.get(*one)?)))
    }

    /// With this number for a limit, or without it.
    #[must_use]
    pub fn with(&self, control: Control, number: Option<Decimal>) -> Self {
        let mut set = self.0.as_deref().cloned().unwrap_or_default();
        if let Some(place) = set.numbers.get_mut(control as usize) {
            *place = number.map(|number| number.normalize());
        }
        Self::of(set)
    }

    /// With this list of what may only be reduced.
    #[must_use]
    pub fn restricting(&self, symbols: impl IntoIterator<Item = SymbolId>) -> Self {
        let mut set = self.0.as_deref().cloned().unwrap_or_default();
        set.restricted = symbols.into_iter().collect();
        Self::of(set)
    }

    fn of(mut set: Set) -> Self {
        if set.restricted.is_empty() && set.numbers.iter().all(Option::is_none) {
            return Self(None);
        }
        set.text.clear();
        let mut made = Self(Some(Arc::new(set)));
        let text = made.written();
        if let Some(set) = made.0.as_mut().and_then(Arc::get_mut) {
            set.text = text;
        }
        made
    }

    /// `name=number;...`, as the journal has it.
    fn written(&self) -> String {
        let mut parts: Vec<_> =
            self.iter().map(|(control, number)| format!("{}={number};", control.name())).collect();
        if !self.restricted().is_empty() {
            let ids: Vec<_> = self.restricted().iter().map(ToString::to_string).collect();
            parts.push(format!("{RESTRICTED}={};", ids.join(",")));
        }
        parts.concat()
    }

    /// As the journal has it; empty where nothing is limited.
    pub fn text(&self) -> &str {
        self.0.as_ref().map_or("", |set| &set.text)
    }

    /// From such a text; none where this version cannot read it.
    pub fn of_text(text: &str) -> Option<Self> {
        let mut set = Set::default();
        for part in text.split_terminator(';') {
            let (name, value) = part.split_once('=')?;
            if name == RESTRICTED {
                let ids = value.split(',').map(|id| id.parse().ok().map(SymbolId));
                set.restricted = ids.collect::<Option<SymbolSet>>()?;
            } else {
                let control = Control::ALL.iter().copied().find(|one| one.name() == name)?;
                *set.numbers.get_mut(control as usize)? = Some(value.parse().ok()?);
            }
        }
        Some(Self::of(set))
    }

    /// The narrower of each, and all that either restricts.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let (Some(one), Some(two)) = (&self.0, &other.0) else {
            return if self.is_none() { other.clone() } else { self.clone() };
        };
        let mut set = Set::clone(one);
        for (number, other) in set.numbers.iter_mut().zip(two.numbers) {
            *number = super::narrower(*number, other);
        }
        set.restricted = one.restricted.iter().chain(two.restricted.iter()).copied().collect();
        Self::of(set)
    }

    /// Whether they let through no more than others.
    pub fn are_within(&self, other: &Self) -> bool {
        let within = |control: &Control| {
            other.get(*control).is_none_or(|most| self.get(*control).is_some_and(|it| it <= most))
        };
        Control::ALL.iter().all(within)
            && other.restricted().iter().all(|symbol| self.restricts(*symbol))
    }
}

impl Serialize for Controls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (control, number) in self.iter() {
            map.serialize_entry(control.name(), &number.to_string())?;
        }
        if !self.restricted().is_empty() {
            map.serialize_entry(RESTRICTED, self.restricted())?;
        }
        map.end()
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Controls;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("limits by their names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Controls, A::Error> {
        let mut set = Set::default();
        while let Some(name) = map.next_key::<String>()? {
            if name == RESTRICTED {
                set.restricted = map.next_value()?;
                continue;
            }
            let control = Control::ALL.iter().copied().find(|one| one.name() == name);
            let control = control.ok_or_else(|| A::Error::custom(format!("no limit {name}")))?;
            let number: String = map.next_value()?;
            let number = number.parse().map_err(|_| A::Error::custom("no number"))?;
            if let Some(place) = set.numbers.get_mut(control as usize) {
                *place = Some(number);
            }
        }
        Ok(Controls::of(set))
    }
}

impl<'de> Deserialize<'de> for Controls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::entitlements::Limits;

    fn some() -> Controls {
        Controls::default()
            .with(Control::DailyNotional, Some(Decimal::from(5_000)))
            .with(Control::Spread, Some(Decimal::new(25, 1)))
            .restricting([SymbolId(7), SymbolId(3)])
    }

    #[test]
    fn limits_are_stored_by_name_and_read_again() {
        let text = serde_json::to_string(&some()).unwrap();
        assert_eq!(text, r#"{"daily_notional":"5000","spread":"2.5","restricted":[3,7]}"#);
        assert_eq!(serde_json::from_str::<Controls>(&text).unwrap(), some());
        assert_eq!(some().text(), "daily_notional=5000;spread=2.5;restricted=3,7;");
        assert_eq!(Controls::of_text(some().text()), Some(some()));
        assert_eq!(Controls::of_text(""), Some(Controls::default()));
        assert!(serde_json::from_str::<Controls>(r#"{"later":"1"}"#).is_err());
        assert_eq!(Controls::of_text("later=1;"), None);
    }

    #[test]
    fn limits_of_before_have_none_of_them_and_are_written_as_before() {
        let old = r#"{"max_quantity":null,"max_notional":null,"collar_bps":null,"max_open_orders":null,"duplicate_window":null}"#;
        let read: Limits = serde_json::from_str(old).unwrap();
        assert_eq!(read, Limits::default());
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
    }

    #[test]
    fn of_two_the_narrower_holds_and_what_either_restricts() {
        let wide = Controls::default()
            .with(Control::DailyNotional, Some(Decimal::from(9_000)))
            .with(Control::Position, Some(Decimal::TEN))
            .restricting([SymbolId(1)]);
        let both = some().and(&wide);
        assert_eq!(both.get(Control::DailyNotional), Some(Decimal::from(5_000)));
        assert_eq!(both.get(Control::Position), Some(Decimal::TEN));
        assert_eq!(both.restricted(), [SymbolId(1), SymbolId(3), SymbolId(7)]);
        assert!(both.are_within(&some()) && both.are_within(&wide));
        assert!(!some().are_within(&wide) && !wide.are_within(&some()));
        assert!(some().are_within(&Controls::default()));
        assert!(!Controls::default().are_within(&some()));
    }

    #[test]
    fn number_that_is_no_limit_is_not_taken() {
        let takes = |control: Control, text: &str| control.takes(text.parse().unwrap());
        assert!(takes(Control::AsksAbove, "0") && !takes(Control::DailyLoss, "0"));
        assert!(takes(Control::Spread, "0.25") && !takes(Control::Spread, "0.255"));
        assert!(!takes(Control::OptionLevel, "5") && !takes(Control::OptionLevel, "1.5"));
        assert!(!takes(Control::Position, "-1"));
        assert_eq!(Control::named("daily-loss"), Some(Control::DailyLoss));
        assert_eq!(Control::named("daily loss"), None);
    }

    #[test]
    fn each_limit_says_what_it_forbids() {
        for control in Control::ALL {
            let says = control.forbids(Decimal::from(1_000), "EUR".parse().ok());
            let money = control.unit() == LimitUnit::Money;
            assert_eq!(says.contains("1,000 EUR"), money, "{says}");
        }
    }
}
