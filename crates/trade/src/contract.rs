//! What can be traded.

use access::entitlements::Product;
use access::id::SymbolId;
use rust_decimal::Decimal;

/// A stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contract {
    /// Its number (conId on the TWS socket). Floorpass's own, not that of any broker.
    pub id: SymbolId,
    /// Its ticker.
    pub symbol: &'static str,
    /// The company's name.
    pub name: &'static str,
    /// Where it is listed: `NASDAQ` or `NYSE`.
    pub exchange: &'static str,
    /// The company's industry, in one word or two.
    pub industry: &'static str,
    /// In thousands of shares; sets the size of quotes and the derived volume.
    pub(crate) daily_volume: u64,
    /// Of the simulated price: 16 is 30 % a year.
    pub(crate) volatility: i64,
}

impl Contract {
    /// What kind of thing it is.
    pub const fn product(&self) -> Product {
        Product::Stock
    }

    /// `USD`, for every contract so far.
    pub const fn currency(&self) -> &'static str {
        "USD"
    }

    /// The smallest step of its price, in its currency.
    pub fn tick(&self) -> Decimal {
        Decimal::new(1, 2)
    }
}

/// The contracts of an exchange, by id ascending.
#[derive(Debug, Clone, Copy)]
pub struct Contracts(&'static [Contract]);

macro_rules! stocks {
    ($($id:literal $symbol:literal $name:literal $exchange:literal $industry:literal
        $volume:literal $volatility:literal;)*) => {
        &[$(Contract {
            id: SymbolId($id), symbol: $symbol, name: $name, exchange: $exchange,
            industry: $industry, daily_volume: $volume, volatility: $volatility,
        },)*]
    };
}

/// In the order of the columns of the bundled closes, then those with files of their own.
static STOCKS: &[Contract] = stocks! {
    700_001 "AAPL" "Apple Inc." "NASDAQ" "Technology" 80_000 16;
    700_002 "AMD" "Advanced Micro Devices Inc." "NASDAQ" "Semiconductors" 60_000 27;
    700_003 "BAC" "Bank of America Corp." "NYSE" "Banks" 45_000 16;
    700_004 "BBY" "Best Buy Co. Inc." "NYSE" "Retail" 3_000 20;
    700_005 "CVX" "Chevron Corp." "NYSE" "Oil and gas" 9_000 16;
    700_006 "GE" "General Electric Co." "NYSE" "Industry" 7_000 18;
    700_007 "HD" "The Home Depot Inc." "NYSE" "Retail" 4_000 14;
    700_008 "JNJ" "Johnson & Johnson" "NYSE" "Pharmaceuticals" 7_000 9;
    700_009 "JPM" "JPMorgan Chase & Co." "NYSE" "Banks" 11_000 15;
    700_010 "KO" "The Coca-Cola Co." "NYSE" "Beverages" 13_000 10;
    700_011 "LLY" "Eli Lilly and Co." "NYSE" "Pharmaceuticals" 3_000 15;
    700_012 "MRK" "Merck & Co. Inc." "NYSE" "Pharmaceuticals" 9_000 11;
    700_013 "MSFT" "Microsoft Corp." "NASDAQ" "Software" 30_000 15;
    700_014 "PEP" "PepsiCo Inc." "NASDAQ" "Beverages" 5_000 10;
    700_015 "PFE" "Pfizer Inc." "NYSE" "Pharmaceuticals" 25_000 13;
    700_016 "PG" "The Procter & Gamble Co." "NYSE" "Household goods" 7_000 11;
    700_017 "RRC" "Range Resources Corp." "NYSE" "Oil and gas" 4_000 30;
    700_018 "UNH" "UnitedHealth Group Inc." "NYSE" "Health care" 3_000 13;
    700_019 "WMT" "Walmart Inc." "NYSE" "Retail" 7_000 11;
    700_020 "XOM" "Exxon Mobil Corp." "NYSE" "Oil and gas" 18_000 17;
    700_021 "IBM" "International Business Machines Corp." "NYSE" "Technology" 4_000 12;
    700_022 "GOOG" "Alphabet Inc." "NASDAQ" "Internet" 2_500 17;
};

impl Contracts {
    /// The stocks that every paper exchange has.
    pub const fn builtin() -> Self {
        Self(STOCKS)
    }

    /// All, by id ascending.
    pub const fn all(&self) -> &'static [Contract] {
        self.0
    }

    /// The contract with this id.
    pub fn get(&self, id: SymbolId) -> Option<&'static Contract> {
        self.0.get(self.index(id)?)
    }

    /// Its place in [`Contracts::all`].
    #[inline]
    pub(crate) fn index(&self, id: SymbolId) -> Option<usize> {
        let first = self.0.first()?.id.0;
        let at = usize::try_from(id.0.checked_sub(first)?).ok()?;
        (at < self.0.len()).then_some(at)
    }

    /// The contract with this ticker; letters in either case.
    pub fn named(&self, symbol: &str) -> Option<&'static Contract> {
        self.0.iter().find(|contract| contract.symbol.eq_ignore_ascii_case(symbol))
    }

    /// Contracts whose ticker begins with the pattern, then those whose name has it; letters in
    /// either case. An empty pattern matches nothing.
    pub fn matching(&self, pattern: &str) -> Vec<&'static Contract> {
        let pattern = pattern.trim().to_ascii_lowercase();
        if pattern.is_empty() {
            return Vec::new();
        }
        let begins = |c: &&Contract| c.symbol.to_ascii_lowercase().starts_with(&pattern);
        let named = |c: &&Contract| !begins(c) && c.name.to_ascii_lowercase().contains(&pattern);
        let mut found: Vec<_> = self.0.iter().filter(begins).collect();
        found.sort_by_key(|contract| (contract.symbol.len(), contract.symbol));
        found.extend(self.0.iter().filter(named));
        found
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn contract_is_found_by_id_ticker_and_pattern() {
        let contracts = Contracts::builtin();
        for (at, contract) in contracts.all().iter().enumerate() {
            assert_eq!(contracts.index(contract.id), Some(at));
            assert_eq!(contracts.get(contract.id), Some(contract));
        }
        assert_eq!(contracts.get(SymbolId(0)), None);
        assert_eq!(contracts.get(SymbolId(700_023)), None);
        assert_eq!(contracts.named("aapl").unwrap().name, "Apple Inc.");
        assert_eq!(contracts.named("AAP"), None);
        assert_eq!(contracts.matching("AAPL")[0].symbol, "AAPL");
        assert_eq!(contracts.matching("apple")[0].symbol, "AAPL");
        let tickers: Vec<_> = contracts.matching("pe").iter().map(|c| c.symbol).collect();
        assert_eq!(tickers, ["PEP"], "a ticker that begins so, once");
        assert!(contracts.matching("").is_empty());
    }
}
