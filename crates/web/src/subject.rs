//! Which account a page is of, where its person has several.
//!
//! A form says itself which account it was shown for, behind its token, and the server acts on that one
//! whatever another tab has switched to. A page that is asked for names its account in its address; one
//! that does not shows the account that this browser looked at last.

use access::PaperAccountId;
use axum::http::header;
use gate::{SessionTicket, WhichAccount};
use maud::{Markup, html};

use crate::cookie::Cookie;
use crate::fault::Wants;
use crate::form;
use crate::visit::{Signed, Visit};

/// The field of an address that names the account.
const FIELD: &str = "account";
/// Between a form's token and its account; no token has it.
const SEPARATOR: char = '.';
/// Pages that show the same of another account; from any other a switch leads to the overview.
const SAME: [&str; 11] = [
    "orders",
    "executions",
    "ticket",
    "contracts",
    "activity",
    "lock",
    "credentials",
    "sessions",
    "session",
    "search",
    "messages",
];

/// What a form holds: its session's token, and its account where there are several.
pub(crate) fn token_of(token: String, account: Option<PaperAccountId>) -> String {
    match account {
        Some(account) => format!("{token}{SEPARATOR}{account}"),
        None => token,
    }
}

/// The account that a ticket's forms name; none where there is only one.
pub(crate) fn named(ticket: &SessionTicket) -> Option<PaperAccountId> {
    (ticket.accounts.len() > 1).then_some(ticket.account)
}

impl Visit {
    /// The token of its form alone.
    pub(crate) fn form_token(&self) -> &str {
        let field = self.fields.get(form::TOKEN);
        field.split_once(SEPARATOR).map_or(field, |(token, _)| token)
    }

    /// The account that its form was shown for.
    pub(crate) fn form_account(&self) -> Option<PaperAccountId> {
        self.named_by_form()?.parse().ok()
    }

    fn named_by_form(&self) -> Option<&str> {
        self.fields.get(form::TOKEN).split_once(SEPARATOR).map(|(_, account)| account)
    }

    /// The account that it is about. A form from before there were several is about the first; one that names what is no
    /// account is about none.
    pub(crate) fn subject(&self) -> WhichAccount {
        let named = |text: &str| text.parse().map_or(WhichAccount::Unreadable, WhichAccount::Named);
        if self.posted() {
            return self.named_by_form().map_or(WhichAccount::First, named);
        }
        match self.query.get(FIELD) {
            "" => {
                let kept = self.cookie(Cookie::Account).and_then(|kept| kept.parse().ok());
                kept.map_or(WhichAccount::First, WhichAccount::Kept)
            }
            text => named(text),
        }
    }

    /// Keeps the account for the next page of this browser. Only what its person did counts: a page that
    /// names it, or a form; not a stream, nor a preview while somebody types in another tab.
    pub(crate) fn keep_subject(&self, ticket: &SessionTicket, is_use: bool) {
        let said = self.posted() || self.query.has(FIELD);
        let Some(account) = named(ticket).filter(|_| said && is_use) else { return };
        let account = account.to_string();
        if self.wants == Wants::Fragment || self.cookie(Cookie::Account).as_ref() == Some(&account)
        {
            return;
        }
        if let Some(line) = self.portal.jar().set(Cookie::Account, &account) {
            self.carry(header::SET_COOKIE, line);
        }
    }
}

/// The last digits of an account, where its number has no room.
fn short(account: PaperAccountId) -> String {
    format!("\u{2026}{:04}", account.number() % 10_000)
}

/// The account in the head of every page: which one, and where there are several the way to the others.
pub(crate) fn switch(signed: &Signed) -> Markup {
    let ticket = &signed.ticket;
    if ticket.accounts.len() < 2 {
        return html! { span.pill { b { "Paper" } span.n { (ticket.account) } } };
    }
    let first = signed.visit.path.split('/').nth(1).unwrap_or("");
    let place = if SAME.contains(&first) { first } else { "" };
    html! {
        details.menu.pill.accounts {
            summary.btn { b { "Paper" } span.n { (ticket.account) } span.short aria-hidden="true" { (short(ticket.account)) } }
            div {
                p.small.dim { "This page is of account " span.mono { (ticket.account) } ". Switch to:" }
                nav.stack aria-label="Accounts" {
                    @for account in ticket.accounts.iter() {
                        a.btn.mono href={ "/" (place) "?" (FIELD) "=" (account) } aria-current=[(*account == ticket.account).then_some("true")] { (account) }
                    }
                }
            }
        }
    }
}
