//! One frame, and what can be read of it.

use crate::fault::{self, Fault};
use crate::lease::HELD;
use crate::sync::{AtomicU32, AtomicUsize, Relaxed, Release, own};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// One frame: the cell that a running call uses, and the method it runs.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(super) cell: AtomicUsize,
    method: AtomicU32,
    /// By [`uptime`].
    #[cfg(not(loom))]
    since: AtomicU32,
}

/// In [`Slot::method`]: `since` is this call's. A pin, whose method is `u32::MAX`, has no time.
#[cfg(not(loom))]
const TIMED: u32 = 1 << 31;

/// What runs in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Underway {
    pub(crate) method: u32,
    /// By [`uptime`].
    since: Option<u32>,
}

impl Underway {
    /// Held, rather than called.
    pub(super) const HELD: Self = Self {
        method: HELD,
        since: None,
    };

    /// For how long, if that is known.
    pub(crate) fn running_for(self) -> Option<Duration> {
        let since = self.since?;
        Some(Duration::from_millis(uptime().wrapping_sub(since).into()))
    }
}

/// Milliseconds since some moment. Wraps round after 49 days.
fn uptime() -> u32 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed().as_millis();
    #[expect(clippy::cast_possible_truncation, reason = "it wraps round")]
    let low = elapsed as u32;
    low
}

impl Slot {
    #[cfg(not(loom))]
    pub(super) const fn new() -> Self {
        Self {
            cell: AtomicUsize::new(0),
            method: AtomicU32::new(0),
            since: AtomicU32::new(0),
        }
    }

    #[cfg(loom)]
    pub(super) fn new() -> Self {
        Self {
            cell: AtomicUsize::new(0),
            method: AtomicU32::new(0),
        }
    }

    /// Notes when the call that was published began.
    #[cfg(not(loom))]
    pub(crate) fn note_beginning(&self, method: u32) {
        // Relaxed, twice: a mix-up of two calls would give a call in a report another's time, no more.
        self.since.store(uptime(), Relaxed);
        self.method.store(method | TIMED, Relaxed);
    }

    /// Time is nothing that a model is about.
    #[cfg(loom)]
    #[expect(clippy::unused_self, reason = "as without loom")]
    pub(crate) fn note_beginning(&self, _: u32) {}

    pub(super) fn underway(&self) -> Underway {
        let method = self.method.load(Relaxed);
        #[cfg(not(loom))]
        if method & TIMED != 0 && method != u32::MAX {
            return Underway {
                method: method & !TIMED,
                since: Some(self.since.load(Relaxed)),
            };
        }
        Underway {
            method,
            since: None,
        }
    }

    /// C1: publishes that this thread is about to use `cell`.
    #[inline(always)]
    pub(super) fn publish(&self, cell: usize, method: u32) {
        // Relaxed: read only after `cell` was seen; a mix-up of two calls would misname a call in a report, no more.
        self.method.store(method, Relaxed);
        // Release: pairs with the Acquire in `in_use`. The previous call's use of its target, made under this same slot,
        // happens before a scan that sees this store instead of that call's exit.
        self.cell.store(
            cell,
            if fault::on(Fault::RelaxedEntry) {
                Relaxed
            } else {
                Release
            },
        );
    }

    /// E1: this thread no longer uses the cell.
    #[inline(always)]
    pub(crate) fn clear(&self) {
        // Release: the call's use of the target happens before a scan that sees the slot free; pairs with `in_use`.
        self.cell.store(
            0,
            if fault::on(Fault::RelaxedExit) {
                Relaxed
            } else {
                Release
            },
        );
    }

    #[inline(always)]
    pub(super) fn is_free(&self) -> bool {
        self.own() == 0
    }

    /// What the owner wrote last. Called by the owner only.
    #[inline(always)]
    pub(super) fn own(&self) -> usize {
        own(&self.cell)
    }
}
