//! What else makes a reference revocable, called through the same trait in the same loop.
//!
//! `crossbeam-epoch` and `seize` hand out raw pointers, which to follow is `unsafe`. Here the guard is taken and the pointer
//! loaded and tested as their users would; the call then goes to the same object by a reference beside it.

use crate::scenarios::{Service, target};
use arc_swap::ArcSwapOption;
use crossbeam_epoch::Atomic;
use membrane::{Error, ErrorKind};
use object_membrane_gate::sync::{Acquire, AtomicPtr};
use seize::{Collector, Guard};
use std::sync::{Arc, PoisonError, RwLock, Weak};

type Object = Arc<dyn Service>;

fn gone() -> Error {
    ErrorKind::Revoked.into()
}

/// A service whose calls go by way of `Lend::lend`.
struct Through<L>(L);

trait Lend: Send + Sync + 'static {
    fn lend<R>(&self, call: impl FnOnce(&dyn Service) -> Result<R, Error>) -> Result<R, Error>;
}

impl<L: Lend> Service for Through<L> {
    fn secret(&self) -> Result<u64, Error> {
        Err(ErrorKind::Refused.into())
    }

    fn add(&self, x: u64) -> Result<u64, Error> {
        self.0.lend(|object| object.add(x))
    }

    fn text(&self, x: u64) -> Result<String, Error> {
        self.0.lend(|object| object.text(x))
    }
}

impl Lend for Weak<dyn Service> {
    fn lend<R>(&self, call: impl FnOnce(&dyn Service) -> Result<R, Error>) -> Result<R, Error> {
        call(&*self.upgrade().ok_or_else(gone)?)
    }
}

/// The lock is held during the call: a revoker waits for it, and a call back must not.
struct Held(RwLock<Option<Object>>);

impl Lend for Held {
    fn lend<R>(&self, call: impl FnOnce(&dyn Service) -> Result<R, Error>) -> Result<R, Error> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        call(&**held.as_ref().ok_or_else(gone)?)
    }
}

/// The lock is held to clone the `Arc`: a call that runs is not cut off.
struct Cloned(RwLock<Option<Object>>);

impl Lend for Cloned {
    fn lend<R>(&self, call: impl FnOnce(&dyn Service) -> Result<R, Error>) -> Result<R, Error> {
        let cloned = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        call(&*cloned.ok_or_else(gone)?)
    }
}

impl Lend for ArcSwapOption<Object> {
    fn lend<R>(&self, call: impl FnOnce(&dyn Service) -> Result<R, Error>) -> Result<R, Error> {
        call(&***self.load().as_ref().ok_or_else(gone)?)
    }
}

struct Epoch(Atomic<Object>, Object);

impl Lend for Epoch {
    fn lend<R>(&self, call: impl FnOnce(&dyn Service) -> Result<R, Error>) -> Result<R, Error> {
        let guard = crossbeam_epoch::pin();
        if self.0.load(Acquire, &guard).is_null() {
            return Err(gone());
        }
        call(&*self.1)
    }
}

struct Seize(Collector, AtomicPtr<Object>, Object);

impl Lend for Seize {
    fn lend<R>(&self, call: impl FnOnce(&dyn Service) -> Result<R, Error>) -> Result<R, Error> {
        let guard = self.0.enter();
        if guard.protect(&self.1, Acquire).is_null() {
            return Err(gone());
        }
        call(&*self.2)
    }
}

/// Each of them by name. What the raw pointers of two point to is leaked: to free it is `unsafe`.
pub(crate) fn all() -> Vec<(&'static str, Object)> {
    // Outlives the report, as a grantor's own reference would.
    let owned: &'static Object = Box::leak(Box::new(target()));
    let leaked = Box::into_raw(Box::new(target()));
    vec![
        (
            "Weak::upgrade",
            Arc::new(Through(Arc::downgrade(owned))) as Object,
        ),
        (
            "RwLock<Option<Arc>>, held",
            Arc::new(Through(Held(RwLock::new(Some(target()))))),
        ),
        (
            "RwLock<Option<Arc>>, cloned",
            Arc::new(Through(Cloned(RwLock::new(Some(target()))))),
        ),
        (
            "ArcSwapOption",
            Arc::new(Through(ArcSwapOption::from_pointee(target()))),
        ),
        (
            "crossbeam-epoch",
            Arc::new(Through(Epoch(Atomic::new(target()), target()))),
        ),
        (
            "seize",
            Arc::new(Through(Seize(
                Collector::new(),
                AtomicPtr::new(leaked),
                target(),
            ))),
        ),
    ]
}
