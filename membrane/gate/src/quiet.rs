//! Running foreign code whose panic must not get further.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops `value`; a panic in its `Drop` ends here, and so does one in the payload of that panic.
///
/// # Panics
///
/// Never, with `panic = "unwind"`. With `panic = "abort"` a panicking `Drop` aborts the process.
pub fn drop_quietly<V>(value: V) {
    let _ = quietly(move || drop(value));
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
