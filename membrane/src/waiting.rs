//! Who waits for a call that is not over: the caller's waker, where a revoker finds it and the target's side does not.
//!
//! What the target's side gets is a waker of ours, a [`Relay`]. It hands on to the one that the caller left there, until the
//! caller is told how the call ended or has given up, or the scope is revoked. From then on it does nothing, however long
//! the other side keeps it.
//!
//! A caller leaves its waker before it polls. So either the poll sees that the scope is cut, or the revoker, which cuts
//! first and then takes the waker, finds it.
//!
//! A waker is the waiting side's code. It is cloned, woken and dropped under no lock; a panic in it goes no further, but
//! for a panic of `clone`, which happens to the caller whose waker it is.

use crate::interface::{Keep, Label, Target};
use crate::ongoing::Ongoing;
use crate::proxy::Proxy;
use object_membrane_gate::sync::{Mutex, lock};
use object_membrane_gate::{drop_flat, quietly};
use std::mem::replace;
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};

/// Hands on to the caller's waker.
pub(crate) struct Relay {
    state: Mutex<State>,
    /// The rest of the call, between two polls.
    pub(crate) ongoing: Ongoing,
}

enum State {
    /// Nobody waits, or was woken since.
    Idle,
    /// Whoever polled last.
    Waiting(Waker),
    /// Nobody waits here any more.
    Closed,
}

impl Relay {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State::Idle),
            ongoing: Ongoing::default(),
        })
    }

    /// Keeps the waker of a caller that is about to poll.
    pub(crate) fn listen(&self, waker: &Waker) {
        let same = matches!(&*lock(&self.state), State::Waiting(kept) if kept.will_wake(waker));
        if same {
            return;
        }
        let waker = State::Waiting(waker.clone());
        // Bound, so that it is dropped after the lock.
        let old = {
            let mut state = lock(&self.state);
            match *state {
                State::Closed => waker,
                _ => replace(&mut *state, waker),
            }
        };
        drop_flat(old);
    }

    /// Wakes the caller. It comes back and polls, and leaves its waker anew.
    fn notify(&self) {
        let taken = {
            let mut state = lock(&self.state);
            match *state {
                State::Waiting(_) => replace(&mut *state, State::Idle),
                State::Idle | State::Closed => return,
            }
        };
        taken.wake();
    }

    /// From now on nobody is woken: the call is over, or given up.
    pub(crate) fn mute(&self) {
        drop_flat(self.close());
    }

    fn close(&self) -> State {
        replace(&mut lock(&self.state), State::Closed)
    }
}

impl State {
    fn wake(self) {
        if let Self::Waiting(waker) = self {
            quietly(|| waker.wake());
        }
    }
}

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        self.notify();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.notify();
    }
}

/// The caller's end of a relay, which is closed when this is dropped, and with it the call.
pub(crate) struct Listening {
    pub(crate) relay: Arc<Relay>,
    /// The relay as the target's side sees it.
    pub(crate) waker: Waker,
}

impl Listening {
    pub(crate) fn new() -> Self {
        let relay = Relay::new();
        let waker = Waker::from(relay.clone());
        Self { relay, waker }
    }

    /// What the proxy keeps of it, counted as a call of `label`.
    pub(crate) fn waiting(&self, label: Option<Label>) -> Waiting {
        Waiting {
            relay: Some(self.relay.clone()),
            label,
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.relay.mute();
        // If the target's end is not gone by now: a revoker, or somebody who looks, has the proxy for the moment.
        self.relay.ongoing.close();
    }
}

/// What the proxy of something that is polled keeps.
#[derive(Default)]
pub(crate) struct Waiting {
    relay: Option<Arc<Relay>>,
    label: Option<Label>,
}

impl Waiting {
    pub(crate) fn relay(&self) -> Option<&Arc<Relay>> {
        self.relay.as_ref()
    }
}

impl Keep for Waiting {
    const WAITS: bool = true;

    fn label(&self) -> Option<Label> {
        self.label
    }

    fn wake(&self) {
        if let Some(relay) = &self.relay {
            relay.close().wake();
        }
    }
}

/// A proxy at which somebody may wait.
pub(crate) trait Waits: Send + Sync {
    fn wake(&self);
}

impl<T: ?Sized + Target> Waits for Proxy<T> {
    fn wake(&self) {
        self.keep.wake();
    }
}

/// Whoever may be waiting at the proxies of a revoked subtree.
#[derive(Default)]
pub(crate) struct Waiters(Vec<Weak<dyn Waits>>);

impl Waiters {
    pub(crate) fn add<T: ?Sized + Target>(&mut self, proxy: &Weak<Proxy<T>>) {
        let proxy: Weak<Proxy<T>> = proxy.clone();
        self.0.push(proxy);
    }

    /// Wakes them all. What is returned may hold last references: to be dropped where foreign code may run.
    pub(crate) fn wake(self) -> Vec<Arc<dyn Waits>> {
        let proxies = self.0.iter().filter_map(Weak::upgrade);
        proxies.inspect(|proxy| proxy.wake()).collect()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Listening, Wake};
    use object_membrane_gate::sync::{AcqRel, Acquire, AtomicUsize};
    use std::sync::Arc;
    use std::task::Waker;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, AcqRel);
        }
    }

    /// Nobody can wake `counter`, nor keeps it alive.
    #[track_caller]
    fn assert_forgotten(counter: &Arc<Counter>, targets: &Waker) {
        targets.wake_by_ref();
        assert_eq!(counter.0.load(Acquire), 0, "it is not woken");
        assert_eq!(Arc::strong_count(counter), 1, "it is not kept");
    }

    /// Fails if `listen` does not look whether the relay is closed: a revoker may have come between two polls.
    #[test]
    fn closed_relay_keeps_no_waker() {
        let counter = Arc::<Counter>::default();
        let listening = Listening::new();
        listening.relay.mute();
        listening.relay.listen(&Waker::from(counter.clone()));
        assert_forgotten(&counter, &listening.waker);
    }

    /// Fails if `Listening` does not close its relay: who looks at the target's end may be its last holder.
    #[test]
    fn callers_end_closes_the_relay_whoever_holds_the_targets() {
        let counter = Arc::<Counter>::default();
        let listening = Listening::new();
        let targets = (listening.waker.clone(), listening.waiting(None));
        listening.relay.listen(&Waker::from(counter.clone()));
        drop(listening);
        assert_forgotten(&counter, &targets.0);
    }
}
