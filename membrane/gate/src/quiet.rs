//! Running foreign code whose panic must not get further.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops `value`; a panic in its `Drop` ends here, and so does one in the payload of that panic.
///
/// # Panics
///
/// Never, with `panic = "unwind"`. With `panic = "abort"` a panicking `Drop` aborts the process.
pub fn drop_quietly<V>(value: V) {
    let _ = quietly(move || drop(value));
}

/// How many drops may be nested on the stack before further ones are put off.
const MAX_NESTED_DROPS: u32 = 64;

thread_local! {
    /// Drops of this thread that are on the stack. Has no destructor, so it can be read at any point of a thread's life.
    static NESTED: Cell<u32> = const { Cell::new(0) };
    /// What the outermost of them still has to drop.
    static PUT_OFF: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// [`drop_quietly`], on a bounded stack: what a long line of values drop inside each other is dropped one after the other,
/// before the outermost call returns.
///
/// Whoever passes a proxy round and round builds such a line, without any recursive type of their own.
pub(crate) fn drop_flat<V: 'static>(value: V) {
    let nested = NESTED.get();
    if nested >= MAX_NESTED_DROPS {
        // An ending thread may have lost the list; then the stack has to do.
        let mut value = Some(value);
        let put_off = PUT_OFF.try_with(|list| {
            if let (Ok(mut list), Some(value)) = (list.try_borrow_mut(), value.take()) {
                list.push(Box::new(value));
            }
        });
        if put_off.is_err() {
            drop_quietly(value);
        }
        return;
    }
    NESTED.set(nested + 1);
    drop_quietly(value);
    if nested == 0 {
        // Bound first, so that the list is not borrowed while foreign code runs.
        while let Some(next) = PUT_OFF
            .try_with(|list| list.borrow_mut().pop())
            .ok()
            .flatten()
        {
            drop_quietly(next);
        }
    }
    NESTED.set(nested);
}

/// Runs `f`; `None` if it panicked. The payload is dropped here and, should that panic, too, its payload is leaked.
///
/// # Panics
///
/// Never, with `panic = "unwind"`.
pub fn quietly<R>(f: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => Some(value),
        Err(payload) => {
            if let Err(second) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
                std::mem::forget(second);
            }
            None
        }
    }
}
