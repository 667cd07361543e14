//! A panic ends at the membrane, in either direction, and leaves nothing crooked behind.

#[path = "panics/calls.rs"]
mod calls;
#[path = "panics/conversions.rs"]
mod conversions;
#[path = "panics/drops.rs"]
mod drops;
#[path = "panics/propagating.rs"]
mod propagating;

use membrane::{
    Crossing, Direction, Error, ErrorKind, Membrane, OnPanic, Passable, PolicyBuilder, allow,
    interface,
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
    working,
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

/// What came out.
#[track_caller]
fn payload_of(f: impl FnOnce()) -> Box<dyn Any + Send> {
    catch_unwind(AssertUnwindSafe(f)).expect_err("a panic")
}
