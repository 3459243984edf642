//! Which account a page is of, where its person has several.
//!
//! A form says itself which account it was shown for, behind its token, and the server acts on that one
//! whatever another tab has switched to. A page that is asked for names its account in its address, and so does
//! every link of a page; an address that names none shows the account that this browser looked at last.

mod purpose;

use access::{PaperAccountId, Time};
use axum::http::header;
use gate::{SessionTicket, WhichAccount};
use maud::{Markup, PreEscaped, html};

pub(crate) use self::purpose::Purposes;
use crate::cookie::Cookie;
use crate::currency;
use crate::fault::Wants;
use crate::figure;
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

/// When the account of a page was closed; none while it is open.
pub(crate) fn closed(signed: &Signed) -> Option<Time> {
    signed.visit.portal.gate().paper_accounts().closed(signed.ticket.account)
}

/// The first thing on every page of a closed account.
pub(crate) fn banner(signed: &Signed) -> Markup {
    html! {
        @if let Some(at) = closed(signed) {
            div.note.warm role="status" {
                b { "This account was closed at " (figure::time(at)) " UTC. " }
                "It takes no more orders; its history can still be seen."
            }
        }
    }
}

/// Which account an act is on, for the page that it is confirmed on.
pub(crate) fn line(signed: &Signed) -> Markup {
    html! { p { "On account " b.mono { (signed.ticket.account) } ", kept in " (currency::of(signed)) "." } }
}

/// The field by which a form that asks for a page names the account; nothing where there is only one.
pub(crate) fn field(signed: &Signed) -> Markup {
    html! { @if let Some(account) = named(&signed.ticket) { input type="hidden" name=(FIELD) value=(account); } }
}

/// Markup with the account in every link in it to a page of ours: a link leads to the account of the page that it is
/// on, whichever another tab has switched to.
pub(crate) fn addressed(account: Option<PaperAccountId>, markup: Markup) -> Markup {
    match account {
        Some(account) => PreEscaped(with_account(&markup.0, account)),
        None => markup,
    }
}

/// A link in markup; no text has one, for its quotes are escaped.
const LINK: &str = " href=\"/";

fn with_account(html: &str, account: PaperAccountId) -> String {
    let mut written = String::with_capacity(html.len() + html.len() / 8);
    let mut rest = html;
    while let Some((before, link)) = rest.split_once(LINK) {
        let (path, after) = link.split_once('"').unwrap_or((link, ""));
        written.extend([before, LINK]);
        written.push_str(&naming(path, account));
        written.push('"');
        rest = after;
    }
    written.push_str(rest);
    written
}

/// A path, without its first slash, that names the account, unless it names one or is no page.
fn naming(path: &str, account: PaperAccountId) -> String {
    let (place, fragment) = path.split_once('#').map_or((path, None), |(at, to)| (at, Some(to)));
    let query = place.split_once('?').map_or("", |(_, query)| query);
    let names = query.split("&amp;").any(|pair| pair.starts_with("account="));
    if names || path.starts_with('/') || path.starts_with("assets/") {
        return path.to_owned();
    }
    let joint = if place.contains('?') { "&amp;" } else { "?" };
    let fragment = fragment.map_or_else(String::new, |fragment| format!("#{fragment}"));
    format!("{place}{joint}{FIELD}={account}{fragment}")
}

/// The account in the head of every page: which one, and where there are several the way to the others.
pub(crate) fn switch(signed: &Signed) -> Markup {
    let ticket = &signed.ticket;
    let accounts = signed.visit.portal.gate().paper_accounts();
    let purposes = signed.visit.portal.purposes();
    let kind =
        html! { @if closed(signed).is_some() { b.closed { "Closed" } } @else { b { "Paper" } } };
    if ticket.accounts.len() < 2 {
        return html! { span.pill { (kind) span.n { (ticket.account) } } };
    }
    let first = signed.visit.path.split('/').nth(1).unwrap_or("");
    let place = if SAME.contains(&first) { first } else { "" };
    html! {
        details.menu.pill.accounts {
            summary.btn { (kind) span.n { (ticket.account) } span.short aria-hidden="true" { (short(ticket.account)) } }
            div {
                p.small.dim { "This page is of account " span.mono { (ticket.account) } ". Switch to:" }
                nav.stack aria-label="Accounts" {
                    @for account in ticket.accounts.iter() {
                        a.btn href={ "/" (place) "?" (FIELD) "=" (account) } aria-current=[(*account == ticket.account).then_some("true")] {
                            span.mono { (account) }
                            span.small.dim { @if let Some(purpose) = purposes.of(*account) { (purpose) ", " } (accounts.currency_of(*account)) }
                            @if accounts.closed(*account).is_some() { span.tag { "closed" } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_of_a_page_names_its_account_once_and_before_its_fragment() {
        let Some(account) = PaperAccountId::new(1_234_567) else { return };
        for (link, named) in [
            ("", "?account=DU1234567"),
            ("orders", "orders?account=DU1234567"),
            ("search#keys", "search?account=DU1234567#keys"),
            ("orders?show=open&amp;from=x", "orders?show=open&amp;from=x&amp;account=DU1234567"),
            ("?account=DU0000001", "?account=DU0000001"),
            ("orders?a=1&amp;account=DU0000001", "orders?a=1&amp;account=DU0000001"),
            ("assets/copy.js?v=1", "assets/copy.js?v=1"),
            ("/example.org/", "/example.org/"),
        ] {
            assert_eq!(naming(link, account), named, "{link}");
        }
        let html = "<a class=\"btn\" href=\"/ticket\">a</a><a href=\"https://x/\">b</a><a href=\"/\">c</a>";
        let written = "<a class=\"btn\" href=\"/ticket?account=DU1234567\">a</a><a href=\"https://x/\">b</a><a href=\"/?account=DU1234567\">c</a>";
        assert_eq!(with_account(html, account), written);
    }
}
