//! Confirmations: each is for one order of one session, shown at one time, and works once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use access::{Span, Time};
use data_encoding::BASE64URL_NOPAD;
use gate::Refused;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use trade::order::OrderId;

/// How long a confirmation may lie: prices move on.
const GOOD_FOR: Span = Span::minutes(10);
/// How long it is remembered that one was taken: longer than it is good.
const KEPT_FOR: Span = Span::minutes(30);

/// Why a confirmation is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stale {
    /// Not made by this page, for another order, or in another session.
    Foreign,
    /// Older than ten minutes, or from before the server started.
    Old,
}

/// What came of a confirmation until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// Nothing.
    Unused,
    /// It placed this order.
    Placed(Option<OrderId>),
}

impl Stale {
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::Foreign => {
                "Nothing was sent: this confirmation is for another order or another session. Preview the order again."
            }
            Self::Old => {
                "Nothing was sent: this confirmation is more than 10 minutes old, or the server has restarted since. Check under Orders whether it was sent earlier, then preview it again."
            }
        }
    }
}

/// Those taken in the last ten minutes, with the order that each placed. What an earlier run of the server took cannot
/// come again: a confirmation from before this run is too old.
pub(crate) struct Confirmations {
    started: Time,
    made: AtomicU64,
    taken: Mutex<Taken>,
}

type Taken = BTreeMap<String, (Time, Option<OrderId>)>;

impl Confirmations {
    pub(crate) fn new(started: Time) -> Self {
        Self { started, made: AtomicU64::new(0), taken: Mutex::default() }
    }

    /// A new one, for an order in its canonical text. `token` is the session's form token.
    pub(crate) fn key(&self, token: &str, content: &str, now: Time) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let head = format!("{}.{number}", now.0);
        let mac = mac(token, &head, content)
            .map(|mac| BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()));
        format!("{head}.{}", mac.unwrap_or_default())
    }

    /// Runs `submit` unless this confirmation placed an order already; then that order is the answer again. A refusal
    /// leaves it unused.
    pub(crate) fn once(
        &self,
        token: &str,
        key: &str,
        content: &str,
        now: Time,
        submit: impl FnOnce() -> Result<Option<OrderId>, Refused>,
    ) -> Result<Result<Option<OrderId>, Refused>, Stale> {
        let shown = shown(token, key, content)?;
        // Two presses at once: the second waits here and finds the first.
        let mut taken = self.lock();
        if let Before::Placed(order) = self.before(&taken, key, shown, now)? {
            return Ok(Ok(order));
        }
        let placed = submit();
        if let Ok(order) = &placed {
            take(&mut taken, key, now, *order);
        }
        Ok(placed)
    }

    /// Whether this confirmation placed an order already, and which.
    pub(crate) fn placed(
        &self,
        token: &str,
        key: &str,
        content: &str,
        now: Time,
    ) -> Result<Before, Stale> {
        let shown = shown(token, key, content)?;
        self.before(&self.lock(), key, shown, now)
    }

    /// This confirmation placed an order: one whose own yes is used up with it, so that it is placed once.
    pub(crate) fn note(&self, key: &str, now: Time, order: Option<OrderId>) {
        take(&mut self.lock(), key, now, order);
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One that was used says so however old it is.
    fn before(&self, taken: &Taken, key: &str, shown: Time, now: Time) -> Result<Before, Stale> {
        if let Some((_, order)) = taken.get(key) {
            return Ok(Before::Placed(*order));
        }
        let old = shown < self.started || now.since(shown) > GOOD_FOR;
        if old { Err(Stale::Old) } else { Ok(Before::Unused) }
    }
}

fn take(taken: &mut Taken, key: &str, now: Time, order: Option<OrderId>) {
    taken.retain(|_, (at, _)| now.since(*at) <= KEPT_FOR);
    taken.insert(key.to_owned(), (now, order));
}

/// When a confirmation was shown, if it is for this order in this session.
fn shown(token: &str, key: &str, content: &str) -> Result<Time, Stale> {
    let (head, sum) = key.rsplit_once('.').ok_or(Stale::Foreign)?;
    let sum = BASE64URL_NOPAD.decode(sum.as_bytes()).map_err(|_| Stale::Foreign)?;
    let mac = mac(token, head, content).ok_or(Stale::Foreign)?;
    mac.verify_slice(&sum).map_err(|_| Stale::Foreign)?;
    let at = head.split_once('.').and_then(|(at, _)| at.parse().ok());
    at.map(Time).ok_or(Stale::Foreign)
}

fn mac(token: &str, head: &str, content: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token.as_bytes()).ok()?;
    for part in ["floorpass confirmation", head, content] {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    Some(mac)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
    use super::*;
    use access::refusal::ServerRefusal;

    const NOW: Time = Time(1_000_000_000_000_000);
    const ORDER: Option<OrderId> = Some(OrderId(1_000_001));

    #[test]
    fn confirmation_sent_twice_places_one_order() {
        let all = Confirmations::new(NOW);
        let key = all.key("session", "BUY 1 AAPL", NOW);
        assert_eq!(
            all.once("session", &key, "BUY 1 AAPL", NOW, || Ok(ORDER)).unwrap().unwrap(),
            ORDER
        );
        let second = all
            .once("session", &key, "BUY 1 AAPL", NOW + Span::minutes(15), || panic!("sent twice"));
        assert_eq!(second.unwrap().unwrap(), ORDER);
        assert_ne!(
            key,
            all.key("session", "BUY 1 AAPL", NOW),
            "the same order previewed again is another"
        );
    }

    #[test]
    fn confirmation_of_another_order_or_session_is_foreign() {
        let all = Confirmations::new(NOW);
        let key = all.key("session", "BUY 1 AAPL", NOW);
        for (token, key, content) in [
            ("session", key.as_str(), "BUY 1000 AAPL"),
            ("other", key.as_str(), "BUY 1 AAPL"),
            ("session", "", "BUY 1 AAPL"),
            ("session", "1.2.x", "BUY 1 AAPL"),
        ] {
            let got = all.once(token, key, content, NOW, || panic!("sent"));
            assert_eq!(got.unwrap_err(), Stale::Foreign, "{token} {key} {content}");
        }
    }

    #[test]
    fn confirmation_old_or_from_an_earlier_run_is_not_taken() {
        let all = Confirmations::new(NOW);
        let old = all.key("s", "c", NOW - Span::seconds(1));
        assert_eq!(all.once("s", &old, "c", NOW, || panic!("sent")).unwrap_err(), Stale::Old);
        let key = all.key("s", "c", NOW);
        let late = NOW + GOOD_FOR + Span::seconds(1);
        assert_eq!(all.once("s", &key, "c", late, || panic!("sent")).unwrap_err(), Stale::Old);
    }

    #[test]
    fn confirmation_refused_may_be_sent_again() {
        let all = Confirmations::new(NOW);
        let key = all.key("s", "c", NOW);
        let refused = all.once("s", &key, "c", NOW, || {
            Err(access::Refusal::Server(ServerRefusal::Stopping).into())
        });
        assert!(refused.unwrap().is_err());
        assert_eq!(all.once("s", &key, "c", NOW, || Ok(ORDER)).unwrap().unwrap(), ORDER);
    }
}
