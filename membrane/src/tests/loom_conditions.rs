//! Conditions: never a call above the budget, never more at once, and never a proxy too many, whoever calls, wraps, drops
//! and revokes meanwhile.

use super::model::{
    Object, Order, Shared, Slot, Thing, breaks, holds, lend, let_go, policy, spawn, take_in,
};
use crate::conditions::{Condition, Conditions, ConditionsBuilder};
use crate::fault::Fault;
use crate::membrane_handle::Membrane;
use object_membrane_gate::sync::{AcqRel, AtomicUsize};
use std::sync::{Arc, Mutex};

fn conditions(build: impl FnOnce(ConditionsBuilder) -> ConditionsBuilder) -> Conditions {
    build(Conditions::builder()).build().expect("sound")
}

/// A membrane and two grants of it, with a proxy of one target each, that counts how often and how many at once.
struct Limited {
    root: Membrane,
    _grants: [Membrane; 2],
    proxies: [Arc<dyn Object>; 2],
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Loom switches threads at each access.
    inside: AtomicUsize,
    /// How often it was entered, and whether two were inside at once. Invisible to loom.
    entered: Mutex<(usize, bool)>,
}

impl Seen {
    fn visit(&self) {
        let inside = self.inside.fetch_add(1, AcqRel);
        {
            let mut entered = self.entered.lock().unwrap();
            entered.0 += 1;
            entered.1 |= inside > 0;
        }
        self.inside.fetch_sub(1, AcqRel);
    }
}

impl Limited {
    fn new(build: impl FnOnce(ConditionsBuilder) -> ConditionsBuilder) -> Shared<Self> {
        let root = Membrane::with_conditions(policy(), &conditions(build)).expect("no clock");
        let seen = Arc::<Seen>::default();
        let wide = conditions(|builder| builder.bytes_in(100));
        let grants = [
            root.grant(&policy()).expect("live"),
            root.grant_with(&policy(), &wide).expect("live"),
        ];
        let proxies = [0, 1].map(|at| {
            let visited = seen.clone();
            let thing = Thing::default().on_touch(move || visited.visit());
            lend(&grants[at], Arc::new(thing)).expect("live")
        });
        Shared::new(Self {
            root,
            _grants: grants,
            proxies,
            seen,
        })
    }

    fn entered(&self) -> (usize, bool) {
        *self.seen.entered.lock().unwrap()
    }
}

/// Two callers, through one membrane or through two grants of it, and one call.
fn two_calls_for_one(second: usize) {
    let limited = Limited::new(|builder| builder.calls(1));
    let other = spawn(&limited, move |limited| {
        let _ = limited.proxies[second].touch();
    });
    let _ = limited.proxies[0].touch();
    other.join().unwrap();
    assert_eq!(limited.entered().0, 1, "a call above the budget");
    assert_eq!(limited.root.conditions().calls_left, Some(0));
}

/// Two callers, and one place.
fn two_calls_at_once(second: usize) {
    let limited = Limited::new(|builder| builder.concurrency(1));
    let other = spawn(&limited, move |limited| {
        if let Err(error) = limited.proxies[second].touch() {
            assert_eq!(error.condition(), Some(Condition::Concurrency));
        }
    });
    let refused = limited.proxies[0].touch().is_err();
    other.join().unwrap();
    assert!(!limited.entered().1, "two at once");
    assert!(limited.entered().0 >= 1, "each kept the other out");
    assert!(!refused || limited.entered().0 == 1);
    assert_eq!(limited.root.conditions().concurrency_left, Some(1));
}

/// A caller, and a revocation: the place is given back.
fn place_and_revoke() {
    let limited = Limited::new(|builder| builder.concurrency(1));
    let other = spawn(&limited, |limited| {
        let _ = limited.proxies[0].touch();
    });
    limited.root.revoke("race");
    other.join().unwrap();
    assert_eq!(limited.root.conditions().concurrency_left, Some(1));
}

struct Proxies {
    membrane: Membrane,
    proxies: [Slot<Arc<dyn Object>>; 2],
    order: Order,
}

impl Proxies {
    fn new(most: u64) -> Shared<Self> {
        let most = conditions(|builder| builder.proxies(most));
        Shared::new(Self {
            membrane: Membrane::with_conditions(policy(), &most).expect("no clock"),
            proxies: Default::default(),
            order: Order::new(),
        })
    }

    fn left(&self) -> u64 {
        self.membrane.conditions().proxies_left.expect("limited")
    }
}

/// Two threads lend an object each, and there is room for one.
fn two_wraps_for_one() {
    let limited = Proxies::new(1);
    let other = spawn(&limited, |limited| {
        if let Ok(proxy) = take_in(&limited.membrane, Arc::new(Thing::default())) {
            limited.proxies[1].put(proxy);
        }
    });
    if let Ok(proxy) = lend(&limited.membrane, Arc::new(Thing::default())) {
        limited.proxies[0].put(proxy);
    }
    other.join().unwrap();
    assert_eq!(limited.membrane.live_proxies(), 1);
    assert_eq!(limited.left(), 0);
    for proxy in &limited.proxies {
        drop(proxy.take());
    }
    assert_eq!(limited.left(), 1);
}

/// One thread drops the last proxy of an object; another lends the object anew.
fn wrap_and_last_drop_for_one() {
    let limited = Proxies::new(1);
    let object: Arc<dyn Object> = Arc::new(Thing::default());
    limited.proxies[0].put(lend(&limited.membrane, object.clone()).expect("live"));
    let other = spawn(&limited, |limited| {
        let_go(limited.proxies[0].take(), &limited.membrane, &limited.order);
    });
    // Room for one is enough: it is the same object, whether it is the same proxy or the next.
    let again = lend(&limited.membrane, object).expect("there is room");
    limited.proxies[1].put(again);
    other.join().unwrap();
    assert_eq!(limited.left(), 0);
    drop(limited.proxies[1].take());
    assert_eq!(limited.left(), 1);
}

/// One thread drops a proxy; another revokes: it is counted down once.
fn drop_and_revoke() {
    let limited = Proxies::new(1);
    let thing = Thing::default().ordered(&limited.order);
    limited.proxies[0].put(lend(&limited.membrane, Arc::new(thing)).expect("live"));
    let other = spawn(&limited, |limited| {
        let_go(limited.proxies[0].take(), &limited.membrane, &limited.order);
    });
    limited.membrane.revoke("race");
    other.join().unwrap();
    assert_eq!(limited.left(), 1);
}

#[test]
fn no_call_above_the_budget() {
    holds("two_calls_for_one", || two_calls_for_one(0));
    holds("two_calls_of_two_grants_for_one", || two_calls_for_one(1));
}

#[test]
fn never_two_at_once_where_one_may_be() {
    holds("two_calls_at_once", || two_calls_at_once(0));
    holds("two_calls_of_two_grants_at_once", || two_calls_at_once(1));
}

#[test]
fn place_is_given_back_when_a_revocation_races() {
    holds("place_and_revoke", place_and_revoke);
}

#[test]
fn never_a_proxy_too_many() {
    holds("two_wraps_for_one", two_wraps_for_one);
}

#[test]
fn proxy_is_counted_down_once() {
    holds("wrap_and_last_drop_for_one", wrap_and_last_drop_for_one);
    holds("drop_and_revoke", drop_and_revoke);
}

/// Edit: `Ledger::ask` gives the locks up between what it finds and what it takes.
#[test]
fn account_must_stay_locked_until_it_is_charged() {
    breaks(Fault::ChargeUnlocked, "two_calls_for_one", || {
        two_calls_for_one(0);
    });
    breaks(
        Fault::ChargeUnlocked,
        "two_calls_of_two_grants_for_one",
        || {
            two_calls_for_one(1);
        },
    );
    breaks(Fault::ChargeUnlocked, "two_calls_at_once", || {
        two_calls_at_once(0);
    });
}

/// Edit: `Ledger::enter` gives the place back.
#[test]
fn place_must_be_kept_until_the_target_is_left() {
    breaks(Fault::EarlyPlace, "two_calls_at_once", || {
        two_calls_at_once(0);
    });
}

/// Edit: `forget` counts down a proxy whose table went with the revocation.
#[test]
fn tables_that_went_are_counted_down_by_the_revoker_alone() {
    breaks(Fault::CountedTwice, "drop_and_revoke", drop_and_revoke);
}

/// Edit: an entry that a new proxy takes over is counted once more.
#[test]
fn entry_that_is_taken_over_is_counted_already() {
    breaks(
        Fault::CountedAnew,
        "wrap_and_last_drop_for_one",
        wrap_and_last_drop_for_one,
    );
}
