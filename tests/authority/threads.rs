//! Looking while everything changes.

use membrane::{GrantState, Membrane, Snapshot};
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::scope;
use tests::{Census, Scripted, plain_worker, sized, worker_policy};

/// What must hold of every snapshot.
fn check(snapshot: &Snapshot) {
    let mut before = HashSet::new();
    for (index, grant) in snapshot.grants.iter().enumerate() {
        match grant.parent {
            None => assert_eq!(index, 0),
            Some(parent) => assert!(before.contains(&parent), "after its parent"),
        }
        assert!(before.insert(grant.id), "once");
        let sum: usize = grant
            .interfaces
            .iter()
            .map(|listed| listed.live_proxies)
            .sum();
        assert_eq!(grant.live_proxies, sum);
        if grant.state != GrantState::Live {
            assert_eq!(sum, 0, "a revoked grant has no live proxy");
        }
    }
}

/// Fails by deadlock if a snapshot holds a lock while it lets go of something.
#[test]
fn snapshots_under_way_disturb_nothing() {
    let rounds = sized(2_000, 20);
    let (census, root) = (Census::default(), Membrane::new(worker_policy()));
    let steady = root.grant(&worker_policy()).unwrap().labelled("steady");
    let held = steady.wrap(plain_worker()).unwrap();
    let done = AtomicBool::new(false);
    scope(|threads| {
        let lenders: Vec<_> = (0..2)
            .map(|_| {
                threads.spawn(|| {
                    for round in 0..rounds {
                        let grant = root.grant(&worker_policy()).unwrap();
                        let inner = grant.attenuate(&worker_policy()).unwrap();
                        let back = root.clone();
                        // Foreign code that comes back for the membrane, on whichever thread drops it.
                        let target = Scripted::new(|_| Ok(1))
                            .with_token(census.token())
                            .on_drop(move || assert!(back.live_proxies() < 100));
                        let lent = grant.wrap(target.share()).unwrap();
                        let lent_on = inner.wrap(lent.clone()).unwrap();
                        assert_eq!(lent_on.run(), Ok(1));
                        assert!(lent_on.unlisted(lent.clone()).is_err());
                        if round % 3 == 0 {
                            grant.revoke("round over");
                        }
                    }
                })
            })
            .collect();
        let looker = threads.spawn(|| {
            let mut looks = 0;
            while !done.load(SeqCst) || looks == 0 {
                let snapshot = root.snapshot();
                check(&snapshot);
                let steady = snapshot
                    .labelled("steady")
                    .next()
                    .expect("it lives throughout");
                assert_eq!((steady.live_proxies, &steady.state), (1, &GrantState::Live));
                looks += 1;
            }
            looks
        });
        for lender in lenders {
            lender.join().unwrap();
        }
        done.store(true, SeqCst);
        assert!(looker.join().unwrap() > 0);
    });
    assert_eq!(census.alive(), 0);
    assert_eq!(root.snapshot().grants.len(), 2);
    drop(held);
}
