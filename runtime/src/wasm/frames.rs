//! The guests that the present thread is inside of, each waiting for the host: so that the host can call one back.
//!
//! A guest's store is borrowed by the engine while the guest runs, and lent to the host's function for the time that the guest
//! waits. The frame of that function keeps it where a call back, many functions further on, finds it.

use super::state::State;
use scoped_tls_hkt::scoped_thread_local;
use wasmtime::{AsContextMut, StoreContextMut};

/// A guest that waits for the host, and those further out.
trait AnyFrame {
    /// Runs `call` with the store of the guest `id`, if it is here or further out. Until then nothing but what is further
    /// out is on the thread.
    fn run(&mut self, id: usize, call: &mut dyn FnMut(StoreContextMut<'_, State>)) -> bool;
}

struct Frame<'a> {
    id: usize,
    store: StoreContextMut<'a, State>,
    outer: Option<&'a mut (dyn AnyFrame + 'a)>,
}

scoped_thread_local!(static mut INNERMOST: for<'a> &'a mut (dyn AnyFrame + 'a));

impl AnyFrame for Frame<'_> {
    fn run(&mut self, id: usize, call: &mut dyn FnMut(StoreContextMut<'_, State>)) -> bool {
        match (&mut self.outer, self.id == id) {
            (Some(outer), true) => {
                INNERMOST.set(&mut **outer, || call(self.store.as_context_mut()));
            }
            (None, true) => call(self.store.as_context_mut()),
            (Some(outer), false) => return outer.run(id, call),
            (None, false) => return false,
        }
        true
    }
}

/// Runs `f` while the guest `id` waits.
pub(super) fn wait<R>(id: usize, store: StoreContextMut<'_, State>, f: impl FnOnce() -> R) -> R {
    if INNERMOST.is_set() {
        INNERMOST.with(|outer| {
            let mut frame = Frame {
                id,
                store,
                outer: Some(outer),
            };
            INNERMOST.set(&mut frame, f)
        })
    } else {
        let mut frame = Frame {
            id,
            store,
            outer: None,
        };
        INNERMOST.set(&mut frame, f)
    }
}

/// Runs `call` with the store of the guest `id`, if it waits for this thread. Nothing else that waits further in can be
/// called back meanwhile.
pub(super) fn call_back<R>(
    id: usize,
    call: impl FnOnce(StoreContextMut<'_, State>) -> R,
) -> Option<R> {
    if !INNERMOST.is_set() {
        return None;
    }
    let (mut call, mut result) = (Some(call), None);
    INNERMOST.with(|innermost| {
        innermost.run(id, &mut |store| {
            result = call.take().map(|call| call(store));
        })
    });
    result
}
