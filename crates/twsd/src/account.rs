//! The account: values, positions, profit and loss; asked once or followed.
//!
//! What is followed is sent again when it changes: positions and values with each fill, values and
//! prices every five seconds, profit and loss every second.

use std::collections::{BTreeMap, BTreeSet};

use access::{PaperAccountId, SymbolId};
use gate::View;
use rust_decimal::Decimal;
use tws::inbound;
use tws::outbound::{
    AccountDownloadEnd, AccountSummary, AccountSummaryEnd, AccountUpdateMulti,
    AccountUpdateMultiEnd, AccountUpdateTime, AccountValue, BASE, ErrorCode, LEDGER, Pnl,
    PnlSingle, PortfolioValue, Position, PositionEnd, PositionMulti, PositionMultiEnd,
};

use crate::client::Client;
use crate::outgoing::Outgoing;
use crate::stamp;

mod value;

use value::{Denomination, Value, values};

/// Summaries, multis and profit-and-loss streams that one connection may follow.
const STREAMS: usize = 100;
/// Changes of the quotes after which values are sent again; quotes change once a second.
const TICKS_A_VALUE: u32 = 5;
/// What was sent last: the value by account, name and currency.
type Values = BTreeMap<(PaperAccountId, &'static str, Denomination), String>;
/// What was sent last: shares and average cost by account and contract.
type Positions = BTreeMap<(PaperAccountId, SymbolId), (i64, Decimal)>;
/// The profit of one position: which, and what was sent last.
type SingleProfit = ((PaperAccountId, SymbolId), Option<[Decimal; 4]>);

/// What of the account a connection follows.
#[derive(Default)]
pub(crate) struct Accounts {
    /// Where something was filled since it was looked at.
    pub(crate) stale: BTreeSet<PaperAccountId>,
    ticks: u32,
    updates: Option<Updates>,
    positions: Option<(Vec<PaperAccountId>, Positions)>,
    summaries: BTreeMap<i32, Summary>,
    multi_positions: BTreeMap<i32, (Vec<PaperAccountId>, Positions)>,
    multi_values: BTreeMap<i32, Ledger>,
    pnl: BTreeMap<i32, (PaperAccountId, Option<[Decimal; 3]>)>,
    pnl_single: BTreeMap<i32, SingleProfit>,
}

struct Updates {
    account: PaperAccountId,
    values: Values,
    portfolio: BTreeMap<SymbolId, [Decimal; 3]>,
}

struct Summary {
    accounts: Vec<PaperAccountId>,
    tags: String,
    sent: Values,
}

struct Ledger {
    accounts: Vec<PaperAccountId>,
    /// Whether only the rows of currencies and the net liquidation are asked for.
    only: bool,
    sent: Values,
}

impl Accounts {
    pub(crate) fn end_summary(&mut self, request_id: i32) {
        self.summaries.remove(&request_id);
    }

    pub(crate) fn end_positions(&mut self) {
        self.positions = None;
    }

    pub(crate) fn end_positions_multi(&mut self, request_id: i32) {
        self.multi_positions.remove(&request_id);
    }

    pub(crate) fn end_multi(&mut self, request_id: i32) {
        self.multi_values.remove(&request_id);
    }

    pub(crate) fn end_pnl(&mut self, request_id: i32, out: &mut Outgoing) {
        if self.pnl.remove(&request_id).is_none() {
            out.no_stream(request_id);
        }
    }

    pub(crate) fn end_pnl_single(&mut self, request_id: i32, out: &mut Outgoing) {
        if self.pnl_single.remove(&request_id).is_none() {
            out.no_stream(request_id);
        }
    }

    /// Whether values move with the quotes.
    pub(crate) fn follows_quotes(&self) -> bool {
        !self.stale.is_empty()
            || self.updates.is_some()
            || !self.summaries.is_empty()
            || !self.multi_values.is_empty()
            || self.follows_profit()
    }

    fn follows_profit(&self) -> bool {
        !(self.pnl.is_empty() && self.pnl_single.is_empty())
    }

    /// The accounts of which something is followed.
    pub(crate) fn followed(&self) -> BTreeSet<PaperAccountId> {
        let mut accounts: BTreeSet<_> =
            self.updates.iter().map(|updates| updates.account).collect();
        accounts.extend(self.positions.iter().flat_map(|(accounts, _)| accounts));
        accounts.extend(self.summaries.values().flat_map(|summary| &summary.accounts));
        accounts.extend(self.multi_positions.values().flat_map(|(accounts, _)| accounts));
        accounts.extend(self.multi_values.values().flat_map(|ledger| &ledger.accounts));
        accounts.extend(self.pnl.values().map(|(account, _)| account));
        accounts.extend(self.pnl_single.values().map(|((account, _), _)| account));
        accounts
    }

    /// Follows nothing of an account any more: the requests that end by it, and whether something ends that has no
    /// number.
    pub(crate) fn leave(&mut self, account: PaperAccountId) -> (Vec<i32>, bool) {
        let before: BTreeSet<i32> = self.ids().collect();
        let mut told = self.updates.take_if(|updates| updates.account == account).is_some();
        if let Some((accounts, _)) = &mut self.positions
            && accounts.contains(&account)
        {
            told = true;
            if !still(accounts, account) {
                self.positions = None;
            }
        }
        self.summaries.retain(|_, summary| still(&mut summary.accounts, account));
        self.multi_positions.retain(|_, (accounts, _)| still(accounts, account));
        self.multi_values.retain(|_, ledger| still(&mut ledger.accounts, account));
        self.pnl.retain(|_, (of, _)| *of != account);
        self.pnl_single.retain(|_, ((of, _), _)| *of != account);
        let left: BTreeSet<i32> = self.ids().collect();
        (before.difference(&left).copied().collect(), told)
    }

    /// Whether anything is followed that a fill changes.
    fn follows(&self) -> bool {
        self.follows_quotes() || self.positions.is_some() || !self.multi_positions.is_empty()
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = i32> {
        self.summaries
            .keys()
            .chain(self.multi_positions.keys())
            .chain(self.multi_values.keys())
            .chain(self.pnl.keys())
            .chain(self.pnl_single.keys())
            .copied()
    }

    fn streams(&self) -> usize {
        [
            self.summaries.len(),
            self.multi_positions.len(),
            self.multi_values.len(),
            self.pnl.len(),
            self.pnl_single.len(),
        ]
        .iter()
        .sum()
    }
}

impl Client {
    /// The accounts that a request is about and its client may look at: the one that it names, or
    /// `unnamed` where it names none. None where it may not pass, which the client is told.
    fn accounts_of(
        &self,
        request_id: i32,
        (account, model): (&str, &str),
        unnamed: Vec<PaperAccountId>,
        out: &mut Outgoing,
    ) -> Option<Vec<PaperAccountId>> {
        let named = self.managed.named(account).map(|account| vec![account]);
        let Some(accounts) = named.or(account.is_empty().then_some(unnamed)) else {
            let given: String = account.chars().take(40).collect();
            let text =
                format!("Invalid account code {given:?}: {}.", self.managed.told(&self.admission));
            out.error(request_id, ErrorCode::PROCESSING, &text);
            return None;
        };
        if accounts.is_empty() {
            let text =
                format!("An account code is required: {}.", self.managed.told(&self.admission));
            out.error(request_id, ErrorCode::PROCESSING, &text);
            return None;
        }
        if !model.is_empty() {
            out.error(
                request_id,
                ErrorCode::PROCESSING,
                "Models are not supported; leave modelCode empty.",
            );
            return None;
        }
        if self.accounts.streams() >= STREAMS {
            let text = format!(
                "{STREAMS} account streams are open, and that is the limit; cancel one first."
            );
            out.error(request_id, ErrorCode::PROCESSING, &text);
            return None;
        }
        let seen = self.seen(accounts, request_id, out);
        (!seen.is_empty()).then_some(seen)
    }

    /// The same for a request whose answers do not say which account they are about.
    fn account_of(
        &self,
        request_id: i32,
        named: (&str, &str),
        out: &mut Outgoing,
    ) -> Option<PaperAccountId> {
        let unnamed = self.managed.only().into_iter().collect();
        self.accounts_of(request_id, named, unnamed, out)?.into_iter().next()
    }

    pub(crate) async fn account_updates(
        &mut self,
        request: &inbound::AccountUpdates,
        out: &mut Outgoing,
    ) {
        self.accounts.updates = None;
        if !request.subscribe {
            return;
        }
        let first = self.managed.first();
        let asked = self.accounts_of(-1, (&request.account, ""), vec![first], out);
        let account = asked.and_then(|accounts| accounts.first().copied());
        if let Some(account) = account {
            let (values, portfolio) = (Values::new(), BTreeMap::new());
            self.accounts.updates = Some(Updates { account, values, portfolio });
            let Some(view) = self.view(account, -1, out).await else { return };
            self.put_updates(&view, out);
        }
        let account = self.managed.name(account.unwrap_or(first));
        out.put(&AccountDownloadEnd { account });
    }

    pub(crate) async fn account_updates_multi(
        &mut self,
        request: &inbound::AccountUpdatesMulti,
        out: &mut Outgoing,
    ) {
        let id = request.request_id;
        let named = (&*request.account, &*request.model_code);
        let Some(accounts) = self.accounts_of(id, named, self.managed.ids(), out) else { return };
        let (only, sent) = (request.ledger_and_nlv, Values::new());
        let ledger = Ledger { accounts: accounts.clone(), only, sent };
        self.accounts.multi_values.insert(id, ledger);
        for account in accounts {
            let Some(view) = self.view(account, id, out).await else { return };
            self.put_multi_values(&view, out);
        }
        out.put(&AccountUpdateMultiEnd { request_id: id });
    }

    pub(crate) async fn account_summary(
        &mut self,
        request: &inbound::AccountSummary,
        out: &mut Outgoing,
    ) {
        let id = request.request_id;
        let group = request.group.trim();
        if !(group.is_empty() || group.eq_ignore_ascii_case("All")) {
            out.error(
                id,
                ErrorCode::PROCESSING,
                "Account groups are not supported; use group All.",
            );
            return;
        }
        let Some(accounts) = self.accounts_of(id, ("", ""), self.managed.ids(), out) else {
            return;
        };
        let (tags, sent) = (request.tags.clone(), Values::new());
        let summary = Summary { accounts: accounts.clone(), tags, sent };
        self.accounts.summaries.insert(id, summary);
        for account in accounts {
            let Some(view) = self.view(account, id, out).await else { return };
            self.put_summaries(&view, out);
        }
        out.put(&AccountSummaryEnd { request_id: id });
    }

    pub(crate) async fn positions(&mut self, out: &mut Outgoing) {
        if let Some(accounts) = self.accounts_of(-1, ("", ""), self.managed.ids(), out) {
            self.accounts.positions = Some((accounts.clone(), Positions::new()));
            for account in accounts {
                let Some(view) = self.view(account, -1, out).await else { return };
                self.put_positions(&view, out);
            }
        }
        out.put(&PositionEnd {});
    }

    pub(crate) async fn positions_multi(
        &mut self,
        request: &inbound::PositionsMulti,
        out: &mut Outgoing,
    ) {
        let id = request.request_id;
        let named = (&*request.account, &*request.model_code);
        let Some(accounts) = self.accounts_of(id, named, self.managed.ids(), out) else { return };
        self.accounts.multi_positions.insert(id, (accounts.clone(), Positions::new()));
        for account in accounts {
            let Some(view) = self.view(account, id, out).await else { return };
            self.put_positions(&view, out);
        }
        out.put(&PositionMultiEnd { request_id: id });
    }

    pub(crate) async fn pnl(&mut self, request: &inbound::Pnl, out: &mut Outgoing) {
        let id = request.request_id;
        let named = (&*request.account, &*request.model_code);
        let Some(account) = self.account_of(id, named, out) else { return };
        self.accounts.pnl.insert(id, (account, None));
        let Some(view) = self.view(account, id, out).await else { return };
        self.put_profit(&view, out);
    }

    pub(crate) async fn pnl_single(&mut self, request: &inbound::PnlSingle, out: &mut Outgoing) {
        let id = request.request_id;
        let named = (&*request.account, &*request.model_code);
        let Some(account) = self.account_of(id, named, out) else { return };
        let symbol = u32::try_from(request.con_id).ok().map(SymbolId);
        let Some(symbol) = symbol.filter(|symbol| self.directory.get(*symbol).is_some()) else {
            let reason = format!("no contract has conId {}", request.con_id);
            return out.error(id, ErrorCode::NO_DEFINITION, &crate::contract::unknown(&reason));
        };
        self.accounts.pnl_single.insert(id, ((account, symbol), None));
        let Some(view) = self.view(account, id, out).await else { return };
        self.put_profit(&view, out);
    }

    /// Sends what fills have changed.
    pub(crate) async fn refresh(&mut self, out: &mut Outgoing) {
        if self.accounts.stale.is_empty() || out.is_high() {
            return;
        }
        self.end_unseen_accounts(out);
        self.put_stale(out).await;
    }

    async fn put_stale(&mut self, out: &mut Outgoing) {
        let stale = std::mem::take(&mut self.accounts.stale);
        if !self.accounts.follows() {
            return;
        }
        for account in stale {
            let Ok(view) = self.gate.view_of(account).await else { return };
            self.put_positions(&view, out);
            self.put_updates(&view, out);
            self.put_multi_values(&view, out);
            self.put_summaries(&view, out);
            self.put_profit(&view, out);
        }
    }

    /// Sends what the quotes have changed of the accounts of which something is followed.
    pub(crate) async fn tick_accounts(
        &mut self,
        followed: BTreeSet<PaperAccountId>,
        out: &mut Outgoing,
    ) {
        if !self.accounts.stale.is_empty() {
            return self.put_stale(out).await;
        }
        if !self.accounts.follows_quotes() {
            return;
        }
        self.accounts.ticks = self.accounts.ticks.saturating_add(1);
        let values = self.accounts.ticks >= TICKS_A_VALUE;
        if !values && !self.accounts.follows_profit() {
            return;
        }
        if values {
            self.accounts.ticks = 0;
        }
        for account in followed {
            let Ok(view) = self.gate.view_of(account).await else { return };
            self.put_profit(&view, out);
            if values {
                self.put_updates(&view, out);
                self.put_multi_values(&view, out);
                self.put_summaries(&view, out);
            }
        }
    }

    fn put_updates(&mut self, view: &View, out: &mut Outgoing) {
        let Some(updates) = &mut self.accounts.updates else { return };
        if updates.account != view.account {
            return;
        }
        let account = self.managed.name(view.account);
        let mut changed = false;
        for (key, value, currency) in changes(
            &mut updates.values,
            view.account,
            values(&view.summary, view.day_trades.left()),
        ) {
            changed = true;
            let currency = currency.code();
            out.put(&AccountValue { key, value: &value, currency, account });
        }
        for holding in &view.positions {
            let Some(described) = self.directory.get(holding.symbol) else { continue };
            let contract = &described.contract;
            let (position, price) = (&holding.position, holding.price());
            let now = [holding.quantity(), price, position.realised];
            let known = updates.portfolio.get(&holding.symbol);
            if known == Some(&now) || (known.is_none() && position.shares == 0) {
                continue;
            }
            updates.portfolio.insert(holding.symbol, now);
            changed = true;
            out.put(&PortfolioValue {
                contract,
                position: holding.quantity(),
                market_price: price,
                market_value: holding.value(),
                average_cost: holding.average_cost().round_dp(8),
                unrealized_pnl: holding.unrealised().round_dp(4),
                realized_pnl: position.realised.round_dp(4),
                account,
            });
        }
        if changed {
            out.put(&AccountUpdateTime { time: &stamp::minute(self.gate.now()) });
        }
    }

    fn put_multi_values(&mut self, view: &View, out: &mut Outgoing) {
        let account = self.managed.name(view.account);
        for (request_id, ledger) in &mut self.accounts.multi_values {
            if !ledger.accounts.contains(&view.account) {
                continue;
            }
            let mut values = values(&view.summary, view.day_trades.left());
            if ledger.only {
                values.retain(|(key, ..)| *key == "NetLiquidation" || LEDGER.contains(key));
            }
            for (key, value, currency) in changes(&mut ledger.sent, view.account, values) {
                out.put(&AccountUpdateMulti {
                    request_id: *request_id,
                    account,
                    model_code: "",
                    key,
                    value: &value,
                    currency: currency.code(),
                });
            }
        }
    }

    fn put_summaries(&mut self, view: &View, out: &mut Outgoing) {
        let account = self.managed.name(view.account);
        for (request_id, summary) in &mut self.accounts.summaries {
            if !summary.accounts.contains(&view.account) {
                continue;
            }
            let mut values = values(&view.summary, view.day_trades.left());
            values.retain(|(key, _, currency)| is_asked(&summary.tags, key, currency.code()));
            for (tag, value, currency) in changes(&mut summary.sent, view.account, values) {
                out.put(&AccountSummary {
                    request_id: *request_id,
                    account,
                    tag,
                    value: &value,
                    currency: currency.code(),
                });
            }
        }
    }

    fn put_positions(&mut self, view: &View, out: &mut Outgoing) {
        for holding in &view.positions {
            let Some(described) = self.directory.get(holding.symbol) else { continue };
            let contract = &described.contract;
            let (shares, average) = (holding.position.shares, holding.average_cost().round_dp(8));
            let account = self.managed.name(view.account);
            let (position, average_cost) = (holding.quantity(), average);
            let place = (view.account, holding.symbol);
            if let Some((accounts, sent)) = &mut self.accounts.positions
                && accounts.contains(&view.account)
                && is_news(sent, place, shares, average)
            {
                out.put(&Position { account, contract, position, average_cost });
            }
            for (request_id, (accounts, sent)) in &mut self.accounts.multi_positions {
                if accounts.contains(&view.account) && is_news(sent, place, shares, average) {
                    let (request_id, model_code) = (*request_id, "");
                    out.put(&PositionMulti {
                        request_id,
                        account,
                        model_code,
                        contract,
                        position,
                        average_cost,
                    });
                }
            }
        }
    }

    fn put_profit(&mut self, view: &View, out: &mut Outgoing) {
        let summary = &view.summary;
        let whole =
            [summary.daily, summary.unrealised, summary.realised].map(|amount| amount.round_dp(4));
        for (request_id, (account, sent)) in &mut self.accounts.pnl {
            if *account == view.account && sent.replace(whole) != Some(whole) {
                let [daily, unrealized, realized] = whole;
                out.put(&Pnl { request_id: *request_id, daily, unrealized, realized });
            }
        }
        for (request_id, ((account, symbol), sent)) in &mut self.accounts.pnl_single {
            if *account != view.account {
                continue;
            }
            let held = view.positions.iter().find(|holding| holding.symbol == *symbol);
            let (position, part) = held.map_or((Decimal::ZERO, [Decimal::ZERO; 4]), |holding| {
                let amounts = [
                    holding.daily(),
                    holding.unrealised(),
                    holding.position.realised,
                    holding.value(),
                ];
                (holding.quantity(), amounts.map(|amount| amount.round_dp(4)))
            });
            if sent.replace(part) != Some(part) {
                let [daily, unrealized, realized, value] = part;
                out.put(&PnlSingle {
                    request_id: *request_id,
                    position,
                    daily,
                    unrealized,
                    realized,
                    value,
                });
            }
        }
    }
}

/// Takes an account out of those that a stream is of; whether there is one left.
fn still(accounts: &mut Vec<PaperAccountId>, left: PaperAccountId) -> bool {
    accounts.retain(|account| *account != left);
    !accounts.is_empty()
}

/// The values that differ from those that were sent, which become those that were sent.
fn changes(sent: &mut Values, account: PaperAccountId, now: Vec<Value>) -> Vec<Value> {
    let mut now = now;
    now.retain(|(key, value, currency)| {
        let differs = sent.get(&(account, *key, *currency)) != Some(value);
        if differs {
            sent.insert((account, key, *currency), value.clone());
        }
        differs
    });
    now
}

/// Whether a position was not sent so; an empty one is news only after it was not.
fn is_news(
    sent: &mut Positions,
    place: (PaperAccountId, SymbolId),
    shares: i64,
    average: Decimal,
) -> bool {
    match sent.insert(place, (shares, average)) {
        Some(known) => known != (shares, average),
        None => shares != 0,
    }
}

/// Whether a comma list of tags asks for a value. `$LEDGER` asks for the rows of all currencies
/// together, `$LEDGER:USD` for those of one, `$LEDGER:ALL` for both.
fn is_asked(tags: &str, key: &str, currency: &str) -> bool {
    tags.split(',').map(str::trim).any(|tag| match tag.split_once(':') {
        None if tag == "$LEDGER" => currency == BASE && LEDGER.contains(&key),
        Some(("$LEDGER", wanted)) => {
            LEDGER.contains(&key)
                && (wanted.eq_ignore_ascii_case("ALL") || wanted.eq_ignore_ascii_case(currency))
        }
        _ => tag.eq_ignore_ascii_case(key),
    })
}

#[cfg(test)]
mod tests {
    use access::currency::Currency;

    use super::*;

    const FIRST: PaperAccountId = PaperAccountId::FIRST;

    #[test]
    fn value_is_sent_again_only_when_it_changes() {
        let mut sent = Values::new();
        let values = |dollars: &str, base: &str| {
            vec![
                ("CashBalance", dollars.to_owned(), Denomination::Of(Currency::USD)),
                ("CashBalance", base.to_owned(), Denomination::Base),
            ]
        };
        assert_eq!(
            changes(&mut sent, FIRST, values("1.00", "3.00")).len(),
            2,
            "one row a currency"
        );
        assert_eq!(changes(&mut sent, FIRST, values("1.00", "3.00")).len(), 0);
        let changed = vec![("CashBalance", "2.00".to_owned(), Denomination::Of(Currency::USD))];
        assert_eq!(changes(&mut sent, FIRST, values("2.00", "3.00")), changed);
        let other = PaperAccountId::LAST;
        assert_eq!(changes(&mut sent, other, values("2.00", "3.00")).len(), 2, "another account's");
    }

    #[test]
    fn closed_position_is_news_once_and_one_that_never_was_is_not() {
        let (mut sent, symbol) = (Positions::new(), (FIRST, SymbolId(700_001)));
        assert!(!is_news(&mut sent, symbol, 0, Decimal::ZERO));
        assert!(is_news(&mut sent, symbol, 5, Decimal::ONE));
        assert!(!is_news(&mut sent, symbol, 5, Decimal::ONE));
        assert!(is_news(&mut sent, symbol, 0, Decimal::ZERO));
        assert!(!is_news(&mut sent, symbol, 0, Decimal::ZERO));
    }

    #[test]
    fn tags_pick_values_and_the_ledger() {
        assert!(is_asked("AccountType, NetLiquidation", "NetLiquidation", "USD"));
        assert!(!is_asked("AccountType", "NetLiquidation", "USD"));
        let asked =
            |tags: &str| ["USD", BASE].map(|currency| is_asked(tags, "CashBalance", currency));
        assert_eq!(asked("$LEDGER"), [false, true]);
        assert_eq!(asked("$LEDGER:BASE"), [false, true]);
        assert_eq!(asked("X, $LEDGER:USD"), [true, false]);
        assert_eq!(asked("$LEDGER:usd"), [true, false]);
        assert_eq!(asked("X,$LEDGER:ALL"), [true, true]);
        assert_eq!(asked("$LEDGER:EUR"), [false, false]);
        assert!(!is_asked("$LEDGER:ALL", "NetLiquidation", "USD"));
    }
}
