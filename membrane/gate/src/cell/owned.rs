//! A target by its address, and the moves that a call makes around it.

use crate::sync::Arc;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;

/// The target behind `target`.
///
/// # Safety
///
/// I1 must hold for as long as the result is used.
#[inline(always)]
pub(super) unsafe fn lent<'a, T: ?Sized>(target: *const Option<Owned<T>>) -> &'a T {
    // SAFETY: by I1 nobody writes to it meanwhile.
    match unsafe { &*target } {
        // SAFETY: `Owned` keeps its target alive, and by I1 stays where it is.
        Some(target) => unsafe { target.0.as_ref() },
        // SAFETY: by I1 nothing has taken it.
        None => unsafe { std::hint::unreachable_unchecked() },
    }
}

/// A strong reference to the target behind `target`.
///
/// # Safety
///
/// As for [`lent`].
pub(crate) unsafe fn clone_of<T: ?Sized>(target: *const Option<Owned<T>>) -> Option<Arc<T>> {
    // SAFETY: by I1 nobody writes to it meanwhile.
    unsafe { &*target }.as_ref().map(Owned::share)
}

/// An `Arc` as the address of its contents: a call needs that, and would otherwise compute it from the `Arc`'s vtable.
pub(crate) struct Owned<T: ?Sized>(NonNull<T>);

// SAFETY: it is an `Arc` in all but its form.
unsafe impl<T: ?Sized + Send + Sync> Send for Owned<T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Send + Sync> Sync for Owned<T> {}

impl<T: ?Sized> Owned<T> {
    pub(crate) fn new(target: Arc<T>) -> Self {
        // SAFETY: `Arc::into_raw` gives no null.
        Self(unsafe { NonNull::new_unchecked(Arc::into_raw(target).cast_mut()) })
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> &T {
        // SAFETY: `self` holds a count of the `Arc` that this points into.
        unsafe { self.0.as_ref() }
    }

    /// Where the target lies.
    pub(super) fn address(&self) -> usize {
        self.0.cast::<()>().addr().get()
    }

    fn share(&self) -> Arc<T> {
        // SAFETY: the pointer is `Arc::into_raw`'s, and `self` holds the count that is borrowed here.
        let owned = ManuallyDrop::new(unsafe { Arc::from_raw(self.0.as_ptr()) });
        Arc::clone(&owned)
    }
}

impl<T: ?Sized> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: the pointer is `Arc::into_raw`'s, and this gives its count back, once.
        drop(unsafe { Arc::from_raw(self.0.as_ptr()) });
    }
}

/// Moves a value out of memory that was written a moment ago, word by word.
///
/// The plain move copies two words at a time, and such a load stalls until both of the stores it spans have left the
/// store buffer: more than the rest of a call takes.
///
/// # Safety
///
/// `value` must be initialised, and not used again.
#[inline(always)]
pub(crate) unsafe fn take_by_words<V>(value: &MaybeUninit<V>) -> V {
    /// A word that may be uninitialised, or part of a pointer.
    type Word = MaybeUninit<*mut ()>;
    const MAX_WORDS: usize = 8;
    let words = size_of::<V>() / size_of::<Word>();
    if !size_of::<V>().is_multiple_of(size_of::<Word>())
        || align_of::<V>() < align_of::<Word>()
        || words > MAX_WORDS
    {
        // SAFETY: the caller's promise.
        return unsafe { value.assume_init_read() };
    }
    let mut moved = MaybeUninit::<V>::uninit();
    let (from, to) = (
        value.as_ptr().cast::<Word>(),
        moved.as_mut_ptr().cast::<Word>(),
    );
    for word in 0..words {
        // SAFETY: `word` is within both values, which are aligned for words; a `Word` may hold anything. Volatile, so that
        // the loads stay apart.
        let read = unsafe { from.wrapping_add(word).read_volatile() };
        // SAFETY: as above.
        unsafe { to.wrapping_add(word).write(read) };
    }
    // SAFETY: every byte of an initialised value was copied.
    unsafe { moved.assume_init() }
}
