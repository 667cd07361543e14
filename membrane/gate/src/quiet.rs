//! Running foreign code whose panic must not get further.

use crate::fault::{self, Fault};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Drops `value`; a panic in its `Drop` ends here, and so does one in the payload of that panic.
///
/// # Panics
///
/// Never, with `panic = "unwind"`. With `panic = "abort"` a panicking `Drop` aborts the process.
pub fn drop_quietly<V>(value: V) {
    if fault::on(Fault::LoudDrops) {
        drop(value);
        return;
    }
    let _ = quietly(move || drop(value));
}

/// How many drops may be nested on the stack before further ones are put off.
const MAX_NESTED_DROPS: u32 = if cfg!(loom) { 2 } else { 64 };

/// What is to be dropped later. Empty, and without a buffer, whenever no drop is on the stack.
type PutOff = RefCell<ManuallyDrop<Vec<Box<dyn Any>>>>;

// None of these has a destructor, so each can be used at any point of a thread's life.
#[cfg(not(loom))]
thread_local! {
    /// Drops of this thread that are on the stack.
    static NESTED: Cell<u32> = const { Cell::new(0) };
    /// What the outermost of them still has to drop.
    static PUT_OFF: PutOff = const { RefCell::new(ManuallyDrop::new(Vec::new())) };
    /// How many of these somebody may be waiting for.
    static OWED: Cell<u32> = const { Cell::new(0) };
}

#[cfg(loom)]
loom::thread_local! {
    static NESTED: Cell<u32> = Cell::new(0);
    static PUT_OFF: PutOff = RefCell::new(ManuallyDrop::new(Vec::new()));
    static OWED: Cell<u32> = Cell::new(0);
}

/// [`drop_quietly`], on a bounded stack: what a long line of values drop inside each other is dropped one after the other,
/// before the outermost call returns.
///
/// Whoever passes a proxy round and round builds such a line, without any recursive type of their own.
pub fn drop_flat<V: 'static>(value: V) {
    if let Err(value) = drop_now(value) {
        put_off(value);
    }
}

/// The same; or gives `value` back, if it is too deep on the stack to be dropped there: it is for [`put_off`] then.
pub(crate) fn drop_now<V>(value: V) -> Result<(), V> {
    let nested = NESTED.with(Cell::get);
    if nested >= MAX_NESTED_DROPS {
        return Err(value);
    }
    NESTED.with(|depth| depth.set(nested + 1));
    drop_quietly(value);
    if nested == 0 {
        drop_what_was_put_off();
    }
    NESTED.with(|depth| depth.set(nested));
    Ok(())
}

/// Leaves `value` to the outermost drop on this thread's stack.
pub(crate) fn put_off<V: 'static>(value: V) {
    let value: Box<dyn Any> = Box::new(value);
    PUT_OFF.with(|list| list.borrow_mut().push(value));
}

fn drop_what_was_put_off() {
    // Bound first, so that the list is not borrowed while foreign code runs.
    while let Some(next) = PUT_OFF.with(|list| list.borrow_mut().pop()) {
        drop_quietly(next);
    }
    PUT_OFF.with(|list| {
        if list.borrow().capacity() != 0 {
            // Nobody else frees the buffer.
            drop(std::mem::take(&mut **list.borrow_mut()));
        }
    });
}

/// That a drop which somebody may be waiting for was put off on this thread. A thread that owes one must not wait for it.
#[derive(Debug)]
pub(crate) struct Debt(());

impl Debt {
    pub(crate) fn new() -> Self {
        OWED.with(|owed| owed.set(owed.get() + 1));
        Self(())
    }
}

impl Drop for Debt {
    fn drop(&mut self) {
        OWED.with(|owed| owed.set(owed.get() - 1));
    }
}

/// Whether this thread has put off a drop that somebody may be waiting for.
pub(crate) fn owes() -> bool {
    OWED.with(Cell::get) > 0
}

/// For how many values this thread has a buffer now.
#[cfg(all(test, not(loom)))]
pub(crate) fn room_to_put_off() -> usize {
    PUT_OFF.with(|list| list.borrow().capacity())
}

/// Runs `f`; `None` if it panicked. The payload is dropped here and, should that panic, too, its payload is leaked.
///
/// # Panics
///
/// Never, with `panic = "unwind"`.
pub fn quietly<R>(f: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(value) => Some(value),
        Err(payload) if fault::on(Fault::LoudPayloads) => {
            drop(payload);
            None
        }
        Err(payload) => {
            if let Err(second) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
                std::mem::forget(second);
            }
            None
        }
    }
}
