//! Suspensions and resumptions: against calls, against each other, against children that are born meanwhile, and against a
//! revocation.

use super::model::{Object, Shared, Slot, Thing, breaks, holds, lend, membrane, policy, spawn};
use crate::error::ErrorKind;
use crate::fault::Fault;
use crate::membrane_handle::Membrane;
use object_membrane_gate::sync::{Acquire, AtomicUsize, Release};
use std::sync::Arc;

/// A membrane and a grant of it, each with a proxy, and whether a suspension has returned.
struct Line {
    root: Membrane,
    child: Membrane,
    proxy: Arc<dyn Object>,
    returned: AtomicUsize,
    born: Slot<Membrane>,
}

impl Line {
    fn new() -> Shared<Self> {
        let root = membrane();
        let child = root.grant(&policy()).expect("live");
        let proxy = lend(&child, Arc::new(Thing::default())).expect("live");
        Shared::new(Self {
            root,
            child,
            proxy,
            returned: AtomicUsize::new(0),
            born: Slot::default(),
        })
    }

    fn kind(&self) -> Option<ErrorKind> {
        self.proxy.touch().err().map(crate::Error::kind)
    }

    #[track_caller]
    fn assert_suspended(&self) {
        assert_eq!(
            self.kind(),
            Some(ErrorKind::Suspended),
            "a call started in a suspended membrane"
        );
    }

    /// Everything is resumed: calls go ahead, and go ahead unasked.
    #[track_caller]
    fn assert_free(&self) {
        for membrane in [&self.root, &self.child] {
            assert!(!membrane.is_suspended(), "a suspension stayed");
            assert!(!membrane.0.is_guarded(), "a guard stayed");
        }
        assert_eq!(self.kind(), None);
    }
}

/// One thread calls; another suspends, the membrane or the one that it derives from.
fn call_and_suspend(derived: bool) {
    let line = Line::new();
    let caller = spawn(&line, |line| {
        let late = line.returned.load(Acquire) == 1;
        match line.kind() {
            None => assert!(!late, "a call started after the suspension returned"),
            kind => assert_eq!(kind, Some(ErrorKind::Suspended)),
        }
    });
    let membrane = if derived { &line.root } else { &line.child };
    membrane.suspend("race", None);
    line.returned.store(1, Release);
    line.assert_suspended();
    caller.join().unwrap();
    membrane.resume();
    line.assert_free();
}

/// One thread derives a grant; another suspends what it derives from.
fn grant_and_suspend() {
    let line = Line::new();
    let granter = spawn(&line, |line| {
        line.born.put(line.child.grant(&policy()).expect("live"));
    });
    line.root.suspend("race", None);
    granter.join().unwrap();
    let born = Shared::new(line.born.take().expect("put above"));
    assert!(
        born.0.is_guarded(),
        "a child of a suspended membrane is not"
    );
    assert!(born.is_suspended());
    line.root.resume();
    assert!(!born.0.is_guarded(), "a guard stayed");
}

/// One thread derives a grant; another resumes what it derives from.
fn grant_and_resume() {
    let line = Line::new();
    line.root.suspend("before", None);
    let granter = spawn(&line, |line| {
        line.born.put(line.child.grant(&policy()).expect("live"));
    });
    line.root.resume();
    granter.join().unwrap();
    let born = Shared::new(line.born.take().expect("put above"));
    assert!(!born.0.is_guarded(), "a guard stayed");
    line.assert_free();
}

/// One thread resumes a grant that was suspended before; another suspends what it derives from.
fn resume_and_suspend_above() {
    let line = Line::new();
    line.child.suspend("before", None);
    let other = spawn(&line, |line| line.child.resume());
    line.root.suspend("race", None);
    line.assert_suspended();
    other.join().unwrap();
    line.assert_suspended();
    line.root.resume();
    line.assert_free();
}

/// The other way round: the suspension is the grant's, the resumption that of what it derives from.
fn suspend_and_resume_above() {
    let line = Line::new();
    line.root.suspend("before", None);
    let other = spawn(&line, |line| line.root.resume());
    line.child.suspend("race", None);
    line.assert_suspended();
    other.join().unwrap();
    line.assert_suspended();
    line.child.resume();
    line.assert_free();
}

/// Two threads, one suspends and one resumes the same: what is said is what is done.
fn suspend_and_resume() {
    let line = Line::new();
    let other = spawn(&line, |line| line.root.resume());
    line.root.suspend("race", None);
    other.join().unwrap();
    if line.child.is_suspended() {
        line.assert_suspended();
        line.root.resume();
    }
    line.assert_free();
}

/// Two threads suspend and resume, one a membrane and one its grant.
fn two_suspensions() {
    let line = Line::new();
    let other = spawn(&line, |line| {
        line.child.suspend("one", None);
        line.child.resume();
    });
    line.root.suspend("two", None);
    line.root.resume();
    other.join().unwrap();
    line.assert_free();
}

/// One thread suspends; another revokes.
fn suspend_and_revoke() {
    let line = Line::new();
    let other = spawn(&line, |line| line.root.suspend("race", None));
    line.root.revoke("race");
    assert_eq!(line.kind(), Some(ErrorKind::Revoked));
    other.join().unwrap();
    assert_eq!(line.kind(), Some(ErrorKind::Revoked));
    line.root.resume();
    assert_eq!(line.kind(), Some(ErrorKind::Revoked));
}

#[test]
fn no_call_starts_once_the_suspension_returned() {
    holds("call_and_suspend", || call_and_suspend(false));
    holds("call_and_suspend_above", || call_and_suspend(true));
}

#[test]
fn grant_made_while_suspending_is_suspended() {
    holds("grant_and_suspend", grant_and_suspend);
    holds("grant_and_resume", grant_and_resume);
}

#[test]
fn suspension_outlasts_a_resumption_elsewhere() {
    holds("resume_and_suspend_above", resume_and_suspend_above);
    holds("suspend_and_resume_above", suspend_and_resume_above);
}

#[test]
fn nothing_stays_once_all_are_resumed() {
    holds("suspend_and_resume", suspend_and_resume);
    holds("two_suspensions", two_suspensions);
}

#[test]
fn revocation_outlasts_a_suspension() {
    holds("suspend_and_revoke", suspend_and_revoke);
}

/// Edit: no look at the parent in `Node::child`. The child comes after the walk asked for children.
#[test]
fn look_under_the_lock_is_needed_to_be_born() {
    breaks(
        Fault::ChildUncovered,
        "grant_and_suspend",
        grant_and_suspend,
    );
}

/// Edit: `suspension::walk` looks at the parent before it has the lock. It uncovers what another walk has covered since.
#[test]
fn look_under_the_lock_is_needed_to_uncover() {
    breaks(
        Fault::CoverUnlocked,
        "resume_and_suspend_above",
        resume_and_suspend_above,
    );
}
