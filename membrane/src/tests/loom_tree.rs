//! The tree of membranes: what is derived, watched or revoked while another thread revokes.

use super::model::{
    Object, Shared, Slot, Tally, Thing, breaks, holds, lend, membrane, policy, spawn,
};
use crate::fault::Fault;
use crate::membrane_handle::Membrane;
use object_membrane_gate::sync::lock;
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Derived {
    child: Slot<Membrane>,
    proxy: Slot<Arc<dyn Object>>,
    tally: Arc<Tally>,
}

/// One thread derives a grant; another revokes what it derives from.
fn grant_and_revoke() {
    let root = Shared::new((membrane(), Derived::default()));
    let granter = spawn(&root, |root| {
        if root.0.is_revoked() {
            // A look under no lock must not be all there is.
            return;
        }
        if let Ok(child) = root.0.grant(&policy()) {
            root.1.child.put(child);
        }
    });
    root.0.revoke("race");
    assert!(root.0.is_revoked());
    granter.join().unwrap();
    if let Some(child) = root.1.child.take() {
        let child = Shared::new(child);
        assert!(child.is_revoked(), "a grant outlives what it derives from");
    }
}

/// The same, and an object is lent through the grant at once.
fn grant_and_wrap_and_revoke() {
    let root = Shared::new((membrane(), Derived::default()));
    let granter = spawn(&root, |root| {
        let object = Arc::new(Thing::counted(&root.1.tally));
        if root.0.is_revoked() {
            return;
        }
        let Ok(child) = root.0.grant(&policy()) else {
            return;
        };
        let child = Shared::new(child);
        if let Ok(proxy) = lend(&child, object) {
            root.1.proxy.put(proxy);
        }
    });
    root.0.revoke("race");
    granter.join().unwrap();
    root.1.tally.assert_dropped();
    if let Some(proxy) = root.1.proxy.take() {
        let proxy = Shared::new(proxy);
        assert!(proxy.touch().unwrap_err().is_revoked());
    }
}

/// A grant and a grant of that, each with a proxy of an object that nobody else holds.
struct Line {
    members: [Membrane; 3],
    tallies: [Arc<Tally>; 3],
    _proxies: [Arc<dyn Object>; 3],
}

impl Line {
    fn new() -> Shared<Self> {
        let root = membrane();
        let child = root.grant(&policy()).expect("live");
        let grandchild = child.attenuate(&policy()).expect("live");
        let members = [root, child, grandchild];
        let tallies: [Arc<Tally>; 3] = Default::default();
        let proxies = [0, 1, 2].map(|at| {
            let target = Arc::new(Thing::counted(&tallies[at]));
            lend(&members[at], target).expect("live")
        });
        Shared::new(Self {
            members,
            tallies,
            _proxies: proxies,
        })
    }

    /// Revokes one, and finds nothing live that derives from it.
    fn revoke(&self, at: usize) {
        self.members[at].revoke("race");
        for member in &self.members[at..] {
            assert!(
                member.is_revoked(),
                "live when a revoker of its ancestor returned"
            );
        }
    }
}

/// Two threads revoke, one the whole line, the other from `second` on.
fn two_revokers(second: usize) {
    let line = Line::new();
    let other = spawn(&line, move |line| line.revoke(second));
    line.revoke(0);
    other.join().unwrap();
    for tally in &line.tallies {
        tally.assert_dropped();
    }
}

/// The same without anything lent, for the tree alone.
fn two_revokers_of_bare_line(second: usize) {
    let root = membrane();
    let child = root.grant(&policy()).expect("live");
    let grandchild = child.grant(&policy()).expect("live");
    let line = Shared::new([root, child, grandchild]);
    let revoke = |line: &[Membrane; 3], at: usize| {
        line[at].revoke("race");
        assert!(
            line[at..].iter().all(Membrane::is_revoked),
            "live when a revoker of its ancestor returned"
        );
    };
    let other = spawn(&line, move |line| revoke(line, second));
    revoke(&line, 0);
    other.join().unwrap();
}

/// One thread drops the last handle of a grant; another revokes what it derives from.
fn last_handle_and_revoke() {
    let root = Shared::new((membrane(), Derived::default()));
    root.1.child.put(root.0.grant(&policy()).expect("live"));
    let dropper = spawn(&root, |root| {
        let child = root.1.child.take();
        // Where a revoker looks whether the child is there: loom does not see the count.
        drop(lock(&root.0.0.data().family));
        drop(child);
    });
    root.0.revoke("race");
    dropper.join().unwrap();
}

#[derive(Default)]
struct Told(Mutex<Vec<&'static str>>);

impl Told {
    fn watch(told: &Arc<Self>, membrane: &Membrane) {
        let told = told.clone();
        if let Some(reason) = membrane.reason() {
            // A look under no lock must not be all there is.
            told.0.lock().unwrap().push(reason.as_str());
            return;
        }
        membrane.on_revoke(move |reason| told.0.lock().unwrap().push(reason.as_str()));
    }

    #[track_caller]
    fn assert_once(&self) {
        assert_eq!(
            *self.0.lock().unwrap(),
            ["race"],
            "told once, with the reason"
        );
    }
}

/// One thread asks to be told; another revokes.
fn observe_and_revoke() {
    let watched = Shared::new((membrane(), Arc::new(Told::default())));
    let observer = spawn(&watched, |watched| Told::watch(&watched.1, &watched.0));
    watched.0.revoke("race");
    observer.join().unwrap();
    watched.1.assert_once();
}

/// Two threads revoke what a third asked to be told of: the parent, and itself.
fn observe_and_two_revokers() {
    let parent = membrane();
    let child = parent.grant(&policy()).expect("live");
    let watched = Shared::new((parent, child, Arc::new(Told::default())));
    let observer = spawn(&watched, |watched| Told::watch(&watched.2, &watched.1));
    let other = spawn(&watched, |watched| watched.0.revoke("race"));
    watched.1.revoke("race");
    other.join().unwrap();
    observer.join().unwrap();
    watched.2.assert_once();
}

#[test]
fn grant_made_while_revoking_is_revoked_or_refused() {
    holds("grant_and_revoke", grant_and_revoke);
}

#[test]
fn object_lent_through_a_grant_made_while_revoking_is_dropped() {
    holds("grant_and_wrap_and_revoke", grant_and_wrap_and_revoke);
}

#[test]
fn nothing_of_the_subtree_is_live_when_either_revoker_returns() {
    holds("two_revokers_of_line", || two_revokers(0));
    holds("revokers_of_line_and_child", || two_revokers(1));
}

#[test]
fn nothing_of_a_bare_subtree_is_live_when_either_revoker_returns() {
    holds("two_revokers_of_bare_line", || two_revokers_of_bare_line(0));
    holds("revokers_of_bare_line_and_child", || {
        two_revokers_of_bare_line(1)
    });
}

#[test]
fn grant_that_is_dropped_while_revoking_does_no_harm() {
    holds("last_handle_and_revoke", last_handle_and_revoke);
}

#[test]
fn observer_that_comes_while_revoking_is_told_once() {
    holds("observe_and_revoke", observe_and_revoke);
}

#[test]
fn observer_is_told_once_by_two_revokers() {
    holds("observe_and_two_revokers", observe_and_two_revokers);
}

/// Edit: no look at whether the parent is revoked in `Node::child`. The child comes after the revoker asked for children.
#[test]
fn look_under_the_lock_is_needed_to_derive() {
    breaks(Fault::ChildUnchecked, "grant_and_revoke", grant_and_revoke);
    breaks(
        Fault::ChildUnchecked,
        "grant_and_wrap_and_revoke",
        grant_and_wrap_and_revoke,
    );
}

/// Edit: no look at whether the scope is revoked in `Membrane::on_revoke`. The observer comes after those were told.
#[test]
fn look_under_the_lock_is_needed_to_observe() {
    breaks(
        Fault::ObserveUnchecked,
        "observe_and_revoke",
        observe_and_revoke,
    );
}

/// Edit: `revoke` takes a scope's children when it cuts it. The second revoker finds none, and returns while they live.
#[test]
fn children_must_be_known_until_the_subtree_is_cut() {
    breaks(Fault::EarlyOrphans, "two_revokers_of_bare_line", || {
        two_revokers_of_bare_line(0)
    });
    breaks(
        Fault::EarlyOrphans,
        "revokers_of_bare_line_and_child",
        || two_revokers_of_bare_line(1),
    );
}

/// Edit: `revoke` walks only the scopes that it cut itself. As above.
#[test]
fn scope_that_another_cut_must_be_walked() {
    breaks(Fault::TrustedCut, "two_revokers_of_bare_line", || {
        two_revokers_of_bare_line(0)
    });
}
