//! Waiting for a cut scope to be drained, and naming what it waits for.

use super::{REAPING, Reap, Scope};
use crate::cell::Holder;
use crate::frames;
use crate::lease;
use crate::quiet;
use crate::sync::{Arc, MutexGuard, Weak, lock};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// A call that was running when it was looked for.
#[derive(Clone)]
pub struct Running {
    /// What holds the cell.
    pub holder: Arc<dyn Holder>,
    /// The method's number, as given to [`Cell::call`](crate::Cell::call), or [`HELD`](crate::HELD).
    pub method: u32,
    /// For how long it had been running, to the millisecond, if it was a call of a [guarded](Scope::guard) scope: others do not
    /// look at the time.
    pub running_for: Option<Duration>,
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running")
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

/// Why [`Scope::wait`] did not see the scope drained.
#[derive(Clone, Debug)]
pub enum WaitFailure {
    /// This thread is inside a call of the scope, or holds a cell of it, or is in the `Drop` of one of its targets: it would
    /// wait for itself.
    Inside,
    /// Time ran out; these calls were still running.
    TimedOut(Vec<Running>),
}

impl<X> Scope<X> {
    /// Waits until the scope is cut, no call of it runs and no target of it is being dropped.
    ///
    /// # Errors
    ///
    /// [`WaitFailure::Inside`] at once if this thread is what it would wait for; [`WaitFailure::TimedOut`] when
    /// `deadline` passes (`None` waits for ever).
    pub fn wait(&self, deadline: Option<Instant>) -> Result<(), WaitFailure> {
        let mut asked = false;
        let mut reap = lock(&self.reap);
        loop {
            if reap.fenced {
                if reap.left.is_none() {
                    return Ok(());
                }
                if !asked {
                    // What this thread is inside of does not change while it waits: once is enough.
                    asked = true;
                    let busy = reap.busy().to_vec();
                    drop(reap);
                    if inside_one_of(&busy) {
                        return Err(WaitFailure::Inside);
                    }
                    // Whoever severed the scope may be held up by other scopes' targets before it gets to these.
                    self.reap();
                    if quiet::owes() {
                        // That was too deep on this stack for a drop.
                        return Err(WaitFailure::Inside);
                    }
                    reap = lock(&self.reap);
                    continue;
                }
            }
            match self.sleep(reap, deadline) {
                Some(woken) => reap = woken,
                None => return Err(WaitFailure::TimedOut(self.running())),
            }
        }
    }

    /// Whether this thread is what [`wait`](Self::wait) would wait for, in a scope that was severed.
    pub fn is_inside(&self) -> bool {
        let busy = lock(&self.reap).busy().to_vec();
        inside_one_of(&busy)
    }

    /// Sleeps until something was freed; `None` once `deadline` has passed. Loom has no time: its models wait without one.
    fn sleep<'a>(
        &self,
        mut reap: MutexGuard<'a, Reap>,
        deadline: Option<Instant>,
    ) -> Option<MutexGuard<'a, Reap>> {
        let left = match deadline {
            None => Duration::MAX,
            Some(deadline) => deadline
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())?,
        };
        reap.asleep += 1;
        let mut reap = if left == Duration::MAX {
            self.drained
                .wait(reap)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
        } else {
            self.drained
                .wait_timeout(reap, left)
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .0
        };
        reap.asleep -= 1;
        Some(reap)
    }

    /// Wakes everybody in `wait`, to look again.
    pub(super) fn wake(&self, reap: &Reap) {
        if reap.asleep > 0 {
            self.drained.notify_all();
        }
    }

    /// The calls that still run in a cut scope.
    pub fn running(&self) -> Vec<Running> {
        // The strong references are dropped by the caller of this function, outside the lock.
        let busy: Vec<_> = lock(&self.reap)
            .busy()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        let in_use = frames::in_use();
        let mut running = Vec::new();
        for holder in busy {
            let cell = holder.cell().address();
            let from = in_use.partition_point(|(used, _)| *used < cell);
            for (_, underway) in in_use[from..].iter().take_while(|(used, _)| *used == cell) {
                running.push(Running {
                    holder: holder.clone(),
                    method: underway.method,
                    running_for: underway.running_for(),
                });
            }
        }
        running
    }
}

/// Whether this thread is inside a call of one of `holders`, or holds its cell, or has targets to drop for a pass, now or
/// further out on its stack.
fn inside_one_of(holders: &[Weak<dyn Holder>]) -> bool {
    if REAPING.with(Cell::get) > 0 || quiet::owes() {
        return true;
    }
    let mut mine = frames::mine();
    mine.extend(lease::held_here());
    !mine.is_empty()
        && holders
            .iter()
            .filter_map(Weak::upgrade)
            .any(|holder| mine.contains(&holder.cell().address()))
}
