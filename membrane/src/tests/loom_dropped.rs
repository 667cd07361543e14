//! `on_dropped`: told once, and not before the last proxy is gone, whoever drops, wraps and revokes meanwhile.

use super::model::{
    Object, Order, Shared, Slot, Thing, breaks, holds, lend, let_go, membrane, spawn, take_in,
};
use crate::fault::Fault;
use crate::membrane_handle::Membrane;
use std::sync::{Arc, Mutex};

/// What became of an observer. Invisible to loom.
#[derive(Clone, Default)]
struct Fate(Arc<Mutex<Seen>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    told: u32,
    /// What was found wrong as it was told.
    too_early: bool,
    dropped: u32,
}

/// Is counted when the observer is dropped.
struct Observer(Fate);

impl Drop for Observer {
    fn drop(&mut self) {
        self.0.0.lock().unwrap().dropped += 1;
    }
}

impl Fate {
    /// An observer, which must not be told while `is_too_early` says so.
    fn observer(
        &self,
        is_too_early: impl Fn() -> bool + Send + 'static,
    ) -> Box<dyn FnOnce() + Send> {
        let observer = Observer(self.clone());
        Box::new(move || {
            let mut seen = observer.0.0.lock().unwrap();
            seen.told += 1;
            seen.too_early |= is_too_early();
        })
    }

    fn seen(&self) -> Seen {
        *self.0.lock().unwrap()
    }

    /// Told once, when it was time.
    #[track_caller]
    fn assert_told(&self) {
        let told = Seen {
            told: 1,
            too_early: false,
            dropped: 1,
        };
        assert_eq!(self.seen(), told);
    }

    #[track_caller]
    fn assert_waiting(&self) {
        assert_eq!(self.seen(), Seen::default());
    }

    /// Told once or not at all, and not kept.
    #[track_caller]
    fn assert_over(&self) {
        let Seen { told, dropped, .. } = self.seen();
        assert!(told <= 1 && dropped == 1, "{told} {dropped}");
    }
}

struct Watched {
    membrane: Membrane,
    object: Arc<dyn Object>,
    proxies: [Slot<Arc<dyn Object>>; 2],
    orders: [Order; 2],
    /// How many proxies somebody has begun to let go. Invisible to loom.
    going: Arc<Mutex<u32>>,
    fate: Fate,
}

impl Watched {
    /// With so many proxies, one each way, and an observer who waits for them all.
    fn new(proxies: u32) -> Shared<Self> {
        let watched = Self {
            membrane: membrane(),
            object: Arc::new(Thing::default()),
            proxies: Default::default(),
            orders: [Order::new(), Order::new()],
            going: Arc::default(),
            fate: Fate::default(),
        };
        let Self {
            membrane, object, ..
        } = &watched;
        watched.proxies[0].put(lend(membrane, object.clone()).expect("live"));
        if proxies == 2 {
            watched.proxies[1].put(take_in(membrane, object.clone()).expect("live"));
        }
        let going = watched.going.clone();
        let observer = watched
            .fate
            .observer(move || *going.lock().unwrap() < proxies);
        watched.membrane.on_dropped(observer);
        Shared::new(watched)
    }

    fn let_go(&self, at: usize) {
        *self.going.lock().unwrap() += 1;
        let_go(self.proxies[at].take(), &self.membrane, &self.orders[at]);
    }
}

/// Two threads drop the last two proxies.
fn two_last_drops() {
    let watched = Watched::new(2);
    let other = spawn(&watched, |watched| watched.let_go(1));
    watched.let_go(0);
    other.join().unwrap();
    watched.fate.assert_told();
    assert_eq!(watched.membrane.live_proxies(), 0);
}

/// One thread drops the last proxy; another wraps the object anew, and then watches, too.
fn last_drop_and_wrap() {
    let watched = Watched::new(1);
    let dropper = spawn(&watched, |watched| watched.let_go(0));
    let again = lend(&watched.membrane, watched.object.clone()).expect("live");
    let second = Fate::default();
    watched.membrane.on_dropped(second.observer(|| false));
    dropper.join().unwrap();
    second.assert_waiting();
    drop(again);
    // Of the proxy that was there first, if that was the last one for a while; or of this one.
    watched.fate.assert_told();
    second.assert_told();
}

/// One thread drops the last proxy; one wraps the object anew, and drops that; and one wraps it, too.
fn drops_and_wraps() {
    let watched = Watched::new(1);
    let dropper = spawn(&watched, |watched| watched.let_go(0));
    let other = spawn(&watched, |watched| {
        let again = lend(&watched.membrane, watched.object.clone()).expect("live");
        let_go(again, &watched.membrane, &watched.orders[1]);
    });
    let kept = lend(&watched.membrane, watched.object.clone()).expect("live");
    dropper.join().unwrap();
    other.join().unwrap();
    assert_eq!(watched.membrane.live_proxies(), 1);
    drop(kept);
    watched.fate.assert_told();
}

/// One thread drops the last proxy; another revokes.
fn last_drop_and_revoke() {
    let watched = Watched::new(1);
    let dropper = spawn(&watched, |watched| watched.let_go(0));
    watched.membrane.revoke("race");
    dropper.join().unwrap();
    watched.fate.assert_over();
}

/// One thread begins to watch; another revokes.
fn watch_and_revoke() {
    let watched = Watched::new(1);
    let second = Fate::default();
    let watcher = {
        let second = second.clone();
        spawn(&watched, move |watched| {
            watched.membrane.on_dropped(second.observer(|| true));
        })
    };
    watched.membrane.revoke("race");
    watcher.join().unwrap();
    for fate in [&watched.fate, &second] {
        fate.assert_over();
        assert_eq!(fate.seen().told, 0, "a proxy is held still");
    }
    drop(watched.proxies[0].take());
    assert_eq!(second.seen().told, 0, "it is revoked");
}

#[test]
fn observer_is_told_once_of_the_last_of_two_drops() {
    holds("two_last_drops", two_last_drops);
}

#[test]
fn observer_is_told_once_when_a_wrap_races_with_the_last_drop() {
    holds("last_drop_and_wrap", last_drop_and_wrap);
    holds("drops_and_wraps", drops_and_wraps);
}

#[test]
fn observer_is_told_at_most_once_when_a_revocation_races() {
    holds("dropped_and_revoke", last_drop_and_revoke);
    holds("watch_and_revoke", watch_and_revoke);
}

/// Edit: in `identity::forget`, whether the proxy is the last is looked at before its entry goes. Each of two thinks that the
/// other is there still, and nobody is told.
#[test]
fn last_proxy_must_be_looked_for_where_its_entry_goes() {
    breaks(Fault::LastTooEarly, "two_last_drops", two_last_drops);
}

/// Edit: the lock is given up before the observers are taken. One that waits for a newer proxy is told, and that one lives.
#[test]
fn observers_must_be_taken_where_the_last_entry_goes() {
    breaks(
        Fault::WatchersTooLate,
        "last_drop_and_wrap",
        last_drop_and_wrap,
    );
}

/// Edit: `on_dropped` does not look at the switch. The tables were taken, and the observer waits for ever.
#[test]
fn observer_must_not_be_kept_by_a_revoked_membrane() {
    breaks(Fault::WatchUnchecked, "watch_and_revoke", watch_and_revoke);
}
