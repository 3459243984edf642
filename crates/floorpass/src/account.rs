//! `floorpass account`: list, show, create, permit, change, close.

use access::account::Currency;
use access::refusal::Field;
use access::{Number, PaperAccountId};
use clap::{Args, Subcommand};
use control::{AccountRequest, AccountRow, AccountWish, Request};
use rust_decimal::Decimal;

use crate::exit::Failure;
use crate::global::Global;
use crate::order_limits::{self, AccountLimits};
use crate::output;
use crate::which::{done, only};

#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// List paper accounts, closed ones too
    #[command(
        after_help = "Examples:\n  floorpass account list\n  floorpass account list --json | jq '.[].account'"
    )]
    List,
    /// Show one account
    #[command(after_help = "Example:\n  floorpass account show DU1234567 --json")]
    Show {
        /// Its number
        account: PaperAccountId,
    },
    /// Open a paper account for a person
    Create(Box<CreateAccount>),
    /// Permit products on an account, beside those that it has
    #[command(
        after_help = "Example:\n  floorpass account permit DU1234567 --product stocks\n\nWhat is named is permitted; a product that comes later is not, until it is named."
    )]
    Permit {
        /// Its number
        account: PaperAccountId,
        /// A product (repeat for several)
        #[arg(long = "product", value_name = "PRODUCT", required = true)]
        products: Vec<String>,
    },
    /// Change what an account does from now on
    #[command(
        after_help = "Example:\n  floorpass account change DU1234567 --self-match oldest\n\nIt holds at once, for orders that are open already too."
    )]
    Change {
        /// Its number
        account: PaperAccountId,
        /// Which of its orders ends when two of them would trade with each other
        #[arg(long, value_name = "WHICH", value_parser = ["newest", "oldest"])]
        self_match: String,
    },
    /// Limit every order on an account, whoever places it; each holder's own limits narrow it further
    #[command(
        after_help = "Examples:\n  floorpass account limit DU1234567 --max-quantity 500 --limit daily-loss=2000\n  floorpass account limit DU1234567 --limit daily-notional=50000 --restrict TSLA\n  floorpass account limit DU1234567 --clear\n\nLimits by name: daily-quantity, daily-notional, position, gross-exposure, net-exposure, spread, volume-share, usual-size, daily-loss, runaway, option-level, asks-above, and collar-option, collar-future, collar-forex, collar-bond, collar-fund, collar-forecast. They hold from the next order on."
    )]
    Limit {
        /// Its number
        account: PaperAccountId,
        /// Take off all limits that it has, before the others are set
        #[arg(long)]
        clear: bool,
        #[command(flatten)]
        orders: AccountLimits,
    },
    /// Close an account for good; it must have no open orders and no positions
    #[command(
        after_help = "Example:\n  floorpass account close DU1234567\n\nIts history can still be looked at. The account that the folder began with cannot be closed."
    )]
    Close {
        /// Its number
        account: PaperAccountId,
    },
}

/// A new account.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  floorpass account create --owner trader --cash 250000\n  floorpass account create --owner trader --cash 50000 --purpose \"options test\" --self-match oldest --json\n  floorpass account create --owner trader --cash 100000 --currency EUR\n\nThe owner sees it at the portal at once, in the head of every page. If the server stops while it is opened, the same command finishes what was begun."
)]
pub struct CreateAccount {
    /// The user name of its owner
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// What it begins with, in its currency
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    cash: String,
    /// What its worth, its limits and its buying power are told in; only contracts in it can be traded
    #[arg(long, value_name = "CURRENCY", default_value_t = Currency::USD)]
    currency: Currency,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "trading")]
    purpose: String,
    /// Which of its orders ends when two of them would trade with each other
    #[arg(long, value_name = "WHICH", default_value = "newest", value_parser = ["newest", "oldest"])]
    self_match: String,
    /// Its number, like DU1234567 [default: drawn]
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<PaperAccountId>,
}

impl AccountCommand {
    /// Asks the running server.
    pub fn run(self, global: &Global) -> Result<(), Failure> {
        match self {
            Self::List => output::show(global.json, &rows(global)?, |rows| list(rows)),
            Self::Show { account } => {
                let name = account.to_string();
                let row = only(rows(global)?, "account", &name, |row| row.account == name)?;
                output::show(global.json, &row, words)
            }
            Self::Create(create) => create.run(global),
            Self::Permit { account, products } => {
                done(global, &Request::Account(AccountRequest::Permit { account, products }))
            }
            Self::Change { account, self_match } => {
                let request = Request::Account(AccountRequest::Change { account, self_match });
                let row: AccountRow = control::ask(global.data(), &request)?;
                output::show(global.json, &row, |row| {
                    format!(
                        "account {}: where two of its orders would trade with each other, the {} one ends",
                        row.account, row.self_match
                    )
                })
            }
            Self::Limit { account, clear, orders } => {
                let wish = orders.wish(clear);
                let request = Request::Account(AccountRequest::Limit { account, wish });
                let row: AccountRow = control::ask(global.data(), &request)?;
                output::show(global.json, &row, words)
            }
            Self::Close { account } => {
                let request = Request::Account(AccountRequest::Close { account });
                let row: AccountRow = control::ask(global.data(), &request)?;
                output::show(global.json, &row, |row| format!("account {} is closed", row.account))
            }
        }
    }
}

impl CreateAccount {
    fn run(self, global: &Global) -> Result<(), Failure> {
        let cash = Number::AMOUNT.of(Some(self.currency)).read(&self.cash);
        let unread = |why| {
            let field = Some(Field::Cash.name().to_owned());
            Failure { field, ..Failure::usage(format!("--cash: {why}")) }
        };
        let cash: Decimal = cash.map_err(unread)?;
        let request = Request::Account(AccountRequest::Create(AccountWish {
            owner: self.owner,
            account: self.account,
            cash,
            currency: self.currency.to_string(),
            purpose: self.purpose,
            self_match: self.self_match,
        }));
        let row: AccountRow = control::ask(global.data(), &request)?;
        output::show(global.json, &row, |row| {
            let next = if row.contracts == 0 {
                format!(
                    "No contract here is in {}, so every order on it is refused (OTHER_CURRENCY) until there is one.",
                    row.currency
                )
            } else {
                format!(
                    "To let a program trade on it: floorpass credential create NAME --account {}",
                    row.account
                )
            };
            format!(
                "account {} is open with {} {}\n{next}",
                row.account, row.opening_cash, row.currency
            )
        })
    }
}

fn rows(global: &Global) -> Result<Vec<AccountRow>, Failure> {
    Ok(control::ask(global.data(), &Request::Account(AccountRequest::List))?)
}

fn holders(row: &AccountRow) -> String {
    let names = row.holders.iter().map(|one| format!("{} ({})", one.username, one.role));
    names.collect::<Vec<_>>().join(", ")
}

/// Whether it is open, and how far it is locked.
fn state(row: &AccountRow) -> String {
    match row.locked {
        Some(_) => format!("{}, locked: {}", row.state, row.lock),
        None => row.state.clone(),
    }
}

fn list(rows: &[AccountRow]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            [
                row.account.clone(),
                state(row),
                holders(row),
                row.purpose.clone().unwrap_or_default(),
                format!("{} {}", row.net_liquidation, row.currency),
                row.open_orders.to_string(),
            ]
        })
        .collect();
    let head = ["account", "state", "held by", "purpose", "net liquidation", "open orders"];
    output::table(head, &cells, "no accounts")
}

fn words(row: &AccountRow) -> String {
    let mut lines = vec![
        format!("account          {} ({})", row.account, row.state),
        format!("held by          {}", holders(row)),
        format!("purpose          {}", row.purpose.as_deref().unwrap_or_default()),
        format!("may trade        {}", row.products.join(", ")),
        format!("opening cash     {} {}", row.opening_cash, row.currency),
        format!("net liquidation  {} {}", row.net_liquidation, row.currency),
        format!("open orders      {}", row.open_orders),
        format!("self-match       the {} order ends", row.self_match),
        format!("opened           {}", row.opened),
    ];
    let limits = order_limits::all_words(&row.limits, &row.currency);
    lines.extend(limits.into_iter().map(|one| format!("limit            {one}")));
    lines.extend(row.locked.iter().map(|at| format!("locked           {} since {at}", row.lock)));
    lines.extend(row.closed.iter().map(|at| format!("closed           {at}")));
    if row.state == "unowned" {
        lines.push(format!(
            "Opening it did not come to its end. To finish: floorpass account create --account {} --owner NAME --cash {} --currency {}",
            row.account, row.opening_cash, row.currency
        ));
    }
    lines.join("\n")
}
