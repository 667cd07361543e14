//! The switch between `std` and `loom`: every atomic, lock and cell of the workspace comes from here.
//!
//! The names are plain re-exports, so that code reads the same under both. `Arc` and `Weak` are always `std`'s: loom has
//! no `Weak` and no unsized coercion; what loom explores is every interleaving at the atomics and locks around them.
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "this file is what the others use instead"
)]

#[cfg(not(loom))]
mod of_std {
    use std::sync::atomic::{self, Ordering};
    pub use std::sync::{Condvar, Mutex, MutexGuard};

    // Aliases rather than re-exports: the lint follows a re-export to where it came from.
    pub type AtomicPtr<T> = atomic::AtomicPtr<T>;
    pub type AtomicU8 = atomic::AtomicU8;
    pub type AtomicU32 = atomic::AtomicU32;
    pub type AtomicUsize = atomic::AtomicUsize;

    /// A full fence.
    #[inline(always)]
    pub fn fence(order: Ordering) {
        atomic::fence(order);
    }

    /// What the one thread that ever writes to `atomic` wrote last. Called by that thread only.
    #[inline(always)]
    pub(crate) fn own(atomic: &AtomicUsize) -> usize {
        // Relaxed: nobody else writes.
        atomic.load(Ordering::Relaxed)
    }

    /// The same of a pointer.
    pub(crate) fn own_ptr<T>(atomic: &AtomicPtr<T>) -> *mut T {
        // Relaxed: nobody else writes.
        atomic.load(Ordering::Relaxed)
    }

    /// `std`'s cell with loom's interface.
    #[derive(Debug)]
    pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// Wraps `value`.
        #[inline(always)]
        pub const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        /// Lends a pointer for reading.
        #[inline(always)]
        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        /// Lends a pointer for writing.
        #[inline(always)]
        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }

        /// Borrows the value: `&mut self` proves that nobody else does.
        #[inline(always)]
        pub fn get_mut(&mut self) -> &mut T {
            self.0.get_mut()
        }
    }
}

#[cfg(loom)]
mod of_loom {
    pub use loom::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, fence};
    pub use loom::sync::{Condvar, Mutex, MutexGuard};

    // Loom remembers one access to an atomic, the last: a plain load here would hide from it that the owner's next store
    // races with a load that a revoker did before, and the two would be tried in one order only.
    pub(crate) fn own(atomic: &AtomicUsize) -> usize {
        // SAFETY: only the caller's thread writes.
        unsafe { atomic.unsync_load() }
    }

    pub(crate) fn own_ptr<T>(atomic: &AtomicPtr<T>) -> *mut T {
        // SAFETY: only the caller's thread writes.
        unsafe { atomic.unsync_load() }
    }

    /// Loom's cell, with a `get_mut` that counts as a write.
    #[derive(Debug)]
    pub struct UnsafeCell<T>(loom::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        pub fn new(value: T) -> Self {
            Self(loom::cell::UnsafeCell::new(value))
        }

        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            self.0.with(f)
        }

        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            self.0.with_mut(f)
        }

        pub fn get_mut(&mut self) -> &mut T {
            // SAFETY: `&mut self` excludes every other borrow for as long as the result lives.
            self.0.with_mut(|value| unsafe { &mut *value })
        }
    }
}

#[cfg(loom)]
pub use of_loom::*;
#[cfg(not(loom))]
pub use of_std::*;
pub use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
pub use std::sync::{Arc, Weak};

/// Locks, and goes on if another thread panicked while it held the lock.
///
/// No code of another party runs under our locks, and every critical section leaves its data whole at each step, so a
/// poisoned lock says nothing.
#[inline]
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
