//! What an open page is told about a lock: when one is set, made stricter or lifted, by anybody.

use std::time::Duration;

use access::{Act, Grade};
use axum::response::Response;
use axum::response::sse::Event;
use gate::{Delivery, Subscription};
use serde_json::json;

use super::head::{button_text, stops_text};
use crate::fault::Fault;
use crate::visit::Signed;

/// Between two looks. A look reads memory alone.
const LOOK: Duration = Duration::from_secs(1);

struct Watcher {
    signed: Signed,
    /// Tells the session's end, whatever ended it.
    subscription: Subscription,
    /// The grade that the page shows.
    shown: String,
    over: bool,
}

/// `GET /lock/events?seen=GRADE`: an event whenever another grade holds than the page shows.
pub(crate) async fn stream(signed: Signed) -> Result<Response, Fault> {
    let watcher = Watcher {
        subscription: signed.visit.portal.gate().orders().subscribe(&signed.admission),
        shown: signed.visit.query.get("seen").to_owned(),
        over: false,
        signed,
    };
    Ok(crate::stream::watched(watcher))
}

impl crate::stream::Watch for Watcher {
    /// The next event; none once the end was told.
    async fn next(&mut self) -> Option<Event> {
        while !self.over {
            let entitlements = self.signed.admission.entitlements();
            let grade = entitlements.lock;
            // One that is kept for its receipt, and one of a sign-in since: the page is no longer theirs.
            let gate = self.signed.visit.portal.gate();
            self.over = self.signed.admission.ended().is_some()
                || !entitlements.acts.contains(Act::ViewAccount)
                || gate.sessions().is_superseded(&self.signed.ticket);
            if self.over {
                return Some(Event::default().event("ended").data("now"));
            }
            if grade.name() != self.shown {
                grade.name().clone_into(&mut self.shown);
                return Some(Event::default().event("lock").data(told(grade)));
            }
            tokio::select! {
                delivery = self.subscription.recv() => self.over = matches!(delivery, Delivery::Ended(_)),
                () = tokio::time::sleep(LOOK) => {}
            }
            if self.over {
                return Some(Event::default().event("ended").data("now"));
            }
        }
        None
    }
}

/// What the page shows of a grade, as text: the script makes no HTML of it.
fn told(grade: Grade) -> String {
    let (word, rest) = button_text(grade);
    let locked = grade != Grade::None;
    json!({
        "grade": grade.name(),
        "word": word,
        "rest": rest,
        "says": locked.then(|| grade.text()),
        "stops": stops_text(grade),
    })
    .to_string()
}
