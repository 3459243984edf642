//! Nothing is stamped for a holder once its revocation has returned.

use access::refusal::CredentialRefusal;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::*;

/// Trials of the race; each is one order against one revocation.
const TRIALS: u64 = 100_000;

/// One holder that is revoked while a thread submits for it.
struct Trial {
    who: Admission,
    /// The thread is about to submit for it.
    begun: AtomicBool,
    last: AtomicU64,
}

#[tokio::test]
async fn revoked_holder_is_never_stamped_after_the_fence() {
    let bench = Bench::new().await;
    let gate = &bench.gate;
    let trial = || {
        let (begun, last) = (AtomicBool::new(false), AtomicU64::new(0));
        Arc::new(Trial { who: bench.trading(), begun, last })
    };
    let current = arc_swap::ArcSwap::new(trial());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Acquire) {
                let trial = current.load_full();
                trial.begun.store(true, Ordering::Release);
                let cancel = OrderRequest::CancelAll(CancelScope::Own);
                if let Ok(submitted) = gate.orders().submit(&trial.who, HERE, cancel) {
                    trial.last.store(submitted.seq(), Ordering::Release);
                }
            }
        });
        let mut ended = Vec::new();
        for round in 0..TRIALS {
            let trial = trial();
            current.store(Arc::clone(&trial));
            // Now and then in step with the thread, so that there are races on a busy machine too.
            while round % 64 == 0 && !trial.begun.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            for _ in 0..round % 256 {
                std::hint::spin_loop();
            }
            trial
                .who
                .slot()
                .end(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: START }));
            gate.fence();
            ended.push((gate.0.sequencer.applied(), trial));
        }
        stop.store(true, Ordering::Release);
        let mut raced = 0;
        for (fence, trial) in ended {
            let last = trial.last.load(Ordering::Acquire);
            assert!(last <= fence, "{last} was stamped after the fence at {fence}");
            raced += u64::from(last > 0);
        }
        assert!(raced > TRIALS / 1_000, "only {raced} trials had an order in flight");
    });
}

#[tokio::test]
async fn order_after_a_narrowing_is_checked_against_the_new_limits() {
    let bench = Bench::new().await;
    let who = bench.trading();
    let mut narrower = Entitlements::clone(&who.entitlements());
    narrower.limits.max_quantity = Some(0);
    who.slot().set(narrower);
    bench.gate.fence();
    assert_eq!(code(bench.place(&who, vec![bench.resting()])), "QUANTITY_ABOVE_LIMIT");
}

#[tokio::test]
async fn act_with_a_sign_in_is_not_stamped_once_its_session_is_narrowed_or_ended() {
    let bench = Bench::new().await;
    let session = bench.trading();
    let act = |session: &Admission| {
        let parent = Arc::clone(session.slot());
        let state = parent.open_state().unwrap();
        let entitlements = Entitlements::clone(&session.entitlements());
        Admission::new(Slot::of_act(entitlements, (parent, state)))
    };
    let one = act(&session);
    assert!(one.is_current() && bench.place(&one, vec![bench.resting()]).is_ok());
    let locked = Entitlements::clone(&session.entitlements()).locked(Grade::NoNew);
    session.slot().set(locked);
    bench.gate.fence();
    assert!(!one.is_current());
    assert_eq!(code(bench.place(&one, vec![bench.resting()])), "PROOF_STALE");
    let two = act(&session);
    assert_eq!(code(bench.place(&two, vec![bench.resting()])), "LOCKED");
    session.slot().end(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: START }));
    bench.gate.fence();
    assert_eq!(code(bench.place(&two, vec![bench.resting()])), "CREDENTIAL_REVOKED");
}

#[tokio::test]
async fn cut_holder_loses_its_orders_and_its_inbox() {
    let bench = Bench::new().await;
    let (one, two) = (bench.trading(), bench.credential(2, |_| {}));
    for _ in 0..3 {
        bench.place(&one, vec![bench.resting()]).unwrap();
    }
    bench.place(&two, vec![bench.resting()]).unwrap();
    bench.gate.orders().flush().await.unwrap();
    let (mut first, mut second) =
        (bench.gate.orders().subscribe(&one), bench.gate.orders().subscribe(&two));
    one.slot().end(Refusal::Credential(CredentialRefusal::CredentialRevoked { at: START }));
    bench.gate.fence();
    bench.gate.hang_up();
    let account = bench.gate.account();
    let cancelled = bench.gate.cancel_orders(account, Some(one.holder()), Holder::Operator);
    assert_eq!(cancelled, Ok(3));
    bench.gate.orders().flush().await.unwrap();
    let Delivery::Ended(reason) = first.recv().await else { panic!("not ended") };
    assert_eq!(reason.code(), "CREDENTIAL_REVOKED");
    assert!(matches!(second.recv().await, Delivery::Group(_)));
    assert_eq!(code(bench.place(&one, vec![bench.resting()])), "CREDENTIAL_REVOKED");
    let credential = CredentialId([1; 16]);
    let door = crate::SocketProof { credential, address: HERE, token: None };
    let refusal = bench.gate.enter_socket(&door).err().unwrap();
    assert_eq!(refusal.code(), "CREDENTIAL_REVOKED");
    assert_eq!(bench.gate.view().await.unwrap().open_orders.len(), 1);
    assert!(matches!(bench.gate.orders().subscribe(&one).recv().await, Delivery::Ended(_)));
}
