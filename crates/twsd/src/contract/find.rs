//! Finding a contract by what a client says of it.

use std::sync::Arc;

use access::SymbolId;
use gate::Gate;
use rust_decimal::Decimal;
use trade::Quotes;
use trade::calendar::Day;
use trade::instrument::{Instrument, InstrumentKind, Instruments};
use tws::Contract;

use super::{SMART, class, sec_type};
use crate::stamp;

/// Where a stock of the United States trades, by the names that programs use; an order for any of
/// them goes to the one paper exchange. `ISLAND` is what `NASDAQ` was called before.
pub(super) const VENUES: [&str; 22] = [
    "AMEX", "NYSE", "CBOE", "PHLX", "ISE", "CHX", "ARCA", "NASDAQ", "ISLAND", "DRCTEDGE", "BEX",
    "BATS", "EDGEA", "BYX", "IEX", "EDGX", "FOXRIVER", "PEARL", "NYSENAT", "LTSE", "MEMX", "PSX",
];
/// Months by the letters that names of futures have.
const MONTHS: &str = "FGHJKMNQUVXZ";
/// Contracts that a description which is not unique is told of.
const TOLD: usize = 20;

/// What is known, and of the contracts of classes those that are listed now.
pub(crate) struct Listed<'k> {
    pub(crate) known: &'k Instruments,
    quotes: Option<Arc<Quotes>>,
    today: Day,
}

impl<'k> Listed<'k> {
    /// What a gate's markets have.
    pub(crate) fn of(gate: &'k Gate) -> Self {
        let markets = gate.markets();
        Self {
            known: markets.instruments(),
            quotes: Some(markets.quotes()),
            today: stamp::date(gate.now()),
        }
    }

    #[cfg(test)]
    pub(crate) const fn rows(known: &'k Instruments) -> Self {
        Self { known, quotes: None, today: Day::of(2026, 11, 23) }
    }

    /// The contracts of classes.
    pub(crate) fn series(&self) -> impl Iterator<Item = &'k Instrument> {
        let all = self.quotes.iter().flat_map(|quotes| quotes.listed.iter());
        all.filter_map(|id| self.known.get(*id))
    }

    /// Everything of a kind. Contracts of classes are many, and looked at only when they are asked for.
    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &'k Instrument> {
        let series = matches!(kind, "OPT" | "FUT").then(|| self.series());
        let all = self.known.all().iter().chain(series.into_iter().flatten());
        all.filter(move |one| sec_type(&one.kind) == kind)
    }

    fn has(&self, one: &Instrument) -> bool {
        let listed = self.quotes.as_ref();
        let is_listed = listed.is_some_and(|all| all.listed.binary_search(&one.id).is_ok());
        is_listed || self.known.all().binary_search_by_key(&one.id, |row| row.id).is_ok()
    }
}

/// The name of a venue as it is written, if it is one of those of the United States.
pub(super) fn venue(name: &str) -> Option<&'static str> {
    VENUES.into_iter().find(|known| known.eq_ignore_ascii_case(name.trim()))
}

/// Whether a request for an instrument may name this as its exchange. `SMART/ISLAND` and `SMART:ISLAND` are routed, and
/// name the listing as well.
fn is_exchange(one: &Instrument, name: &str) -> bool {
    let (routed, listing) = name.split_once(['/', ':']).unwrap_or((name, ""));
    let is_routed = routed.trim().eq_ignore_ascii_case(SMART);
    is_venue(one, name) || (is_routed && (listing.is_empty() || is_venue(one, listing)))
}

/// Whether it trades there.
fn is_venue(one: &Instrument, name: &str) -> bool {
    is_same_venue(&one.exchange, name.trim()) || venues(one).contains(&venue(name).unwrap_or(""))
}

/// The other exchanges that it trades on.
pub(super) fn venues(one: &Instrument) -> &'static [&'static str] {
    let american =
        matches!(one.kind, InstrumentKind::Stock | InstrumentKind::Etf | InstrumentKind::Option(_));
    if american && venue(&one.exchange).is_some() { &VENUES } else { &[] }
}

/// Whether two venues are the same.
pub(crate) fn is_same_venue(one: &str, other: &str) -> bool {
    let now = |name: &str| {
        if name.eq_ignore_ascii_case("ISLAND") {
            "NASDAQ".to_owned()
        } else {
            name.to_ascii_uppercase()
        }
    };
    now(one) == now(other)
}

/// The one contract that a client describes, or what is wrong with the description.
pub(crate) fn find<'k>(wanted: &Contract, listed: &Listed<'k>) -> Result<&'k Instrument, String> {
    let found = matching(wanted, listed)?;
    match found.as_slice() {
        [one] => Ok(one),
        several => {
            let names = several.iter().take(TOLD).map(|one| one.local.as_str());
            let names = names.collect::<Vec<_>>().join(", ");
            let more = several.len().saturating_sub(TOLD);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            Err(format!(
                "{} contracts have this description ({names}{more}); add what tells them apart, or a conId",
                several.len()
            ))
        }
    }
}

/// The contracts that a client describes, at least one, or what is wrong with the description.
pub(super) fn matching<'k>(
    wanted: &Contract,
    listed: &Listed<'k>,
) -> Result<Vec<&'k Instrument>, String> {
    let kind = wanted.sec_type.trim().to_ascii_uppercase();
    let is_found_otherwise = wanted.con_id != 0 || !wanted.sec_id.is_empty();
    let kinds = ["STK", "OPT", "FUT", "CASH", "IND", "BOND", "FUND"];
    let is_known = kinds.contains(&kind.as_str()) || (kind.is_empty() && is_found_otherwise);
    if !is_known {
        return Err(format!(
            "secType {:?} is not traded here; use one of {}",
            shortened(&kind),
            kinds.join(", ")
        ));
    }
    let forecast = if is_found_otherwise { None } else { forecast_about(wanted, listed) };
    let wanted = forecast.as_ref().unwrap_or(wanted);
    let found = if wanted.con_id != 0 {
        vec![by_id(wanted.con_id, listed)?]
    } else if !wanted.sec_id.is_empty() {
        vec![by_sec_id(wanted, listed.known)?]
    } else {
        described(&kind, wanted, listed)?
    };
    // What is found by its name is told where the description does not agree; of many, those that agree are taken.
    let agree: Vec<_> = found.iter().filter(|one| check(one, wanted).is_ok()).copied().collect();
    match (found.as_slice(), agree.is_empty()) {
        ([one], _) => check(one, wanted).map(|()| found.clone()),
        (_, false) => Ok(agree),
        ([_, ..], true) => Err(disagreement(&found, wanted)),
        ([], true) => Err("no contract has this description".to_owned()),
    }
}

/// What keeps the contract that agrees with most of a description from being meant by it.
fn disagreement(found: &[&Instrument], wanted: &Contract) -> String {
    let terms = [
        Contract { last_trade_date: wanted.last_trade_date.clone(), ..Contract::default() },
        Contract { multiplier: wanted.multiplier.clone(), ..Contract::default() },
        Contract { strike: wanted.strike, ..Contract::default() },
        Contract { right: wanted.right.clone(), ..Contract::default() },
    ];
    let agrees = |one: &&&Instrument| {
        let is_so = |part: &&Contract| check_terms(one, part).is_ok();
        terms.iter().filter(is_so).count()
    };
    // The first of those that agree with as much.
    let nearest = found.iter().rev().max_by_key(agrees);
    nearest.and_then(|one| check(one, wanted).err()).unwrap_or_default()
}

fn by_id<'k>(con_id: i32, listed: &Listed<'k>) -> Result<&'k Instrument, String> {
    let one = u32::try_from(con_id).ok().and_then(|id| listed.known.get(SymbolId(id)));
    let one = one.ok_or_else(|| format!("no contract has conId {con_id}"))?;
    if listed.has(one) {
        return Ok(one);
    }
    Err(format!("conId {con_id}, {}, is not listed now", one.local))
}

/// Those that a kind and a name say; at least one.
fn described<'k>(
    kind: &str,
    wanted: &Contract,
    listed: &Listed<'k>,
) -> Result<Vec<&'k Instrument>, String> {
    let names = [&wanted.symbol, &wanted.local_symbol, &wanted.trading_class];
    if names.iter().all(|name| name.trim().is_empty()) {
        return Err("no contract is given; set symbol, localSymbol, conId or secId".to_owned());
    }
    let is_series = matches!(kind, "OPT" | "FUT");
    if is_series && !wanted.local_symbol.trim().is_empty() {
        return by_local(kind, wanted.local_symbol.trim(), listed).map(|one| vec![one]);
    }
    let is_named = |one: &&Instrument| {
        let symbol = wanted.symbol.trim();
        let own =
            if kind == "CASH" { one.local.split('.').next().unwrap_or("") } else { &one.symbol };
        if kind == "BOND" && !symbol.is_empty() && is_number(one, symbol) {
            return true;
        }
        if !symbol.is_empty() {
            return own.eq_ignore_ascii_case(symbol) || one.local.eq_ignore_ascii_case(symbol);
        }
        let local = wanted.local_symbol.trim();
        if !local.is_empty() {
            return one.local.eq_ignore_ascii_case(local);
        }
        class(one).eq_ignore_ascii_case(wanted.trading_class.trim())
    };
    let found: Vec<_> = listed.of_kind(kind).filter(is_named).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let what = noun(kind);
    Err(if wanted.symbol.trim().is_empty() && wanted.local_symbol.trim().is_empty() {
        format!("no {what} has the tradingClass {:?}", shortened(&wanted.trading_class))
    } else {
        let name =
            if wanted.symbol.trim().is_empty() { &wanted.local_symbol } else { &wanted.symbol };
        format!("no {what} has the symbol {:?}{}", shortened(name), hint(kind, name, listed))
    })
}

/// The description of a forecast by its class, where it names what the forecast is about: at the broker both have one
/// symbol, and programs take that of `reqSecDefOptParams`.
fn forecast_about(wanted: &Contract, listed: &Listed<'_>) -> Option<Contract> {
    let [symbol, class, exchange] =
        [&wanted.symbol, &wanted.trading_class, &wanted.exchange].map(|name| name.trim());
    if !wanted.sec_type.trim().eq_ignore_ascii_case("OPT") || symbol.is_empty() {
        return None;
    }
    let is_about = |one: &&Instrument| {
        let InstrumentKind::Forecast(terms) = &one.kind else { return false };
        let about = listed.known.get(terms.underlying);
        let is_named =
            one.class.eq_ignore_ascii_case(class) || one.exchange.eq_ignore_ascii_case(exchange);
        is_named && about.is_some_and(|about| about.symbol.eq_ignore_ascii_case(symbol))
    };
    let one = listed.series().find(is_about)?;
    Some(Contract { symbol: one.symbol.clone(), ..wanted.clone() })
}

/// The option or future that its exchange calls so, with or without blanks.
fn by_local<'k>(kind: &str, name: &str, listed: &Listed<'k>) -> Result<&'k Instrument, String> {
    let found = listed.known.with_local(name, listed.today);
    let found = found.filter(|one| sec_type(&one.kind) == kind);
    let one = found.ok_or_else(|| {
        let what = noun(kind);
        format!("no {what} has the localSymbol {:?}{}", shortened(name), hint(kind, name, listed))
    })?;
    if listed.has(one) { Ok(one) } else { Err(format!("{} is not listed now", one.local)) }
}

/// Whether it is the CUSIP or the ISIN of a bond, which programs take for its symbol.
fn is_number(one: &Instrument, number: &str) -> bool {
    let known = [one.cusip(), one.isin.as_str()];
    one.bond().is_some()
        && known.iter().any(|known| !known.is_empty() && known.eq_ignore_ascii_case(number))
}

fn noun(kind: &str) -> &'static str {
    match kind {
        "OPT" => "option",
        "FUT" => "future",
        "CASH" => "pair of currencies",
        "IND" => "index",
        "BOND" => "bond",
        "FUND" => "fund",
        _ => "stock",
    }
}

/// The instrument with the number that `secIdType` and `secId` name. No number is of two types, so that the
/// type may be left out.
fn by_sec_id<'k>(wanted: &Contract, all: &'k Instruments) -> Result<&'k Instrument, String> {
    let (kind, number) = (wanted.sec_id_type.trim(), wanted.sec_id.trim());
    let found = match kind.to_ascii_uppercase().as_str() {
        "ISIN" => all.with_isin(number),
        "CUSIP" => all.with_cusip(number),
        "SEDOL" => all.with_sedol(number),
        "FIGI" => all.with_figi(number),
        "RIC" => all.with_ric(number),
        "" => all
            .with_isin(number)
            .or_else(|| all.with_cusip(number))
            .or_else(|| all.with_sedol(number))
            .or_else(|| all.with_figi(number))
            .or_else(|| all.with_ric(number)),
        _ => {
            let kind = shortened(kind);
            return Err(format!(
                "secIdType {kind:?} is not supported; use ISIN, CUSIP, SEDOL, FIGI or RIC"
            ));
        }
    };
    let kind = if kind.is_empty() { "secId" } else { kind };
    found.ok_or_else(|| format!("nothing has the {kind} {:?}", shortened(number)))
}

/// What else a name could be, for those who took the wrong kind.
fn hint(kind: &str, name: &str, listed: &Listed<'_>) -> String {
    let other = listed.known.with_local(name, listed.today);
    if let Some(other) = other.filter(|one| sec_type(&one.kind) != kind) {
        let other = sec_type(&other.kind);
        return format!("; it looks like {}: use secType {other}", a_noun(other));
    }
    let bytes = name.as_bytes();
    let is_option = name.len() > 15
        && bytes.iter().rev().take(8).all(u8::is_ascii_digit)
        && bytes.iter().rev().nth(8).is_some_and(|right| matches!(right, b'C' | b'P'));
    let root = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = name.len().saturating_sub(root.len());
    let is_future = (1..=2).contains(&digits)
        && (2..=5).contains(&root.len())
        && root.ends_with(|month| MONTHS.contains(month));
    if is_option && kind != "OPT" {
        "; it looks like an option: use secType OPT".to_owned()
    } else if is_future && kind != "FUT" {
        "; it looks like a future: use secType FUT, with one digit for the year".to_owned()
    } else if is_future && digits == 2 {
        "; the year has one digit here".to_owned()
    } else {
        String::new()
    }
}

fn a_noun(kind: &str) -> String {
    let noun = noun(kind);
    let article = if noun.starts_with(['o', 'i']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// What the description says beside what found the contract has to agree.
fn check(one: &Instrument, wanted: &Contract) -> Result<(), String> {
    check_names(one, wanted)?;
    check_terms(one, wanted)?;
    let places = [("exchange", &wanted.exchange), ("primaryExchange", &wanted.primary_exchange)];
    for (name, given) in places {
        let is_known = is_venue(one, given) || (name == "exchange" && is_exchange(one, given));
        if !given.trim().is_empty() && !is_known {
            let own = std::slice::from_ref(&one.exchange);
            let own = if venues(one).is_empty() { own } else { &[] };
            let own = own.iter().map(String::as_str);
            let all: Vec<_> =
                std::iter::once(SMART).chain(own).chain(venues(one).iter().copied()).collect();
            return Err(format!(
                "{name} {:?} does not trade {}; it is listed on {}; use one of {}",
                shortened(given),
                one.local,
                one.exchange,
                all.join(", ")
            ));
        }
    }
    Ok(())
}

fn check_names(one: &Instrument, wanted: &Contract) -> Result<(), String> {
    let kind = sec_type(&one.kind);
    let symbol =
        if kind == "CASH" { one.local.split('.').next().unwrap_or("") } else { &one.symbol };
    let fields = [
        ("secType", &wanted.sec_type, kind),
        ("symbol", &wanted.symbol, symbol),
        ("currency", &wanted.currency, one.currency.code()),
        ("localSymbol", &wanted.local_symbol, one.local.as_str()),
        ("tradingClass", &wanted.trading_class, class(one)),
    ];
    for (name, given, known) in fields {
        let given = given.trim();
        let is_whole =
            name == "symbol" && (given.eq_ignore_ascii_case(&one.local) || is_number(one, given));
        let alike = packed(given).eq_ignore_ascii_case(&packed(known));
        if !given.is_empty() && !alike && !is_whole {
            let given = shortened(given);
            return Err(format!("{name} of {} is {known}, not {given:?}", one.local));
        }
    }
    Ok(())
}

/// Its last day as this wire has it: of a bond its maturity.
fn ends(one: &Instrument) -> Option<Day> {
    one.bond().map_or(one.expiry, |terms| Some(terms.maturity))
}

fn check_terms(one: &Instrument, wanted: &Contract) -> Result<(), String> {
    let differs = |name: &str, known: &str, given: &str| {
        Err(format!("{name} of {} is {known}, not {:?}", one.local, shortened(given)))
    };
    let (date, given) =
        (ends(one).map(stamp::day).unwrap_or_default(), wanted.last_trade_date.trim());
    if !given.is_empty() && !date.is_empty() && !date.starts_with(given) {
        return differs("lastTradeDateOrContractMonth", &date, given);
    }
    let given = wanted.multiplier.trim();
    let multiplier = one.multiplier.to_string();
    // @stoqey/ib reads none as 0, and sends that back.
    let is_any = given.is_empty() || given.parse() == Ok(Decimal::ZERO);
    if !is_any && given.parse() != Ok(one.multiplier) {
        return differs("multiplier", &multiplier, given);
    }
    let (own, right) = match &one.kind {
        InstrumentKind::Option(terms) => (terms.strike, terms.right.letter()),
        InstrumentKind::Forecast(terms) => (terms.threshold, terms.outcome.letter()),
        _ => return Ok(()),
    };
    if let Some(strike) = wanted.strike.filter(|strike| !strike.is_zero())
        && strike != own
    {
        return differs("strike", &own.to_string(), &strike.to_string());
    }
    let given = wanted.right.trim();
    // `C`, `CALL`, `YES` and, from some clients, `?` or `0` for either.
    let is_any = given.is_empty() || given == "?" || given == "0";
    let given_as = match given.to_ascii_uppercase().chars().next() {
        Some('Y') => 'C',
        Some('N') => 'P',
        first => first.unwrap_or(right),
    };
    if !is_any && given_as != right {
        return differs("right", &right.to_string(), given);
    }
    Ok(())
}

/// Without blanks.
fn packed(name: &str) -> String {
    name.split_ascii_whitespace().collect()
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

/// The text of error 200, beginning as TWS's does.
pub(crate) fn unknown(reason: &str) -> String {
    format!("No security definition has been found for the request: {reason}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::con_id;
    use super::*;

    fn find(wanted: &Contract) -> Result<&'static Instrument, String> {
        super::find(wanted, &Listed::rows(Instruments::builtin()))
    }

    fn wanted(set: impl FnOnce(&mut Contract)) -> Contract {
        let mut contract = Contract {
            symbol: "AAPL".to_owned(),
            sec_type: "STK".to_owned(),
            ..Contract::default()
        };
        set(&mut contract);
        contract
    }

    #[test]
    fn stock_is_found_by_each_fact_that_names_it() {
        let apple = find(&wanted(|_| {})).unwrap();
        let full = wanted(|c| {
            c.exchange = "SMART".to_owned();
            c.primary_exchange = "NASDAQ".to_owned();
            c.currency = "USD".to_owned();
            c.trading_class = "NMS".to_owned();
        });
        assert_eq!(find(&full).unwrap(), apple);
        let bare = |set: fn(&mut Contract)| {
            find(&wanted(|c| {
                c.symbol.clear();
                set(c);
            }))
        };
        assert_eq!(bare(|c| c.local_symbol = "AAPL".to_owned()).unwrap(), apple);
        assert_eq!(bare(|c| c.trading_class = "BAC".to_owned()).unwrap().symbol, "BAC");
        for (kind, number) in [
            ("ISIN", "US0378331005"),
            ("isin", "us0378331005"),
            ("CUSIP", "037833100"),
            ("SEDOL", "2046251"),
            ("FIGI", "BBG000B9XRY4"),
            ("RIC", "AAPL.O"),
            ("", "US0378331005"),
            ("", "037833100"),
            ("", "AAPL.OQ"),
        ] {
            for sec_type in ["STK", ""] {
                let contract = Contract {
                    sec_type: sec_type.to_owned(),
                    sec_id_type: kind.to_owned(),
                    sec_id: number.to_owned(),
                    ..Contract::default()
                };
                assert_eq!(find(&contract).unwrap(), apple, "{kind} {number}");
            }
        }
        let by_id = Contract { con_id: con_id(apple.id), ..Contract::default() };
        assert_eq!(find(&by_id).unwrap(), apple);
        assert!(bare(|c| c.trading_class = "NMS".to_owned()).unwrap_err().contains("AAPL, AMD"));
    }

    #[test]
    fn every_venue_is_taken_as_exchange_and_as_primary_exchange() {
        for name in ["SMART/ISLAND", "smart:nasdaq", "SMART ", " smart"] {
            assert!(find(&wanted(|c| c.exchange = name.to_owned())).is_ok(), "{name}");
        }
        for name in VENUES.into_iter().chain(["island", "Arca", " NYSE "]) {
            let apple = find(&wanted(|c| c.exchange = name.to_owned())).unwrap();
            assert_eq!(find(&wanted(|c| c.primary_exchange = name.to_owned())).unwrap(), apple);
        }
        assert!(is_same_venue("island", "NASDAQ") && !is_same_venue("NYSE", "NASDAQ"));
    }

    #[test]
    fn description_that_does_not_agree_is_refused_with_the_field() {
        type Case = (&'static [&'static str], fn(&mut Contract));
        let cases: [Case; 17] = [
            (&["NOSUCH"], |c| c.symbol = "NOSUCH".to_owned()),
            (&["currency", "USD"], |c| c.currency = "EUR".to_owned()),
            (&["exchange", "LSE", "NASDAQ", "SMART"], |c| c.exchange = "LSE".to_owned()),
            (&["primaryExchange", "SWB"], |c| c.primary_exchange = "SWB".to_owned()),
            (&["option", "AAPL"], |c| c.sec_type = "OPT".to_owned()),
            (&["index", "AAPL"], |c| c.sec_type = "IND".to_owned()),
            (&["conId -7"], |c| c.con_id = -7),
            (&["symbol of MSFT"], |c| c.con_id = 700_013),
            (&["ISIN", "US0378331006"], |c| {
                (c.sec_id_type, c.sec_id) = ("ISIN".to_owned(), "US0378331006".to_owned());
            }),
            (&["symbol of MSFT"], |c| {
                (c.sec_id_type, c.sec_id) = ("ISIN".to_owned(), "US5949181045".to_owned());
            }),
            (&["secIdType", "WKN", "ISIN, CUSIP, SEDOL, FIGI or RIC"], |c| {
                (c.sec_id_type, c.sec_id) = ("WKN".to_owned(), "865985".to_owned());
            }),
            (&["secId", "US0378331006"], |c| c.sec_id = "US0378331006".to_owned()),
            (&["SMART/LSE"], |c| c.exchange = "SMART/LSE".to_owned()),
            (&["looks like a future"], |c| c.symbol = "ESZ26".to_owned()),
            (&["looks like an option"], |c| c.symbol = "AAPL  261218C00100000".to_owned()),
            (&["looks like an option"], |c| c.symbol = "AAPL261218C00100000".to_owned()),
            (&["symbol, localSymbol, conId or secId"], |c| c.symbol.clear()),
        ];
        for (words, set) in cases {
            let reason = find(&wanted(set)).unwrap_err();
            assert!(words.iter().all(|word| reason.contains(word)), "{reason}");
        }
        let none = wanted(|c| (c.symbol, c.trading_class) = (String::new(), "ZZZ".to_owned()));
        assert!(find(&none).unwrap_err().contains("tradingClass"));
    }
}
