//! `floorpass mandate`: who may do what on which account; list, grant, change, revoke.

use access::address::Network;
use access::entitlements::OrderKind;
use access::{PaperAccountId, Time};
use clap::{Args, Subcommand};
use control::{ClearTerm, MandateEnded, MandateRequest, MandateRow, Request, TermsWish};

use crate::credential::one_of;
use crate::exit::Failure;
use crate::global::Global;
use crate::order_limits::{self, OrderLimits};
use crate::output;

#[derive(Debug, Subcommand)]
pub enum MandateCommand {
    /// List who may do what on which account
    #[command(
        after_help = "Examples:\n  floorpass mandate list\n  floorpass mandate list bob\n  floorpass mandate list --account DU1234567 --json | jq '.[].username'"
    )]
    List {
        /// What this person may do only
        name: Option<String>,
        /// On this account only
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<PaperAccountId>,
    },
    /// Let a person act on an account
    Grant(Box<GrantMandate>),
    /// Change what a person may do on an account; what is not named stays as it is
    Change(Box<ChangeMandate>),
    /// End what a person may do on an account: their credentials and sessions act there no more, and the
    /// orders of these credentials there are cancelled
    #[command(
        after_help = "Examples:\n  floorpass mandate revoke bob\n  floorpass mandate revoke bob --account DU1234567 --json\n\nAn open account keeps an owner without an end: grant another one first."
    )]
    Revoke {
        /// The person's user name
        name: String,
        /// The account; required if there are several
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<PaperAccountId>,
    },
}

/// A new mandate.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass mandate grant bob --role trader\n  floorpass mandate grant bob --account DU1234567 --role trader --order-kind limit --max-quantity 100 --hours \"mon-fri 13:30-20:00\" --until 2026-12-31\n  floorpass mandate grant carol --role auditor --address 192.0.2.0/24\n\nRoles:\n  owner    everything, also credentials and mandates of others\n  trader   looks and trades, and manages their own sign-in\n  auditor  looks, and manages their own sign-in\nThe other options take away from what the role gives. The person has to exist: floorpass person add"
)]
pub struct GrantMandate {
    /// The person's user name
    name: String,
    /// The account; required if there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
    /// What the mandate is made of
    #[arg(long, value_parser = ["owner", "trader", "auditor"])]
    role: String,
    #[command(flatten)]
    terms: Terms,
}

/// Other terms for a mandate.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass mandate change bob --max-quantity 50\n  floorpass mandate change bob --clear until --clear hours\n  floorpass mandate change bob --account DU1234567 --act view-account --act view-market-data\n\nWhat is narrower holds for the next order; connections and sessions stay. To change the role: revoke the mandate and grant another."
)]
pub struct ChangeMandate {
    /// The person's user name
    name: String,
    /// The account; required if there are several
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
    #[command(flatten)]
    terms: Terms,
    /// Put this back to what the role gives (repeat for several)
    #[arg(long, value_name = "TERM", value_parser = one_of(&ClearTerm::ALL))]
    clear: Vec<ClearTerm>,
}

/// What a mandate gives, as far as it is said.
#[derive(Debug, Args)]
struct Terms {
    /// Allow this act only, such as place-order (repeat for several)
    #[arg(long = "act", value_name = "ACT")]
    acts: Vec<String>,
    /// Allow this product only (repeat for several)
    #[arg(long = "product", value_name = "PRODUCT")]
    products: Vec<String>,
    /// Allow this kind of order only: market, limit, stop or stop-limit (repeat for several)
    #[arg(long = "order-kind", value_name = "KIND")]
    order_kinds: Vec<String>,
    /// Allow requests from this address or network only (repeat for several)
    #[arg(long = "address", value_name = "ADDRESS")]
    addresses: Vec<Network>,
    #[command(flatten)]
    orders: OrderLimits,
    /// The last day that it holds on, in UTC; open orders of the person's credentials there are cancelled then [default: no end]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    until: Option<Time>,
}

/// A day as it is typed.
fn day(text: &str) -> Result<Time, &'static str> {
    Time::of_date(text).ok_or("write the day like 2026-12-24")
}

impl Terms {
    fn wish(self, clear: Vec<ClearTerm>) -> TermsWish {
        let OrderLimits { hours, numbers: orders } = self.orders;
        TermsWish {
            clear,
            acts: self.acts,
            products: self.products,
            order_kinds: self.order_kinds,
            addresses: self.addresses,
            hours,
            max_quantity: orders.max_quantity,
            max_notional: orders.max_notional,
            max_open_orders: orders.max_open_orders,
            collar: orders.collar,
            duplicate_seconds: orders.duplicate_seconds,
            controls: orders.controls,
            restricted: orders.restricted,
            until: self.until,
        }
    }
}

impl MandateCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List { name: username, account } => {
                let request = Request::Mandate(MandateRequest::List { username, account });
                let rows: Vec<MandateRow> = control::ask(global.data(), &request)?;
                output::show(global.json, &rows, |rows| list(rows))
            }
            Self::Grant(grant) => {
                let GrantMandate { name: username, account, role, terms } = *grant;
                let terms = terms.wish(Vec::new());
                let request = MandateRequest::Grant { username, account, role, terms };
                show(global, &Request::Mandate(request))
            }
            Self::Change(change) => {
                let ChangeMandate { name: username, account, terms, clear } = *change;
                let terms = terms.wish(clear);
                if terms == TermsWish::default() {
                    let text = "nothing to change; see floorpass mandate change --help";
                    return Err(Failure::usage(text));
                }
                let request = MandateRequest::Change { username, account, terms };
                show(global, &Request::Mandate(request))
            }
            Self::Revoke { name: username, account } => {
                let request = MandateRequest::Revoke { username, account };
                let ended: MandateEnded = control::ask(global.data(), &Request::Mandate(request))?;
                output::show(global.json, &ended, gone)
            }
        }
    }
}

fn show(global: &Global, request: &Request) -> Result<(), Failure> {
    let row: MandateRow = control::ask(global.data(), request)?;
    output::show(global.json, &row, words)
}

fn gone(ended: &MandateEnded) -> String {
    let credentials =
        if ended.credentials.is_empty() { "none".to_owned() } else { ended.credentials.join(", ") };
    let left = match ended.orders_left {
        0 => String::new(),
        left => format!(
            "\norders of {} that are still open there: {left}; `floorpass order list --account {}` shows them, `floorpass order cancel` cancels",
            ended.username, ended.account
        ),
    };
    format!(
        "{} may do nothing on account {} any more; credentials that ended there: {credentials}; orders cancelled: {}{left}",
        ended.username, ended.account, ended.orders_cancelled
    )
}

/// What narrows a mandate beside its sets, in a few words.
fn conditions(row: &MandateRow) -> Vec<String> {
    let mut parts = Vec::new();
    // Every kind of order goes without saying.
    if row.order_kinds.len() < OrderKind::ALL.len() {
        parts.push(format!("{} orders only", row.order_kinds.join(", ")));
    }
    parts.extend(row.addresses.iter().map(|some| format!("from {}", some.join(", "))));
    parts.extend(row.hours.iter().map(|hours| format!("orders {hours} UTC")));
    let currency = row.currency.as_deref().unwrap_or_default();
    parts.extend(order_limits::all_words(&row.limits, currency));
    parts
}

fn list(rows: &[MandateRow]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            [
                row.account.clone(),
                row.username.clone(),
                row.role.clone(),
                row.grantor.clone(),
                row.until.clone().unwrap_or_else(|| "no end".to_owned()),
                conditions(row).join("; "),
            ]
        })
        .collect();
    let head = ["account", "person", "role", "granted by", "until", "conditions"];
    output::table(head, &cells, "no mandates")
}

fn words(row: &MandateRow) -> String {
    let mut lines = vec![
        format!("{} is {} of account {}", row.username, row.role, row.account),
        format!("  acts         {}", row.acts.join(", ")),
        format!("  products     {}", row.products.join(", ")),
        format!("  orders       {}", row.order_kinds.join(", ")),
        format!("  until        {}", row.until.as_deref().unwrap_or("no end")),
    ];
    lines.extend(conditions(row).iter().map(|one| format!("  only         {one}")));
    lines.join("\n")
}
