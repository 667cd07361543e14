//! Calls through proxies, and foreign code in a target's `Drop`, while another thread revokes.

use super::model::{
    Object, Order, Shared, Slot, Tally, Thing, holds, lend, let_go, membrane, policy, spawn,
    take_in,
};
use crate::membrane_handle::Membrane;
use object_membrane_gate::sync::{Acquire, AtomicUsize, Release};
use std::sync::{Arc, Mutex};

/// A proxy, and whether the revocation has returned.
struct Watched {
    proxy: Arc<dyn Object>,
    tally: Arc<Tally>,
    returned: Arc<AtomicUsize>,
    late: Arc<Mutex<bool>>,
}

impl Watched {
    fn new(membrane: &Membrane) -> Shared<Self> {
        let (tally, returned) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let late = Arc::<Mutex<bool>>::default();
        let look = {
            let (returned, late) = (returned.clone(), late.clone());
            move || *late.lock().unwrap() = returned.load(Acquire) == 1
        };
        let target = Thing::counted(&tally).on_touch(look);
        let proxy = lend(membrane, Arc::new(target)).expect("live");
        Shared::new(Self {
            proxy,
            tally,
            returned,
            late,
        })
    }

    /// A call that ran on after the revocation had returned is not delivered.
    fn call(&self) {
        match self.proxy.touch() {
            Ok(()) => assert!(
                !*self.late.lock().unwrap(),
                "delivered after the revocation returned"
            ),
            Err(error) => assert_eq!(error.reason().map(crate::Reason::as_str), Some("race")),
        }
    }

    fn revoked_by(&self, membrane: &Membrane) {
        membrane.revoke("race");
        self.returned.store(1, Release);
        assert!(
            self.proxy.touch().unwrap_err().is_revoked(),
            "called after the revocation returned"
        );
    }
}

/// One thread calls; another revokes the membrane, or the one that it derives from.
fn call_and_revoke(derived: bool) {
    let root = Shared::new(membrane());
    let membrane = if derived {
        Shared::new(root.grant(&policy()).expect("live"))
    } else {
        root.clone()
    };
    let watched = Watched::new(&membrane);
    let caller = spawn(&watched, |watched| watched.call());
    watched.revoked_by(&root);
    caller.join().unwrap();
    watched.tally.assert_dropped();
}

/// A target whose `Drop` does `script`, and the one proxy of it.
struct Returning {
    membrane: Membrane,
    proxy: Slot<Arc<dyn Object>>,
    outer: Arc<Tally>,
    inner: Arc<Tally>,
    order: Order,
    made: Slot<Arc<dyn Object>>,
}

impl Returning {
    fn new(script: impl Fn(&Self) + Send + Sync + 'static) -> Shared<Self> {
        let returning = Shared::new(Self {
            membrane: membrane(),
            proxy: Slot::default(),
            outer: Arc::default(),
            inner: Arc::default(),
            order: Order::new(),
            made: Slot::default(),
        });
        let target = Thing::counted(&returning.outer)
            .ordered(&returning.order)
            .on_drop({
                let returning = returning.clone();
                move || script(&returning)
            });
        returning
            .proxy
            .put(lend(&returning.membrane, Arc::new(target)).expect("live"));
        returning
    }

    /// Drops the only proxy, and the target with it unless a revoker was first.
    fn drop_proxy(&self) {
        let_go(self.proxy.take(), &self.membrane, &self.order);
    }
}

/// A target's `Drop` lends another object through the same membrane, keeps that proxy, and asks for the table.
fn wrapping_drop_and_revoke() {
    let returning = Returning::new(|returning| {
        let object = Arc::new(Thing::counted(&returning.inner));
        if let Ok(proxy) = take_in(&returning.membrane, object) {
            returning.made.put(proxy);
        }
        let _ = returning.membrane.live_proxies();
    });
    let dropper = spawn(&returning, |returning| returning.drop_proxy());
    returning.membrane.revoke("race");
    dropper.join().unwrap();
    returning.outer.assert_dropped();
    returning.inner.assert_dropped();
    drop(returning.made.take());
}

/// A target's `Drop` drops the proxy of another object of the same membrane.
fn dropping_drop_and_revoke() {
    let returning = Returning::new(|returning| {
        let_go(returning.made.take(), &returning.membrane, &returning.order);
    });
    let inner = Thing::counted(&returning.inner).ordered(&returning.order);
    returning
        .made
        .put(take_in(&returning.membrane, Arc::new(inner)).expect("live"));
    let dropper = spawn(&returning, |returning| returning.drop_proxy());
    returning.membrane.revoke("race");
    dropper.join().unwrap();
    returning.outer.assert_dropped();
    returning.inner.assert_dropped();
}

/// A target's `Drop` revokes the same membrane, while another thread revokes it or lends through it.
fn revoking_drop(against: impl FnOnce(&Returning)) {
    let returning = Returning::new(|returning| {
        returning.membrane.revoke("from a drop");
        assert!(returning.membrane.is_revoked());
    });
    let dropper = spawn(&returning, |returning| returning.drop_proxy());
    against(&returning);
    dropper.join().unwrap();
    assert!(returning.membrane.is_revoked());
    returning.outer.assert_dropped();
    drop(returning.made.take());
}

fn revoking_drop_and_revoke() {
    revoking_drop(|returning| returning.membrane.revoke("race"));
}

fn revoking_drop_and_wrap() {
    revoking_drop(|returning| {
        let object = Arc::new(Thing::counted(&returning.inner));
        if let Ok(proxy) = take_in(&returning.membrane, object) {
            returning.made.put(proxy);
        }
    });
}

#[test]
fn result_is_withheld_once_the_revocation_returned() {
    holds("proxy_call_and_revoke", || call_and_revoke(false));
}

#[test]
fn result_is_withheld_once_the_revocation_of_an_ancestor_returned() {
    holds("proxy_call_and_revoke_above", || call_and_revoke(true));
}

#[test]
fn drop_of_a_target_may_wrap() {
    holds("wrapping_drop_and_revoke", wrapping_drop_and_revoke);
}

#[test]
fn drop_of_a_target_may_drop_a_proxy() {
    holds("dropping_drop_and_revoke", dropping_drop_and_revoke);
}

#[test]
fn drop_of_a_target_may_revoke() {
    holds("revoking_drop_and_revoke", revoking_drop_and_revoke);
    holds("revoking_drop_and_wrap", revoking_drop_and_wrap);
}
