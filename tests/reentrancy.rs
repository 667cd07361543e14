//! Calls back, from inside, and to any depth that the policy allows; nothing locks, overflows or is left behind.

#[path = "reentrancy/kept.rs"]
mod kept;

use membrane::{
    Direction, Error, ErrorKind, Homecoming, Membrane, Passable, Policy, PolicyProblem, WaitError,
    allow, interface,
};
use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread::Builder;
use tests::{
    Census, SOON, Scripted, Worker, assert_kind, assert_revoked, plain_worker, sized, soon, start,
    worker_policy, working,
};

type Answer = Result<u64, Error>;
type Closure = Arc<dyn Fn(u64) -> Answer + Send + Sync>;
type Items = Box<dyn Iterator<Item = Answer> + Send>;

const DIRECTIONS: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// Calls a proxy of itself, or of another, as long as that goes, and answers how often it went.
#[interface]
trait Deep {
    fn deeper(&self, calls: u64) -> Answer;
    fn closure(&self) -> Result<Closure, Error>;
    fn items(&self) -> Result<Items, Error>;
    fn meet(&self, other: Arc<dyn Deep>) -> Answer;
}

/// Goes on by the proxy in its slot, whose target may be another.
#[derive(Default)]
struct Well {
    next: OnceLock<Weak<dyn Deep>>,
    entered: AtomicUsize,
}

impl Well {
    fn next(&self) -> Arc<dyn Deep> {
        self.next
            .get()
            .expect("set")
            .upgrade()
            .expect("the test holds it")
    }

    fn set(&self, next: &Arc<dyn Deep>) {
        assert!(self.next.set(Arc::downgrade(next)).is_ok());
    }
}

impl Deep for Well {
    /// So many calls more, then the number that was asked for.
    fn deeper(&self, calls: u64) -> Answer {
        self.entered.fetch_add(1, SeqCst);
        if calls == 0 {
            Ok(0)
        } else {
            Ok(self.next().deeper(calls - 1)? + 1)
        }
    }

    fn closure(&self) -> Result<Closure, Error> {
        let next = self.next.get().cloned();
        Ok(Arc::new(move |calls| {
            match (calls, next.as_ref().and_then(Weak::upgrade)) {
                (0, _) | (_, None) => Ok(0),
                (_, Some(next)) => Ok(next.closure()?(calls - 1)? + 1),
            }
        }))
    }

    fn items(&self) -> Result<Items, Error> {
        let next = self.next.get().cloned();
        Ok(Box::new((0..9).map(
            move |index| match next.as_ref().and_then(Weak::upgrade) {
                // An even item is a call of its own.
                Some(next) if index % 2 == 0 => next.deeper(0).map(|_| index),
                _ => Ok(index),
            },
        )))
    }

    fn meet(&self, other: Arc<dyn Deep>) -> Answer {
        other.deeper(0)
    }
}

fn deep_policy(limit: u32) -> Policy {
    let deep = allow!(dyn Deep: deeper, closure, items, meet);
    working()
        .inbound(deep)
        .outbound(deep)
        .depth_limit(limit)
        .build()
        .unwrap()
}

/// A proxy whose target goes on by that very proxy.
fn well(membrane: &Membrane, direction: Direction) -> (Arc<Well>, Arc<dyn Deep>) {
    let well = Arc::new(Well::default());
    let lent = membrane
        .pass(well.clone() as Arc<dyn Deep>, direction)
        .unwrap();
    well.set(&lent);
    (well, lent)
}

// Use of the membrane from inside.

/// M14.
#[test]
fn call_may_call_back_through_the_same_membrane() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(worker_policy());
        let calls_back = || {
            Scripted::new(|other| other.map_or(Ok(1), |other| other.run_with(plain_worker())))
                .share()
        };
        let lent = membrane.pass(calls_back(), direction).unwrap();
        // Out, in, out again, and both ways with proxies that go home.
        assert_eq!(
            soon({
                let lent = lent.clone();
                move || lent.run_with(calls_back())
            }),
            Ok(7)
        );
        assert_eq!(lent.run_with(lent.clone()), Ok(7));
        let other = membrane.pass(plain_worker(), direction).unwrap();
        assert_eq!(lent.run_with(other), Ok(7));
        assert_eq!(membrane.live_proxies(), 1);
    }
}

/// M14. Fails with a deadlock if anything of this runs under a lock of the membrane's.
#[test]
fn call_may_do_everything_with_its_own_membrane() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(worker_policy());
        let told = Census::default();
        let inside = {
            let (membrane, told) = (membrane.clone(), told.clone());
            Scripted::new(move |other| {
                everything(&membrane, &told);
                other.map_or(Ok(1), |other| other.run())
            })
        };
        let lent = membrane.pass(inside.share(), direction).unwrap();
        let callback = {
            let (membrane, told) = (membrane.clone(), told.clone());
            Scripted::new(move |_| {
                everything(&membrane, &told);
                Ok(2)
            })
        };
        assert_eq!(soon(move || lent.run_with(callback.share())), Ok(2));
        assert_eq!((told.made(), told.alive()), (2, 2), "observers wait");
        assert_eq!(membrane.live_proxies(), 0);
        membrane.revoke("end");
        assert_eq!(told.alive(), 0);
    }
}

fn everything(membrane: &Membrane, told: &Census) {
    let before = membrane.live_proxies();
    let grant = membrane.grant(membrane.policy()).unwrap();
    let narrow = grant.attenuate(&Policy::deny_all()).unwrap();
    for from in [membrane, &grant] {
        for direction in DIRECTIONS {
            let (census, target) = (Census::default(), plain_worker());
            let lent = from.pass(target.clone(), direction).unwrap();
            assert_eq!(lent.run(), Ok(7));
            assert!(Arc::ptr_eq(&lent, &from.pass(target, direction).unwrap()));
            let counted = from
                .pass(Scripted::counted(&census).share(), direction)
                .unwrap();
            drop(counted);
            assert_eq!(census.alive(), 0);
        }
    }
    let token = told.token();
    membrane.on_revoke(move |_| drop(token));
    let scoped = membrane.scoped(membrane.policy()).unwrap();
    let lent = scoped.wrap(plain_worker()).unwrap();
    drop(scoped);
    assert_kind(lent.run(), ErrorKind::Revoked);
    assert_kind(
        narrow.wrap(plain_worker()).unwrap().run(),
        ErrorKind::Refused,
    );
    grant.revoke("done inside");
    assert!(narrow.is_revoked() && !membrane.is_revoked());
    assert!(format!("{membrane:?} {:?}", membrane.revoker()).contains("live_proxies"));
    assert_eq!(membrane.live_proxies(), before);
}

/// M14, D3. A target's `Drop` is foreign code that may come back. Fails with a deadlock if it runs under the tables' lock.
#[test]
fn targets_drop_may_do_everything_with_its_membrane() {
    for direction in DIRECTIONS {
        let (membrane, told) = (Membrane::new(worker_policy()), Census::default());
        let worker = || {
            let (membrane, told) = (membrane.clone(), told.clone());
            Scripted::new(|_| Ok(1))
                .on_drop(move || everything(&membrane, &told))
                .share()
        };
        let lent = membrane.pass(worker(), direction).unwrap();
        soon(move || drop(lent));
        // And in the midst of a call, as its argument and as its result.
        let lent = membrane.pass(plain_worker(), direction).unwrap();
        let passed = worker();
        assert_eq!(soon(move || lent.run_with(passed)), Ok(7));
        assert_eq!((told.made(), membrane.live_proxies()), (2, 0));
    }
}

#[test]
fn targets_drop_on_revocation_may_come_back() {
    let membrane = Membrane::new(worker_policy());
    let (tell, told) = channel();
    let kept: Arc<Mutex<Vec<Arc<dyn Worker>>>> = Arc::default();
    for index in 0..4 {
        let (own, others, tell) = (membrane.clone(), kept.clone(), tell.clone());
        let worker = Scripted::new(|_| Ok(1)).on_drop(move || {
            // Its neighbours' proxies, its own membrane, a new lease of life: nothing of it works, nothing of it locks.
            let others = others.lock().unwrap().clone();
            let dead = others
                .iter()
                .all(|other| other.run().is_err_and(Error::is_revoked));
            let barred = own.wrap(plain_worker()).is_err() && own.grant(&worker_policy()).is_err();
            own.revoke("again");
            tell.send((index, dead, barred, own.live_proxies()))
                .unwrap();
        });
        let lent = membrane.wrap(worker.share()).unwrap();
        kept.lock().unwrap().push(lent);
    }
    drop(tell);
    soon(move || membrane.revoke("once"));
    let mut told: Vec<_> = told.iter().collect();
    told.sort_unstable();
    assert_eq!(
        told,
        (0..4)
            .map(|index| (index, true, true, 0))
            .collect::<Vec<_>>()
    );
    kept.lock().unwrap().clear();
}

#[test]
fn call_may_drop_the_proxy_it_came_by() {
    for direction in DIRECTIONS {
        let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
        let holder: Arc<Mutex<Option<Arc<dyn Worker>>>> = Arc::default();
        let worker = Scripted::new({
            let (census, membrane, holder) = (census.clone(), membrane.clone(), holder.clone());
            move |_| {
                drop(holder.lock().unwrap().take());
                assert_eq!(
                    (census.alive(), membrane.live_proxies()),
                    (1, 1),
                    "in use by this call"
                );
                Ok(3)
            }
        });
        let lent = membrane
            .pass(worker.with_token(census.token()).share(), direction)
            .unwrap();
        *holder.lock().unwrap() = Some(lent.clone());
        assert_eq!(soon(move || lent.run()), Ok(3));
        assert_eq!((census.alive(), membrane.live_proxies()), (0, 0));
        assert!(holder.lock().unwrap().is_none());
    }
}

#[test]
fn call_may_drop_the_last_handle_of_its_membrane() {
    let census = Census::default();
    let handle = Arc::new(Mutex::new(Some(Membrane::new(worker_policy()))));
    let dropped = handle.clone();
    let worker = Scripted::new(move |other| {
        drop(dropped.lock().unwrap().take());
        other.map_or(Ok(1), |other| other.run())
    });
    let lent = handle
        .lock()
        .unwrap()
        .as_ref()
        .unwrap()
        .wrap(worker.with_token(census.token()).share())
        .unwrap();
    assert_eq!(lent.run_with(plain_worker()), Ok(7));
    assert_eq!(lent.run(), Ok(1), "the proxy keeps what it needs");
    drop(lent);
    assert_eq!(census.alive(), 0);
}

// Depth.

/// M14: a limit of `n` allows `n` calls inside each other, the outermost counted. Fails if the limit is not asked, or is
/// off by one, anywhere: the outermost call, a thread's own frames, each further chunk of them.
#[test]
fn depth_is_exactly_what_the_policy_says() {
    for direction in DIRECTIONS {
        for limit in [1, 2, 3, 7, 8, 9, 10, 39, 40, 41, 42, 72, 73, 127, 128] {
            if cfg!(miri) && limit > 42 {
                continue;
            }
            let membrane = Membrane::new(deep_policy(limit));
            let (well, lent) = well(&membrane, direction);
            let limit = u64::from(limit);
            for round in 1..=2 {
                // The outermost call and `calls` more.
                assert_eq!(lent.deeper(limit - 1), Ok(limit - 1), "as deep as {limit}");
                assert_eq!(well.entered.swap(0, SeqCst) as u64, limit);
                assert_eq!(
                    lent.deeper(limit),
                    Err(ErrorKind::TooDeep.into()),
                    "deeper than {limit}, round {round}"
                );
                assert_eq!(
                    well.entered.swap(0, SeqCst) as u64,
                    limit,
                    "the last one was not entered"
                );
            }
        }
    }
}

#[test]
fn default_depth_is_exactly_the_documented_one() {
    let deep = allow!(dyn Deep: deeper);
    let membrane = Membrane::new(Policy::builder().inbound(deep).build().unwrap());
    let (_, lent) = well(&membrane, Direction::Outbound);
    let limit = u64::from(Policy::DEFAULT_DEPTH_LIMIT);
    assert_eq!(limit, 128);
    assert_eq!(lent.deeper(limit - 1), Ok(limit - 1));
    assert_kind(lent.deeper(limit), ErrorKind::TooDeep);
}

#[test]
fn depth_may_be_greater_than_the_default() {
    let limit = sized(1000, 150) as u64;
    let membrane = Membrane::new(deep_policy(u32::try_from(limit).unwrap()));
    let told = Builder::new().stack_size(64 << 20).spawn(move || {
        let (_, lent) = well(&membrane, Direction::Outbound);
        (lent.deeper(limit - 1), lent.deeper(limit))
    });
    assert_eq!(
        told.unwrap().join().unwrap(),
        (Ok(limit - 1), Err(ErrorKind::TooDeep.into()))
    );
}

/// D7. A limit of `n` bounds the calls of all membranes that the thread is in; each call obeys the limit of its own.
#[test]
fn depth_is_counted_over_all_membranes() {
    for limits in [[10, 10], [6, 12], [12, 6], [1, 9], [9, 1], [20, 3]] {
        let membranes = limits.map(|limit| Membrane::new(deep_policy(limit)));
        let wells = [(); 2].map(|()| Arc::new(Well::default()));
        // Each goes on by the other's proxy.
        let lent: Vec<_> = membranes
            .iter()
            .zip(&wells)
            .map(|(membrane, well)| membrane.wrap(well.clone() as Arc<dyn Deep>).unwrap())
            .collect();
        wells[0].set(&lent[1]);
        wells[1].set(&lent[0]);
        for first in 0..2 {
            // Call number `index + 1` is refused if its membrane allows `index` or fewer.
            let entered = (0..100)
                .find(|index| limits[(first + index) % 2] as usize <= *index)
                .unwrap();
            let calls = entered as u64;
            assert_eq!(lent[first].deeper(calls - 1), Ok(calls - 1), "{limits:?}");
            assert_kind(lent[first].deeper(calls), ErrorKind::TooDeep);
            assert_kind(lent[first].deeper(1000), ErrorKind::TooDeep);
            let total: usize = wells.iter().map(|well| well.entered.swap(0, SeqCst)).sum();
            assert_eq!(total, 3 * entered, "{limits:?} from {first}");
        }
    }
}

#[test]
fn closures_are_bounded_as_methods_are() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(deep_policy(10));
        let (_, lent) = well(&membrane, direction);
        let closure = lent.closure().unwrap();
        // Inside the closure, `next.closure()` needs a call of its own for a moment.
        assert_eq!(closure(9), Ok(9));
        assert_kind(closure(10), ErrorKind::TooDeep);
        assert_kind(closure(1000), ErrorKind::TooDeep);
        assert_eq!(closure(9), Ok(9), "usable again");
    }
}

/// An iterator that was refused for its depth has not moved. Fails if the refused step ends it, or takes an item out.
#[test]
fn iterator_goes_on_after_it_was_too_deep() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(deep_policy(2));
        let (_, lent) = well(&membrane, direction);
        let items = Arc::new(Mutex::new(lent.items().unwrap()));
        let next = || items.lock().unwrap().next();
        // At the top an item may make a call of its own; one call in, the item must not; two calls in, there is no item.
        assert_eq!(next(), Some(Ok(0)));
        let one_in = Scripted::new({
            let items = items.clone();
            move |other| match other {
                Some(other) => other.run(),
                None => items.lock().unwrap().next().unwrap(),
            }
        });
        let one_in = membrane.pass(one_in.share(), direction).unwrap();
        assert_eq!(one_in.run(), Ok(1), "an odd item, one call in");
        assert_kind(one_in.run(), ErrorKind::TooDeep);
        assert_eq!(
            next(),
            Some(Ok(3)),
            "item 2 said that it was too deep, and is past"
        );
        let two_in = {
            let items = items.clone();
            Scripted::new(move |_| items.lock().unwrap().next().unwrap()).share()
        };
        assert_kind(one_in.run_with(two_in), ErrorKind::TooDeep);
        assert_eq!(next(), Some(Ok(4)), "item 4 was not asked for");
        let rest: Vec<_> = std::iter::from_fn(next).collect();
        assert_eq!(rest, [Ok(5), Ok(6), Ok(7), Ok(8)]);
    }
}

/// D7: at the limit, what needs a look at a proxy's target fails cleanly, and never as if it were no proxy.
#[test]
fn crossing_at_the_limit_is_too_deep_rather_than_wrong() {
    for homecoming in [Homecoming::Unwrap, Homecoming::KeepWrapped] {
        let policy = working()
            .depth_limit(2)
            .homecoming(homecoming)
            .build()
            .unwrap();
        let (membrane, target) = (Membrane::new(policy.clone()), plain_worker());
        let of_wet = membrane.wrap(target.clone()).unwrap();
        let seen = Arc::new(Mutex::new(vec![]));
        let crosses = Scripted::new({
            let (membrane, of_wet, target, seen) = (
                membrane.clone(),
                of_wet.clone(),
                target.clone(),
                seen.clone(),
            );
            move |other| {
                if let Some(other) = other {
                    return other.run();
                }
                let crossed = membrane.wrap_inbound(of_wet.clone());
                seen.lock()
                    .unwrap()
                    .push(crossed.map(|home| Arc::ptr_eq(&home, &target)));
                // What is no proxy needs no look.
                assert!(
                    membrane
                        .wrap(target.clone())
                        .is_ok_and(|lent| Arc::ptr_eq(&lent, &of_wet))
                );
                Ok(1)
            }
        });
        let lent = membrane.wrap(crosses.share()).unwrap();
        let home = homecoming == Homecoming::Unwrap;
        assert_eq!(lent.run(), Ok(1), "one call in");
        let inner = membrane.wrap(
            Scripted::new({
                let lent = lent.clone();
                move |_| lent.run()
            })
            .share(),
        );
        assert_eq!(inner.unwrap().run(), Ok(1), "two calls in");
        assert_eq!(
            *seen.lock().unwrap(),
            [Ok(home), Err(ErrorKind::TooDeep.into())]
        );
        // As an argument it is looked at inside the call.
        let outer = membrane.wrap(
            Scripted::new({
                let (lent, of_wet) = (lent.clone(), of_wet.clone());
                move |_| lent.run_with(of_wet.clone())
            })
            .share(),
        );
        assert_kind(outer.unwrap().run(), ErrorKind::TooDeep);
        // Kept wrapped, it is two calls further in.
        let expected = if home {
            Ok(7)
        } else {
            Err(ErrorKind::TooDeep.into())
        };
        assert_eq!(lent.run_with(of_wet.clone()), expected, "with room for it");
    }
}

#[test]
fn everything_works_again_after_too_deep() {
    let membranes = [(); 2].map(|()| Membrane::new(deep_policy(20)));
    for round in 0..sized(50, 3) {
        for membrane in &membranes {
            for direction in DIRECTIONS {
                let (_, lent) = well(membrane, direction);
                assert_kind(lent.deeper(1000), ErrorKind::TooDeep);
                assert_eq!(lent.deeper(19), Ok(19), "round {round}");
                assert!(
                    Arc::ptr_eq(&lent, &membrane.pass(lent.clone(), direction).unwrap()),
                    "no second proxy"
                );
                let other: Arc<dyn Deep> = Arc::new(Well::default());
                assert_eq!(lent.meet(other), Ok(0));
                assert_eq!(lent.items().unwrap().count(), 9);
            }
        }
    }
    for membrane in membranes {
        assert_eq!(membrane.live_proxies(), 0);
        assert_eq!(
            membrane.revoke_and_wait("done", std::time::Duration::ZERO),
            Ok(())
        );
    }
}

/// M14: a clean error, not a stack overflow, on a stack that is a small part of the usual one.
#[test]
fn default_depth_fits_on_a_small_stack() {
    let stack = if tests::sanitized() || cfg!(miri) {
        8 << 20
    } else if cfg!(debug_assertions) {
        768 << 10
    } else {
        128 << 10
    };
    let small = Builder::new().stack_size(stack).spawn(|| {
        let (one, two) = (
            Membrane::new(deep_policy(128)),
            Membrane::new(deep_policy(128)),
        );
        let wells = [(); 2].map(|()| Arc::new(Well::default()));
        let lent = [
            one.wrap(wells[0].clone() as Arc<dyn Deep>).unwrap(),
            two.wrap_inbound(wells[1].clone() as _).unwrap(),
        ];
        wells[0].set(&lent[1]);
        wells[1].set(&lent[0]);
        let closure = lent[0].closure().unwrap();
        (
            lent[0].deeper(u64::MAX),
            closure(u64::MAX),
            lent[1].deeper(127),
        )
    });
    let too_deep = Err(ErrorKind::TooDeep.into());
    assert_eq!(
        small.unwrap().join().unwrap(),
        (too_deep, too_deep, Ok(127))
    );
}

/// D7: recursion by callbacks that are made anew at each level.
#[test]
fn endless_callbacks_are_too_deep() {
    fn endless() -> Arc<dyn Worker> {
        Scripted::new(|other| other.map_or_else(|| Ok(1), |other| other.run_with(endless())))
            .share()
    }
    let membrane = Membrane::new(worker_policy());
    let lent = membrane.wrap(endless()).unwrap();
    assert_kind(lent.run_with(endless()), ErrorKind::TooDeep);
    assert_eq!((lent.run(), membrane.live_proxies()), (Ok(1), 1));
}

// Data inside data.

#[derive(Passable)]
struct Chain {
    worker: Option<Arc<dyn Worker>>,
    rest: Option<Box<Chain>>,
}

impl Chain {
    fn of(levels: usize, worker: &Arc<dyn Worker>) -> Self {
        let link = |rest| Self {
            worker: Some(worker.clone()),
            rest,
        };
        (1..levels).fold(link(None), |rest, _| link(Some(Box::new(rest))))
    }

    fn levels(&self) -> usize {
        std::iter::successors(Some(self), |chain| chain.rest.as_deref()).count()
    }
}

#[derive(Passable)]
enum Tree {
    Leaf(Arc<dyn Worker>),
    Node(Vec<Tree>),
}

impl Tree {
    fn line(levels: usize, worker: &Arc<dyn Worker>) -> Self {
        (1..levels).fold(Self::Leaf(worker.clone()), |below, _| {
            Self::Node(vec![below])
        })
    }

    fn leaves(&self) -> usize {
        match self {
            Self::Leaf(worker) => usize::from(worker.run().is_ok()),
            Self::Node(below) => below.iter().map(Self::leaves).sum(),
        }
    }
}

#[interface]
trait Forest {
    fn keep(&self, chain: Chain, tree: Tree) -> Answer;
    fn grow(&self, levels: usize) -> Result<(Chain, Tree), Error>;
}

struct Wood(Arc<dyn Worker>);

impl Forest for Wood {
    fn keep(&self, chain: Chain, tree: Tree) -> Answer {
        Ok((chain.levels() + tree.leaves()) as u64)
    }

    fn grow(&self, levels: usize) -> Result<(Chain, Tree), Error> {
        Ok((Chain::of(levels, &self.0), Tree::line(levels, &self.0)))
    }
}

/// D7, E7. Fails if a level is not counted, or not given back.
#[test]
fn data_nested_beyond_the_bound_is_too_deep() {
    for direction in DIRECTIONS {
        let forest = allow!(dyn Forest: keep, grow);
        let membrane = Membrane::new(working().inbound(forest).outbound(forest).build().unwrap());
        let worker = plain_worker();
        let lent = membrane
            .pass(Arc::new(Wood(worker.clone())) as Arc<dyn Forest>, direction)
            .unwrap();
        for levels in if cfg!(miri) {
            vec![2, 256]
        } else {
            vec![1, 2, 255, 256]
        } {
            let (chain, tree) = (Chain::of(levels, &worker), Tree::line(levels, &worker));
            assert_eq!(
                lent.keep(chain, tree),
                Ok(levels as u64 + 1),
                "{levels} levels"
            );
            let (chain, tree) = lent.grow(levels).unwrap();
            assert_eq!((chain.levels(), tree.leaves()), (levels, 1));
        }
        for levels in if cfg!(miri) {
            vec![257]
        } else {
            vec![257, 258, 1000]
        } {
            let too_deep: Error = ErrorKind::TooDeep.into();
            let deep = || (Chain::of(levels, &worker), Tree::line(levels, &worker));
            let flat = || (Chain::of(1, &worker), Tree::line(1, &worker));
            assert_eq!(
                lent.keep(deep().0, flat().1),
                Err(too_deep),
                "{levels} levels"
            );
            assert_eq!(lent.keep(flat().0, deep().1), Err(too_deep));
            assert_eq!(lent.grow(levels).err(), Some(too_deep));
            assert_eq!(membrane.pass(deep().0, direction).err(), Some(too_deep));
            assert_eq!(lent.keep(flat().0, flat().1), Ok(2), "usable again");
        }
        assert_eq!(
            membrane.live_proxies(),
            1,
            "what was converted so far is gone"
        );
        // Much side by side is not deep.
        let wide = (0..sized(3000, 2)).map(|_| Tree::line(255, &worker));
        let wide = Tree::Node(wide.collect());
        let leaves = wide.leaves();
        assert_eq!(
            lent.keep(Chain::of(1, &worker), wide),
            Ok(1 + leaves as u64)
        );
    }
}

// Many membranes in a line.

/// Fails with a stack overflow if an ancestor is dropped inside its descendant, or a subtree is walked by recursion.
#[test]
fn long_line_of_membranes_is_dropped_and_revoked() {
    let long = sized(20_000, 300);
    let line = move || {
        let (root, census) = (Membrane::new(worker_policy()), Census::default());
        let mut last = root.clone();
        for index in 0..long {
            last = if index % 2 == 0 {
                last.attenuate(last.policy())
            } else {
                last.grant(last.policy())
            }
            .unwrap();
        }
        let lent = last.wrap(Scripted::counted(&census).share()).unwrap();
        assert_eq!(lent.run(), Ok(7));
        (root, last, lent, census)
    };
    // On the smallest of stacks.
    let small = Builder::new().stack_size(if tests::sanitized() {
        2 << 20
    } else {
        128 << 10
    });
    let dropped = small.spawn(move || {
        // From the bottom up, from the top down, and by the last proxy alone.
        let (root, last, lent, census) = line();
        drop((lent, last, root));
        assert_eq!(census.alive(), 0);
        let (root, last, lent, census) = line();
        drop((root, last));
        assert_eq!((lent.run(), census.alive()), (Ok(7), 1));
        drop(lent);
        assert_eq!(census.alive(), 0);

        let (root, last, lent, census) = line();
        let told = Arc::new(AtomicUsize::new(0));
        last.on_revoke({
            let told = told.clone();
            move |_| _ = told.fetch_add(1, SeqCst)
        });
        root.revoke("from the top");
        assert_revoked(lent.run(), "from the top");
        assert_eq!(
            (census.alive(), told.load(SeqCst), last.is_revoked()),
            (0, 1, true)
        );
    });
    dropped.unwrap().join().unwrap();
}

/// K13. What an owner asks to be told may hold the last proxy of the next membrane, and so on. Fails with a stack overflow if
/// `Drop for Node` drops the observers by `drop_quietly`.
#[test]
fn long_line_through_observers_is_dropped_and_revoked() {
    let long = sized(100_000, 300);
    let line = move || {
        let census = Census::default();
        let mut next = plain_worker();
        for _ in 0..long {
            let membrane = Membrane::new(worker_policy());
            let lent = membrane.wrap(Scripted::counted(&census).share()).unwrap();
            membrane.on_revoke(move |_| drop(next));
            next = lent;
        }
        (next, census)
    };
    let small = Builder::new().stack_size(if tests::sanitized() {
        4 << 20
    } else {
        512 << 10
    });
    let dropped = small.spawn(move || {
        let (last, census) = line();
        assert_eq!((last.run(), census.alive()), (Ok(7), long));
        drop(last);
        assert_eq!(census.alive(), 0);

        // Held by a target, and dropped on its revocation.
        let (last, census) = line();
        let owner = Membrane::new(worker_policy());
        let last = Mutex::new(Some(last));
        let holds = Scripted::new(|_| Ok(7)).on_drop(move || drop(last));
        let lent = owner.wrap(holds.share()).unwrap();
        owner.revoke("from the top");
        assert_eq!(census.alive(), 0);
        assert_revoked(lent.run(), "from the top");
    });
    dropped.unwrap().join().unwrap();
}

/// One proxy lent on and on is one hop; the line it leaves behind is dropped as any other.
#[test]
fn proxy_lent_on_down_a_long_line_is_one_hop() {
    let (census, root) = (
        Census::default(),
        Membrane::new(working().depth_limit(1).build().unwrap()),
    );
    let mut membranes = vec![root];
    let mut lent = vec![
        membranes[0]
            .wrap(Scripted::counted(&census).share())
            .unwrap(),
    ];
    for index in 0..sized(200, 20) {
        membranes.push(
            membranes[index]
                .attenuate(membranes[index].policy())
                .unwrap(),
        );
        lent.push(membranes[index + 1].wrap(lent[index].clone()).unwrap());
    }
    assert!(
        lent.iter().all(|lent| lent.run() == Ok(7)),
        "under a limit of one call"
    );
    membranes[0].revoke("all");
    assert_eq!(
        (census.alive(), lent.last().unwrap().run().is_err()),
        (0, true)
    );
}

#[test]
#[cfg_attr(miri, ignore = "65,534 membranes")]
fn membranes_cannot_be_derived_for_ever() {
    let mut last = Membrane::new(Policy::deny_all());
    let mut line = 1;
    let refused = loop {
        match last.attenuate(&Policy::deny_all()) {
            Ok(next) => (last, line) = (next, line + 1),
            Err(error) => break error,
        }
        assert!(line < 70_000);
    };
    assert_eq!(refused.problems(), [PolicyProblem::TooManyGenerations]);
    assert_eq!(line, 65_534, "membranes in the line");
    assert!(last.grant(&Policy::deny_all()).is_err());
    assert!(last.wrap(plain_worker()).is_ok());
    last.revoke("the last one works as any other");
}

// Threads that end.

/// Calls in the destructor of a thread-local.
struct AtTheEnd(RefCell<Option<Box<dyn FnOnce()>>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        if let Some(f) = self.0.take() {
            f();
        }
    }
}

thread_local! {
    static EARLY: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
    static LATE: AtTheEnd = const { AtTheEnd(RefCell::new(None)) };
}

/// Runs `f` twice in destructors of an ending thread: in one that was registered before the thread's first call, and in
/// one that was registered after it. Whatever the order of destructors, one of the two is run after the library's own.
fn at_the_end_of_a_thread(f: impl Fn() + Clone + Send + 'static) {
    let thread = start(move || {
        let put = |f: Box<dyn FnOnce()>| move |end: &AtTheEnd| drop(end.0.replace(Some(f)));
        EARLY.with(put(Box::new(f.clone())));
        let lent = Membrane::new(worker_policy()).wrap(plain_worker()).unwrap();
        assert_eq!(lent.run(), Ok(7), "the thread's first call");
        LATE.with(put(Box::new(f)));
    });
    // `finish` joins: the destructors have run.
    thread.finish();
}

/// K13. Fails with a stack overflow if the list of what `drop_flat` puts off has a destructor, and with proxies left over if
/// the outermost drop does not empty it.
#[test]
fn long_line_is_dropped_while_a_thread_ends() {
    let census = Census::default();
    let line = {
        let census = census.clone();
        move |long| {
            let membranes = [(); 2].map(|()| Membrane::new(worker_policy()));
            let mut last = Scripted::counted(&census).share();
            for index in 0..long {
                last = membranes[index % 2].wrap(last).unwrap();
            }
            last
        }
    };
    at_the_end_of_a_thread(move || {
        // So that the list has been used before the destructor that is run last.
        drop(line(200));
        drop(line(sized(50_000, 200)));
    });
    assert_eq!((census.made(), census.alive()), (4, 0));
}

#[test]
fn calls_work_while_a_thread_ends() {
    for direction in DIRECTIONS {
        for kind in 0..sized(20, 2) {
            let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
            let nested = Scripted::new(|other| other.map_or(Ok(1), |other| other.run()))
                .with_token(census.token());
            let lent = membrane.pass(nested.share(), direction).unwrap();
            let (tell, told) = channel();
            at_the_end_of_a_thread({
                let (membrane, lent) = (membrane.clone(), lent.clone());
                move || {
                    let callback = Scripted::new(|_| Ok(3)).share();
                    let own = membrane.wrap(plain_worker()).unwrap();
                    let panicking = membrane
                        .wrap(Scripted::new(|_| panic!("at the end")).share())
                        .unwrap();
                    tell.send((
                        lent.run(),
                        lent.run_with(callback),
                        own.run(),
                        panicking.run(),
                    ))
                    .unwrap();
                }
            });
            let panicked = Err(ErrorKind::Panicked.into());
            assert_eq!(
                told.iter().collect::<Vec<_>>(),
                [(Ok(1), Ok(3), Ok(7), panicked); 2],
                "{kind}"
            );
            assert_eq!(
                membrane.revoke_and_wait("no frame is left", std::time::Duration::ZERO),
                Ok(())
            );
            assert_eq!(census.alive(), 0);
        }
    }
}

#[test]
fn revocation_withholds_calls_of_ending_threads() {
    let (tell, told) = channel();
    at_the_end_of_a_thread(move || {
        let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
        let worker = Scripted::new({
            let (census, membrane) = (census.clone(), membrane.clone());
            move |_| {
                membrane.revoke("at the end");
                assert_eq!(census.alive(), 1, "dropped while in use");
                Ok(1)
            }
        });
        let lent = membrane
            .wrap(worker.with_token(census.token()).share())
            .unwrap();
        tell.send((lent.run().unwrap_err().to_string(), census.alive()))
            .unwrap();
    });
    let expected = ("revoked: at the end".to_owned(), 0);
    assert_eq!(
        told.iter().collect::<Vec<_>>(),
        [expected.clone(), expected]
    );
}

/// M6: never a deadlock. Fails if the frames that ending threads share are not asked whether they are this thread's.
#[test]
fn wait_in_a_call_of_an_ending_thread_is_inside() {
    let (tell, told) = channel();
    at_the_end_of_a_thread(move || {
        let membrane = Membrane::new(worker_policy());
        let worker = Scripted::new({
            let (membrane, tell) = (membrane.clone(), tell.clone());
            move |_| {
                tell.send(membrane.revoke_and_wait("inside", SOON / 5))
                    .unwrap();
                Ok(1)
            }
        });
        let lent = membrane.wrap(worker.share()).unwrap();
        assert_kind(lent.run(), ErrorKind::Revoked);
    });
    let told: Vec<_> = told.iter().collect();
    assert_eq!(told, vec![Err(WaitError::Inside); 2]);
}

/// M14: depth is bounded on every thread. Fails if the frames that ending threads share are not counted.
#[test]
fn depth_is_bounded_while_a_thread_ends() {
    for limit in [1, 5] {
        let (tell, told) = channel();
        at_the_end_of_a_thread(move || {
            let membrane = Membrane::new(deep_policy(limit));
            let (_, lent) = well(&membrane, Direction::Outbound);
            let limit = u64::from(limit);
            tell.send((lent.deeper(limit - 1), lent.deeper(limit)))
                .unwrap();
        });
        let limit = u64::from(limit);
        let expected = (Ok(limit - 1), Err(ErrorKind::TooDeep.into()));
        assert_eq!(told.iter().collect::<Vec<_>>(), [expected; 2]);
    }
}

/// However deep, it is an error and the frames are free again.
#[test]
fn endless_recursion_while_a_thread_ends_is_too_deep() {
    let (tell, told) = channel();
    for _ in 0..3 {
        let tell = tell.clone();
        at_the_end_of_a_thread(move || {
            let membrane = Membrane::new(deep_policy(128));
            let (_, lent) = well(&membrane, Direction::Outbound);
            tell.send((lent.deeper(u64::MAX), lent.deeper(3))).unwrap();
        });
    }
    drop(tell);
    assert_eq!(
        told.iter().collect::<Vec<_>>(),
        [(Err(ErrorKind::TooDeep.into()), Ok(3)); 6]
    );
}
