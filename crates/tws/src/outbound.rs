//! Responses: what the server sends.
//!
//! One struct a message; [`Response::write`] appends its frame. Text is written as printable ASCII:
//! anything else becomes `\uXXXX`.

mod account;
mod completed_order;
mod contract;
mod historical;
mod market_data;
mod news;
mod open_order;
mod order;
mod plain_order;
mod scanner;
mod session;

use rust_decimal::Decimal;

pub use self::account::*;
pub use self::completed_order::*;
pub use self::contract::*;
pub use self::historical::*;
pub use self::market_data::*;
pub use self::news::*;
pub use self::open_order::*;
pub use self::order::*;
pub use self::plain_order::*;
pub use self::scanner::*;
pub use self::session::*;
use crate::field::Put;
use crate::frame::write_frame;
use crate::handshake::ServerVersion;

/// A message to a client.
pub trait Response {
    /// Appends the fields, the message id first.
    fn put_fields(&self, version: ServerVersion, out: &mut Vec<u8>);

    /// Appends the whole frame.
    fn write(&self, version: ServerVersion, out: &mut Vec<u8>) {
        write_frame(out, |out| self.put_fields(version, out));
    }
}

/// Declares responses whose fields simply follow one another: `id Name<'a>, version N { field:
/// Type; }`. `since N` and `until N` limit a field to some server versions.
macro_rules! responses {
    ($(
        $(#[$doc:meta])*
        $id:literal $name:ident $(<$life:lifetime>)? $(, version $number:literal)?
        { $( $(#[$field_doc:meta])* $field:ident : $type:ty $(, since $since:literal)?; )* }
    )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name $(<$life>)? {
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl $(<$life>)? $crate::outbound::Response for $name $(<$life>)? {
            fn put_fields(&self, version: $crate::handshake::ServerVersion, out: &mut Vec<u8>) {
                // Few messages depend on it.
                let _ = version;
                out.extend_from_slice(concat!($id, "\0" $(, $number, "\0")?).as_bytes());
                $(
                    if true $( && version.has($since) )? {
                        $crate::field::Put::put(&self.$field, out);
                    }
                )*
            }
        }
    )* };
}

/// Declares the rows of a response: plain structs whose fields follow one another.
macro_rules! rows {
    ($(
        $(#[$doc:meta])*
        $name:ident $(<$life:lifetime>)?
        { $( $(#[$field_doc:meta])* $field:ident : $type:ty; )* }
    )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name $(<$life>)? {
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl $(<$life>)? $crate::field::Put for $name $(<$life>)? {
            fn put(&self, out: &mut Vec<u8>) {
                $( $crate::field::Put::put(&self.$field, out); )*
            }
        }
    )* };
}

use {responses, rows};

/// A figure that clients must be able to parse as a float even when there is none: unset is the
/// largest double, which all of them know as "unset".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount(
    /// The figure, if there is one.
    pub Option<Decimal>,
);

impl From<Decimal> for Amount {
    fn from(value: Decimal) -> Self {
        Self(Some(value))
    }
}

impl From<Option<Decimal>> for Amount {
    fn from(value: Option<Decimal>) -> Self {
        Self(value)
    }
}

impl Put for Amount {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        match self.0 {
            Some(value) => value.put(out),
            None => out.extend_from_slice(b"1.7976931348623157E308\0"),
        }
    }
}

#[cfg(test)]
mod tests;
