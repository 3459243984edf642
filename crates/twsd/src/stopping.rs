//! The server's end, waited for beside everything else that a connection waits for.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::sync::watch;
use tokio::task::unconstrained;

/// Ready once the server stops. It stays registered between two waits: each would otherwise register
/// with the server's one notice and take itself off again.
pub(crate) struct Stopping {
    stop: watch::Receiver<bool>,
    told: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Who is woken by it.
    listener: Option<Waker>,
}

impl Stopping {
    /// Of a value that turns true, or whose sender goes.
    pub(crate) fn new(stop: watch::Receiver<bool>) -> Self {
        let mut told = stop.clone();
        // A task that has used up its turn would be put off before it is registered, and count as registered.
        let told = unconstrained(async move { drop(told.wait_for(|stop| *stop).await) });
        let told = Box::pin(told);
        Self { stop, told, listener: None }
    }

    /// Not to be asked again once it is ready.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let listener = self.listener.as_ref();
        let is_known = listener.is_some_and(|known| known.will_wake(context.waker()));
        if is_known && matches!(self.stop.has_changed(), Ok(false)) {
            return Poll::Pending;
        }
        self.listener = Some(context.waker().clone());
        self.told.as_mut().poll(context)
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stopping").field("stop", &self.stop).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    #[tokio::test]
    async fn it_wakes_whoever_asked_last_however_often_that_was() {
        for gone in [false, true] {
            let (sender, stop) = watch::channel(false);
            let mut stopping = Stopping::new(stop);
            // Somebody else asks first, and once more without news.
            for _ in 0..2 {
                let mut context = Context::from_waker(Waker::noop());
                assert!(stopping.poll(&mut context).is_pending());
            }
            let ended = tokio::spawn(std::future::poll_fn(move |context| stopping.poll(context)));
            tokio::task::yield_now().await;
            assert!(!ended.is_finished());
            if gone {
                drop(sender);
            } else {
                sender.send_replace(true);
            }
            let waited = tokio::time::timeout(std::time::Duration::from_secs(5), ended);
            assert!(waited.await.is_ok_and(|ended| ended.is_ok()));
        }
    }

    #[tokio::test]
    async fn it_wakes_whoever_asked_at_the_end_of_their_turn() {
        let (sender, stop) = watch::channel(false);
        let mut stopping = Stopping::new(stop);
        let mut is_used_up = false;
        let ended = tokio::spawn(std::future::poll_fn(move |context| {
            while !is_used_up {
                let step = pin!(tokio::task::consume_budget());
                is_used_up = step.poll(context).is_pending();
            }
            stopping.poll(context)
        }));
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        assert!(!ended.is_finished());
        sender.send_replace(true);
        let waited = tokio::time::timeout(std::time::Duration::from_secs(5), ended);
        assert!(waited.await.is_ok_and(|ended| ended.is_ok()));
    }
}
