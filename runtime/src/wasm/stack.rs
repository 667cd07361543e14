//! How much of a thread's stack the guests take that it is inside of.
//!
//! The engine gives each guest a stack of its own length, counted from where the guest is called. Guests inside each other
//! stand on one thread's stack, so together they are bounded here.

use super::engine::EngineOptions;
use std::cell::Cell;

thread_local! {
    /// How many guests this thread is inside of.
    static INSIDE: Cell<usize> = const { Cell::new(0) };
    /// Where on this thread's stack the outermost of them was called.
    static OUTERMOST: Cell<usize> = const { Cell::new(0) };
}

/// That this thread is inside a guest, until it is dropped.
pub(super) struct Inside(());

/// One more guest could go beyond what they may take together.
#[derive(Debug)]
pub(super) struct NoRoom;

impl Inside {
    /// Enters a guest of an engine with these options.
    pub(super) fn enter(options: EngineOptions) -> Result<Self, NoRoom> {
        let here = address();
        if Self::any() {
            let used = OUTERMOST.get().abs_diff(here);
            if used.saturating_add(options.stack_bytes) > options.thread_stack_bytes {
                return Err(NoRoom);
            }
        } else {
            OUTERMOST.set(here);
        }
        INSIDE.set(INSIDE.get() + 1);
        Ok(Self(()))
    }

    /// Whether this thread is inside any guest.
    pub(super) fn any() -> bool {
        INSIDE.get() > 0
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(INSIDE.get() - 1);
    }
}

/// Where on the stack a guest was called that stands on it.
///
/// The engine counts a guest's stack from there also when the guest is called back: what others have taken since is gone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Footing(usize);

impl Footing {
    /// Here.
    pub(super) fn here() -> Self {
        Self(address())
    }

    /// Whether a guest that stands here, and waits, may be called back: there is half of its stack left.
    pub(super) fn has_room(self, options: EngineOptions) -> bool {
        self.0.abs_diff(address()) <= options.stack_bytes / 2
    }
}

/// About where the stack ends now.
#[inline(never)]
fn address() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}
