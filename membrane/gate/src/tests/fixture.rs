//! What the tests without loom share: a target that counts its drops, and what holds its cell.

use crate::sync::{AtomicUsize, SeqCst};
use crate::{Cell, Cut, Holder, Options, Reclaim, Refusal, Scope, sever};
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Weak};

/// Lent by the cells of these tests. What `on_drop` does, its drop does.
#[derive(Default)]
pub(super) struct Target {
    pub(super) drops: Arc<AtomicUsize>,
    pub(super) on_drop: Option<Box<dyn Fn() + Send + Sync>>,
}

impl Drop for Target {
    fn drop(&mut self) {
        self.drops.fetch_add(1, SeqCst);
        if let Some(on_drop) = &self.on_drop {
            on_drop();
        }
    }
}

pub(super) struct Held {
    pub(super) cell: Cell<Target, ()>,
    pub(super) drops: Arc<AtomicUsize>,
}

impl Held {
    /// Calls method 1. What a test asserts in there is heard also if the result is withheld.
    pub(super) fn call<R>(&self, f: impl FnOnce(&Target) -> R) -> Result<R, Refusal> {
        let mut failed = None;
        let call = |target: &Target| {
            catch_unwind(AssertUnwindSafe(|| f(target))).map_err(|payload| {
                failed = Some(payload);
                Refusal::Panicked
            })
        };
        let result = self.cell.call(1, call, |_, refusal| refusal);
        if let Some(payload) = failed {
            resume_unwind(payload);
        }
        result
    }

    /// Calls a method that panics.
    pub(super) fn call_panicking(&self, f: impl FnOnce(&Target) -> Infallible) -> Refusal {
        match self
            .cell
            .call(1, |target| Ok(f(target)), |_, refusal| refusal)
        {
            Ok(never) => match never {},
            Err(refusal) => refusal,
        }
    }

    pub(super) fn drops(&self) -> usize {
        self.drops.load(SeqCst)
    }

    pub(super) fn scope(&self) -> &Arc<Scope<()>> {
        self.cell.scope()
    }

    /// Cuts the scope and severs this cell.
    pub(super) fn revoke(self: &Arc<Self>) {
        sever(vec![cut(self.scope())], |_| vec![weak(self)]);
    }
}

impl Holder for Held {
    fn cell(&self) -> &dyn Reclaim {
        &self.cell
    }

    fn method_name(&self, method: u32) -> (&'static str, Option<&'static str>) {
        ("Target", (method == 1).then_some("call"))
    }
}

pub(super) fn weak(holder: &Arc<impl Holder + 'static>) -> Weak<dyn Holder> {
    let holder: Arc<dyn Holder> = holder.clone();
    Arc::downgrade(&holder)
}

pub(super) fn cut(scope: &Arc<Scope<()>>) -> Cut<()> {
    scope.cut(7).expect("cut once")
}

pub(super) fn scope() -> Arc<Scope<()>> {
    Arc::new(Scope::new(Options::default(), ()))
}

/// A scope in each mode that this system has.
pub(super) fn scopes(options: Options) -> Vec<Arc<Scope<()>>> {
    vec![
        Arc::new(Scope::new(options, ())),
        Arc::new(Scope::with_mode(options, (), false)),
    ]
}

pub(super) fn held(scope: &Arc<Scope<()>>) -> Arc<Held> {
    held_with(scope, None)
}

pub(super) fn held_with(
    scope: &Arc<Scope<()>>,
    on_drop: Option<Box<dyn Fn() + Send + Sync>>,
) -> Arc<Held> {
    let drops = Arc::default();
    let target = Arc::new(Target {
        drops: Arc::clone(&drops),
        on_drop,
    });
    Arc::new(Held {
        cell: Cell::new(scope.clone(), target),
        drops,
    })
}
