//! The other way out of a call: panics, and what is dropped on the way.

use crate::cast::Safe;
use crate::lab::{Lab, breaks, contained};
use crate::stage::{chests, guests, policy};
use membrane::{
    Conditions, Direction, Error, ErrorKind, Membrane, Passable, Policy, allow, interface, lease,
};
use runtime::CallError;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

type Bang = Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>;
type Bangs = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

/// Every method throws the safe.
#[interface]
trait Bomb: Send + Sync {
    fn small(&self) -> Result<u64, Error>;
    fn large(&self) -> Result<[u64; 8], Error>;
    fn closure(&self) -> Result<Bang, Error>;
    fn items(&self) -> Result<Bangs, Error>;
    fn call(&self, back: Bang) -> Result<u64, Error>;
    async fn later(&self, wait: bool) -> Result<u64, Error>;
}

struct Loaded(Arc<Safe>);

/// Is not over the first time.
async fn once_more(wait: bool) {
    let mut waited = !wait;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[interface]
impl Bomb for Loaded {
    fn small(&self) -> Result<u64, Error> {
        panic_any(self.0.clone())
    }

    fn large(&self) -> Result<[u64; 8], Error> {
        panic_any(self.0.clone())
    }

    fn closure(&self) -> Result<Bang, Error> {
        let safe = self.0.clone();
        Ok(Arc::new(move || panic_any(safe.clone())))
    }

    fn items(&self) -> Result<Bangs, Error> {
        let safe = self.0.clone();
        Ok(Box::new(std::iter::from_fn(move || {
            panic_any(safe.clone())
        })))
    }

    fn call(&self, back: Bang) -> Result<u64, Error> {
        back()
    }

    async fn later(&self, wait: bool) -> Result<u64, Error> {
        once_more(wait).await;
        panic_any(self.0.clone())
    }
}

fn bombs() -> Policy {
    let list = allow!(dyn Bomb: small, large, closure, items, call, later);
    policy(chests().inbound(list).outbound(list))
}

/// Tries `attempt`, which gives the kind of error that it was answered.
fn try_bang(lab: &Lab, what: &str, attempt: impl FnOnce() -> Option<ErrorKind>) {
    lab.reached();
    match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(told) => lab.escaped_if(
            told != Some(ErrorKind::Panicked),
            format!("{what}: {told:?}"),
        ),
        Err(payload) => lab.escaped(format!(
            "{what}: a panic{}",
            if payload.is::<Arc<Safe>>() {
                ", and the safe in it"
            } else {
                ""
            }
        )),
    }
}

fn kind<R>(result: Result<R, Error>) -> Option<ErrorKind> {
    result.err().map(Error::kind)
}

#[interface(dynamic)]
trait Mine: Send + Sync {
    fn step(&self) -> Result<u64, Error>;
}

impl Mine for Loaded {
    fn step(&self) -> Result<u64, Error> {
        panic_any(self.0.clone())
    }
}

/// D6: "parallel control path not instrumented": whatever throws, by whichever way it was called, the caller gets an error,
/// and nothing of what was thrown.
#[test]
fn d6_payload_of_a_panic() {
    contained(breaks![gate::PayloadThrough], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let plain = Membrane::new(bombs());
            let many = Conditions::builder().calls(100).build();
            let many = many.expect("nothing is wrong with it");
            let guarded = Membrane::with_conditions(bombs(), &many).expect("live");
            for membrane in [plain, guarded] {
                let safe = Safe::new();
                let bomb: Arc<dyn Bomb> = Arc::new(Loaded(safe.clone()));
                let bomb = membrane.pass(bomb, direction).expect("live");
                let leased = lease(&bomb);
                try_bang(lab, "a call", || kind(bomb.small()));
                try_bang(lab, "a large result", || kind(bomb.large()));
                try_bang(lab, "a lease", || kind(leased.small()));
                try_bang(lab, "a lease, a large result", || kind(leased.large()));
                let closure = bomb.closure().expect("it is given");
                try_bang(lab, "a closure", || kind(closure()));
                let mut items = bomb.items().expect("they are given");
                try_bang(lab, "an item", || items.next().and_then(kind));
                try_bang(lab, "later", || {
                    kind(crate::stage::at_once(bomb.later(false)))
                });
                let mut waits = bomb.later(true);
                let mut context = Context::from_waker(Waker::noop());
                assert!(waits.as_mut().poll(&mut context).is_pending());
                try_bang(lab, "later still", || {
                    match waits.as_mut().poll(&mut context) {
                        Poll::Ready(result) => kind(result),
                        Poll::Pending => None,
                    }
                });
                // From the caller's side through the target, and back.
                let thrown = safe.clone();
                let back: Bang = Arc::new(move || panic_any(thrown.clone()));
                try_bang(lab, "a callback", || kind(bomb.call(back)));
            }
        }
        // Two membranes in a row, and two domains.
        let safe = Safe::new();
        let (a, b) = (Membrane::new(bombs()), Membrane::new(bombs()));
        let bomb: Arc<dyn Bomb> = Arc::new(Loaded(safe.clone()));
        let bomb = b.wrap(a.wrap_inbound(bomb).expect("live")).expect("live");
        try_bang(lab, "two hops", || kind(bomb.small()));
        let list = allow!(dyn Mine: step);
        let (runtime, [guest]) = guests(&policy(Policy::builder().inbound(list)));
        let mine = runtime.host().own::<dyn Mine>(Arc::new(Loaded(safe)));
        let mine = runtime.host().send(&mine, &guest).expect("joined");
        try_bang(lab, "by name", || {
            match guest.call_named(&mine, "step", &[]) {
                Err(CallError::Membrane(error)) => Some(error.kind()),
                _ => None,
            }
        });
    });
}

/// Throws the safe when it is dropped.
struct Loud(Arc<Safe>);

impl Drop for Loud {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_any(self.0.clone());
        }
    }
}

impl Passable for Loud {
    const BARE: bool = true;

    fn pass(self, _: &membrane::Crossing<'_>) -> Result<Self, Error> {
        Ok(self)
    }
}

#[interface]
trait Quiet: Send + Sync {
    fn name(&self) -> Result<u64, Error>;
    fn closure(&self) -> Result<Bang, Error>;
    fn items(&self) -> Result<Bangs, Error>;
    fn give(&self) -> Result<Loud, Error>;
    async fn later(&self) -> Result<u64, Error>;
}

struct Peaceful(Loud, Box<dyn Fn() + Send + Sync>);

#[interface]
impl Quiet for Peaceful {
    fn name(&self) -> Result<u64, Error> {
        Ok(1)
    }

    fn closure(&self) -> Result<Bang, Error> {
        let loud = Loud(self.0.0.clone());
        Ok(Arc::new(move || {
            let _whole = &loud;
            Ok(1)
        }))
    }

    fn items(&self) -> Result<Bangs, Error> {
        let loud = Loud(self.0.0.clone());
        Ok(Box::new(std::iter::from_fn(move || {
            let _whole = &loud;
            Some(Ok(1))
        })))
    }

    fn give(&self) -> Result<Loud, Error> {
        (self.1)();
        Ok(Loud(self.0.0.clone()))
    }

    async fn later(&self) -> Result<u64, Error> {
        let _loud = Loud(self.0.0.clone());
        std::future::pending().await
    }
}

/// D6: "early return, cancellation": what is dropped on the other side, as its last holder drops a proxy, a closure, an iterator
/// or a future, or as a result is withheld, throws.
#[test]
fn d6_panic_in_a_drop() {
    fn quiet(
        direction: Direction,
        act: impl Fn() + Send + Sync + 'static,
    ) -> (Membrane, Arc<dyn Quiet>) {
        let list = allow!(dyn Quiet: name, closure, items, give, later);
        let membrane = Membrane::new(policy(Policy::builder().inbound(list).outbound(list)));
        let object: Arc<dyn Quiet> = Arc::new(Peaceful(Loud(Safe::new()), Box::new(act)));
        let lent = membrane.pass(object, direction).expect("live");
        (membrane, lent)
    }
    /// Each on a thread of its own: what was thrown while things were dropped leaves that thread as it may.
    fn try_drop<R>(lab: &Lab, what: &str, attempt: impl FnOnce() -> R + Send) {
        lab.reached();
        let thrown = std::thread::scope(|scope| {
            let tried = scope.spawn(|| catch_unwind(AssertUnwindSafe(|| drop(attempt()))).is_err());
            tried.join().unwrap_or(true)
        });
        lab.escaped_if(thrown, format!("{what}: a panic"));
    }
    contained(breaks![gate::LoudDrops], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let (_membrane, lent) = quiet(direction, || ());
            let closure = lent.closure().expect("it is given");
            try_drop(lab, "a closure", move || drop(closure));
            let mut items = lent.items().expect("they are given");
            assert_eq!(items.next(), Some(Ok(1)));
            try_drop(lab, "an iterator", move || drop(items));
            try_drop(lab, "a future", || {
                let mut later = lent.later();
                let mut context = Context::from_waker(Waker::noop());
                assert!(later.as_mut().poll(&mut context).is_pending());
                drop(later);
            });
            assert_eq!(lent.name(), Ok(1));
            try_drop(lab, "a proxy", move || drop(lent));
            // Withheld.
            let slot = Arc::<std::sync::Mutex<Option<Membrane>>>::default();
            let inside = slot.clone();
            let (membrane, lent) = quiet(direction, move || {
                if let Some(membrane) = crate::stage::locked(&inside).take() {
                    membrane.revoke("inside");
                }
            });
            *crate::stage::locked(&slot) = Some(membrane);
            try_drop(lab, "a withheld result", move || {
                let told = lent.give();
                assert!(told.is_err_and(Error::is_revoked));
            });
            // Passed too late.
            let membrane = Membrane::new(Policy::deny_all());
            membrane.revoke("over");
            try_drop(lab, "what comes too late", move || {
                let told = membrane.pass(Loud(Safe::new()), direction);
                assert!(told.is_err_and(Error::is_revoked));
            });
        }
    });
}
