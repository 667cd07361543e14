//! A panic ends at the membrane, in either direction, and leaves nothing crooked behind.

use membrane::{
    Crossing, Direction, Error, ErrorKind, Membrane, OnPanic, Passable, Policy, PolicyBuilder,
    allow, interface,
};
use std::any::Any;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::{
    Census, Scripted, Worker, assert_kind, assert_revoked, in_its_own_process, plain_worker, sized,
    soon, working,
};

type Closure = Arc<dyn Fn(Fuse) -> Result<Fuse, Failure> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<Fuse, Failure>> + Send>;

const DIRECTIONS: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// How many calls deep the policies here go.
const DEPTH: u32 = 12;

/// Its `Drop` panics, with a payload whose `Drop` panics. Of no size, so that nothing leaks where one is forgotten.
struct Angry;

impl Drop for Angry {
    fn drop(&mut self) {
        panic_any(Angrier);
    }
}

struct Angrier;

impl Drop for Angrier {
    fn drop(&mut self) {
        panic_any(());
    }
}

/// Every kind of payload.
const PAYLOADS: [fn(); 8] = [
    || panic!("literal"),
    || panic!("{} and {}", "formatted", String::from("owned")),
    || panic_any(7_u8),
    || panic_any(()),
    || panic_any(Angrier),
    || panic_any(Angry),
    || resume_unwind(Box::new(Angry)),
    || panic_any(plain_worker()),
];

/// Every kind of payload; under Miri, which is slow, a few.
fn payloads() -> impl Iterator<Item = fn()> {
    PAYLOADS.into_iter().step_by(if cfg!(miri) { 3 } else { 1 })
}

/// Panics when it is converted, with this payload, if any. By hand, hence trusted.
#[derive(Clone, Copy, Default)]
struct Fuse(Option<fn()>);

impl Passable for Fuse {
    const BARE: bool = false;

    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        if let Some(go) = self.0 {
            go();
        }
        Ok(self)
    }
}

/// Panics when it is dropped, while armed. Crosses as it is.
struct Loud<const WORDS: usize>(Arc<AtomicBool>, [usize; WORDS]);

impl<const WORDS: usize> Loud<WORDS> {
    fn armed(armed: &Arc<AtomicBool>) -> Self {
        Self(armed.clone(), [0; WORDS])
    }
}

impl<const WORDS: usize> Passable for Loud<WORDS> {
    const BARE: bool = true;

    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        Ok(self)
    }
}

impl<const WORDS: usize> Drop for Loud<WORDS> {
    fn drop(&mut self) {
        if self.0.load(SeqCst) {
            panic_any(Angry);
        }
    }
}

#[derive(Passable)]
enum Failure {
    Fused(Fuse),
    Loud(Loud<0>),
    Membrane(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

/// The kind of error that the membrane answered with; `None` if it delivered.
#[expect(
    clippy::needless_pass_by_value,
    reason = "what was delivered is dropped here"
)]
fn kind<R>(result: Result<R, Failure>) -> Option<ErrorKind> {
    match result {
        Ok(_) | Err(Failure::Fused(_) | Failure::Loud(_)) => None,
        Err(Failure::Membrane(error)) => Some(error.kind()),
    }
}

/// A key whose hash panics while it is armed.
#[derive(Clone, PartialEq, Eq, Passable)]
struct Key(bool);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        assert!(
            !(self.0 && ARMED.with(|armed| armed.load(SeqCst))),
            "in Hash"
        );
        self.0.hash(state);
    }
}

thread_local! {
    static ARMED: AtomicBool = const { AtomicBool::new(false) };
}

/// A place in a call for each way to panic.
#[interface]
trait Bomb {
    fn go(&self) -> Result<u64, Failure>;
    fn take(
        &self,
        before: Arc<dyn Worker>,
        fuse: Fuse,
        after: Arc<dyn Worker>,
    ) -> Result<u64, Failure>;
    fn list(&self, fuses: Vec<Fuse>) -> Result<u64, Failure>;
    fn map(&self, map: HashMap<Key, Fuse>) -> Result<u64, Failure>;
    fn give(&self) -> Result<(Arc<dyn Worker>, Fuse), Failure>;
    fn fail(&self) -> Result<u64, Failure>;
    fn closure(&self) -> Result<Closure, Failure>;
    fn items(&self) -> Result<Items, Failure>;
    fn small(&self) -> Result<Loud<0>, Failure>;
    fn large(&self) -> Result<Loud<20>, Failure>;
    fn loud_failure(&self) -> Result<u64, Failure>;
}

struct Charge {
    payload: fn(),
    census: Census,
    armed: Arc<AtomicBool>,
    /// Runs in each method, before it does anything.
    first: Box<dyn Fn() + Send + Sync>,
}

impl Charge {
    fn new(payload: fn(), census: &Census) -> Self {
        Self {
            payload,
            census: census.clone(),
            armed: Arc::default(),
            first: Box::new(|| {}),
        }
    }
}

impl Bomb for Charge {
    fn go(&self) -> Result<u64, Failure> {
        (self.first)();
        (self.payload)();
        Ok(0)
    }

    fn take(&self, _: Arc<dyn Worker>, _: Fuse, _: Arc<dyn Worker>) -> Result<u64, Failure> {
        Ok(0)
    }

    fn list(&self, _: Vec<Fuse>) -> Result<u64, Failure> {
        Ok(0)
    }

    fn map(&self, _: HashMap<Key, Fuse>) -> Result<u64, Failure> {
        Ok(0)
    }

    fn give(&self) -> Result<(Arc<dyn Worker>, Fuse), Failure> {
        Ok((
            Scripted::counted(&self.census).share(),
            Fuse(Some(self.payload)),
        ))
    }

    fn fail(&self) -> Result<u64, Failure> {
        Err(Failure::Fused(Fuse(Some(self.payload))))
    }

    fn closure(&self) -> Result<Closure, Failure> {
        let payload = self.payload;
        Ok(Arc::new(move |fuse| {
            match fuse.0 {
                // An unlit fuse asks for a panic in the closure itself.
                None => payload(),
                Some(_) => unreachable!("panics when it is converted"),
            }
            Ok(fuse)
        }))
    }

    fn items(&self) -> Result<Items, Failure> {
        let payload = self.payload;
        // One whose conversion panics, one that is fine, then a panic in `next`.
        Ok(Box::new((0..9).map(move |index| match index {
            0 => Ok(Fuse(Some(payload))),
            1 => Ok(Fuse(None)),
            2 => Err(Failure::Fused(Fuse(Some(payload)))),
            _ => {
                payload();
                Ok(Fuse(None))
            }
        })))
    }

    fn small(&self) -> Result<Loud<0>, Failure> {
        (self.first)();
        Ok(Loud::armed(&self.armed))
    }

    fn large(&self) -> Result<Loud<20>, Failure> {
        (self.first)();
        Ok(Loud::armed(&self.armed))
    }

    fn loud_failure(&self) -> Result<u64, Failure> {
        (self.first)();
        Err(Failure::Loud(Loud::armed(&self.armed)))
    }
}

fn rules() -> PolicyBuilder {
    let bomb = allow!(
        dyn Bomb: go, take, list, map, give, fail, closure, items, small, large, loud_failure
    );
    working().inbound(bomb).outbound(bomb).depth_limit(DEPTH)
}

fn lend(membrane: &Membrane, direction: Direction, charge: Charge) -> Arc<dyn Bomb> {
    membrane
        .pass(Arc::new(charge) as Arc<dyn Bomb>, direction)
        .unwrap()
}

fn bomb(direction: Direction, payload: fn()) -> (Membrane, Census, Arc<dyn Bomb>) {
    let (membrane, census) = (Membrane::new(rules().build().unwrap()), Census::default());
    let bomb = lend(&membrane, direction, Charge::new(payload, &census));
    (membrane, census, bomb)
}

/// Depth, identity and gate are as if nothing had happened; then revokes.
#[track_caller]
fn assert_sound(membrane: &Membrane) {
    for direction in DIRECTIONS {
        let target = plain_worker();
        let lent = membrane.pass(target.clone(), direction).unwrap();
        assert!(
            Arc::ptr_eq(&lent, &membrane.pass(target.clone(), direction).unwrap()),
            "identity"
        );
        assert_eq!(lent.run(), Ok(7));
        assert_eq!(
            lent.run_with(lent.clone()).map(|_| ()),
            Ok(()),
            "it goes home"
        );
    }
    // As deep as it may be, and no deeper: no frame of a call that panicked is left.
    let own: Arc<Mutex<Option<Arc<dyn Worker>>>> = Arc::default();
    let count = Arc::new(AtomicUsize::new(0));
    let deep = Scripted::new({
        let (own, count) = (own.clone(), count.clone());
        move |_| {
            count.fetch_add(1, SeqCst);
            let again = own.lock().unwrap().clone().unwrap();
            again.run()
        }
    });
    let lent = membrane.wrap(deep.share()).unwrap();
    *own.lock().unwrap() = Some(lent.clone());
    assert_kind(lent.run(), ErrorKind::TooDeep);
    assert_eq!(count.load(SeqCst), DEPTH as usize, "depth");
    *own.lock().unwrap() = None;
    assert_eq!(
        membrane.revoke_and_wait("sound", Duration::ZERO),
        Ok(()),
        "nothing counts as running"
    );
    assert_revoked(lent.run(), "sound");
    assert_eq!(membrane.live_proxies(), 0);
}

/// M10, D6, E6. Fails if the target is called outside `catch_unwind`, or the payload dropped outside the second one.
#[test]
fn panic_of_a_target_is_an_error() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let (membrane, _, bomb) = bomb(direction, payload);
            assert_eq!(kind(bomb.go()), Some(ErrorKind::Panicked));
            assert_eq!(kind(bomb.go()), Some(ErrorKind::Panicked), "and again");
            let closure = bomb.closure().ok().unwrap();
            assert_eq!(kind(closure(Fuse(None))), Some(ErrorKind::Panicked));
            assert_sound(&membrane);
        }
    }
}

/// D4, D16. Fails if arguments or results are converted outside the catch, or before the call counts as running.
#[test]
fn panic_in_a_conversion_is_an_error() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let (membrane, census, bomb) = bomb(direction, payload);
            let lit = Fuse(Some(payload));
            let worker = || Scripted::counted(&census).share();
            let panicked = Some(ErrorKind::Panicked);
            assert_eq!(
                kind(bomb.take(worker(), Fuse(None), worker())),
                None,
                "the positive control"
            );
            assert_eq!(kind(bomb.take(worker(), lit, worker())), panicked);
            assert_eq!(kind(bomb.list(vec![Fuse(None), lit, Fuse(None)])), panicked);
            assert_eq!(kind(bomb.map([(Key(true), lit)].into())), panicked);
            assert_eq!(kind(bomb.give()), panicked);
            assert_eq!(kind(bomb.fail()), panicked);
            let closure = bomb.closure().ok().unwrap();
            assert_eq!(kind(closure(lit)), panicked);
            drop(closure);
            assert_eq!(
                (census.alive(), membrane.live_proxies()),
                (0, 1),
                "what was converted so far is dropped"
            );
            assert_sound(&membrane);
        }
    }
}

#[test]
fn panic_in_an_iterator_is_an_error_and_then_the_end() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let (membrane, _, bomb) = bomb(direction, payload);
            let mut items = bomb.items().ok().unwrap();
            let mut next = || items.next().map(kind);
            assert_eq!(
                next(),
                Some(Some(ErrorKind::Panicked)),
                "an item that cannot be converted"
            );
            assert_eq!(next(), Some(None), "the next one can");
            assert_eq!(
                next(),
                Some(Some(ErrorKind::Panicked)),
                "an error that cannot be converted"
            );
            assert_eq!(
                next(),
                Some(Some(ErrorKind::Panicked)),
                "a panic of its own"
            );
            assert_eq!((next(), next()), (None, None), "and nothing more");
            assert_sound(&membrane);
        }
    }
}

/// D1: a map is rebuilt with its key's own hash.
#[test]
fn panic_in_the_hash_of_a_key_is_an_error() {
    for direction in DIRECTIONS {
        let (membrane, _, bomb) = bomb(direction, || {});
        let map = || HashMap::from([(Key(true), Fuse(None)), (Key(false), Fuse(None))]);
        assert_eq!(kind(bomb.map(map())), None);
        let prepared = map();
        ARMED.with(|armed| armed.store(true, SeqCst));
        assert_eq!(kind(bomb.map(prepared)), Some(ErrorKind::Panicked));
        ARMED.with(|armed| armed.store(false, SeqCst));
        assert_sound(&membrane);
    }
}

/// D4: whoever is asked whether it is a proxy runs its own code.
#[test]
fn panic_of_what_is_asked_whether_it_is_a_proxy_is_an_error() {
    struct Hostile(fn());
    impl Worker for Hostile {
        fn run(&self) -> Result<u64, Error> {
            Ok(0)
        }
        fn run_with(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
            Ok(0)
        }
        fn unlisted(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
            Ok(0)
        }
        fn __membrane_worker(&self, _: &membrane::__private::Query<'_>) {
            (self.0)();
        }
    }
    for direction in DIRECTIONS {
        for payload in payloads() {
            for on_panic in [OnPanic::Error, OnPanic::Propagate] {
                let membrane = Membrane::new(rules().on_panic(on_panic).build().unwrap());
                let hostile: Arc<dyn Worker> = Arc::new(Hostile(payload));
                assert_kind(
                    membrane.pass(hostile.clone(), direction).map(drop),
                    ErrorKind::Panicked,
                );
                assert_kind(
                    membrane
                        .pass(vec![plain_worker(), hostile.clone()], direction)
                        .map(drop),
                    ErrorKind::Panicked,
                );
                assert_eq!(membrane.live_proxies(), 0);
                if on_panic == OnPanic::Error {
                    let lent = membrane.pass(plain_worker(), direction).unwrap();
                    assert_kind(lent.run_with(hostile), ErrorKind::Panicked);
                    drop(lent);
                }
                assert_sound(&membrane);
            }
        }
    }
}

/// D16. Fails if `Cell::call` replaces a withheld result by plain assignment. Small and large results differ in the gate.
#[test]
fn panic_in_the_drop_of_a_withheld_result_is_caught() {
    for direction in DIRECTIONS {
        for method in 0..3 {
            let (membrane, census) = (Membrane::new(rules().build().unwrap()), Census::default());
            let mut charge = Charge::new(|| {}, &census);
            let armed = charge.armed.clone();
            let revokes = membrane.clone();
            charge.first = Box::new(move || revokes.revoke("withheld"));
            let bomb = lend(&membrane, direction, charge);
            armed.store(true, SeqCst);
            let told = match method {
                0 => bomb.small().map(drop),
                1 => bomb.large().map(drop),
                _ => bomb.loud_failure().map(drop),
            };
            armed.store(false, SeqCst);
            assert_eq!(kind(told), Some(ErrorKind::Revoked));
            assert_eq!(membrane.revoke_and_wait("again", Duration::ZERO), Ok(()));
            assert_sound(&Membrane::new(rules().build().unwrap()));
        }
    }
}

#[test]
fn delivered_result_is_dropped_by_its_holder_alone() {
    let (_, _, bomb) = bomb(Direction::Outbound, || {});
    let (small, large) = (bomb.small().ok().unwrap(), bomb.large().ok().unwrap());
    assert!(small.1.is_empty() && large.1.iter().all(|word| *word == 0));
    large.0.store(true, SeqCst);
    std::mem::forget(payload_of(|| drop(large)));
    small.0.store(false, SeqCst);
}

/// M6, M11: a call that panics after it was revoked is told that it was revoked.
#[test]
fn panic_of_a_revoked_call_is_told_as_revoked() {
    for direction in DIRECTIONS {
        for on_panic in [OnPanic::Error, OnPanic::Propagate] {
            for payload in payloads() {
                let (membrane, census) = (
                    Membrane::new(rules().on_panic(on_panic).build().unwrap()),
                    Census::default(),
                );
                let mut charge = Charge::new(payload, &census);
                let revokes = membrane.clone();
                charge.first = Box::new(move || revokes.revoke("just before"));
                let bomb = lend(&membrane, direction, charge);
                assert_eq!(kind(bomb.go()), Some(ErrorKind::Revoked));
                assert_eq!(membrane.revoke_and_wait("again", Duration::ZERO), Ok(()));
            }
        }
    }
}

/// E6.
#[test]
fn panic_in_the_drop_of_a_target_does_not_reach_its_holder() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let (membrane, census) = (Membrane::new(rules().build().unwrap()), Census::default());
            let angry = || Scripted::counted(&census).on_drop(payload).share();
            drop(membrane.pass(angry(), direction).unwrap());
            let lent = membrane.pass(plain_worker(), direction).unwrap();
            // Made for the call, and gone with it.
            assert_eq!(lent.run_with(angry()), Ok(7));
            assert_eq!(
                (census.made(), census.alive(), membrane.live_proxies()),
                (2, 0, 1)
            );
            drop(lent);
            assert_sound(&membrane);
        }
    }
}

/// M10: both directions.
#[test]
fn panic_of_a_callback_is_an_error_for_its_caller() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let membrane = Membrane::new(rules().build().unwrap());
            let seen = Arc::new(Mutex::new(vec![]));
            let calls = Scripted::new({
                let seen = seen.clone();
                move |other| {
                    let answer = other.unwrap().run();
                    seen.lock().unwrap().push(answer);
                    Ok(1)
                }
            });
            let lent = membrane.pass(calls.share(), direction).unwrap();
            let callback = Scripted::new(move |_| {
                payload();
                Ok(2)
            });
            assert_eq!(
                lent.run_with(callback.share()),
                Ok(1),
                "the call around it goes on"
            );
            assert_eq!(
                seen.lock().unwrap().drain(..).collect::<Vec<_>>(),
                [Err(ErrorKind::Panicked.into())]
            );
            assert_sound(&membrane);
        }
    }
}

#[test]
fn panic_goes_through_each_membrane_as_an_error() {
    let membranes = [(); 3].map(|()| Membrane::new(rules().build().unwrap()));
    let mut lent = Scripted::new(|_| panic!("innermost")).share();
    for membrane in &membranes {
        lent = membrane.wrap(lent).unwrap();
    }
    assert_kind(lent.run(), ErrorKind::Panicked);
    membranes.iter().for_each(assert_sound);
}

// "Propagate".

/// What came out.
#[track_caller]
fn payload_of(f: impl FnOnce()) -> Box<dyn Any + Send> {
    catch_unwind(AssertUnwindSafe(f)).expect_err("a panic")
}

/// M10. Fails if the payload is resumed instead of a fresh one.
#[test]
fn propagated_panic_has_no_payload_of_the_first() {
    for direction in DIRECTIONS {
        for payload in payloads() {
            let membrane = Membrane::new(rules().on_panic(OnPanic::Propagate).build().unwrap());
            let bomb = lend(
                &membrane,
                direction,
                Charge::new(payload, &Census::default()),
            );
            let lit = Fuse(Some(payload));
            let closure = bomb.closure().ok().unwrap();
            let mut items = bomb.items().ok().unwrap();
            let panics: [&mut dyn FnMut(); 6] = [
                &mut || drop(bomb.go()),
                &mut || drop(bomb.list(vec![lit])),
                &mut || drop(bomb.give()),
                &mut || drop(bomb.fail()),
                &mut || drop(closure(Fuse(None))),
                &mut || drop(items.next()),
            ];
            for panics in panics {
                let payload = payload_of(panics);
                assert_eq!(
                    payload.downcast_ref(),
                    Some(&"a call through a membrane panicked")
                );
            }
            drop((bomb, closure, items));
            assert_sound(&membrane);
        }
    }
}

#[test]
fn propagation_is_each_membranes_own_choice() {
    for (inner, outer) in [
        (OnPanic::Propagate, OnPanic::Error),
        (OnPanic::Error, OnPanic::Propagate),
        (OnPanic::Propagate, OnPanic::Propagate),
    ] {
        let [inside, outside] = [inner, outer]
            .map(|on_panic| Membrane::new(rules().on_panic(on_panic).build().unwrap()));
        let lent = outside
            .wrap(
                inside
                    .wrap(Scripted::new(|_| panic!("secret")).share())
                    .unwrap(),
            )
            .unwrap();
        if (inner, outer) == (OnPanic::Propagate, OnPanic::Propagate) {
            let payload = payload_of(|| _ = lent.run());
            assert_eq!(
                payload.downcast_ref(),
                Some(&"a call through a membrane panicked")
            );
        } else {
            assert_kind(lent.run(), ErrorKind::Panicked);
        }
        assert_sound(&inside);
        assert_sound(&outside);
    }
}

#[test]
fn propagated_panic_of_a_callback_unwinds_the_target_and_ends_at_its_caller() {
    let membrane = Membrane::new(rules().on_panic(OnPanic::Propagate).build().unwrap());
    let unwound = Census::default();
    let calls = Scripted::new({
        let unwound = unwound.clone();
        move |other| {
            let _here = unwound.token();
            other.unwrap().run()
        }
    });
    let lent = membrane.wrap(calls.share()).unwrap();
    let callback = Scripted::new(|_| panic!("secret")).share();
    let payload = payload_of(|| _ = lent.run_with(callback));
    assert_eq!(
        payload.downcast_ref(),
        Some(&"a call through a membrane panicked")
    );
    assert_eq!((unwound.made(), unwound.alive()), (1, 0));
    assert_sound(&membrane);
}

// Afterwards.

#[test]
fn all_is_well_after_a_thousand_panics() {
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        soon(move || {
            let membrane = Membrane::new(rules().on_panic(on_panic).build().unwrap());
            let census = Census::default();
            let bombs = DIRECTIONS
                .map(|direction| lend(&membrane, direction, Charge::new(PAYLOADS[1], &census)));
            let nested = membrane
                .wrap(Scripted::new(|other| other.unwrap().run()).share())
                .unwrap();
            for round in 0..sized(1000, 16) {
                let payload = PAYLOADS[round % PAYLOADS.len()];
                let bomb = &bombs[round % 2];
                let calls: [&dyn Fn() -> Option<ErrorKind>; 4] = [
                    &|| kind(bomb.go()),
                    &|| kind(bomb.list(vec![Fuse(Some(payload))])),
                    &|| kind(bomb.give()),
                    &|| {
                        nested
                            .run_with(
                                Scripted::new(move |_| {
                                    payload();
                                    Ok(0)
                                })
                                .share(),
                            )
                            .err()
                            .map(Error::kind)
                    },
                ];
                let told = catch_unwind(AssertUnwindSafe(|| calls[round / 2 % 4]()));
                match on_panic {
                    OnPanic::Propagate => assert!(told.is_err()),
                    _ => assert_eq!(told.ok(), Some(Some(ErrorKind::Panicked))),
                }
            }
            assert_eq!((census.alive(), membrane.live_proxies()), (0, 3));
            drop((bombs, nested));
            assert_sound(&membrane);
        });
    }
}

/// A call made while this thread unwinds may panic in its turn.
#[test]
fn call_made_while_unwinding_may_panic() {
    struct CallsInDrop(Arc<dyn Worker>, Arc<Mutex<Vec<Result<u64, Error>>>>);
    impl Drop for CallsInDrop {
        fn drop(&mut self) {
            let answer = self.0.run();
            self.1.lock().unwrap().push(answer);
        }
    }
    let membrane = Membrane::new(rules().build().unwrap());
    let told = Arc::new(Mutex::new(vec![]));
    let [fine, angry] = [plain_worker(), Scripted::new(|_| panic!("again")).share()]
        .map(|worker| membrane.wrap(worker).unwrap());
    drop(payload_of(|| {
        let _guards = [fine, angry].map(|worker| CallsInDrop(worker, told.clone()));
        panic!("unwinding");
    }));
    assert_eq!(
        *told.lock().unwrap(),
        [Ok(7), Err(ErrorKind::Panicked.into())]
    );
    assert_sound(&membrane);
}

/// The thread that dies of a propagated panic leaves nothing running.
#[test]
fn thread_that_dies_of_a_propagated_panic_leaves_nothing_behind() {
    let (membrane, census) = (
        Membrane::new(rules().on_panic(OnPanic::Propagate).build().unwrap()),
        Census::default(),
    );
    let angry = Scripted::new(|_| panic!("dies")).with_token(census.token());
    let lent = membrane.wrap(angry.share()).unwrap();
    for _ in 0..sized(50, 5) {
        let lent = lent.clone();
        assert!(std::thread::spawn(move || lent.run()).join().is_err());
    }
    assert_sound(&membrane);
    assert_eq!(census.alive(), 0);
}

/// The interface's author is trusted not to, but M10 promises that gates and counters stay right.
/// Fails if `Cell::call` makes an error while its frame is still published.
#[test]
fn panic_in_the_conversion_to_an_interfaces_error_leaves_the_gate_right() {
    struct Picky;
    impl From<Error> for Picky {
        fn from(_: Error) -> Self {
            panic!("in From<Error>")
        }
    }
    impl Passable for Picky {
        const BARE: bool = true;
        fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
            Ok(self)
        }
    }
    type Fragile = Arc<dyn Fn(bool) -> Result<u64, Picky> + Send + Sync>;
    // A frame that stays published goes on to the next thread: of this process, not of the other tests'.
    in_its_own_process(
        "panic_in_the_conversion_to_an_interfaces_error_leaves_the_gate_right",
        || {
            for direction in DIRECTIONS {
                for revoked in [false, true] {
                    let membrane = Membrane::new(rules().build().unwrap());
                    let closure: Fragile = Arc::new(|panics| {
                        assert!(!panics, "in the target");
                        Ok(1)
                    });
                    let lent = membrane.pass(closure, direction).unwrap();
                    if revoked {
                        membrane.revoke("so that it fails");
                    }
                    for _ in 0..3 {
                        drop(payload_of(|| _ = lent(true).is_ok()));
                    }
                    assert_eq!(
                        membrane.revoke_and_wait("again", Duration::ZERO),
                        Ok(()),
                        "revoked: {revoked}"
                    );
                    assert_sound(&Membrane::new(rules().build().unwrap()));
                }
            }
        },
    );
}

/// M10. The last holder of a proxy may be the last of its membrane, too: what the owner left there must not panic at it.
#[test]
fn panic_in_the_drop_of_an_observer_does_not_reach_the_last_holder() {
    for derived in [false, true] {
        let root = Membrane::new(rules().build().unwrap());
        let membrane = if derived {
            root.attenuate(root.policy()).unwrap()
        } else {
            root.clone()
        };
        let armed = Arc::new(AtomicBool::new(false));
        let loud = Loud::<1>::armed(&armed);
        root.on_revoke(move |_| drop(loud));
        let lent = membrane.wrap(plain_worker()).unwrap();
        drop((membrane, root));
        armed.store(true, SeqCst);
        let told = catch_unwind(AssertUnwindSafe(|| drop(lent)));
        armed.store(false, SeqCst);
        let fine = told.is_ok();
        // Its payload would panic here.
        std::mem::forget(told);
        assert!(fine, "the holder got the owner's panic");
    }
}

/// M10. Fails if `Membrane::pass` drops what comes too late otherwise than by `drop_quietly`.
#[test]
fn panic_in_the_drop_of_what_comes_too_late_is_caught() {
    struct Endless(Angry);
    impl Iterator for Endless {
        type Item = Result<Fuse, Failure>;
        fn next(&mut self) -> Option<Self::Item> {
            let Self(_) = self;
            None
        }
    }
    for direction in DIRECTIONS {
        let membrane = Membrane::new(rules().build().unwrap());
        membrane.revoke("too late");
        let told = catch_unwind(AssertUnwindSafe(|| {
            let items: Items = Box::new(Endless(Angry));
            assert_revoked(membrane.pass(items, direction).map(drop), "too late");
            let worker = Scripted::new(|_| Ok(7)).on_drop(|| panic_any(Angrier));
            assert_revoked(
                membrane.pass(worker.share(), direction).map(drop),
                "too late",
            );
        }));
        let fine = told.is_ok();
        // Its payload would panic here.
        std::mem::forget(told);
        assert!(fine, "the owner got the guest's panic");
    }
}

/// E6: an iterator is the one object that the membrane itself takes out and holds while it runs.
#[test]
fn iterator_that_panics_in_next_and_in_drop_does_not_abort() {
    struct Bad;
    impl Iterator for Bad {
        type Item = Result<u64, Error>;
        fn next(&mut self) -> Option<Self::Item> {
            panic!("in next")
        }
    }
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("in Drop")
        }
    }
    in_its_own_process(
        "iterator_that_panics_in_next_and_in_drop_does_not_abort",
        || {
            for direction in DIRECTIONS {
                let membrane = Membrane::new(Policy::deny_all());
                let bad: Box<dyn Iterator<Item = Result<u64, Error>> + Send> = Box::new(Bad);
                let mut items = membrane.pass(bad, direction).unwrap();
                assert_kind(items.next().unwrap(), ErrorKind::Panicked);
                assert_eq!(items.next(), None);
            }
        },
    );
}
