//! The frame of every page: head with account, lock and menu; navigation; foot.

use access::{PaperAccountId, Span};
use axum::response::Html;
use gate::Durability;
use maud::{DOCTYPE, Markup, html};

use crate::asset;
use crate::figure;
use crate::form::TOKEN;
use crate::room;
use crate::subject;
use crate::visit::Signed;

/// The place of a page in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    /// The account at a glance.
    Overview,
    /// The ticket and the contracts.
    Trade,
    /// Orders and executions.
    Orders,
    /// Sessions, devices, credentials and ways to sign in.
    Access,
    /// Every decision.
    Activity,
    /// What waits for a phone's answer.
    Approve,
    /// The search, in the head.
    Search,
    /// Reached from elsewhere.
    Elsewhere,
}

const TABS: [(Tab, &str, &str); 6] = [
    (Tab::Overview, "/", "Overview"),
    (Tab::Trade, "/ticket", "Trade"),
    (Tab::Orders, "/orders", "Orders"),
    (Tab::Access, "/sessions", "Access"),
    (Tab::Activity, "/activity", "Activity"),
    // Empty without a phone; the app on a phone begins with its page.
    (Tab::Approve, "/approvals", "Approve"),
];

/// Head and foot of a signed-in person's pages, for an answer that knows no more of them.
pub(crate) struct Frame {
    head: Markup,
    banner: Markup,
    foot: Markup,
    /// The account that links name.
    account: Option<PaperAccountId>,
}

impl Frame {
    pub(crate) fn of(signed: &Signed) -> Self {
        let banner = html! { (crate::lock::banner(signed)) (subject::banner(signed)) };
        let account = subject::named(&signed.ticket);
        Self { head: head(signed, Tab::Elsewhere), banner, foot: foot(signed), account }
    }
}

/// One card, with the navigation of anyone who is signed in.
pub(crate) fn card(frame: Option<&Frame>, title: &str, body: &Markup) -> Html<String> {
    let Some(frame) = frame else { return bare(title, body) };
    let main = html! {
        (frame.head)
        main #main tabindex="-1" { (frame.banner) div.narrow { div.card.stack { (body) } } }
        (frame.foot)
    };
    let main = subject::addressed(frame.account, main);
    Html(document(title, &main, Sheets { keys: true, ..Sheets::default() }).into_string())
}

/// A page for a signed-in person.
pub(crate) fn page(signed: &Signed, tab: Tab, title: &str, body: &Markup) -> Html<String> {
    let main = html! {
        (head(signed, tab))
        main #main tabindex="-1" data-renew[signed.ticket.renews] data-account=[subject::named(&signed.ticket)] {
            (crate::lock::banner(signed)) (subject::banner(signed)) (expiry(signed)) (renewal(signed)) (crate::recovery::held(signed)) (body)
        }
        (foot(signed))
    };
    let main = subject::addressed(subject::named(&signed.ticket), main);
    let trades = matches!(tab, Tab::Trade | Tab::Orders);
    let markets = matches!(tab, Tab::Overview | Tab::Trade | Tab::Search | Tab::Elsewhere);
    let rows = matches!(tab, Tab::Orders | Tab::Overview | Tab::Access | Tab::Elsewhere);
    let activity = tab == Tab::Activity;
    let sheets = Sheets { trades, markets, rows, activity, keys: true };
    Html(document(title, &main, sheets).into_string())
}

/// A page for somebody who is not signed in: one card.
pub(crate) fn bare(title: &str, body: &Markup) -> Html<String> {
    let main = html! {
        header.head { div.head-in.bare { (brand("/")) } }
        main #main tabindex="-1" { div.narrow { div.card.stack { (body) } } }
    };
    Html(document(title, &main, Sheets::default()).into_string())
}

/// A page for anyone, as wide as the others.
pub(crate) fn open(title: &str, body: &Markup) -> Html<String> {
    let main = html! {
        header.head { div.head-in.bare { (brand("/")) } }
        main #main tabindex="-1" { (body) }
    };
    Html(document(title, &main, Sheets { rows: true, ..Sheets::default() }).into_string())
}

/// The title line of a page, with something at its end.
pub(crate) fn title(text: &str, end: &Markup) -> Markup {
    html! { div.title { h1 { (text) } @if !end.0.is_empty() { div.end { (end) } } } }
}

/// That every act of this session needs a sign-in, on pages that lead to acts; nothing where it does not.
pub(crate) fn view_only(signed: &Signed) -> Markup {
    html! {
        @if !signed.ticket.is_bound() {
            div.note.warm role="status" {
                b { "View-only. " }
                "This session is not bound to this browser, so each action asks you to sign in for it. "
                a href="/session" { "Why" }
            }
        }
    }
}

/// The way to the pages beside the one at `path`, of Access or under the bell.
pub(crate) fn rooms(signed: &Signed, path: &str) -> Markup {
    room::beside(signed, path)
}

/// The hidden field that binds a form to its session.
pub(crate) fn token(signed: &Signed) -> Markup {
    html! { input type="hidden" name=(TOKEN) value=(signed.form_token()); }
}

/// What a page loads besides what all load.
#[derive(Clone, Copy, Default)]
struct Sheets {
    trades: bool,
    markets: bool,
    /// Lists that a phone shows in two lines a row.
    rows: bool,
    activity: bool,
    /// Of a person who is signed in: the bell, and the keys.
    keys: bool,
}

fn document(title: &str, main: &Markup, sheets: Sheets) -> Markup {
    let live = [" data-live=", " data-preview="].iter().any(|mark| main.0.contains(mark));
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " \u{b7} Floorpass" }
                meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover";
                meta name="color-scheme" content="light dark";
                link rel="preload" href="/assets/inter.woff2" as="font" type="font/woff2" crossorigin;
                link rel="stylesheet" href={ "/assets/floorpass.css?v=" (*asset::VERSION) };
                link rel="stylesheet" href={ "/assets/head.css?v=" (*asset::VERSION) };
                @if sheets.trades { link rel="stylesheet" href={ "/assets/trade.css?v=" (*asset::VERSION) }; }
                @if sheets.markets { link rel="stylesheet" href={ "/assets/market.css?v=" (*asset::VERSION) }; }
                @if sheets.activity {
                    link rel="stylesheet" href={ "/assets/activity.css?v=" (*asset::VERSION) };
                }
                @if sheets.rows {
                    link rel="stylesheet" href={ "/assets/rows.css?v=" (*asset::VERSION) };
                    link rel="stylesheet" href={ "/assets/lines.css?v=" (*asset::VERSION) };
                }
                @if sheets.keys { link rel="stylesheet" href={ "/assets/access.css?v=" (*asset::VERSION) }; }
                link rel="icon" href="/assets/icon.svg" type="image/svg+xml";
                link rel="apple-touch-icon" href="/assets/apple-touch-icon.png";
                link rel="manifest" href=(asset::MANIFEST);
                @for (scheme, colour) in asset::THEME {
                    meta name="theme-color" media={ "(prefers-color-scheme: " (scheme) ")" } content=(colour);
                }
                script src={ "/assets/floorpass.js?v=" (*asset::VERSION) } defer {}
                @if sheets.keys { script src={ "/assets/search.js?v=" (*asset::VERSION) } defer {} }
                @if sheets.keys { script src={ "/assets/lock.js?v=" (*asset::VERSION) } defer {} }
                @if live { script src={ "/assets/live.js?v=" (*asset::VERSION) } defer {} }
            }
            body { a.skip href="#main" { "Skip to content" } (main) }
        }
    }
}

fn brand(to: &str) -> Markup {
    html! {
        a.brand href=(to) aria-label="Floorpass" {
            svg viewBox="0 0 24 24" aria-hidden="true" { path d=(asset::MARK) {} }
            span { "Floorpass" }
        }
    }
}

fn head(signed: &Signed, tab: Tab) -> Markup {
    html! {
        header.head {
            div.head-in {
                (brand("/"))
                nav.nav aria-label="Main" { (tabs(tab)) }
                // The same where there is room for neither the row nor, as on a phone, a bar below.
                details.menu.places {
                    summary.btn { "Menu" }
                    nav aria-label="Main" { (tabs(tab)) }
                }
                // The letter of its key is shown where there is room.
                a.btn.glass href="/search" aria-current=[(tab == Tab::Search).then_some("page")] {
                    svg viewBox="0 0 24 24" aria-hidden="true" { path d=(asset::GLASS) {} }
                    span { "Search" } kbd aria-hidden="true" { "/" }
                }
                (subject::switch(signed))
                (bell(signed))
                (menu(signed))
                (crate::lock::button(signed))
            }
        }
    }
}

fn tabs(tab: Tab) -> Markup {
    html! { @for (this, to, name) in TABS { a href=(to) aria-current=[(this == tab).then_some("page")] { (name) } } }
}

/// The bell: messages, and how many of them were not read.
fn bell(signed: &Signed) -> Markup {
    html! {
        a.btn.bell href="/messages" {
            svg viewBox="0 0 24 24" aria-hidden="true" { path d=(asset::BELL) {} }
            span.sr { "Messages" }
            @if signed.unread > 0 { span.count { (signed.unread) span.sr { " unread" } } }
        }
    }
}

fn menu(signed: &Signed) -> Markup {
    let ticket = &signed.ticket;
    html! {
        details.menu.own {
            summary.btn { svg viewBox="0 0 24 24" aria-hidden="true" { path d=(asset::PERSON) {} } span.who { (ticket.username) } }
            div {
                p.small.dim {
                    "Signed in as " b { (ticket.username) } ". This session ends at "
                    (signed.clock(ticket.until)) ", or earlier if unused."
                }
                a.btn.found href="/search" { "Search" }
                a.btn href="/session" { "What this session can do" }
                a.btn href="/authenticators" { "Ways to sign in" }
                form method="post" action="/sign-out" { (token(signed)) button.main.wide { "Sign out" } }
                form method="post" action="/sign-out/forget" { (token(signed)) button.wide { "Sign out and forget this device" } }
            }
        }
    }
}

/// Shown by the script two minutes before the session ends.
fn expiry(signed: &Signed) -> Markup {
    let ends = signed.ticket.idle_until.min(signed.ticket.until);
    let seconds = ends.since(signed.now()).0.max(0) / 1_000_000;
    let last = signed.ticket.until <= signed.ticket.idle_until;
    if last && signed.renews.is_some() {
        return html! {}; // the other note says how to go on
    }
    html! {
        div #ends .note.warm role="status" hidden data-seconds=(seconds) {
            b { "This session ends at " (signed.clock(ends)) ". " }
            @if last { "That is its limit; sign in again to continue. Open orders stay." }
            @else { a href="/session" { "Keep it" } " or let it end; open orders stay." }
        }
    }
}

/// From a day before a window until its end: how to keep the session for another one.
fn renewal(signed: &Signed) -> Markup {
    let Some(renewal) = signed.renews else { return html! {} };
    let clock = |at| signed.clock(at);
    html! {
        div.note.warm role="status" {
            b { "This session ends at " (clock(renewal.until)) ". " }
            a href="/step-up?next=/session" { "Renew until " (clock(renewal.then)) }
            " any time before that; open orders and programs continue either way."
        }
    }
}

fn foot(signed: &Signed) -> Markup {
    let idle = (signed.ticket.idle_until + Span::seconds(30)).since(signed.now());
    html! {
        footer.foot {
            div {
                span { "Paper account: no real money moves here." }
                span { "Times are UTC." }
                span { "Accepted orders survive " (survive(signed)) "." }
                span { a href="/search#keys" { "Keyboard shortcuts" } " (?)" }
                span { a href=(room::FRONT_DOOR) { "Front door" } }
                span { "Signs out after " (figure::span(idle)) " idle, or at " (signed.clock(signed.ticket.until)) "." }
            }
        }
    }
}

/// What an acknowledged order survives.
fn survive(signed: &Signed) -> &'static str {
    match signed.visit.portal.config().durability {
        Durability::Disk => "a power cut",
        Durability::Process => "a crash of the server (not a power cut)",
    }
}
