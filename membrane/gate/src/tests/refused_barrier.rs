//! A process whose `membarrier` is taken away after scopes have come to rely on it.

use super::fixture::{Held, held, scope};
use crate::barrier;
use crate::{Refusal, WaitFailure};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// The number of the system call here.
const MEMBARRIER: i64 = if cfg!(target_arch = "x86_64") {
    324
} else {
    // Of aarch64 and riscv64.
    283
};

/// Refuses `membarrier` to this thread, as a filter does that is installed late.
fn refuse_barriers() {
    let filter = SeccompFilter::new(
        BTreeMap::from([(MEMBARRIER, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(1),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    apply_filter(&BpfProgram::try_from(filter.unwrap()).unwrap()).unwrap();
}

/// Revokes on a thread that gets no barrier. Whether scopes rely on it here.
fn revoke_without_barrier(held: &Arc<Held>) -> bool {
    let relied_on = barrier::asymmetric();
    let held = held.clone();
    let thread = thread::spawn(move || {
        refuse_barriers();
        assert_eq!(barrier::heavy(), !relied_on);
        held.revoke();
    });
    thread.join().unwrap();
    relied_on
}

/// Edit that makes it fail (the target is dropped): `Scope::reap` does not ask whether the barrier has run.
#[test]
fn target_that_is_idle_stays_with_its_cell() {
    let held = held(&scope());
    assert_eq!(held.call(|_| 7), Ok(7));
    if !revoke_without_barrier(&held) {
        return;
    }
    assert_eq!(held.drops(), 0);
    assert_eq!(held.call(|_| ()), Err(Refusal::Revoked));
    assert_eq!(held.drops(), 0, "nor by a call that is turned away");
    assert!(held.scope().is_revoked() && !held.scope().is_drained());
    let soon = Instant::now() + Duration::from_millis(5);
    assert!(matches!(
        held.scope().wait(Some(soon)),
        Err(WaitFailure::TimedOut(_))
    ));
    let drops = held.drops.clone();
    drop(held);
    assert_eq!(drops.load(crate::sync::SeqCst), 1);
}

/// Edit that makes it fail: as above.
#[test]
fn target_in_use_stays_with_its_cell_when_the_call_has_left() {
    let held = held(&scope());
    let ((entered, is_inside), (leave, told)) = (channel(), channel::<()>());
    let inside = held.clone();
    let caller = thread::spawn(move || {
        let result = inside.call(|_| {
            entered.send(()).unwrap();
            told.recv().unwrap();
        });
        (result, inside.drops())
    });
    is_inside.recv().unwrap();
    let relied_on = revoke_without_barrier(&held);
    assert_eq!(held.drops(), 0, "in use");
    leave.send(()).unwrap();
    let (result, drops) = caller.join().unwrap();
    assert_eq!(result, Err(Refusal::Revoked));
    assert_eq!(drops, usize::from(!relied_on));
}
