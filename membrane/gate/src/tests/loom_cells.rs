//! Cells that come, go or lie while their scope is revoked.

use super::model::{
    Held, Order, REASON, Shared, Tally, Target, breaks, holds, spawn_registered, weak,
};
use crate::fault::Fault;
use crate::sync::{AcqRel, AtomicUsize, Mutex, lock};
use crate::{Cell, Holder, Options, Reclaim, Refusal, Scope, sever};
use std::sync::{Arc, Weak};

/// A scope that lists its cells as the crate `object-membrane` does: under a lock, where a cell is made only if the scope
/// is not cut, and which the revoker takes after its cut.
struct Listed {
    scope: Arc<Scope<List>>,
    tally: Arc<Tally>,
    made: Mutex<Option<Arc<Held<List>>>>,
}

type List = Mutex<Vec<Weak<dyn Holder>>>;

impl Listed {
    fn make(&self) -> Option<Arc<Held<List>>> {
        let mut list = lock(self.scope.data());
        if self.scope.is_revoked() {
            return None;
        }
        let held = Arc::new(Held(Cell::new(
            self.scope.clone(),
            Target::new(&self.tally),
        )));
        list.push(weak(&held));
        Some(held)
    }

    fn revoke(&self) {
        let cut = self.scope.cut(REASON).expect("cut once");
        sever(vec![cut], |scope| std::mem::take(&mut lock(scope.data())));
    }
}

fn new_cell_and_revoke() {
    let listed = Shared::new(Listed {
        scope: Arc::new(Scope::new(Options::default(), Mutex::new(Vec::new()))),
        tally: Arc::default(),
        made: Mutex::new(None),
    });
    let maker = spawn_registered(&listed, |listed| {
        let Some(held) = listed.make() else { return };
        let _ = held.call(|_| {});
        // Kept until the end: dropping a cell frees its target, too.
        *lock(&listed.made) = Some(held);
    });
    listed.revoke();
    assert!(listed.scope.wait(None).is_ok());
    maker.join().unwrap();
    if lock(&listed.made).is_some() {
        listed.tally.assert_dropped();
    } else {
        listed.tally.assert_alive();
    }
}

/// A holder whose strong count several threads may bring to zero.
struct Mortal {
    held: Held,
    order: Order,
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.order.none_left();
    }
}

impl Holder for Mortal {
    fn cell(&self) -> &dyn Reclaim {
        &self.held.0
    }

    fn method_name(&self, _: u32) -> (&'static str, Option<&'static str>) {
        ("Target", None)
    }
}

/// The only strong reference to a holder is dropped, after a call, while a pass may hold another.
fn holder_dropped_and_revoke() {
    let scope = Arc::new(Scope::new(Options::default(), ()));
    let (tally, order) = (Arc::new(Tally::default()), Order::new());
    let held = Held(Cell::new(scope.clone(), Target::counted(&tally, &order)));
    let mortal = Shared::new(Mortal { held, order });
    let holder = weak(mortal.arc());
    let owner = spawn_registered(&mortal, |mortal| {
        let _ = mortal.held.call(|_| {});
        mortal.order.one_less();
    });
    // The thread has the last one but for the pass.
    drop(mortal);
    sever(vec![scope.cut(REASON).expect("cut once")], |_| {
        vec![holder.clone()]
    });
    assert!(scope.wait(None).is_ok());
    owner.join().unwrap();
    tally.assert_dropped();
}

/// A holder that shows an idle cell of the scope first, and then one that is in use, of that scope or of a live one.
struct Liar {
    shown: Held,
    meant: Held,
    asked: AtomicUsize,
}

impl Holder for Liar {
    fn cell(&self) -> &dyn Reclaim {
        // Relaxed would do: one thread asks.
        let held = if self.asked.fetch_add(1, AcqRel) == 0 {
            &self.shown
        } else {
            &self.meant
        };
        &held.0
    }

    fn method_name(&self, _: u32) -> (&'static str, Option<&'static str>) {
        ("Target", None)
    }
}

fn lying_holder(same_scope: bool) {
    let scopes = [(); 2].map(|()| Arc::new(Scope::new(Options::default(), ())));
    let tallies = [(); 2].map(|()| Arc::new(Tally::default()));
    let [shown, meant] = [0, 1].map(|index| {
        Held(Cell::new(
            scopes[if same_scope { 0 } else { index }].clone(),
            Target::new(&tallies[index]),
        ))
    });
    let liar = Shared::new(Liar {
        shown,
        meant,
        asked: AtomicUsize::new(0),
    });
    let caller = spawn_registered(&liar, move |liar| {
        let result = liar.meant.call(|_| {});
        assert!(result.is_ok() || same_scope);
    });
    let holder = weak(liar.arc());
    sever(vec![scopes[0].cut(REASON).expect("cut once")], |_| {
        vec![holder.clone()]
    });
    assert!(scopes[0].wait(None).is_ok());
    caller.join().unwrap();
    tallies[1].assert_alive();
}

/// A strong reference taken out of the cell outlives the revocation; its last owner drops the target.
fn pin_and_revoke() {
    let scope = Arc::new(Scope::new(Options::default(), ()));
    let (tally, order) = (Arc::new(Tally::default()), Order::new());
    let held = Shared::new(Held(Cell::new(
        scope.clone(),
        Target::counted(&tally, &order),
    )));
    let holder = weak(held.arc());
    let pinner = spawn_registered(&held, move |held| match held.0.pin() {
        Ok(target) => {
            target.visit();
            order.one_less();
        }
        Err(refusal) => assert_eq!(refusal, Refusal::Revoked),
    });
    sever(vec![scope.cut(REASON).expect("cut once")], |_| {
        vec![holder.clone()]
    });
    assert!(scope.wait(None).is_ok());
    pinner.join().unwrap();
    tally.assert_dropped();
}

#[test]
fn new_cell_is_either_refused_or_severed() {
    holds("new_cell_and_revoke", new_cell_and_revoke);
}

#[test]
fn target_is_dropped_once_when_its_holder_dies_during_a_pass() {
    holds("holder_dropped_and_revoke", holder_dropped_and_revoke);
}

#[test]
fn lying_holder_has_no_other_cell_released() {
    holds("lying_holder", || lying_holder(false));
    holds("lying_holder_of_one_scope", || lying_holder(true));
}

#[test]
fn pinned_target_outlives_the_cut_and_is_dropped_once() {
    holds("pin_and_revoke", pin_and_revoke);
}

/// Edit: `Cell::claim` and `Cell::release` ignore what their exchange of the claim says.
#[test]
fn release_must_have_claimed() {
    breaks(&[Fault::NoClaim], "lying_holder_of_one_scope", || {
        lying_holder(true);
    });
}
