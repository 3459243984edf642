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
    /// Its International Securities Identification Number (ISO 6166).
    pub isin: &'static str,
    /// Its Financial Instrument Global Identifier: that of all its listings in the United States.
    pub figi: &'static str,
    /// Its number at the London Stock Exchange (SEDOL).
    pub sedol: &'static str,
    /// The part of the economy that the company's industry belongs to.
    pub sector: &'static str,
    /// The company's industry, in one word or two.
    pub industry: &'static str,
    /// What it does in that industry.
    pub branch: &'static str,
    /// In thousands of shares; sets the size of quotes and the derived volume.
    pub(crate) daily_volume: u64,
    /// Of the simulated price: 16 is 30 % a year.
    pub(crate) volatility: i64,
}

impl Contract {
    /// Its CUSIP, the national number that an ISIN of the United States contains.
    pub fn cusip(&self) -> &'static str {
        self.isin.get(2..11).unwrap_or_default()
    }

    /// Whether this is its Reuters Instrument Code: the ticker, and the listing's letters.
    pub fn has_ric(&self, ric: &str) -> bool {
        let listings: &[&str] = if self.exchange == "NASDAQ" { &["O", "OQ"] } else { &["N"] };
        ric.rsplit_once('.').is_some_and(|(ticker, listing)| {
            ticker.eq_ignore_ascii_case(self.symbol)
                && listings.iter().any(|known| known.eq_ignore_ascii_case(listing))
        })
    }

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
    ($($id:literal $symbol:literal $name:literal $exchange:literal
        $isin:literal $figi:literal $sedol:literal
        $sector:literal $industry:literal $branch:literal
        $volume:literal $volatility:literal;)*) => {
        &[$(Contract {
            id: SymbolId($id), symbol: $symbol, name: $name, exchange: $exchange, isin: $isin,
            figi: $figi, sedol: $sedol,
            sector: $sector, industry: $industry, branch: $branch,
            daily_volume: $volume, volatility: $volatility,
        },)*]
    };
}

/// In the order of the columns of the bundled closes, then those with files of their own.
static STOCKS: &[Contract] = stocks! {
    700_001 "AAPL" "Apple Inc." "NASDAQ"
        "US0378331005" "BBG000B9XRY4" "2046251"
        "Technology" "Computers" "Computers" 80_000 16;
    700_002 "AMD" "Advanced Micro Devices Inc." "NASDAQ"
        "US0079031078" "BBG000BBQCY0" "2007849"
        "Technology" "Semiconductors" "Processors" 60_000 27;
    700_003 "BAC" "Bank of America Corp." "NYSE"
        "US0605051046" "BBG000BCTLF6" "2295677"
        "Financial" "Banks" "Diversified banks" 45_000 16;
    700_004 "BBY" "Best Buy Co. Inc." "NYSE"
        "US0865161014" "BBG000BCWCG1" "2094670"
        "Consumer, Cyclical" "Retail" "Consumer electronics" 3_000 20;
    700_005 "CVX" "Chevron Corp." "NYSE"
        "US1667641005" "BBG000K4ND22" "2838555"
        "Energy" "Oil and gas" "Integrated oil companies" 9_000 16;
    700_006 "GE" "General Electric Co." "NYSE"
        "US3696043013" "BBG000BK6MB5" "BL59CR9"
        "Industrial" "Industry" "Diversified manufacturing" 7_000 18;
    700_007 "HD" "The Home Depot Inc." "NYSE"
        "US4370761029" "BBG000BKZB36" "2434209"
        "Consumer, Cyclical" "Retail" "Building products" 4_000 14;
    700_008 "JNJ" "Johnson & Johnson" "NYSE"
        "US4781601046" "BBG000BMHYD1" "2475833"
        "Consumer, Non-cyclical" "Pharmaceuticals" "Medicines" 7_000 9;
    700_009 "JPM" "JPMorgan Chase & Co." "NYSE"
        "US46625H1005" "BBG000DMBXR2" "2190385"
        "Financial" "Banks" "Diversified banks" 11_000 15;
    700_010 "KO" "The Coca-Cola Co." "NYSE"
        "US1912161007" "BBG000BMX289" "2206657"
        "Consumer, Non-cyclical" "Beverages" "Soft drinks" 13_000 10;
    700_011 "LLY" "Eli Lilly and Co." "NYSE"
        "US5324571083" "BBG000BNBDC2" "2516152"
        "Consumer, Non-cyclical" "Pharmaceuticals" "Medicines" 3_000 15;
    700_012 "MRK" "Merck & Co. Inc." "NYSE"
        "US58933Y1055" "BBG000BPD168" "2778844"
        "Consumer, Non-cyclical" "Pharmaceuticals" "Medicines" 9_000 11;
    700_013 "MSFT" "Microsoft Corp." "NASDAQ"
        "US5949181045" "BBG000BPH459" "2588173"
        "Technology" "Software" "Applications" 30_000 15;
    700_014 "PEP" "PepsiCo Inc." "NASDAQ"
        "US7134481081" "BBG000DH7JK6" "2681511"
        "Consumer, Non-cyclical" "Beverages" "Soft drinks" 5_000 10;
    700_015 "PFE" "Pfizer Inc." "NYSE"
        "US7170811035" "BBG000BR2B91" "2684703"
        "Consumer, Non-cyclical" "Pharmaceuticals" "Medicines" 25_000 13;
    700_016 "PG" "The Procter & Gamble Co." "NYSE"
        "US7427181091" "BBG000BR2TH3" "2704407"
        "Consumer, Non-cyclical" "Household goods" "Personal care" 7_000 11;
    700_017 "RRC" "Range Resources Corp." "NYSE"
        "US75281A1097" "BBG000FVXD63" "2523334"
        "Energy" "Oil and gas" "Exploration and production" 4_000 30;
    700_018 "UNH" "UnitedHealth Group Inc." "NYSE"
        "US91324P1021" "BBG000CH5208" "2917766"
        "Consumer, Non-cyclical" "Health care" "Health insurance" 3_000 13;
    700_019 "WMT" "Walmart Inc." "NYSE"
        "US9311421039" "BBG000BWXBC2" "2936921"
        "Consumer, Cyclical" "Retail" "Discount stores" 7_000 11;
    700_020 "XOM" "Exxon Mobil Corp." "NYSE"
        "US30231G1022" "BBG000GZQ728" "2326618"
        "Energy" "Oil and gas" "Integrated oil companies" 18_000 17;
    700_021 "IBM" "International Business Machines Corp." "NYSE"
        "US4592001014" "BBG000BLNNH6" "2005973"
        "Technology" "Computers" "Computer services" 4_000 12;
    700_022 "GOOG" "Alphabet Inc." "NASDAQ"
        "US02079K1079" "BBG009S3NB30" "BYY88Y7"
        "Communications" "Internet" "Web services" 2_500 17;
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

    /// The contract with this ISIN; letters in either case.
    pub fn with_isin(&self, isin: &str) -> Option<&'static Contract> {
        self.0.iter().find(|contract| contract.isin.eq_ignore_ascii_case(isin))
    }

    /// The contract with this CUSIP; letters in either case.
    pub fn with_cusip(&self, cusip: &str) -> Option<&'static Contract> {
        self.0.iter().find(|contract| contract.cusip().eq_ignore_ascii_case(cusip))
    }

    /// The contract with this FIGI; letters in either case.
    pub fn with_figi(&self, figi: &str) -> Option<&'static Contract> {
        self.0.iter().find(|contract| contract.figi.eq_ignore_ascii_case(figi))
    }

    /// The contract with this SEDOL; letters in either case.
    pub fn with_sedol(&self, sedol: &str) -> Option<&'static Contract> {
        self.0.iter().find(|contract| contract.sedol.eq_ignore_ascii_case(sedol))
    }

    /// The contract with this Reuters Instrument Code; letters in either case.
    pub fn with_ric(&self, ric: &str) -> Option<&'static Contract> {
        self.0.iter().find(|contract| contract.has_ric(ric))
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

    /// Whether the last digit is what the others, by their weights, lack to a multiple of ten.
    fn has_check_digit(number: &str, weights: &[u32], digits_are_added: bool) -> bool {
        let value = |character: char| character.to_digit(36).unwrap();
        let (last, body) = (number.chars().next_back().map(value), &number[..number.len() - 1]);
        let sum: u32 = body
            .chars()
            .zip(weights.iter().cycle())
            .map(|(character, weight)| value(character) * weight)
            .map(|product| if digits_are_added { product / 10 + product % 10 } else { product })
            .sum();
        last == Some((10 - sum % 10) % 10)
    }

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

    /// Digits and letters as numbers: A is 10, B is 11.
    fn values(number: &str) -> Vec<u32> {
        number.chars().map(|character| character.to_digit(36).unwrap()).collect()
    }

    /// The sum of the digits of some numbers.
    fn digits(numbers: impl IntoIterator<Item = u32>) -> u32 {
        numbers.into_iter().map(|number| number / 10 + number % 10).sum()
    }

    #[test]
    fn isin_and_cusip_of_every_stock_have_their_check_digits() {
        let contracts = Contracts::builtin();
        for contract in contracts.all() {
            assert!(contract.isin.len() == 12 && contract.isin.starts_with("US"));
            let flat: Vec<u32> = values(contract.isin)
                .into_iter()
                .flat_map(
                    |value| if value > 9 { vec![value / 10, value % 10] } else { vec![value] },
                )
                .collect();
            let doubled = (0..).zip(flat.iter().rev()).map(|(at, digit)| digit * (1 + at % 2));
            assert_eq!(digits(doubled) % 10, 0, "{} {}", contract.symbol, contract.isin);

            let cusip = values(contract.cusip());
            let weighted = (0..).zip(&cusip[..8]).map(|(at, value)| value * (1 + at % 2));
            assert_eq!((10 - digits(weighted) % 10) % 10, cusip[8], "{}", contract.symbol);

            assert_eq!(contracts.with_isin(contract.isin), Some(contract), "no two have the same");
            assert_eq!(contracts.with_cusip(contract.cusip()), Some(contract));
            assert_eq!(contracts.with_figi(contract.figi), Some(contract), "no two have the same");
            assert_eq!(
                contracts.with_sedol(contract.sedol),
                Some(contract),
                "no two have the same"
            );
            assert!(has_check_digit(contract.figi, &[1, 2], true), "{}", contract.figi);
            assert!(
                has_check_digit(contract.sedol, &[1, 3, 1, 7, 3, 9], false),
                "{}",
                contract.sedol
            );
            for fact in [contract.name, contract.sector, contract.industry, contract.branch] {
                assert!(!fact.is_empty(), "{}", contract.symbol);
            }
        }
        assert_eq!(contracts.with_isin("US0378331006"), None);
        assert_eq!(contracts.with_cusip(""), None);
        let ric = |text| contracts.with_ric(text).map(|contract| contract.symbol);
        assert_eq!(
            [ric("AAPL.O"), ric("aapl.oq"), ric("IBM.N")].map(Option::unwrap),
            ["AAPL", "AAPL", "IBM"]
        );
        assert_eq!([ric("AAPL.N"), ric("IBM.O"), ric("AAPL"), ric("")], [None; 4]);
    }
}
