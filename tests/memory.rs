//! What stays in memory, over all threads. One test at a time, since others beside it would count, too.

use membrane::{Error, Membrane};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::thread::scope;
use tests::{Worker, plain_worker, sized, worker_policy};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const THREADS: usize = 8;
/// Bytes that a thread, or the process, may keep for good, however many grants there are.
const SPARE: i64 = 64 << 10;
/// Bytes of one thread's counters for one grant, at the least, and more than those of an entry in a list.
const EACH: i64 = 64;

static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn in_use() -> i64 {
    let stats = ALLOCATOR.stats();
    i64::try_from(stats.bytes_allocated).unwrap() - i64::try_from(stats.bytes_deallocated).unwrap()
}

type Grants = Vec<(Membrane, Arc<dyn Worker>)>;

fn grants(many: usize) -> (Membrane, Grants) {
    let root = Membrane::new(worker_policy());
    let grants = (0..many).map(|_| {
        let grant = root.grant(&worker_policy()).unwrap();
        let lent = grant.wrap(plain_worker()).unwrap();
        (grant, lent)
    });
    let grants = grants.collect();
    (root, grants)
}

/// One refusal in each.
fn refuse(grants: &Grants) {
    for (_, lent) in grants {
        assert!(lent.unlisted(plain_worker()).is_err());
    }
}

/// Fails if the counters of a thread outlive it, or those of a grant outlive the grant while the thread lives.
#[test]
fn counted_refusals_take_no_memory_once_their_grant_or_their_thread_is_gone() {
    let _alone = alone();
    let many = sized(4_000, 100);
    let number = i64::try_from(many).unwrap();
    // What is made once.
    drop(grants(many));

    let empty = in_use();
    let (root, lent) = grants(many);
    let full = in_use();
    for round in 1..=3 {
        scope(|threads| {
            let threads: Vec<_> = (0..THREADS)
                .map(|_| threads.spawn(|| refuse(&lent)))
                .collect();
            // Joined: a scope does not wait for what threads do as they end.
            for thread in threads {
                thread.join().unwrap();
            }
        });
        let stays = in_use() - full;
        assert!(
            stays < 4 * EACH * number + SPARE,
            "{stays} bytes stay of {THREADS} threads that have ended"
        );
        for (grant, _) in [&lent[0], &lent[many - 1]] {
            let refused = grant.snapshot().grants[0].refused;
            assert_eq!(refused.not_allowed, (round * THREADS) as u64);
        }
    }
    drop((root, lent));
    let stays = in_use() - empty;
    assert!(stays < SPARE, "{stays} bytes stay of threads and grants");

    // Threads that live on.
    let (root, lent) = grants(many);
    let (counted, gone) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    scope(|threads| {
        for _ in 0..THREADS {
            let (lent, counted, gone) = (&lent, &counted, &gone);
            threads.spawn(move || {
                refuse(lent);
                counted.wait();
                gone.wait();
            });
        }
        counted.wait();
        let takes = in_use() - full;
        gone.wait();
        assert!(
            takes > i64::try_from(THREADS).unwrap() * EACH * number,
            "{takes} bytes: they count"
        );
    });
    drop((root, lent));
    let (root, lent) = grants(many);
    let lent = Arc::new(lent);
    scope(|threads| {
        for _ in 0..THREADS {
            let (lent, counted, gone) = (lent.clone(), &counted, &gone);
            threads.spawn(move || {
                refuse(&lent);
                drop(lent);
                counted.wait();
                gone.wait();
            });
        }
        counted.wait();
        drop((root, lent));
        let stays = in_use() - empty;
        gone.wait();
        assert!(stays < SPARE, "{stays} bytes stay of threads that live");
    });
}

type Callback = dyn Fn(u64) -> Result<u64, Error> + Send + Sync;

/// Fails if the list of what is behind our closures keeps those that are gone.
#[test]
fn closures_that_have_crossed_take_no_memory_once_they_are_gone() {
    let _alone = alone();
    let many = sized(20_000, 200);
    let membrane = Membrane::new(worker_policy());
    let round = || {
        let lent: Vec<_> = (0..many)
            .map(|_| membrane.wrap::<Callback>(Arc::new(Ok)).unwrap())
            .collect();
        assert_eq!(lent[many - 1](7), Ok(7));
        in_use()
    };
    let many = i64::try_from(many).unwrap();
    let before = in_use();
    let full = round();
    assert!(full - before > 3 * EACH * many, "they count");
    // Only the room in the list, and once: the next ones may come to lie where these were.
    let stays = in_use() - before;
    assert!(
        stays < EACH * many + SPARE,
        "{stays} bytes stay of {many} closures"
    );
}
