//! Requests: what clients send.

mod account;
mod contract;
mod historical;
mod market_data;
mod news;
mod order;
mod scanner;
mod session;

use thiserror::Error;

pub use self::account::*;
pub use self::contract::*;
pub use self::historical::*;
pub use self::market_data::*;
pub use self::news::*;
pub use self::order::*;
pub use self::scanner::*;
pub use self::session::*;
use crate::field::{Fault, Field as _, FieldFault, Put as _, Reader, excerpt};
use crate::frame::{Frame, write_frame};
use crate::handshake::ServerVersion;
use crate::place_order::PlaceOrder;

/// Fields of an unknown message that are kept, for the log.
const UNKNOWN_FIELDS: usize = 8;

/// Why a message cannot be read: the message, the field, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}: field {field} {fault}")]
pub struct DecodeError {
    /// The clients' name of the message.
    pub message: &'static str,
    /// The clients' name of the field, or that of the last one when too much follows.
    pub field: &'static str,
    /// What is wrong.
    pub fault: Fault,
    /// Request id (or order id) that an answer to the client can carry.
    pub request_id: Option<i32>,
    /// The order id of its parent, of an order that has one.
    pub parent_id: Option<i32>,
}

/// One kind of request.
pub(crate) trait Request: Sized {
    /// Message id.
    const ID: i32;
    /// The clients' name.
    const NAME: &'static str;
    /// Position of the request id or order id among the fields after the message id.
    const KEY: Option<usize>;
    /// Position of the order id of its parent, likewise.
    const PARENT: Option<usize> = None;

    /// The request id or order id.
    fn key(&self) -> Option<i32>;
    /// Reads the fields after the message id.
    fn read(reader: &mut Reader<'_>, version: ServerVersion) -> Result<Self, FieldFault>;
    /// Writes them.
    fn put(&self, version: ServerVersion, out: &mut Vec<u8>);
}

/// Declares requests whose fields simply follow one another:
/// `id "clients' name" Name [versioned|plain keyed|unkeyed] { "clients' name" field: Type, }`.
/// `versioned` messages begin with a message version, which says nothing and is skipped; `keyed`
/// ones have a `request_id`, right after it. `since N` marks fields of later server versions.
macro_rules! requests {
    ($(
        $(#[$doc:meta])*
        $id:literal $wire:literal $name:ident [$lead:ident $keyed:ident]
        { $( $(#[$field_doc:meta])* $label:literal $field:ident : $type:ty $(, since $since:literal)?; )* }
    )*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$field_doc])* pub $field: $type, )*
        }

        impl $crate::inbound::Request for $name {
            const ID: i32 = $id;
            const NAME: &'static str = $wire;
            const KEY: Option<usize> = $crate::inbound::key_position!($lead $keyed);

            fn key(&self) -> Option<i32> {
                $crate::inbound::key!($keyed self)
            }

            fn read(
                reader: &mut $crate::field::Reader<'_>,
                version: $crate::handshake::ServerVersion,
            ) -> Result<Self, $crate::field::FieldFault> {
                // Some messages depend on neither.
                let _ = (version, &reader);
                $crate::inbound::lead!($lead reader);
                Ok(Self { $(
                    $field: if true $( && version.has($since) )? {
                        reader.get($label)?
                    } else {
                        <$type>::default()
                    },
                )* })
            }

            fn put(&self, version: $crate::handshake::ServerVersion, out: &mut Vec<u8>) {
                let _ = (version, &out);
                $crate::inbound::put_lead!($lead out);
                $(
                    if true $( && version.has($since) )? {
                        $crate::field::Put::put(&self.$field, out);
                    }
                )*
            }
        }
    )* };
}

macro_rules! lead {
    (versioned $reader:ident) => {
        $reader.raw("version")?;
    };
    (plain $reader:ident) => {};
}

macro_rules! put_lead {
    (versioned $out:ident) => {
        $crate::field::Put::put(&1, $out);
    };
    (plain $out:ident) => {};
}

macro_rules! key {
    (keyed $self:ident) => {
        Some($self.request_id)
    };
    (unkeyed $self:ident) => {
        None
    };
}

macro_rules! key_position {
    (versioned keyed) => {
        Some(1)
    };
    (plain keyed) => {
        Some(0)
    };
    ($lead:ident unkeyed) => {
        None
    };
}

use {key, key_position, lead, put_lead, requests};

/// Declares [`Inbound`] and its dispatch.
macro_rules! inbound {
    ($( $(#[$doc:meta])* $id:literal $variant:ident($type:ty), )*) => {
        /// A decoded request. Variants are named like the clients' functions, without `req`.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Inbound {
            $( #[doc = concat!("Message ", stringify!($id), ".")] $variant($type), )*
            /// A message id that does not exist at these server versions.
            Unknown {
                /// Message id.
                id: i32,
                /// The first fields after it, shortened.
                first_fields: Vec<String>,
            },
        }

        impl Inbound {
            fn read(
                id: i32,
                reader: Reader<'_>,
                version: ServerVersion,
            ) -> Result<Self, DecodeError> {
                match id {
                    $( $id => Ok(Self::$variant(complete(reader, version)?)), )*
                    _ => Ok(Self::unknown(id, reader)),
                }
            }

            /// The request id, or for orders the order id, that an error answer carries.
            pub fn request_id(&self) -> Option<i32> {
                match self {
                    $( Self::$variant(request) => request.key(), )*
                    Self::Unknown { .. } => None,
                }
            }

            /// The clients' name of the message.
            pub fn name(&self) -> &'static str {
                match self {
                    $( Self::$variant(_) => <$type as Request>::NAME, )*
                    Self::Unknown { .. } => "an unknown message",
                }
            }

            /// Appends the request as a frame: for clients, tests and load generators. An
            /// unknown message comes out as its id and what was kept of its fields.
            pub fn encode(&self, version: ServerVersion, out: &mut Vec<u8>) {
                write_frame(out, |out| match self {
                    $( Self::$variant(request) => {
                        let id: i32 = <$type as Request>::ID;
                        id.put(out);
                        request.put(version, out);
                    } )*
                    Self::Unknown { id, first_fields } => {
                        id.put(out);
                        for field in first_fields {
                            field.put(out);
                        }
                    }
                });
            }
        }

        $( const _: () = assert!($id == <$type as Request>::ID); )*
        $( impl From<$type> for Inbound {
            fn from(request: $type) -> Self {
                Self::$variant(request.into())
            }
        } )*
    };
}

inbound! {
    1 MktData(MktData),
    2 CancelMktData(CancelMktData),
    3 PlaceOrder(Box<PlaceOrder>),
    4 CancelOrder(CancelOrder),
    5 OpenOrders(OpenOrders),
    6 AccountUpdates(AccountUpdates),
    7 Executions(Executions),
    8 Ids(Ids),
    9 ContractDetails(ContractDetails),
    10 MktDepth(MktDepth),
    11 CancelMktDepth(CancelMktDepth),
    12 NewsBulletins(NewsBulletins),
    13 CancelNewsBulletins(CancelNewsBulletins),
    14 SetServerLogLevel(SetServerLogLevel),
    15 AutoOpenOrders(AutoOpenOrders),
    16 AllOpenOrders(AllOpenOrders),
    17 ManagedAccts(ManagedAccts),
    18 RequestFa(RequestFa),
    19 ReplaceFa(ReplaceFa),
    20 HistoricalData(HistoricalData),
    21 ExerciseOptions(ExerciseOptions),
    22 ScannerSubscription(ScannerSubscription),
    23 CancelScannerSubscription(CancelScannerSubscription),
    24 ScannerParameters(ScannerParameters),
    25 CancelHistoricalData(CancelHistoricalData),
    49 CurrentTime(CurrentTime),
    50 RealTimeBars(RealTimeBars),
    51 CancelRealTimeBars(CancelRealTimeBars),
    52 FundamentalData(FundamentalData),
    53 CancelFundamentalData(CancelFundamentalData),
    54 CalculateImpliedVolatility(CalculateImpliedVolatility),
    55 CalculateOptionPrice(CalculateOptionPrice),
    56 CancelCalculateImpliedVolatility(CancelCalculateImpliedVolatility),
    57 CancelCalculateOptionPrice(CancelCalculateOptionPrice),
    58 GlobalCancel(GlobalCancel),
    59 MarketDataType(MarketDataType),
    61 Positions(Positions),
    62 AccountSummary(AccountSummary),
    63 CancelAccountSummary(CancelAccountSummary),
    64 CancelPositions(CancelPositions),
    65 VerifyRequest(VerifyRequest),
    66 VerifyMessage(VerifyMessage),
    67 QueryDisplayGroups(QueryDisplayGroups),
    68 SubscribeToGroupEvents(SubscribeToGroupEvents),
    69 UpdateDisplayGroup(UpdateDisplayGroup),
    70 UnsubscribeFromGroupEvents(UnsubscribeFromGroupEvents),
    71 StartApi(StartApi),
    72 VerifyAndAuthRequest(VerifyAndAuthRequest),
    73 VerifyAndAuthMessage(VerifyAndAuthMessage),
    74 PositionsMulti(PositionsMulti),
    75 CancelPositionsMulti(CancelPositionsMulti),
    76 AccountUpdatesMulti(AccountUpdatesMulti),
    77 CancelAccountUpdatesMulti(CancelAccountUpdatesMulti),
    78 SecDefOptParams(SecDefOptParams),
    79 SoftDollarTiers(SoftDollarTiers),
    80 FamilyCodes(FamilyCodes),
    81 MatchingSymbols(MatchingSymbols),
    82 MktDepthExchanges(MktDepthExchanges),
    83 SmartComponents(SmartComponents),
    84 NewsArticle(NewsArticle),
    85 NewsProviders(NewsProviders),
    86 HistoricalNews(HistoricalNews),
    87 HeadTimestamp(HeadTimestamp),
    88 HistogramData(HistogramData),
    89 CancelHistogramData(CancelHistogramData),
    90 CancelHeadTimestamp(CancelHeadTimestamp),
    91 MarketRule(MarketRule),
    92 Pnl(Pnl),
    93 CancelPnl(CancelPnl),
    94 PnlSingle(PnlSingle),
    95 CancelPnlSingle(CancelPnlSingle),
    96 HistoricalTicks(HistoricalTicks),
    97 TickByTickData(TickByTickData),
    98 CancelTickByTickData(CancelTickByTickData),
    99 CompletedOrders(CompletedOrders),
    100 WshMetaData(WshMetaData),
    101 CancelWshMetaData(CancelWshMetaData),
    102 WshEventData(WshEventData),
    103 CancelWshEventData(CancelWshEventData),
    104 UserInfo(UserInfo),
}

impl Inbound {
    /// Reads one message after the handshake.
    ///
    /// # Errors
    /// When a field is missing, cannot be read, or too many follow. Unknown ids are not an error.
    pub fn decode(frame: Frame<'_>, version: ServerVersion) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(frame.fields());
        let id = i32::read(&mut reader, "message id").map_err(|fault| {
            let (field, fault) = fault.into_parts();
            DecodeError { message: "a message", field, fault, request_id: None, parent_id: None }
        })?;
        Self::read(id, reader, version)
    }

    fn unknown(id: i32, mut reader: Reader<'_>) -> Self {
        let first_fields =
            std::iter::from_fn(|| reader.raw("").ok()).take(UNKNOWN_FIELDS).map(excerpt).collect();
        Self::Unknown { id, first_fields }
    }
}

/// Reads a request to its very end; on failure looks for the id to answer with.
fn complete<R: Request>(mut reader: Reader<'_>, version: ServerVersion) -> Result<R, DecodeError> {
    let start = reader.clone();
    let outcome = R::read(&mut reader, version).and_then(|request| {
        reader.end("end of message")?;
        Ok(request)
    });
    outcome.map_err(|fault| {
        let (field, fault) = fault.into_parts();
        let integer_at =
            |position: Option<usize>| position.and_then(|at| start.clone().integer_at(at));
        let (request_id, parent_id) = (integer_at(R::KEY), integer_at(R::PARENT));
        DecodeError { message: R::NAME, field, fault, request_id, parent_id }
    })
}
