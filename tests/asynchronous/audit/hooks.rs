//! Which hooks hear of a call, and what they may do then.

use super::{ANSWERED, Log, oracle, oracles};
use crate::executors::{Bell, block_on, poll_idly};
use crate::library::{House, Library, policy};
use membrane::AuditEvent::{Admitted, Call};
use membrane::{AuditRecord, Conditions, ErrorKind, Membrane, Outcome};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tests::{Census, assert_kind, sized, soon};

/// Fails if what a hook that has gone was to be told is told to one that came later.
#[test]
fn call_is_told_to_the_hooks_that_heard_it_let_in() {
    let membrane = Membrane::new(oracles().build().unwrap());
    let lent = membrane.wrap(oracle(|| Ok(1))).unwrap();
    // It began before anybody listened.
    let mut waiting = lent.ask();
    assert!(poll_idly(&mut waiting).is_pending());
    let log = Log::of(&membrane);
    assert_eq!(poll_idly(&mut waiting), Poll::Ready(Ok(1)));
    drop(waiting);
    let mut waiting = lent.ask();
    assert!(poll_idly(&mut waiting).is_pending());
    assert_eq!(log.take(), [("ask", None)]);
    membrane.end_audit();
    assert_eq!(poll_idly(&mut waiting), Poll::Ready(Ok(1)));
    let log = Log::of(&membrane);
    drop(waiting);
    assert_eq!(log.take(), []);

    // Polled on while nobody listened.
    let membrane = Membrane::new(policy());
    let house: Arc<dyn Library> = House::new(&Census::default());
    let lent = membrane.wrap(house).unwrap();
    let log = Log::of(&membrane);
    let mut waiting = lent.wait(1);
    assert!(poll_idly(&mut waiting).is_pending());
    assert_eq!(log.take(), [("wait", None)]);
    membrane.end_audit();
    assert!(poll_idly(&mut waiting).is_pending());
    let log = Log::of(&membrane);
    drop(waiting);
    assert_eq!(log.take(), []);
}

/// Fails by deadlock if a hook runs under a lock that what it does takes, and if the place of a call that is over is still taken.
#[test]
fn hook_may_do_as_it_likes_when_a_waiting_call_is_told_of() {
    soon(|| {
        let one = Conditions::builder().concurrency(1).build().unwrap();
        let membrane = Membrane::with_conditions(oracles().build().unwrap(), &one).unwrap();
        let lent = membrane.wrap(oracle(|| Ok(1))).unwrap();
        let told = Arc::new(Mutex::new(vec![]));
        membrane.audit({
            let (membrane, lent, told) = (membrane.clone(), lent.clone(), told.clone());
            move |record: &AuditRecord<'_>| {
                match record.event {
                    Call(decision) => told.lock().unwrap().push(Some(decision.outcome)),
                    Admitted { .. } => {
                        told.lock().unwrap().push(None);
                        assert_kind(block_on(lent.ask()), ErrorKind::Exhausted);
                        return;
                    }
                    _ => return,
                }
                let mut inside = lent.ask();
                assert!(poll_idly(&mut inside).is_pending());
                assert_eq!(poll_idly(&mut inside), Poll::Ready(Ok(1)));
                assert!(membrane.snapshot().to_dot().contains("live"));
                panic!("angry");
            }
        });
        let mut waiting = lent.ask();
        assert!(poll_idly(&mut waiting).is_pending());
        assert_eq!(poll_idly(&mut waiting), Poll::Ready(Ok(1)));
        let mut waiting = lent.ask();
        assert!(poll_idly(&mut waiting).is_pending());
        drop(waiting);
        let told_of: Vec<_> = std::mem::take(&mut told.lock().unwrap());
        assert_eq!(told_of, [None, ANSWERED, None, Some(Outcome::GivenUp)]);

        // Revoked by the hook, as it hears that the call was let in.
        membrane.audit({
            let (membrane, told) = (membrane.clone(), told.clone());
            move |record: &AuditRecord<'_>| match record.event {
                Call(decision) => told.lock().unwrap().push(Some(decision.outcome)),
                Admitted { .. } => {
                    let waited = membrane.revoke_and_wait("at once", Duration::from_secs(5));
                    assert_eq!(waited, Ok(()));
                }
                _ => {}
            }
        });
        let mut waiting = lent.ask();
        assert!(poll_idly(&mut waiting).is_pending(), "that was before");
        let told_of = told.lock().unwrap().clone();
        let Poll::Ready(Err(error)) = poll_idly(&mut waiting) else {
            panic!("revoked");
        };
        assert_eq!(error.reason().unwrap().as_str(), "at once");
        assert_eq!(told_of, [Some(Outcome::Withheld(error))]);
        assert_eq!(*told.lock().unwrap(), told_of, "once");
        membrane.end_audit();
    });
}

/// Fails if an outcome is told twice, or by nobody, when a poll, a caller that gives up and a revocation come together.
#[test]
fn racing_ends_of_a_call_are_told_as_one() {
    let rounds = sized(2_000, 10);
    let root = Membrane::new(policy());
    let counts = Arc::new([(); 2].map(|()| AtomicUsize::new(0)));
    root.audit({
        let counts = counts.clone();
        move |record: &AuditRecord<'_>| match record.event {
            Admitted { .. } => drop(counts[0].fetch_add(1, SeqCst)),
            Call(decision) if !matches!(decision.outcome, Outcome::Refused(_)) => {
                counts[1].fetch_add(1, SeqCst);
            }
            _ => {}
        }
    });
    for round in 0..rounds {
        let house = House::new(&Census::default());
        let grant = root.grant(&policy()).unwrap();
        let lent = grant.wrap::<dyn Library>(house.clone()).unwrap();
        let mut waiting = lent.wait(1);
        if round % 2 == 0 {
            assert!(poll_idly(&mut waiting).is_pending());
        }
        let bell: &Bell = &house.bell;
        std::thread::scope(|threads| {
            threads.spawn(|| {
                if round % 3 == 0 {
                    bell.ring();
                }
                grant.revoke("race");
            });
            threads.spawn(|| {
                let polled = poll_idly(&mut waiting);
                let again = polled.is_pending().then(|| poll_idly(&mut waiting));
                if round % 5 == 0 && again.is_some_and(|poll| poll.is_pending()) {
                    drop(std::mem::replace(&mut waiting, lent.wait(2)));
                }
            });
        });
        drop(waiting);
        let [admitted, over] = [0, 1].map(|index: usize| counts[index].swap(0, SeqCst));
        // One that never waited may have been entered, too.
        assert!(admitted <= over && over <= 1, "{admitted} {over}");
    }
}
