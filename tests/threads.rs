//! Many threads at once: what holds for one call holds for all, whenever they are cut.

use membrane::{
    Allow, Direction, Error, ErrorKind, Homecoming, Interfaces, Membrane, OnPanic, Policy,
    PolicyBuilder, PolicyError, PolicyProblem, Reason, Revoker, RunningCall, ScopedGrant,
    WaitError,
};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{scope, spawn, yield_now};
use std::time::Duration;
use tests::{
    Census, Door, SOON, Scripted, Worker, assert_revoked, plain_worker, sized, soon, start,
    worker_policy,
};

type Closure = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

const DIRECTIONS: [Direction; 2] = [Direction::Outbound, Direction::Inbound];
const THREADS: usize = 4;

/// M15.
#[test]
fn everything_is_send_and_sync() {
    fn both<T: Send + Sync + 'static>() {}
    both::<Membrane>();
    both::<Revoker>();
    both::<ScopedGrant>();
    both::<Policy>();
    both::<PolicyBuilder>();
    both::<PolicyError>();
    both::<PolicyProblem>();
    both::<Interfaces>();
    both::<Allow>();
    both::<Direction>();
    both::<Homecoming>();
    both::<OnPanic>();
    both::<Error>();
    both::<ErrorKind>();
    both::<Reason>();
    both::<RunningCall>();
    both::<WaitError>();
    both::<Arc<dyn Worker>>();
}

thread_local! {
    /// The call that this thread is about to make starts after `revoke` returned. What the target itself can see is no
    /// proof: it may be held up between its start and that look.
    static TOO_LATE: Cell<bool> = const { Cell::new(false) };
}

/// What a target and its callers know of one revocation.
#[derive(Default)]
struct Log {
    /// `revoke` has returned.
    over: AtomicBool,
    /// The target is dropped.
    dropped: AtomicUsize,
    began: AtomicUsize,
    began_too_late: AtomicUsize,
    used_after_drop: AtomicUsize,
}

impl Log {
    /// A worker that answers whether `revoke` had returned before it did.
    fn worker(self: &Arc<Self>) -> Scripted {
        let (log, own) = (self.clone(), self.clone());
        let worker = Scripted::new(move |other| {
            let used_after_drop = || {
                log.used_after_drop
                    .fetch_add(usize::from(log.dropped.load(SeqCst) > 0), SeqCst)
            };
            log.began.fetch_add(1, SeqCst);
            log.began_too_late
                .fetch_add(usize::from(TOO_LATE.get()), SeqCst);
            used_after_drop();
            if let Some(other) = other {
                // A callback, which may be withheld.
                let _ = other.run();
            }
            used_after_drop();
            Ok(u64::from(log.over.load(SeqCst)))
        });
        worker.on_drop(move || _ = own.dropped.fetch_add(1, SeqCst))
    }
}

/// M6: the effect log. Fails if a call is delivered without a last look, or entered without a first one, or a pass frees
/// without asking the frames. That `sever` leaves out its barrier is too rare to be seen here: the gate's `stress` does.
#[test]
fn nothing_begins_or_is_delivered_after_revoke_returned() {
    let mut began = 0;
    for round in 0..sized(100, 6) {
        let (log, root) = (Arc::new(Log::default()), Membrane::new(worker_policy()));
        let child = root.grant(&worker_policy()).unwrap();
        let membrane = if round % 2 == 0 { &root } else { &child };
        let lent = membrane
            .pass(log.worker().share(), DIRECTIONS[round / 2 % 2])
            .unwrap();
        let at_once = Barrier::new(THREADS);
        scope(|scope| {
            for caller in 1..THREADS {
                let (log, lent, at_once) = (&log, &lent, &at_once);
                scope.spawn(move || {
                    at_once.wait();
                    loop {
                        let over = log.over.load(SeqCst);
                        TOO_LATE.set(over);
                        let result = if caller % 2 == 0 {
                            lent.run()
                        } else {
                            lent.run_with(plain_worker())
                        };
                        match result {
                            Ok(late) => {
                                assert!(!over && late == 0, "delivered after `revoke` returned");
                            }
                            Err(error) => {
                                assert_eq!(error.to_string(), "revoked: cut");
                                break;
                            }
                        }
                    }
                    assert!(lent.run().is_err(), "for ever");
                });
            }
            at_once.wait();
            for _ in 0..round % 7 {
                yield_now();
            }
            root.revoke("cut");
            log.over.store(true, SeqCst);
        });
        assert_eq!(
            (
                log.began_too_late.load(SeqCst),
                log.used_after_drop.load(SeqCst)
            ),
            (0, 0),
            "round {round}"
        );
        assert_eq!(log.dropped.load(SeqCst), 1, "dropped once, by whom ever");
        assert_eq!(root.revoke_and_wait("again", Duration::ZERO), Ok(()));
        assert_eq!(membrane.live_proxies(), 0);
        began += log.began.load(SeqCst);
    }
    assert!(began > 0, "reached");
}

/// After a wait that ended well, nothing of the target runs and it is gone.
#[test]
fn nothing_runs_after_a_wait_returned() {
    for round in 0..sized(100, 6) {
        let (log, membrane) = (Arc::new(Log::default()), Membrane::new(worker_policy()));
        let lent = membrane.wrap(log.worker().share()).unwrap();
        let inside = AtomicUsize::new(0);
        let around = membrane.grant(&worker_policy()).unwrap();
        let counting = {
            let (lent, log) = (lent.clone(), log.clone());
            Scripted::new(move |_| {
                let answer = lent.run();
                assert!(!log.over.load(SeqCst), "still running after the wait");
                answer
            })
        };
        let outer = around.wrap(counting.share()).unwrap();
        scope(|scope| {
            for _ in 1..THREADS {
                scope.spawn(|| {
                    while outer.run().is_ok() {
                        inside.fetch_add(1, SeqCst);
                    }
                });
            }
            for _ in 0..round % 5 {
                yield_now();
            }
            let waits = [(); 2].map(|()| scope.spawn(|| membrane.revoke_and_wait("stop", SOON)));
            for wait in waits {
                assert_eq!(wait.join().unwrap(), Ok(()));
                assert_eq!(log.dropped.load(SeqCst), 1);
            }
            log.over.store(true, SeqCst);
        });
        assert_eq!(log.used_after_drop.load(SeqCst), 0);
    }
}

/// M5. Fails if the table is asked and written under two locks, or an entry is forgotten that is another proxy's.
#[test]
fn object_has_one_proxy_whoever_wraps_it() {
    for direction in DIRECTIONS {
        let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
        let target = Scripted::counted(&census).share();
        let closure: Closure = Arc::new(|n| Ok(n + 1));
        let at_once = Barrier::new(THREADS);
        scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    at_once.wait();
                    for round in 0..sized(2000, 30) {
                        let [one, two] =
                            [(); 2].map(|()| membrane.pass(target.clone(), direction).unwrap());
                        assert!(
                            Arc::ptr_eq(&one, &two),
                            "round {round}: two proxies of one object"
                        );
                        assert_eq!(one.run(), Ok(7));
                        let [one, two] =
                            [(); 2].map(|()| membrane.pass(closure.clone(), direction).unwrap());
                        assert!(
                            std::ptr::addr_eq(Arc::as_ptr(&one), Arc::as_ptr(&two)),
                            "two proxies of one closure"
                        );
                        assert_eq!(one(1), Ok(2));
                    }
                });
            }
        });
        assert_eq!(
            (membrane.live_proxies(), Arc::strong_count(&target)),
            (0, 1)
        );
        // With one that is held all the time, all are that one.
        let held = membrane.pass(target.clone(), direction).unwrap();
        scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    for _ in 0..sized(1000, 20) {
                        assert!(Arc::ptr_eq(
                            &held,
                            &membrane.pass(target.clone(), direction).unwrap()
                        ));
                    }
                });
            }
        });
        drop((held, target));
        assert_eq!((membrane.live_proxies(), census.alive()), (0, 0));
    }
}

/// E9. Proxies made here and dropped there, some in calls, some while their thread ends.
#[test]
fn counts_return_to_zero() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let each = sized(500, 10);
    let (give, take) = channel::<Arc<dyn Worker>>();
    let take = Arc::new(Mutex::new(take));
    let makers: Vec<_> = (0..THREADS)
        .map(|maker| {
            let (census, membrane, give) = (census.clone(), membrane.clone(), give.clone());
            start(move || {
                for index in 0..each {
                    let lent = membrane
                        .pass(
                            Scripted::counted(&census).share(),
                            DIRECTIONS[(maker + index) % 2],
                        )
                        .unwrap();
                    assert_eq!(lent.run_with(Scripted::counted(&census).share()), Ok(7));
                    give.send(lent).unwrap();
                }
            })
        })
        .collect();
    drop(give);
    let droppers: Vec<_> = (0..2)
        .map(|_| {
            let take = take.clone();
            start(move || {
                let mut count = 0;
                loop {
                    let next = take.lock().unwrap().recv();
                    let Ok(lent) = next else { return count };
                    assert_eq!(lent.run(), Ok(7));
                    count += 1;
                }
            })
        })
        .collect();
    makers.into_iter().for_each(tests::Started::finish);
    let dropped: usize = droppers.into_iter().map(tests::Started::finish).sum();
    assert_eq!(
        (dropped, census.made()),
        (THREADS * each, 2 * THREADS * each)
    );
    assert_eq!((census.alive(), membrane.live_proxies()), (0, 0));
}

/// M6. Fails if a grant or a proxy is entered without asking, under the lock, whether the scope was revoked meanwhile.
#[test]
fn what_is_made_while_revoked_is_dead() {
    let mut made_in_all = 0;
    for round in 0..sized(200, 6) {
        let (census, root) = (Census::default(), Membrane::new(worker_policy()));
        let over = AtomicBool::new(false);
        let at_once = Barrier::new(THREADS);
        scope(|scope| {
            let makers: Vec<_> = (1..THREADS)
                .map(|maker| {
                    let (census, root, over, at_once) = (&census, &root, &over, &at_once);
                    scope.spawn(move || {
                        let (mut lent, mut last) = (vec![], root.clone());
                        at_once.wait();
                        // Enough to be under way when the revoker comes, and not too many to free.
                        for _ in 0..60 {
                            let was_over = over.load(SeqCst);
                            let derive = if maker % 2 == 0 {
                                Membrane::grant
                            } else {
                                Membrane::attenuate
                            };
                            let Ok(grant) = derive(&last, &worker_policy()) else {
                                break;
                            };
                            assert!(!was_over, "derived after `revoke` returned");
                            let made = grant
                                .pass(Scripted::counted(census).share(), DIRECTIONS[maker % 2]);
                            let own = root.wrap(Scripted::counted(census).share());
                            lent.extend(made.into_iter().chain(own));
                            last = if lent.len() % 8 == 0 {
                                root.clone()
                            } else {
                                grant
                            };
                        }
                        (lent, last)
                    })
                })
                .collect();
            at_once.wait();
            for _ in 0..round % 11 {
                yield_now();
            }
            root.revoke("meanwhile");
            over.store(true, SeqCst);
            let made: Vec<_> = makers
                .into_iter()
                .map(|maker| maker.join().unwrap())
                .collect();
            assert_eq!(census.alive(), 0, "round {round}: held by dead proxies");
            for (lent, last) in made {
                assert!(last.is_revoked());
                made_in_all += lent.len();
                for worker in lent {
                    assert_revoked(worker.run(), "meanwhile");
                }
            }
        });
    }
    assert!(made_in_all > 0, "reached");
}

/// Fails if an observer is entered without asking, under the lock, whether the scope was revoked meanwhile.
#[test]
fn every_observer_is_told_once() {
    for round in 0..sized(300, 8) {
        let root = Membrane::new(worker_policy());
        let child = root.grant(&worker_policy()).unwrap();
        let told: Arc<Mutex<Vec<(usize, &str)>>> = Arc::default();
        let (registered, at_once) = (AtomicUsize::new(0), Barrier::new(THREADS + 1));
        scope(|scope| {
            for observer in 0..THREADS - 1 {
                let (root, child, told, registered, at_once) =
                    (&root, &child, &told, &registered, &at_once);
                scope.spawn(move || {
                    at_once.wait();
                    for index in 0..10 {
                        let told = told.clone();
                        let number = observer * 10 + index;
                        (if index % 2 == 0 { root } else { child }).on_revoke(move |reason| {
                            told.lock().unwrap().push((number, reason.as_str()));
                        });
                        registered.fetch_add(1, SeqCst);
                    }
                });
            }
            for revoker in [&root, &child] {
                let at_once = &at_once;
                scope.spawn(move || {
                    at_once.wait();
                    revoker.revoke("told");
                });
            }
        });
        let mut told = told.lock().unwrap().clone();
        told.sort_unstable();
        let expected: Vec<_> = (0..registered.load(SeqCst))
            .map(|number| (number, "told"))
            .collect();
        assert_eq!(told, expected, "round {round}");
    }
}

/// Frames are reused by later threads, and name nothing of the earlier ones.
#[test]
fn threads_come_and_go() {
    fn nest(depth: u64) -> Arc<dyn Worker> {
        Scripted::new(move |other| match (depth, other) {
            (0, _) | (_, None) => Ok(depth),
            (_, Some(other)) => other.run_with(nest(depth - 1)),
        })
        .share()
    }
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let lent = membrane.wrap(nest(20)).unwrap();
    for _ in 0..sized(200, 3) {
        let threads: Vec<_> = (0..5)
            .map(|index| {
                let (census, membrane, lent) = (census.clone(), membrane.clone(), lent.clone());
                spawn(move || {
                    let own = membrane.wrap(Scripted::counted(&census).share()).unwrap();
                    assert_eq!(own.run(), Ok(7));
                    // Into the frames beyond a thread's first few.
                    assert_eq!(lent.run_with(nest(index * 5)), Ok(0));
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
    assert_eq!((census.alive(), membrane.live_proxies()), (0, 1));
    assert_eq!(
        membrane.revoke_and_wait("nothing runs", Duration::ZERO),
        Ok(())
    );
}

/// A thread that ends while another is inside leaves the other's call alone.
#[test]
fn call_outlives_the_threads_around_it() {
    let (census, door, membrane) = (
        Census::default(),
        Door::shut(),
        Membrane::new(worker_policy()),
    );
    let waits = Scripted::new({
        let door = door.clone();
        move |other| {
            if other.is_none() {
                door.pass();
            }
            Ok(1)
        }
    });
    let lent = membrane
        .wrap(waits.with_token(census.token()).share())
        .unwrap();
    let inside = start({
        let lent = lent.clone();
        move || lent.run()
    });
    door.await_arrivals(1);
    for _ in 0..sized(100, 5) {
        let lent = lent.clone();
        assert_eq!(soon(move || lent.run_with(plain_worker())), Ok(1));
    }
    let result = membrane.revoke_and_wait("one runs", Duration::ZERO);
    let Err(WaitError::TimedOut(calls)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(
        (calls.len(), calls[0].method, census.alive()),
        (1, Some("run"), 1)
    );
    door.open();
    assert_revoked(inside.finish(), "one runs");
    assert_eq!(census.alive(), 0);
}

/// Any order of revocations in a tree, under load: a membrane whose `revoke` returned is dead with all that derives from it.
#[test]
fn tree_is_pruned_by_many_at_once() {
    const PARENTS: [Option<usize>; 7] =
        [None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(5)];
    for round in 0..sized(150, 5) {
        let census = Census::default();
        let mut nodes: Vec<Membrane> = vec![];
        for parent in PARENTS {
            nodes.push(match parent {
                None => Membrane::new(worker_policy()),
                Some(parent) => nodes[parent].attenuate(&worker_policy()).unwrap(),
            });
        }
        let lent: Vec<_> = nodes
            .iter()
            .map(|node| node.wrap(Scripted::counted(&census).share()).unwrap())
            .collect();
        let stop = AtomicBool::new(false);
        scope(|scope| {
            let (nodes, lent, stop) = (&nodes, &lent, &stop);
            let callers: Vec<_> = (0..2)
                .map(|_| {
                    scope.spawn(move || {
                        while !stop.load(SeqCst) {
                            for (index, worker) in lent.iter().enumerate() {
                                let was_dead = nodes[index].is_revoked();
                                let result = worker.run();
                                assert!(!(was_dead && result.is_ok()), "alive again");
                            }
                        }
                    })
                })
                .collect();
            let pruners: Vec<_> = (0..3)
                .map(|pruner| {
                    scope.spawn(move || {
                        // Each prunes other branches, in another order.
                        for step in 0..3 {
                            let cut = [[6, 3, 2], [5, 1, 4], [4, 6, 1]][pruner][(step + round) % 3];
                            nodes[cut].revoke("pruned");
                            for (index, node) in nodes.iter().enumerate() {
                                let mut line =
                                    std::iter::successors(Some(index), |at| PARENTS[*at]);
                                assert!(
                                    !line.any(|at| at == cut) || node.is_revoked(),
                                    "{index} outlived {cut}"
                                );
                            }
                        }
                    })
                })
                .collect();
            for pruner in pruners {
                pruner.join().unwrap();
            }
            stop.store(true, SeqCst);
            for caller in callers {
                caller.join().unwrap();
            }
        });
        assert!(!nodes[0].is_revoked() && nodes[1..].iter().all(Membrane::is_revoked));
        assert_eq!((lent[0].run(), census.alive()), (Ok(7), 1), "round {round}");
    }
}

#[test]
fn iterator_may_be_moved_between_threads() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(Policy::deny_all());
        let items: Items = Box::new((0..sized(100, 10) as u64).map(Ok));
        let mut items = membrane.pass(items, direction).unwrap();
        let mut seen = vec![];
        loop {
            let next;
            (next, items) = soon(move || (items.next(), items));
            let Some(item) = next else { break };
            seen.push(item.unwrap());
        }
        assert_eq!(seen, (0..sized(100, 10) as u64).collect::<Vec<_>>());
        assert_eq!(membrane.live_proxies(), 0, "the end lets go");
    }
}

/// Closures made and dropped by many threads are known by address: none is taken for another.
#[test]
fn closures_are_not_mixed_up() {
    let membrane = Membrane::new(Policy::deny_all());
    scope(|scope| {
        for thread in 0..THREADS as u64 {
            let membrane = &membrane;
            scope.spawn(move || {
                for round in 0..sized(1000, 15) as u64 {
                    let number = thread << 32 | round;
                    let target: Closure = Arc::new(move |_| Ok(number));
                    let lent = membrane.pass(target.clone(), Direction::Outbound).unwrap();
                    assert_eq!(lent(0), Ok(number));
                    let home = membrane.pass(lent, Direction::Inbound).unwrap();
                    assert!(Arc::ptr_eq(&home, &target), "another's target");
                }
            });
        }
    });
    assert_eq!(membrane.live_proxies(), 0);
}
