//! A page's open connection (server-sent events): how it is kept open, and how its end is told.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream};

/// What has something to tell an open page from time to time.
pub(crate) trait Watch: Send + 'static {
    /// The next event; none once the last was told. Dropped with the connection.
    fn next(&mut self) -> impl Future<Output = Option<Event>> + Send;
}

/// All that it tells, as an answer that stays open.
pub(crate) fn watched(watcher: impl Watch) -> Response {
    answer(stream::unfold(watcher, async |mut watcher| {
        let event = watcher.next().await?;
        Some((Ok(event), watcher))
    }))
}

fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let answer = Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    let headers = [
        // Proxies that gather an answer before they pass it on are told not to.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
        // Axum would let it be kept and asked for again.
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, answer).into_response()
}

/// A stream that only tells that its session is over.
pub(crate) fn over(text: String) -> Response {
    answer(stream::once(async { Ok(ended(text)) }))
}

/// The last event: why there will be no other.
pub(crate) fn ended(text: String) -> Event {
    Event::default().event("ended").data(text)
}
