//! Paper accounts, as the operator handles them; and which one a request is about.

use access::account::{Currency, SelfMatch};
use access::entitlements::{Product, Products};
use access::refusal::{Field, InputRefusal};
use access::{Grade, PaperAccountId, Refusal};
use gate::{Gate, NewPaperAccount, PaperAccount, Unclosed};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trade::order::OrderId;

use crate::amount::money;
use crate::answer::{AccountRow, Done, HolderRow, LimitsRow};
use crate::condition::LimitsWish;
use crate::credential::symbol;
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::person::NAME_NEEDED;

/// The least and the most that a paper account begins with.
const CASH: (i64, i64) = (1, 1_000_000_000);

/// The paper accounts of this folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AccountRequest {
    /// All of them, closed ones too.
    List,
    /// A new one.
    Create(AccountWish),
    /// Ends one that holds nothing and has no open order.
    Close {
        /// The account.
        account: PaperAccountId,
    },
    /// Changes what one does from now on.
    Change {
        /// The account.
        account: PaperAccountId,
        /// `newest` or `oldest`: which of its orders ends when two of them meet.
        self_match: String,
    },
    /// Sets limits for every order on one, whoever places it.
    Limit {
        /// The account.
        account: PaperAccountId,
        /// What it is to be, as far as it is another.
        wish: LimitsWish,
    },
    /// Permits products on one, beside those that it has.
    Permit {
        /// The account.
        account: PaperAccountId,
        /// Their names.
        products: Vec<String>,
    },
}

/// What a new account is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountWish {
    /// The user name of its owner.
    pub owner: String,
    /// Its number; none draws one.
    #[serde(default)]
    pub account: Option<PaperAccountId>,
    /// What it begins with.
    pub cash: Decimal,
    /// What its worth is told in.
    pub currency: String,
    /// What it is for.
    pub purpose: String,
    /// `newest` or `oldest`: which of its orders ends when two of them meet.
    pub self_match: String,
}

/// Does one request about accounts.
pub(crate) async fn act(desk: &Desk<'_>, request: AccountRequest) -> Result<Value, Fault> {
    match request {
        AccountRequest::List => value(list(desk.gate).await?),
        AccountRequest::Create(wish) => value(create(desk, wish).await?),
        AccountRequest::Close { account } => value(close(desk, account).await?),
        AccountRequest::Change { account, self_match } => {
            known(desk.gate, Some(account))?;
            let self_match = self_match_named(&self_match)?;
            desk.gate.paper_accounts().choose_self_match(&desk.actor, account, self_match).await?;
            value(show(desk.gate, account).await?)
        }
        AccountRequest::Limit { account, wish } => value(limit(desk, account, &wish).await?),
        AccountRequest::Permit { account, products } => {
            value(permit(desk, account, &products).await?)
        }
    }
}

async fn list(gate: &Gate) -> Result<Vec<AccountRow>, Fault> {
    let mut rows = Vec::new();
    for one in gate.paper_accounts().list() {
        rows.push(row(gate, one).await?);
    }
    Ok(rows)
}

async fn row(gate: &Gate, one: PaperAccount) -> Result<AccountRow, Fault> {
    let known = gate.paper_accounts().known(one.id).await?;
    let account = known.account;
    let closed = one.closed.or(account.as_ref().and_then(|one| one.closed_at));
    let state = match (&account, closed) {
        (None, None) => "unowned",
        (_, Some(_)) => "closed",
        (Some(_), None) => "open",
    };
    let instruments = gate.markets().instruments().all().iter();
    let limits = account.as_ref().map(|one| one.limits.clone()).unwrap_or_default();
    Ok(AccountRow {
        account: one.id.to_string(),
        state: state.to_owned(),
        lock: known.lock.map_or(Grade::None, |(grade, _)| grade).to_string(),
        locked: known.lock.map(|(_, since)| instant(since)),
        holders: known
            .holders
            .into_iter()
            .map(|(name, role)| HolderRow { username: name, role: role.name().to_owned() })
            .collect(),
        purpose: account.as_ref().map(|one| one.purpose.to_string()),
        currency: one.currency.to_string(),
        contracts: instruments.filter(|each| each.currency == one.currency).count(),
        products: names_of(account.as_ref().map_or(Products::NONE, |one| one.products)),
        opening_cash: money(one.deposited, Some(one.currency)),
        net_liquidation: money(one.net_liquidation, Some(one.currency)),
        open_orders: one.open_orders,
        self_match: one.self_match.name().to_owned(),
        limits: LimitsRow::of(&limits, Some(one.currency), gate.markets().instruments()),
        opened: instant(one.opened),
        closed: closed.map(instant),
    })
}

fn names_of(products: Products) -> Vec<String> {
    let all = Product::ALL.iter().filter(|one| products.contains(**one));
    all.map(ToString::to_string).collect()
}

fn self_match_named(name: &str) -> Result<SelfMatch, Fault> {
    SelfMatch::ALL.into_iter().find(|one| one.name() == name).ok_or_else(|| {
        let text = format!("self-match {name} is not known; use newest or oldest");
        Fault::new("NAME_UNKNOWN", text)
    })
}

async fn create(desk: &Desk<'_>, wish: AccountWish) -> Result<AccountRow, Fault> {
    let gate = desk.gate;
    let base_currency: Currency = wish
        .currency
        .parse()
        .map_err(|error| Fault::new("CURRENCY_UNKNOWN", format!("{}: {error}", wish.currency)))?;
    if !base_currency.is_in_use() {
        let text = format!(
            "{base_currency} is not a currency in use; name one by its three letters, such as USD, EUR or JPY"
        );
        return Err(Fault::new("CURRENCY_UNKNOWN", text));
    }
    let (least, most) = (Decimal::from(CASH.0), Decimal::from(CASH.1));
    if wish.cash < least
        || wish.cash > most
        || wish.cash.normalize().scale() > base_currency.digits()
    {
        let coin = Decimal::new(1, base_currency.digits());
        let why = InputRefusal::OutOfRange {
            field: Field::Cash,
            given: wish.cash.to_string(),
            least: least.to_string(),
            most: format!("{most} {base_currency}, in steps of {coin}"),
        };
        return Err(Refusal::from(why).into());
    }
    let self_match = self_match_named(&wish.self_match)?;
    let new = NewPaperAccount {
        owner: wish.owner,
        account: wish.account,
        purpose: wish.purpose,
        base_currency,
        cash: wish.cash,
        self_match,
    };
    let account = gate.paper_accounts().create(&desk.actor, new).await?;
    show(gate, account).await
}

async fn show(gate: &Gate, account: PaperAccountId) -> Result<AccountRow, Fault> {
    let all = gate.paper_accounts().list();
    let found = all.into_iter().find(|one| one.id == account);
    row(gate, found.ok_or_else(|| Fault::new("NOT_FOUND", "no such account"))?).await
}

async fn limit(
    desk: &Desk<'_>,
    account: PaperAccountId,
    wish: &LimitsWish,
) -> Result<AccountRow, Fault> {
    let gate = desk.gate;
    known(gate, Some(account))?;
    let before = gate.paper_accounts().known(account).await?.account;
    let before = before.map(|one| one.limits).unwrap_or_default();
    let currency = Some(gate.paper_accounts().currency_of(account));
    let limits = wish.put(before, currency, gate.markets().instruments())?;
    gate.paper_accounts().limit(&desk.actor, account, limits).await?;
    show(gate, account).await
}

async fn close(desk: &Desk<'_>, account: PaperAccountId) -> Result<AccountRow, Fault> {
    let gate = desk.gate;
    known(gate, Some(account))?;
    match gate.paper_accounts().close_for_good(&desk.actor, account).await? {
        Ok(()) => show(gate, account).await,
        Err(Unclosed::First) => {
            let text = format!(
                "{account} is the account that this folder began with, so it cannot be closed; to stop trading on it: floorpass lock --account {account} --grade no-new"
            );
            Err(Fault::new("ACCOUNT_STAYS", text))
        }
        Err(Unclosed::Holds { orders, positions }) => {
            let mut left = Vec::new();
            if orders > 0 {
                let word = if orders == 1 { "order" } else { "orders" };
                left.push(format!(
                    "{orders} open {word} (floorpass order cancel-all --account {account})"
                ));
            }
            if !positions.is_empty() {
                let known = gate.markets().instruments();
                let held = positions.iter().map(|(id, steps)| {
                    let quantity = known.get(*id).map(|one| one.signed_quantity(*steps));
                    let quantity = quantity.unwrap_or_default().normalize();
                    format!("{quantity} {}", symbol(known, *id))
                });
                let held = held.collect::<Vec<_>>().join(", ");
                left.push(format!("positions ({held}), to be closed by orders of its owner"));
            }
            let text = format!("account {account} still has {}; then close it", left.join(" and "));
            Err(Fault::new("ACCOUNT_NOT_FLAT", text))
        }
    }
}

async fn permit(
    desk: &Desk<'_>,
    account: PaperAccountId,
    products: &[String],
) -> Result<Done, Fault> {
    let gate = desk.gate;
    known(gate, Some(account))?;
    let mut wanted = Vec::new();
    for name in products {
        let found = Product::ALL.iter().find(|one| one.to_string() == *name).copied();
        wanted.push(found.ok_or_else(|| {
            let all = names_of(Products::ALL).join(", ");
            Fault::new("NAME_UNKNOWN", format!("product {name} is not known; use {all}"))
        })?);
    }
    gate.paper_accounts().permit(&desk.actor, account, Products::of(&wanted)).await?;
    let row = show(gate, account).await?;
    let text = format!("account {account} may trade {}", row.products.join(", "));
    Ok(Done::new("permitted", text).with("account", account.to_string()))
}

fn unknown(account: PaperAccountId, known: &[PaperAccountId]) -> Fault {
    let text = format!("there is no account {account}; the accounts are {}", names(known));
    Fault::new("NOT_FOUND", text)
}

/// `DU0000001, DU0000002`.
pub(crate) fn names(accounts: &[PaperAccountId]) -> String {
    accounts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The account that is named, or all, closed ones included.
pub(crate) fn known(
    gate: &Gate,
    account: Option<PaperAccountId>,
) -> Result<Vec<PaperAccountId>, Fault> {
    let all = gate.paper_accounts().all();
    match account {
        Some(account) if all.contains(&account) => Ok(vec![account]),
        Some(account) => Err(unknown(account, &all)),
        None => Ok(all),
    }
}

/// The base currency that all accounts of a person have in common; none where they have several.
pub(crate) async fn currency_of(gate: &Gate, username: &str) -> Result<Option<Currency>, Refusal> {
    let mut held = Vec::new();
    for account in gate.paper_accounts().open_ones() {
        let holders = gate.paper_accounts().known(account).await?.holders;
        if holders.iter().any(|(name, _)| name == username) {
            held.push(account);
        }
    }
    Ok(gate.paper_accounts().common_currency(&held))
}

/// The account that is named, or the only one that is open.
pub(crate) fn meant(gate: &Gate, account: Option<PaperAccountId>) -> Result<PaperAccountId, Fault> {
    if account.is_some() {
        let found = known(gate, account)?.into_iter().next();
        return found.ok_or_else(|| Fault::new("NOT_FOUND", "no such account"));
    }
    only(&gate.paper_accounts().open_ones())
}

/// The only one of these accounts, where none is named.
pub(crate) fn only(accounts: &[PaperAccountId]) -> Result<PaperAccountId, Fault> {
    match accounts {
        [only] => Ok(*only),
        several => {
            let (count, names) = (several.len(), names(several));
            let text = format!("there are {count} accounts; name one with --account: {names}");
            Err(Fault::new(NAME_NEEDED, text))
        }
    }
}

/// The account that an open order is on.
pub(crate) async fn of_order(gate: &Gate, order: OrderId) -> Result<Option<PaperAccountId>, Fault> {
    for account in gate.paper_accounts().open_ones() {
        let view = gate.view_of(account).await?;
        if view.open_orders.iter().any(|open| open.id == order) {
            return Ok(Some(account));
        }
    }
    Ok(None)
}
