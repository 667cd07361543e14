//! What the models share: a target that notices use after drop, a scope with its list of cells, and how a model is run.
//!
//! A model that fails leaves its threads where they are, and unwinds the one that failed. Nothing of loom's may be touched
//! on the way, so whatever a thread of a model owns is wrapped in [`Shared`], which forgets it then.
//!
//! What a target does is under `catch_unwind` in the gate, so a complaint of loom's would be swallowed there: a use after
//! drop shows as a call that began and did not end, a drop during use as a [`Tally`] that did so.

use crate::fault::{self, Fault};
use crate::sync::{AcqRel, Acquire, AtomicUsize, Release, UnsafeCell};
use crate::{Cell, Holder, Options, Reclaim, Refusal, Scope, WaitFailure, sever};
use loom::sync::atomic::AtomicBool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Once, Weak};

/// The reason that every model gives.
pub(super) const REASON: u32 = 7;

/// How often a target's `Drop` began and ended. Invisible to loom: no thread switch happens while the lock is held.
#[derive(Default)]
pub(super) struct Tally {
    drops: Mutex<[u32; 2]>,
    /// Keeps the memory of a target that was dropped too early, for the call that then looks at its canary.
    memory: Mutex<Weak<Target>>,
}

impl Tally {
    fn add(&self, index: usize) {
        self.drops.lock().unwrap()[index] += 1;
    }

    /// The target has been dropped, once, and nobody was using it.
    #[track_caller]
    pub(super) fn assert_dropped(&self) {
        assert_eq!(*self.drops.lock().unwrap(), [1, 1], "drops begun and ended");
    }

    /// The target is there.
    #[track_caller]
    pub(super) fn assert_alive(&self) {
        assert_eq!(*self.drops.lock().unwrap(), [0, 0], "drops begun and ended");
    }
}

const ALIVE: u32 = 7;
const DEAD: u32 = 0xdead;

/// What a cell lends: it reads a canary when it is used, and writes it when it is dropped.
pub(super) struct Target {
    canary: UnsafeCell<u32>,
    handed_over: Option<Order>,
    tally: Arc<Tally>,
}

// SAFETY: the canary is read by calls and written by the drop, which no call outlives (I2): what the models are here to
// show, and what loom checks at each access.
unsafe impl Sync for Target {}

impl Target {
    pub(super) fn new(tally: &Arc<Tally>) -> Arc<Self> {
        Self::made(tally, None)
    }

    /// A target whose strong count several threads may bring to zero.
    pub(super) fn counted(tally: &Arc<Tally>, order: &Order) -> Arc<Self> {
        Self::made(tally, Some(order.clone()))
    }

    fn made(tally: &Arc<Tally>, handed_over: Option<Order>) -> Arc<Self> {
        let target = Arc::new(Self {
            canary: UnsafeCell::new(ALIVE),
            handed_over,
            tally: tally.clone(),
        });
        *tally.memory.lock().unwrap() = Arc::downgrade(&target);
        target
    }

    pub(super) fn visit(&self) {
        // SAFETY: a read for the duration of the closure; loom checks that nobody writes.
        let canary = self.canary.with(|canary| unsafe { *canary });
        assert_eq!(canary, ALIVE, "used after it was dropped");
    }
}

/// Orders each use before the drop, as `Arc`'s strong count does, which loom does not see.
#[derive(Clone)]
pub(super) struct Order(Arc<AtomicUsize>);

impl Order {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(0)))
    }

    /// A strong reference is about to be dropped.
    pub(super) fn one_less(&self) {
        self.0.fetch_add(1, Release);
    }

    /// It was the last one.
    pub(super) fn none_left(&self) {
        self.0.fetch_add(1, AcqRel);
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.tally.add(0);
        if let Some(handed_over) = &self.handed_over {
            handed_over.none_left();
        }
        // SAFETY: a write for the duration of the closure; loom checks that nobody reads.
        self.canary.with_mut(|canary| unsafe { *canary = DEAD });
        self.tally.add(1);
    }
}

/// What holds a cell.
pub(super) struct Held<X: Send + Sync = ()>(pub(super) Cell<Target, X>);

impl<X: Send + Sync> Held<X> {
    /// Calls the cell; a refusal must come with the reason.
    pub(super) fn call(&self, inside: impl FnOnce(&Target)) -> Result<(), Refusal> {
        // Not by the result: that of a panic is withheld like any other.
        let (mut entered, mut left) = (false, false);
        let call = |target: &Target| {
            entered = true;
            target.visit();
            inside(target);
            left = true;
            Ok(())
        };
        let result = self.0.call(0, call, |_, refusal| refusal);
        assert_eq!(
            entered, left,
            "used while it was dropped, or what was done inside failed"
        );
        result
    }
}

impl<X: Send + Sync + 'static> Holder for Held<X> {
    fn cell(&self) -> &dyn Reclaim {
        &self.0
    }

    fn method_name(&self, _: u32) -> (&'static str, Option<&'static str>) {
        ("Target", Some("visit"))
    }
}

pub(super) fn weak(holder: &Arc<impl Holder + 'static>) -> Weak<dyn Holder> {
    let holder: Arc<dyn Holder> = holder.clone();
    Arc::downgrade(&holder)
}

/// A scope, its cells, and whether its revocation has returned.
pub(super) struct Side {
    pub(super) scope: Arc<Scope<()>>,
    pub(super) cells: Vec<Arc<Held>>,
    pub(super) tallies: Vec<Arc<Tally>>,
    severed: AtomicBool,
}

/// Whether callers rely on `membarrier`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Asymmetric,
    Fenced,
}

impl Side {
    pub(super) fn new(mode: Mode, cells: usize) -> Shared<Self> {
        let scope = Arc::new(Scope::with_mode(
            Options::default(),
            (),
            mode == Mode::Asymmetric,
        ));
        let tallies: Vec<_> = (0..cells).map(|_| Arc::new(Tally::default())).collect();
        let held = |tally| Arc::new(Held(Cell::new(scope.clone(), Target::new(tally))));
        let cells = tallies.iter().map(held).collect();
        Shared::new(Self {
            scope,
            cells,
            tallies,
            severed: AtomicBool::new(false),
        })
    }

    /// A call, the shortest there is; it may be refused.
    pub(super) fn call(&self, cell: usize) {
        let _ = self.cells[cell].call(|_| {});
    }

    /// A call of cell 0, watched for I3: what it returns must not be delivered if the revocation had returned by then.
    pub(super) fn watched_call(&self) {
        let mut late = false;
        let result = self.cells[0].call(|_| late = self.severed.load(Acquire));
        match result {
            Ok(()) => assert!(!late, "delivered after the revocation returned"),
            Err(refusal) => {
                assert_eq!(refusal, Refusal::Revoked);
                assert_eq!(self.scope.reason(), REASON);
            }
        }
    }

    /// Cuts and severs; whether the cut was this one.
    pub(super) fn revoke(&self) -> bool {
        let Some(cut) = self.scope.cut(REASON) else {
            return false;
        };
        sever(vec![cut], |_| self.cells.iter().map(weak).collect());
        true
    }

    /// Cuts and severs, and says so to [`watched_call`](Self::watched_call).
    pub(super) fn watched_revoke(&self) {
        assert!(self.revoke());
        self.severed.store(true, Release);
    }

    /// Waits, and finds that every target has been dropped by then.
    pub(super) fn wait(&self) {
        assert!(self.scope.wait(None).is_ok(), "not inside a call");
        self.assert_dropped();
    }

    #[track_caller]
    pub(super) fn assert_inside(&self) {
        assert!(
            matches!(self.scope.wait(None), Err(WaitFailure::Inside)),
            "inside a call"
        );
    }

    #[track_caller]
    pub(super) fn assert_dropped(&self) {
        self.tallies.iter().for_each(|tally| tally.assert_dropped());
    }
}

/// Shared by the threads of a model; forgotten by a thread that fails.
pub(super) struct Shared<T>(std::mem::ManuallyDrop<Arc<T>>);

impl<T> Shared<T> {
    pub(super) fn new(value: T) -> Self {
        Self(std::mem::ManuallyDrop::new(Arc::new(value)))
    }

    pub(super) fn arc(&self) -> &Arc<T> {
        &self.0
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: dropped here only, and not used after.
            unsafe { std::mem::ManuallyDrop::drop(&mut self.0) };
        }
    }
}

/// A thread of a model, which is given a share of `value`.
pub(super) fn spawn<T: Send + Sync + 'static>(
    value: &Shared<T>,
    body: impl FnOnce(&Shared<T>) + 'static,
) -> loom::thread::JoinHandle<()> {
    let value = value.clone();
    loom::thread::spawn(move || body(&value))
}

/// The same, with its frames registered before it starts: for models of something else than a first call.
pub(super) fn spawn_registered<T: Send + Sync + 'static>(
    value: &Shared<T>,
    body: impl FnOnce(&Shared<T>) + 'static,
) -> loom::thread::JoinHandle<()> {
    let take_frames = crate::frames::reserve();
    spawn(value, move |value| {
        take_frames();
        body(value);
    })
}

/// Explores `model` in full, up to the preemption bound, and counts.
fn explore(bound: usize, executions: &Arc<Mutex<usize>>, model: impl Fn() + Send + Sync + 'static) {
    let executions = executions.clone();
    let mut builder = loom::model::Builder::new();
    builder.max_branches = 10_000;
    builder.preemption_bound = Some(bound);
    builder.check(move || {
        *executions.lock().unwrap() += 1;
        model();
    });
}

fn bound() -> usize {
    let bound = std::env::var("LOOM_MAX_PREEMPTIONS");
    bound.map_or(3, |bound| {
        bound.parse().expect("LOOM_MAX_PREEMPTIONS is a number")
    })
}

/// `model` holds in every execution.
pub(super) fn holds(name: &str, model: impl Fn() + Send + Sync + 'static) {
    holds_with(&[], name, model);
}

/// `model` holds in every execution even with `faults`: what they leave out, it does not rest on.
pub(super) fn holds_with(
    faults: &'static [Fault],
    name: &str,
    model: impl Fn() + Send + Sync + 'static,
) {
    let bound = bound();
    let executions = Arc::new(Mutex::new(0));
    let start = std::time::Instant::now();
    let _faults = Faults::set(faults);
    explore(bound, &executions, model);
    let executions = *executions.lock().unwrap();
    eprintln!(
        "LOOM {name}: {executions} executions (bound {bound}), {:.1} s",
        start.elapsed().as_secs_f32()
    );
}

/// `model` breaks in some execution with `faults`.
pub(super) fn breaks(
    faults: &'static [Fault],
    name: &str,
    model: impl Fn() + Send + Sync + 'static,
) {
    let bound = bound();
    let executions = Arc::new(Mutex::new(0));
    let outcome = {
        let _faults = Faults::set(faults);
        let _quiet = Quiet::on();
        catch_unwind(AssertUnwindSafe(|| explore(bound, &executions, model)))
    };
    let executions = *executions.lock().unwrap();
    let Err(payload) = outcome else {
        panic!("{faults:?} got past {name} in {executions} executions")
    };
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or(payload.downcast_ref::<&str>().copied());
    let text = text
        .unwrap_or_default()
        .trim()
        .lines()
        .next()
        .unwrap_or_default();
    eprintln!("FAULT {faults:?} breaks {name} in execution {executions} (bound {bound}): {text}");
}

/// Faults switched on, until dropped.
struct Faults;

impl Faults {
    fn set(faults: &'static [Fault]) -> Self {
        fault::set(faults);
        Self
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        fault::set(&[]);
    }
}

std::thread_local! {
    static QUIET: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// No message for this thread's panics, until dropped.
struct Quiet;

impl Quiet {
    fn on() -> Self {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let next = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if !QUIET.get() {
                    next(info);
                }
            }));
        });
        QUIET.set(true);
        Self
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        QUIET.set(false);
    }
}
