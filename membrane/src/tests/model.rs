//! What the models share: a target that counts its drops, a membrane to lend it by, and how a model is run.
//!
//! A model that fails leaves its threads where they are, and unwinds the one that failed. Nothing of loom's may be touched
//! on the way, so whatever a thread of a model owns is wrapped in [`Shared`], which forgets it then.
//!
//! Loom sees the locks and atomics of `object_membrane_gate::sync`, and not the counts in `Arc`s. So a thread that drops what
//! another may hold does that by [`let_go`], which takes the locks under which the others look at the count: loom then
//! tries the drop before and after each look. And what `Arc` orders, the last use of a proxy before its drop, is told to
//! loom by [`Order`]. Where no thread of a model can say so, because [`Membrane::wrap`] itself drops what came too late,
//! models use [`lend`].

use crate::crossing::Crossing;
use crate::direction::Direction;
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::membrane_handle::Membrane;
use crate::passable::Passable;
use crate::policy::Policy;
use crate::{allow, interface};
use object_membrane_gate::sync::{AcqRel, AtomicUsize, lock};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Once};

/// What the models lend.
#[interface]
pub(crate) trait Object {
    /// Does what the model wants done inside a call.
    fn touch(&self) -> Result<(), Error>;
    /// Keeps a reference.
    fn keep(&self, other: Arc<dyn Object>) -> Result<(), Error>;
}

/// Allows everything, both ways.
pub(super) fn policy() -> Policy {
    let all = Policy::builder()
        .inbound(allow!(dyn Object: touch, keep))
        .outbound(allow!(dyn Object: touch, keep));
    all.build().expect("one list for each direction")
}

pub(super) fn membrane() -> Membrane {
    Membrane::new(policy())
}

/// Lends `target` as [`Membrane::wrap`] does, but for its last look at whether the membrane is revoked.
pub(super) fn lend(membrane: &Membrane, target: Arc<dyn Object>) -> Result<Arc<dyn Object>, Error> {
    pass(membrane, target, Direction::Outbound)
}

/// The same the other way. A model with two targets lends one each way: the order of a table is that of its addresses,
/// which differ from execution to execution, and that of the tables is not.
pub(super) fn take_in(
    membrane: &Membrane,
    target: Arc<dyn Object>,
) -> Result<Arc<dyn Object>, Error> {
    pass(membrane, target, Direction::Inbound)
}

fn pass(
    membrane: &Membrane,
    target: Arc<dyn Object>,
    direction: Direction,
) -> Result<Arc<dyn Object>, Error> {
    // Under no lock: it must not be all there is.
    if let Some(reason) = membrane.reason() {
        return Err(Error::revoked(reason));
    }
    target.pass(&Crossing::new(
        &membrane.0,
        direction,
        membrane.0.data().wet(),
    ))
}

/// Drops a proxy that a revoker, or whoever wraps its target, may take up meanwhile.
pub(super) fn let_go<P>(proxy: P, membrane: &Membrane, order: &Order) {
    // Where whoever wraps looks, and where a revoker's pass does.
    drop(lock(&membrane.0.data().tables));
    let _ = membrane.0.is_inside();
    order.one_less();
    drop(proxy);
}

/// How often the `Drop` of a target began and ended. Invisible to loom: no thread switch happens while the lock is held.
#[derive(Default)]
pub(super) struct Tally(Mutex<[u32; 2]>);

impl Tally {
    fn add(&self, index: usize) {
        self.0.lock().unwrap()[index] += 1;
    }

    /// All of a `Drop` that does nothing else.
    pub(super) fn drop_ran(&self) {
        self.add(0);
        self.add(1);
    }

    /// The target has been dropped, once, and its `Drop` ran to its end.
    #[track_caller]
    pub(super) fn assert_dropped(&self) {
        assert_eq!(*self.0.lock().unwrap(), [1, 1], "drops begun and ended");
    }
}

/// Orders each use of a proxy before its drop, as `Arc`'s strong count does.
#[derive(Clone, Default)]
pub(super) struct Order(Option<Arc<AtomicUsize>>);

impl Order {
    pub(super) fn new() -> Self {
        Self(Some(Arc::new(AtomicUsize::new(0))))
    }

    /// A strong reference is about to be dropped, or the target has been taken.
    pub(super) fn one_less(&self) {
        if let Some(count) = &self.0 {
            count.fetch_add(1, AcqRel);
        }
    }
}

type Script = Box<dyn Fn() + Send + Sync>;

/// A target.
#[derive(Default)]
pub(super) struct Thing {
    tally: Arc<Tally>,
    order: Order,
    on_touch: Option<Script>,
    on_drop: Option<Box<dyn FnOnce() + Send + Sync>>,
    kept: Kept,
}

/// Where a target puts what it is given. Outlives the target, so that nothing is dropped with it.
pub(super) type Kept = Arc<Mutex<Option<Arc<dyn Object>>>>;

impl Thing {
    pub(super) fn counted(tally: &Arc<Tally>) -> Self {
        let mut thing = Self::default();
        thing.tally = tally.clone();
        thing
    }

    pub(super) fn ordered(mut self, order: &Order) -> Self {
        self.order = order.clone();
        self
    }

    pub(super) fn on_touch(mut self, script: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_touch = Some(Box::new(script));
        self
    }

    pub(super) fn on_drop(mut self, script: impl FnOnce() + Send + Sync + 'static) -> Self {
        self.on_drop = Some(Box::new(script));
        self
    }

    pub(super) fn keeping(mut self, kept: &Kept) -> Self {
        self.kept = kept.clone();
        self
    }
}

impl Object for Thing {
    fn touch(&self) -> Result<(), Error> {
        if let Some(script) = &self.on_touch {
            script();
        }
        Ok(())
    }

    fn keep(&self, other: Arc<dyn Object>) -> Result<(), Error> {
        *self.kept.lock().unwrap() = Some(other);
        Ok(())
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.tally.add(0);
        self.order.one_less();
        if let Some(script) = self.on_drop.take() {
            script();
        }
        self.tally.add(1);
    }
}

/// Shared by the threads of a model; forgotten by a thread that fails.
pub(super) struct Shared<T>(Option<Arc<T>>);

impl<T> Shared<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Some(Arc::new(value)))
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
        self.0.as_deref().expect("taken by the drop only")
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::mem::forget(self.0.take());
        }
    }
}

/// What one thread of a model hands to another, or keeps for the end.
pub(super) struct Slot<T>(Mutex<Option<T>>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Slot<T> {
    pub(super) fn of(value: T) -> Self {
        Self(Mutex::new(Some(value)))
    }

    pub(super) fn put(&self, value: T) {
        *self.0.lock().unwrap() = Some(value);
    }

    pub(super) fn take(&self) -> Option<T> {
        self.0.lock().unwrap().take()
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
    bound.map_or(2, |bound| {
        bound.parse().expect("LOOM_MAX_PREEMPTIONS is a number")
    })
}

/// `model` holds in every execution.
pub(super) fn holds(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let bound = bound();
    let executions = Arc::new(Mutex::new(0));
    let start = std::time::Instant::now();
    explore(bound, &executions, model);
    let executions = *executions.lock().unwrap();
    eprintln!(
        "LOOM {name}: {executions} executions (bound {bound}), {:.1} s",
        start.elapsed().as_secs_f32()
    );
}

/// `model` breaks in some execution with `fault`.
pub(super) fn breaks(fault: Fault, name: &str, model: impl Fn() + Send + Sync + 'static) {
    let bound = bound();
    let executions = Arc::new(Mutex::new(0));
    let outcome = {
        let _fault = Switched::on(fault);
        let _quiet = Quiet::on();
        catch_unwind(AssertUnwindSafe(|| explore(bound, &executions, model)))
    };
    let executions = *executions.lock().unwrap();
    let Err(payload) = outcome else {
        panic!("{fault:?} got past {name} in {executions} executions")
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
    eprintln!("FAULT {fault:?} breaks {name} in execution {executions} (bound {bound}): {text}");
}

/// A fault switched on, until dropped.
struct Switched;

impl Switched {
    fn on(fault: Fault) -> Self {
        fault::set(Some(fault));
        Self
    }
}

impl Drop for Switched {
    fn drop(&mut self) {
        fault::set(None);
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
