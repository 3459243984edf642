//! Numbers of ticks.

use crate::field::Put;

macro_rules! tick_types {
    ($( $number:literal $name:ident $doc:literal )*) => {
        /// What a tick tells. Only those that this server may send.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum TickType {
            $( #[doc = $doc] $name = $number, )*
        }

        impl TickType {
            /// The number on the wire.
            pub fn number(self) -> i32 {
                match self { $( Self::$name => $number, )* }
            }
        }
    };
}

tick_types! {
    0 BidSize "Size at the bid."
    1 Bid "Bid."
    2 Ask "Ask."
    3 AskSize "Size at the ask."
    4 Last "Last trade."
    5 LastSize "Size of the last trade."
    6 High "High of the day."
    7 Low "Low of the day."
    8 Volume "Volume of the day."
    9 Close "Close of the last day."
    10 BidOption "What the bid of an option implies."
    11 AskOption "What the ask of an option implies."
    12 LastOption "What the last trade of an option implies."
    13 ModelOption "What the market's own volatility of an option implies."
    14 Open "Open of the day."
    15 Low13Weeks "Low of 13 weeks."
    16 High13Weeks "High of 13 weeks."
    17 Low26Weeks "Low of 26 weeks."
    18 High26Weeks "High of 26 weeks."
    19 Low52Weeks "Low of 52 weeks."
    20 High52Weeks "High of 52 weeks."
    21 AverageVolume "Average volume of a day."
    23 HistoricalVolatility "Volatility of the last 30 days, for a year."
    24 OptionImpliedVolatility "Volatility that the options on it are priced by, for a year."
    29 OptionCallVolume "Volume of the day, of a call."
    30 OptionPutVolume "Volume of the day, of a put."
    32 BidExchange "Exchanges at the bid."
    33 AskExchange "Exchanges at the ask."
    37 MarkPrice "Mark price."
    45 LastTimestamp "Time of the last trade, seconds since 1970."
    46 Shortable "How easily it can be borrowed: above 2.5 easily."
    48 RtVolume "`price;size;timeMs;total;vwap;single` of the last trade."
    49 Halted "0 trading, 1 halted, -1 unknown."
    53 CustomOption "What was asked to be computed of an option."
    54 TradeCount "Trades of the day."
    55 TradeRate "Trades a minute."
    56 VolumeRate "Volume a minute."
    57 LastRthTrade "Last trade in regular hours."
    58 RtHistoricalVolatility "Volatility of the last 30 days and the present price, for a year."
    66 DelayedBid "Delayed bid."
    67 DelayedAsk "Delayed ask."
    68 DelayedLast "Delayed last trade."
    69 DelayedBidSize "Delayed size at the bid."
    70 DelayedAskSize "Delayed size at the ask."
    71 DelayedLastSize "Delayed size of the last trade."
    72 DelayedHigh "Delayed high of the day."
    73 DelayedLow "Delayed low of the day."
    74 DelayedVolume "Delayed volume of the day."
    75 DelayedClose "Delayed close of the last day."
    76 DelayedOpen "Delayed open of the day."
    77 RtTradeVolume "`price;size;timeMs;total;vwap;single` of the last trade that counts for the volume."
    80 DelayedBidOption "What the delayed bid of an option implies."
    81 DelayedAskOption "What the delayed ask of an option implies."
    82 DelayedLastOption "What the delayed last trade of an option implies."
    83 DelayedModelOption "What the market's own volatility of an option implies, delayed."
    84 LastExchange "Exchange of the last trade."
    88 DelayedLastTimestamp "Delayed time of the last trade."
    89 ShortableShares "Shares that can be borrowed."
    90 DelayedHalted "Delayed halt."
}

impl TickType {
    /// The type of the delayed value, for those that have one.
    pub fn delayed(self) -> Option<Self> {
        Some(match self {
            Self::Bid => Self::DelayedBid,
            Self::Ask => Self::DelayedAsk,
            Self::Last => Self::DelayedLast,
            Self::BidSize => Self::DelayedBidSize,
            Self::AskSize => Self::DelayedAskSize,
            Self::LastSize => Self::DelayedLastSize,
            Self::High => Self::DelayedHigh,
            Self::Low => Self::DelayedLow,
            Self::Volume => Self::DelayedVolume,
            Self::Close => Self::DelayedClose,
            Self::Open => Self::DelayedOpen,
            Self::BidOption => Self::DelayedBidOption,
            Self::AskOption => Self::DelayedAskOption,
            Self::LastOption => Self::DelayedLastOption,
            Self::ModelOption => Self::DelayedModelOption,
            Self::LastTimestamp => Self::DelayedLastTimestamp,
            Self::Halted => Self::DelayedHalted,
            _ => return None,
        })
    }
}

impl Put for TickType {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        self.number().put(out);
    }
}
