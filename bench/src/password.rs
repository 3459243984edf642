//! Password checks through the pool against the bare hash with pooled memory on as many threads.

use crate::report::Row;
use crate::sample::{Series, nanos};
use access::secret::Secret;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use gate::password::PasswordPool;
use std::sync::Arc;
use std::time::Instant;

const THREADS: usize = 2;

fn bare(calls: usize) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let params = Params::new(19 * 1024, 2, 1, Some(32)).expect("parameters");
                let mut memory = vec![Block::new(); params.block_count()];
                let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
                let mut out = [0; 32];
                for _ in 0..calls / THREADS {
                    argon
                        .hash_password_into_with_memory(
                            b"correct horse battery",
                            &[7; 16],
                            &mut out,
                            memory.as_mut_slice(),
                        )
                        .expect("hashed");
                }
                assert_ne!(out, [0; 32]);
            });
        }
    });
    calls as f64 / start.elapsed().as_secs_f64()
}

fn pooled(calls: usize) -> f64 {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let health = Arc::new(gate::Health::new(gate::Clock::system()));
        let pool = Arc::new(PasswordPool::start(THREADS, &health).expect("a pool"));
        let secret = || Secret::new(b"correct horse battery".to_vec());
        let phc = pool.hash(secret(), [7; 16]).await.expect("hashed");
        let before = pool.calls();
        let start = Instant::now();
        let mut waiting = tokio::task::JoinSet::new();
        let mut good = 0;
        for _ in 0..calls {
            if waiting.len() == 16 {
                good += usize::from(waiting.join_next().await.expect("one").expect("joined"));
            }
            let (pool, phc, secret) = (Arc::clone(&pool), phc.clone(), secret());
            waiting.spawn(async move { pool.verify(secret, Some(&phc)).await.expect("checked") });
        }
        while let Some(one) = waiting.join_next().await {
            good += usize::from(one.expect("joined"));
        }
        let rate = calls as f64 / start.elapsed().as_secs_f64();
        assert_eq!((good, pool.calls() - before), (calls, calls as u64));
        rate
    })
}

/// Measures `rounds` alternating bursts of `calls`.
pub fn measure(rounds: usize, calls: usize) -> Row {
    let (mut ours, mut peer, mut null) = (Series::default(), Series::default(), Series::default());
    let _warm = nanos(|| bare(calls));
    for _ in 0..rounds {
        ours.push((pooled(calls) * 1_000.0) as u64);
        peer.push((bare(calls) * 1_000.0) as u64);
        null.push((bare(calls) * 1_000.0) as u64);
    }
    let rate = |s: &mut Series| s.quantile(500) as f64 / 1_000.0;
    let (ours, peer, null) = (rate(&mut ours), rate(&mut peer), rate(&mut null));
    let (ratio, null) = (ours / peer, null / peer);
    Row {
        path: "password sign-ins",
        subject: format!("{ours:.1} checks/s"),
        peer: format!("bare Argon2id, pooled memory, {THREADS} threads: {peer:.1}/s"),
        ratio: format!("{ratio:.2}"),
        null: format!("{null:.2}"),
        samples: format!("{rounds} x {calls}"),
        goal: ">= 0.95",
        met: (0.95..=1.05).contains(&null).then_some(ratio >= 0.95),
        checked: "every check true, one Argon2 call each".to_owned(),
    }
}
