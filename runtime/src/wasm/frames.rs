//! The guests that the present thread is inside of, each waiting for the host: so that the host can call one back.
//!
//! A guest's store is borrowed by the engine while the guest runs, and lent to the host's function for the time that the guest
//! waits. The frame of that function keeps it where a call back, many functions further on, finds it.
//!
//! While a guest that was called back runs, the others still wait, whether they were called before it or after: so they can be
//! called back, too. A guest that was called back waits in its new frame; the old one is set aside until it has answered.

use super::state::State;
use scoped_tls_hkt::scoped_thread_local;
use wasmtime::{AsContextMut, StoreContextMut};

/// Runs something in a guest that waits.
type Call<'a> = &'a mut dyn FnMut(StoreContextMut<'_, State>);

/// Guests that wait for the host.
trait Waiting {
    /// Runs `call` with the store of the guest `id`, if it is here. Until then the others that are here, and `others`, are the
    /// ones that wait. Whether it was run.
    fn run(&mut self, id: usize, others: Option<&mut dyn Waiting>, call: Call<'_>) -> bool;
}

struct Frame<'a> {
    id: usize,
    store: StoreContextMut<'a, State>,
    outer: Option<&'a mut (dyn Waiting + 'a)>,
}

struct Both<'a> {
    first: &'a mut (dyn Waiting + 'a),
    then: &'a mut (dyn Waiting + 'a),
}

scoped_thread_local!(static mut WAITING: for<'a> &'a mut (dyn Waiting + 'a));

impl Waiting for Frame<'_> {
    fn run(&mut self, id: usize, others: Option<&mut dyn Waiting>, call: Call<'_>) -> bool {
        if self.id == id {
            let store = &mut self.store;
            let mut run = || call(store.as_context_mut());
            match (others, &mut self.outer) {
                (None, None) => run(),
                (Some(first), None) => WAITING.set(first, run),
                (None, Some(then)) => WAITING.set(&mut **then, run),
                (Some(first), Some(then)) => WAITING.set(
                    &mut Both {
                        first,
                        then: &mut **then,
                    },
                    run,
                ),
            }
            return true;
        }
        let Some(outer) = &mut self.outer else {
            return false;
        };
        let mut passed = Frame {
            id: self.id,
            store: self.store.as_context_mut(),
            outer: others.map(|others| others as _),
        };
        outer.run(id, Some(&mut passed), call)
    }
}

impl Waiting for Both<'_> {
    fn run(&mut self, id: usize, mut others: Option<&mut dyn Waiting>, call: Call<'_>) -> bool {
        let Self { first, then } = self;
        let found = match &mut others {
            Some(others) => {
                let mut rest = Both {
                    first: &mut **then,
                    then: &mut **others,
                };
                first.run(id, Some(&mut rest), call)
            }
            None => first.run(id, Some(&mut **then), call),
        };
        found
            || match others {
                Some(others) => {
                    let mut rest = Both {
                        first: &mut **first,
                        then: others,
                    };
                    then.run(id, Some(&mut rest), call)
                }
                None => then.run(id, Some(&mut **first), call),
            }
    }
}

/// Runs `f` while the guest `id` waits.
pub(super) fn wait<R>(id: usize, store: StoreContextMut<'_, State>, f: impl FnOnce() -> R) -> R {
    if WAITING.is_set() {
        WAITING.with(|outer| {
            let mut frame = Frame {
                id,
                store,
                outer: Some(outer),
            };
            WAITING.set(&mut frame, f)
        })
    } else {
        let mut frame = Frame {
            id,
            store,
            outer: None,
        };
        WAITING.set(&mut frame, f)
    }
}

/// Runs `call` with the store of the guest `id`, if it waits for this thread.
pub(super) fn call_back<R>(
    id: usize,
    call: impl FnOnce(StoreContextMut<'_, State>) -> R,
) -> Option<R> {
    if !WAITING.is_set() {
        return None;
    }
    let (mut call, mut result) = (Some(call), None);
    WAITING.with(|waiting| {
        waiting.run(id, None, &mut |store| {
            result = call.take().map(|call| call(store));
        })
    });
    result
}
