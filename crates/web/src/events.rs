//! The live stream (server-sent events): what a page shows that changes, whenever it does, at most once a second.

use std::time::Duration;

use access::refusal::{AuthorityRefusal, ServerRefusal, SessionRefusal};
use access::{Act, Grade, Refusal, Span, SymbolId, Time};
use axum::response::Response;
use axum::response::sse::Event;
use gate::{Delivery, Subscription};
use tokio::sync::watch;
use tokio::time::{self, Interval, MissedTickBehavior};
use trade::order::OrderId;

use crate::contract;
use crate::fault::{Cause, Fault};
use crate::holder::Names;
use crate::order::{self, Filter, List};
use crate::overview;
use crate::stream::{Watch, ended, watched};
use crate::subject;
use crate::ticket;
use crate::visit::Signed;

/// Between two fragments of one stream.
const PACE: Duration = Duration::from_secs(1);
/// Between two curves of the account: it has a point every five minutes, and one for now.
const CURVE: Span = Span::seconds(60);
/// After this long without news a stream tells that there are none: a page that hears nothing says that it is stale.
const BEAT: Duration = Duration::from_secs(3);

/// What a stream tells.
enum About {
    /// The overview, and when its curve was sent last.
    Account(Time),
    /// One order.
    Order(OrderId, Names),
    /// The list of orders.
    Orders(Filter, Names),
    /// The list of contracts.
    Contracts(contract::Shown),
    /// A contract's market, for the ticket.
    Market(SymbolId),
    /// A contract's prices and depth.
    Depth(SymbolId),
}

impl About {
    async fn of(signed: &Signed) -> Result<Self, Fault> {
        let query = &signed.visit.query;
        if let Ok(order) = query.get("order").parse() {
            return Ok(Self::Order(OrderId(order), Names::load(signed).await?));
        }
        if query.has("orders") {
            return Ok(Self::Orders(Filter::of(query), Names::load(signed).await?));
        }
        if query.has("contracts") {
            return Ok(Self::Contracts(contract::Shown::of(query)));
        }
        let named = |symbol| {
            let found = contract::named(signed, symbol).map(|one| one.id);
            found.ok_or_else(|| signed.fault(Cause::Missing))
        };
        match (query.get("market"), query.get("depth")) {
            ("", "") => Ok(Self::Account(signed.now())),
            ("", symbol) => named(symbol).map(Self::Depth),
            (symbol, _) => named(symbol).map(Self::Market),
        }
    }
}

/// `GET /events`, `?order=ID`, `?orders=1` or `?contracts=1` with what the list is filtered and sorted by, `?market=SYMBOL`, `?depth=SYMBOL`. Each event is the whole state, so
/// that a browser that comes back with its `Last-Event-ID` lacks nothing after the first.
pub(crate) async fn stream(signed: Signed) -> Result<Response, Fault> {
    let gate = signed.visit.portal.gate();
    let last = signed.visit.headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let mut pace = time::interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let about = About::of(&signed).await?;
    let watcher = Watcher {
        subscription: gate.orders().subscribe(&signed.admission),
        quotes: gate.markets().quotes_changed(),
        about,
        sent: last.unwrap_or_default().to_owned(),
        shown: String::new(),
        over: false,
        pace,
        signed,
    };
    Ok(watched(watcher))
}

/// Nothing changed.
fn same() -> Event {
    Event::default().event("same").data("1")
}

struct Watcher {
    signed: Signed,
    subscription: Subscription,
    quotes: watch::Receiver<u64>,
    pace: Interval,
    about: About,
    /// The id of the fragment that the browser has.
    sent: String,
    /// What this stream told last.
    shown: String,
    over: bool,
}

impl Watch for Watcher {
    /// The next event; none once the end was told. Dropped with the connection.
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        loop {
            self.pace.tick().await;
            if let Some(refusal) = self.ended() {
                return Some(self.last(&refusal));
            }
            if let Some(event) = self.fragment().await {
                return Some(event);
            }
            let ended = tokio::select! {
                delivery = self.subscription.recv() => end_of(delivery),
                changed = self.quotes.changed() => changed.err().map(|_| Refusal::Server(ServerRefusal::Stopping)),
                () = time::sleep(BEAT) => return Some(same()),
            };
            if let Some(refusal) = ended {
                return Some(self.last(&refusal));
            }
        }
    }
}

impl Watcher {
    /// Why the session has ended. Looking does not count as using it: a stream keeps nobody signed in.
    fn ended(&mut self) -> Option<Refusal> {
        while let Some(delivery) = self.subscription.try_recv() {
            if let Some(refusal) = end_of(delivery) {
                return Some(refusal);
            }
        }
        let (until, now) = (self.signed.ticket.until, self.signed.now());
        let expired =
            (now >= until).then_some(Refusal::Authority(AuthorityRefusal::Expired { until, now }));
        // A session that is kept for a lock's receipt goes on, but sees the account no longer.
        let sees = self.signed.admission.entitlements().acts.contains(Act::ViewAccount);
        let locked =
            (!sees).then_some(Refusal::Authority(AuthorityRefusal::Locked { grade: Grade::All }));
        let gate = self.signed.visit.portal.gate();
        let replaced = gate
            .sessions()
            .is_superseded(&self.signed.ticket)
            .then_some(Refusal::Session(SessionRefusal::NotSignedIn));
        self.signed.admission.ended().or(expired).or(locked).or(replaced)
    }

    /// The whole state, unless the browser has it.
    async fn fragment(&mut self) -> Option<Event> {
        let gate = self.signed.visit.portal.gate();
        let view = gate.view_of(self.signed.ticket.account).await.ok()?;
        let id = format!("{}-{}", view.seq, view.time.0);
        if id == self.sent {
            return None;
        }
        let (signed, known) = (&self.signed, contract::known(&self.signed));
        let account = subject::named(&signed.ticket);
        let named = |markup| subject::addressed(account, markup);
        if let About::Account(drawn) = &mut self.about
            && view.time.since(*drawn) >= CURVE
        {
            *drawn = view.time;
            // Without an id: the browser still lacks the state that it would stand for.
            if let Ok(curve) = overview::curve(signed, &view).await {
                return Some(Event::default().event("curve").data(named(curve).into_string()));
            }
        }
        let fragment = match &mut self.about {
            About::Account(_) => overview::fragment(&view, signed),
            About::Order(wanted, names) => order::facts(known, view.order(*wanted)?, &view, names),
            About::Orders(filter, names) => {
                let mut orders = view.open_orders.iter().chain(&view.completed_orders);
                // A credential that was made since gets its name.
                if !orders.all(|order| names.knows(order.origin.holder)) {
                    *names = Names::load(signed).await.ok()?;
                }
                let refused = gate.orders().refused(signed.ticket.account).await.ok()?;
                List { view: &view, refused: &refused, names, filter, signed }.fragment()
            }
            About::Contracts(shown) => shown.fragment(known, gate.markets()),
            About::Market(id) => ticket::market_now(signed, &view, known.get(*id)?),
            About::Depth(id) => contract::now(gate.markets().quote(*id).as_ref()),
        };
        let fragment = named(fragment).into_string();
        self.sent.clone_from(&id);
        let long = !matches!(self.about, About::Account(_) | About::Order(..));
        if long && fragment == self.shown {
            return Some(same().id(id));
        }
        let event = Event::default().event("fragment").id(id).data(&fragment);
        self.shown = fragment;
        Some(event)
    }

    fn last(&mut self, refusal: &Refusal) -> Event {
        self.over = true;
        ended(refusal.caller_text())
    }
}

fn end_of(delivery: Delivery) -> Option<Refusal> {
    match delivery {
        Delivery::Ended(refusal) => Some(refusal),
        Delivery::Group(_) => None,
    }
}
