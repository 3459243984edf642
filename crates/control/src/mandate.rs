//! Mandates, as the operator grants, changes and revokes them.

use access::address::{Addresses, Network};
use access::currency::Currency;
use access::entitlements::{Acts, Hours, OrderKind, OrderKinds, Product, Products};
use access::mandate::{Conditions, Grantor, Mandate, MandateTerms, Role};
use access::{Act, PaperAccountId, PersonId, Refusal, Span, Time};
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trade::instrument::Instruments;

use crate::account;
use crate::answer::{LimitsRow, MandateEnded, MandateRow};
use crate::condition;
use crate::desk::{Desk, instant, value};
use crate::fault::Fault;
use crate::person;

/// What people may do on accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum MandateRequest {
    /// Those on one account, or on all.
    List {
        /// The user name of their holder; none is everybody's.
        #[serde(default)]
        username: Option<String>,
        /// The account.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
    /// Lets somebody act on an account.
    Grant {
        /// The user name.
        username: String,
        /// The account; none takes the only one.
        #[serde(default)]
        account: Option<PaperAccountId>,
        /// `owner`, `trader` or `auditor`.
        role: String,
        /// What is narrower than the role.
        #[serde(default)]
        terms: TermsWish,
    },
    /// Gives somebody's mandate other terms.
    Change {
        /// The user name.
        username: String,
        /// The account; none takes the only one.
        #[serde(default)]
        account: Option<PaperAccountId>,
        /// What changes.
        terms: TermsWish,
    },
    /// Ends somebody's mandate.
    Revoke {
        /// The user name.
        username: String,
        /// The account; none takes the only one.
        #[serde(default)]
        account: Option<PaperAccountId>,
    },
}

/// What a mandate gives, as far as it is to be another; what is left out stays as it is, which for a new one is
/// all that its role gives.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TermsWish {
    /// What is put back to what the role gives, before the others are set.
    pub clear: Vec<ClearTerm>,
    /// The acts, by name; empty leaves them.
    pub acts: Vec<String>,
    /// The products; empty leaves them.
    pub products: Vec<String>,
    /// The kinds of orders; empty leaves them.
    pub order_kinds: Vec<String>,
    /// The networks that requests may come from; empty leaves them.
    pub addresses: Vec<Network>,
    /// The hours in which orders may be placed: `mon-fri 13:30-20:00`, in UTC.
    pub hours: Option<String>,
    /// Shares per order.
    pub max_quantity: Option<u64>,
    /// The most that an order may be worth, in the account's base currency, as it was typed.
    pub max_notional: Option<String>,
    /// Orders open at once.
    pub max_open_orders: Option<u32>,
    /// How far a limit price may be beyond the market, in percent.
    pub collar: Option<Decimal>,
    /// Seconds within which an identical order is a duplicate.
    pub duplicate_seconds: Option<u32>,
    /// Further limits by name, `daily_loss=500`; `daily_loss=none` takes one off.
    pub controls: Vec<String>,
    /// The symbols that may only be reduced; `none` for none at all, and empty leaves them.
    pub restricted: Vec<String>,
    /// The last day that it holds on, in UTC.
    pub until: Option<Time>,
}

/// A term that can be put back to what the role gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "each is the term that it names")]
pub enum ClearTerm {
    Acts,
    Products,
    OrderKinds,
    Addresses,
    Hours,
    MaxQuantity,
    MaxNotional,
    MaxOpenOrders,
    Collar,
    DuplicateSeconds,
    Until,
}

impl ClearTerm {
    /// Every one, by its name.
    pub const ALL: [(&'static str, Self); 11] = [
        ("acts", Self::Acts),
        ("products", Self::Products),
        ("order-kinds", Self::OrderKinds),
        ("addresses", Self::Addresses),
        ("hours", Self::Hours),
        ("max-quantity", Self::MaxQuantity),
        ("max-notional", Self::MaxNotional),
        ("max-open-orders", Self::MaxOpenOrders),
        ("collar", Self::Collar),
        ("duplicate-seconds", Self::DuplicateSeconds),
        ("until", Self::Until),
    ];
}

/// Does one request about mandates.
pub(crate) async fn act(desk: &Desk<'_>, request: MandateRequest) -> Result<Value, Fault> {
    let (gate, actor) = (desk.gate, &desk.actor);
    let meant = |account| account::meant(gate, account);
    match request {
        MandateRequest::List { username, account } => {
            let holder = person::named(gate, username).await?;
            let names = gate.people().usernames().await?;
            let mut rows = Vec::new();
            for account in account::known(gate, account)? {
                rows.extend(on(desk, account, &names).await?);
            }
            rows.retain(|row| holder.as_ref().is_none_or(|one| one.username == row.username));
            value(rows)
        }
        MandateRequest::Grant { username, account, role, terms } => {
            let (account, role) = (meant(account)?, person::role_of(&role)?);
            let currency = gate.paper_accounts().currency_of(account);
            let terms = wished(
                &terms,
                (role, currency, gate.markets().instruments()),
                MandateTerms::of(role),
            )?;
            gate.mandates().grant(actor, &username, (account.into(), role), terms).await?;
            value(held(desk, account, &username).await?)
        }
        MandateRequest::Change { username, account, terms } => {
            let account = meant(account)?;
            let person = gate.people().find(&username).await?.id;
            let all = gate.mandates().list(account.into()).await?;
            let now = all.iter().find(|one| one.person == person);
            let now = now.ok_or_else(|| none(&username, account))?;
            let currency = gate.paper_accounts().currency_of(account);
            let terms =
                wished(&terms, (now.role, currency, gate.markets().instruments()), now.terms())?;
            gate.mandates().change(actor, &username, account.into(), terms).await?;
            value(held(desk, account, &username).await?)
        }
        MandateRequest::Revoke { username, account } => {
            let account = meant(account)?;
            // A name that nobody has is told apart from a person without a mandate.
            gate.people().find(&username).await?;
            let end = gate.mandates().revoke(actor, &username, account.into()).await;
            let end = end.map_err(|refusal| match refusal {
                Refusal::Change(access::refusal::ChangeRefusal::NotFound { .. }) => {
                    none(&username, account)
                }
                refusal => refusal.into(),
            })?;
            value(MandateEnded {
                username,
                account: account.to_string(),
                credentials: end.credentials,
                orders_cancelled: end.orders,
                orders_left: end.left,
            })
        }
    }
}

fn none(username: &str, account: PaperAccountId) -> Fault {
    let text = format!(
        "{username} has no mandate on account {account}; to see who has: floorpass mandate list --account {account}"
    );
    Fault::new("NOT_FOUND", text)
}

/// The mandates on an account, by holder; none on one that nobody owns yet.
async fn on(
    desk: &Desk<'_>,
    account: PaperAccountId,
    names: &Names,
) -> Result<Vec<MandateRow>, Fault> {
    if desk.gate.paper_accounts().known(account).await?.account.is_none() {
        return Ok(Vec::new());
    }
    let mandates = desk.gate.mandates().list(account.into()).await?;
    let mut rows: Vec<_> = mandates.iter().map(|one| row(desk, one, names)).collect();
    rows.sort_by(|one, other| one.username.cmp(&other.username));
    Ok(rows)
}

/// Somebody's mandate on an account, as it is now.
async fn held(
    desk: &Desk<'_>,
    account: PaperAccountId,
    username: &str,
) -> Result<MandateRow, Fault> {
    let person = desk.gate.people().find(username).await?.id;
    let mandates = desk.gate.mandates().list(account.into()).await?;
    let found = mandates.iter().find(|one| one.person == person);
    let found = found.ok_or_else(|| none(username, account))?;
    Ok(row(desk, found, &desk.gate.people().usernames().await?))
}

/// Everybody's user name.
type Names = [(PersonId, String)];

fn row(desk: &Desk<'_>, one: &Mandate, names: &Names) -> MandateRow {
    let currency = one.account.paper().map(|id| desk.gate.paper_accounts().currency_of(id));
    let name = |id: PersonId| {
        let found = names.iter().find(|(known, _)| *known == id);
        found.map_or_else(|| id.to_string(), |(_, name)| name.clone())
    };
    let Mandate { conditions: Conditions { hours, addresses, limits }, .. } = one;
    let kinds = OrderKind::ALL.iter().filter(|kind| one.order_kinds.contains(**kind));
    let acts = Act::ALL.iter().filter(|act| one.acts.contains(**act));
    MandateRow {
        mandate: one.id,
        username: name(one.person),
        account: one.account.to_string(),
        role: one.role.name().to_owned(),
        grantor: match one.grantor {
            Grantor::Person(person) => name(person),
            grantor @ (Grantor::System | Grantor::Operator) => grantor.to_string(),
        },
        acts: acts.map(typed).collect(),
        products: one.products.iter().map(|product| product.to_string()).collect(),
        order_kinds: kinds.map(typed).collect(),
        addresses: condition::addresses(addresses),
        hours: condition::hours(hours),
        limits: LimitsRow::of(limits, currency, desk.gate.markets().instruments()),
        currency: currency.map(|one| one.to_string()),
        granted: instant(one.granted_at),
        until: one.until.map(instant),
    }
}

/// A member of a set as it is typed: its stored name with hyphens.
fn typed(member: &impl Serialize) -> String {
    match serde_json::to_value(member) {
        Ok(Value::String(name)) => name.replace('_', "-"),
        _ => String::new(),
    }
}

/// A member of a set by its name.
fn member<T: DeserializeOwned + Serialize>(what: &str, name: &str, all: &[T]) -> Result<T, Fault> {
    let stored = Value::String(name.replace('-', "_"));
    serde_json::from_value(stored).map_err(|_| {
        let names = all.iter().map(typed).collect::<Vec<_>>().join(", ");
        unknown(what, name, &names)
    })
}

fn unknown(what: &str, name: &str, names: &str) -> Fault {
    Fault::new("NAME_UNKNOWN", format!("{what} {name} is not known; use {names}"))
}

/// Terms with what is wished in place of what they were, for a role on an account kept in a currency.
fn wished(
    wish: &TermsWish,
    (role, currency, known): (Role, Currency, &Instruments),
    mut terms: MandateTerms,
) -> Result<MandateTerms, Fault> {
    wish.clear.iter().for_each(|term| clear(&mut terms, role, *term));
    if !wish.acts.is_empty() {
        let acts: Result<Vec<Act>, Fault> =
            wish.acts.iter().map(|name| member("act", name, Act::ALL)).collect();
        terms.acts = Acts::of(&acts?);
    }
    if !wish.products.is_empty() {
        let product = |name: &String| {
            let found = Product::ALL.iter().find(|one| one.to_string() == *name).copied();
            let names = || Product::ALL.iter().map(ToString::to_string).collect::<Vec<_>>();
            found.ok_or_else(|| unknown("product", name, &names().join(", ")))
        };
        let products: Result<Vec<Product>, Fault> = wish.products.iter().map(product).collect();
        terms.products = Products::of(&products?);
    }
    if !wish.order_kinds.is_empty() {
        let kinds = wish.order_kinds.iter();
        let kinds: Result<Vec<OrderKind>, Fault> =
            kinds.map(|name| member("kind of order", name, OrderKind::ALL)).collect();
        terms.order_kinds = OrderKinds::of(&kinds?);
    }
    let typed = condition::Typed {
        addresses: &wish.addresses,
        hours: wish.hours.as_deref(),
        max_quantity: wish.max_quantity,
        max_notional: wish.max_notional.as_deref(),
        currency: Some(currency),
        max_open_orders: wish.max_open_orders,
        collar: wish.collar,
        duplicate_seconds: wish.duplicate_seconds,
        controls: &wish.controls,
        restricted: &wish.restricted,
        known,
    };
    let Conditions { hours, addresses, limits } = &mut terms.conditions;
    typed.put(addresses, hours, limits)?;
    // The day itself still counts.
    terms.until = wish.until.map(|day| day + Span::days(1)).or(terms.until);
    Ok(terms)
}

/// Puts a term back to what the role gives.
fn clear(terms: &mut MandateTerms, role: Role, term: ClearTerm) {
    let Conditions { hours, addresses, limits } = &mut terms.conditions;
    match term {
        ClearTerm::Acts => terms.acts = role.acts(),
        ClearTerm::Products => terms.products = role.products(),
        ClearTerm::OrderKinds => terms.order_kinds = OrderKinds::ALL,
        ClearTerm::Addresses => *addresses = Addresses::Any,
        ClearTerm::Hours => *hours = Hours::Always,
        ClearTerm::MaxQuantity => limits.max_quantity = None,
        ClearTerm::MaxNotional => limits.max_notional = None,
        ClearTerm::MaxOpenOrders => limits.max_open_orders = None,
        ClearTerm::Collar => limits.collar_bps = None,
        ClearTerm::DuplicateSeconds => limits.duplicate_window = None,
        ClearTerm::Until => terms.until = None,
    }
}
