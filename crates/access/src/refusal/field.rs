//! What a person fills in: a refusal of what was typed names it, and each door shows the reason where it was typed.

use std::fmt;

/// Writes a field once: its name for programs, and what its value is called in a sentence.
macro_rules! fields {
    ($($(#[$doc:meta])* $Field:ident = $name:literal, $words:literal;)*) => {
        /// A field that people and programs fill in, whichever door it stands at.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($(#[$doc])* $Field,)* }

        impl Field {
            /// Every field.
            pub const ALL: &[Self] = &[$(Self::$Field,)*];

            /// The stable name, for programs.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$Field => $name,)* }
            }

            /// What its value is called in a sentence: `length of the password`.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$Field => $words,)* }
            }
        }
    };
}

fields! {
    /// The number of accounts that a credential is for.
    Accounts = "accounts", "number of accounts";
    /// The networks that a credential may be used from.
    Addresses = "addresses", "number of addresses";
    /// The name of an authenticator.
    AuthenticatorName = "authenticator_name", "authenticator name";
    /// Order messages that may come at once.
    Burst = "burst", "burst";
    /// What an account begins with.
    Cash = "cash", "opening cash";
    /// How far a limit price may go beyond the market.
    Collar = "collar", "price collar in hundredths of a percent";
    /// The name of a recovery contact.
    ContactName = "contact_name", "recovery contact";
    /// A limit by its name.
    Control = "control", "limit";
    /// How many recovery contacts have to vouch.
    ContactsNeeded = "contacts_needed", "number of contacts needed";
    /// The name of a credential.
    CredentialName = "credential_name", "credential name";
    /// The name of a device.
    DeviceName = "device_name", "device name";
    /// How long an order counts as the same one again.
    DuplicateWindow = "duplicate_window", "window for duplicates";
    /// When an authority ends.
    End = "end", "end";
    /// The first day of a span of days.
    FirstDay = "first_day", "first day";
    /// The hours in which a credential may be used.
    Hours = "hours", "number of hours";
    /// How long a session may be unused.
    IdleTime = "idle_time", "idle time";
    /// Above which amount an order is confirmed.
    LargeOrders = "large_orders", "threshold of large orders";
    /// The last day of a span of days, by how long that becomes.
    LastDay = "last_day", "number of days";
    /// A mail address.
    Mail = "mail", "mail address";
    /// When what somebody may do on an account ends.
    MandateEnd = "mandate_end", "end of the mandate";
    /// The largest value of an order.
    MaxNotional = "max_notional", "largest notional";
    /// The most orders that are open at once.
    MaxOpenOrders = "max_open_orders", "number of open orders";
    /// The largest quantity of an order.
    MaxQuantity = "max_quantity", "largest quantity";
    /// A name that nobody types.
    Name = "name", "name";
    /// The network that is expected.
    Network = "network", "number of leading bits of the network";
    /// The name of a passkey.
    PasskeyName = "passkey_name", "passkey name";
    /// A new password.
    Password = "password", "length of the password";
    /// A phone number.
    Phone = "phone", "phone number";
    /// Where a person will be.
    Place = "place", "place";
    /// The port of a credential.
    Port = "port", "port";
    /// What an account is for.
    Purpose = "purpose", "purpose of the account";
    /// Order messages per second.
    Rate = "rate", "orders per second";
    /// The contracts that a credential may trade.
    Symbols = "symbols", "number of symbols";
    /// How long the old token goes on working.
    TokenGrace = "token_grace", "time for the old token";
    /// How long a session may last.
    TotalTime = "total_time", "total time";
    /// A user name.
    Username = "username", "user name";
    /// The day of a renewal window.
    Weekday = "weekday", "weekday";
    /// The time of day at which a renewal window opens.
    WindowTime = "window_time", "minute of the day";
    /// How long a recovery waits.
    RecoveryWait = "recovery_wait", "waiting time";
    /// A time zone.
    Zone = "zone", "time zone";
}

impl Field {
    /// The field of a stable name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entitlements::Limits;
    use crate::moment::Time;
    use crate::name::{Name, Username};
    use crate::refusal::{CredentialRefusal, InputRefusal, Refusal};

    #[test]
    fn refusal_of_what_was_typed_names_its_field() {
        let field = |refused: Result<(), Refusal>| refused.err().and_then(|why| why.field());
        let name = |field| Name::new(field, "").map(drop).map_err(Refusal::from);
        assert_eq!(field(name(Field::Place)), Some(Field::Place));
        assert_eq!(field(name(Field::DeviceName)), Some(Field::DeviceName));
        assert_eq!(
            field(Username::new("b o b").map(drop).map_err(Refusal::from)),
            Some(Field::Username)
        );
        let wide = Limits { collar_bps: Some(10_001), ..Limits::default() };
        assert_eq!(field(wide.check()), Some(Field::Collar));
        let none = Limits { max_open_orders: Some(0), ..Limits::default() };
        assert_eq!(field(none.check()), Some(Field::MaxOpenOrders));
        let taken = CredentialRefusal::PortTaken { port: 7_497, until: Time::FAR };
        assert_eq!(field(Err(taken.into())), Some(Field::Port));
        let many = InputRefusal::TooMany { what: "credentials", count: 9, limit: 9 };
        assert_eq!(field(Err(many.into())), None, "nothing that was typed is wrong");
    }

    #[test]
    fn every_field_is_found_by_its_name() {
        for field in Field::ALL {
            assert_eq!(Field::named(field.name()), Some(*field));
        }
        assert_eq!(Field::named("no_field"), None);
    }
}
