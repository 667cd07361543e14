//! An audit hook hears of everything, costs its owner nothing but time, and may do what it likes.

use super::seen;
use membrane::AuditEvent::{
    Call, Freed, Granted, ProxyDropped, Resumed, Revoked, Suspended, Wrapped,
};
use membrane::Direction::{Inbound, Outbound};
use membrane::{
    AuditEvent, AuditRecord, Condition, Conditions, Decision, Error, ErrorKind, GrantId, GrantKind,
    Homecoming, Membrane, OnPanic, Outcome, Reason, rule,
};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread::scope;
use std::time::Duration;
use tests::{
    Door, Scripted, Worker, assert_kind, assert_revoked, plain_worker, sized, soon, start,
    worker_policy, working,
};

/// What a hook was told.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(GrantId, u64, AuditEvent)>>>);

impl Log {
    fn of(membrane: &Membrane) -> Self {
        let log = Self::default();
        log.listen(membrane);
        log
    }

    fn listen(&self, membrane: &Membrane) {
        let told = self.0.clone();
        membrane.audit(move |record: &AuditRecord<'_>| {
            told.lock()
                .unwrap()
                .push((record.grant, record.epoch, record.event));
        });
    }

    fn take(&self) -> Vec<(GrantId, u64, AuditEvent)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn events(&self) -> Vec<(GrantId, AuditEvent)> {
        let told = self.take().into_iter();
        told.map(|(grant, _, event)| (grant, event)).collect()
    }

    /// The decisions about calls, and how they ended.
    fn calls(&self) -> Vec<(&'static str, Outcome)> {
        let told = self.take().into_iter();
        told.filter_map(|(_, _, event)| match event {
            Call(decision) => Some((decision.method, decision.outcome)),
            _ => None,
        })
        .collect()
    }
}

fn refused(kind: ErrorKind) -> Outcome {
    Outcome::Refused(kind.into())
}

#[test]
fn life_of_grants_and_proxies_is_told() {
    let root = Membrane::new(worker_policy());
    let log = Log::of(&root);
    let grant = root.grant(&worker_policy()).unwrap();
    let inner = grant.attenuate(&worker_policy()).unwrap();
    let lent = grant.wrap(plain_worker()).unwrap();
    let again = grant.wrap(lent.clone()).unwrap();
    let taken = inner.wrap_inbound(plain_worker()).unwrap();
    drop((again, lent));
    grant.suspend("lunch", None);
    grant.suspend("long lunch", None);
    grant.resume();
    grant.resume();
    let (grant_id, inner_id) = (grant.id(), inner.id());
    grant.revoke("gone");
    grant.revoke("again");
    root.revoke("all");
    drop(taken);
    drop((inner, grant));
    let (interface, gone) = ("Worker", Reason::from("gone"));
    assert_eq!(
        log.events(),
        [
            (
                grant_id,
                Granted {
                    parent: root.id(),
                    kind: GrantKind::Grant
                }
            ),
            (
                inner_id,
                Granted {
                    parent: grant_id,
                    kind: GrantKind::Attenuate
                }
            ),
            (
                grant_id,
                Wrapped {
                    interface,
                    direction: Outbound
                }
            ),
            (
                inner_id,
                Wrapped {
                    interface,
                    direction: Inbound
                }
            ),
            (
                grant_id,
                ProxyDropped {
                    interface,
                    direction: Outbound
                }
            ),
            (
                grant_id,
                Suspended {
                    reason: Reason::from("lunch")
                }
            ),
            (
                grant_id,
                Suspended {
                    reason: Reason::from("long lunch")
                }
            ),
            (grant_id, Resumed),
            (grant_id, Revoked { reason: gone }),
            (inner_id, Revoked { reason: gone }),
            (
                root.id(),
                Revoked {
                    reason: Reason::from("all")
                }
            ),
            (
                inner_id,
                ProxyDropped {
                    interface,
                    direction: Inbound
                }
            ),
            (inner_id, Freed),
            (grant_id, Freed),
        ]
    );
}

/// Fails if `Node::drop` takes a line apart before it tells.
#[test]
fn every_grant_of_a_line_is_told_of_as_it_is_freed() {
    let root = Membrane::new(worker_policy());
    let log = Log::of(&root);
    let mut line = vec![root.clone()];
    for _ in 0..5 {
        let last = line.last().unwrap();
        line.push(last.attenuate(&worker_policy()).unwrap());
    }
    let ids: Vec<_> = line.iter().map(Membrane::id).collect();
    let last = line.pop().unwrap();
    drop((root, line));
    log.take();
    drop(last);
    let freed: Vec<_> = ids.into_iter().rev().map(|id| (id, Freed)).collect();
    assert_eq!(log.events(), freed);
}

#[test]
fn each_way_a_call_can_end_is_told() {
    let policy = working()
        .homecoming(Homecoming::Refuse)
        .depth_limit(2)
        .build()
        .unwrap();
    let root = Membrane::new(policy.clone());
    let log = Log::of(&root);
    let lent = root.wrap(plain_worker()).unwrap();
    assert_eq!(lent.run(), Ok(7));
    let fails = root
        .wrap(Scripted::new(|_| Err(ErrorKind::Failed.into())).share())
        .unwrap();
    assert_kind(fails.run_with(plain_worker()), ErrorKind::Failed);
    assert_eq!(
        log.calls(),
        [("run", Outcome::Answered), ("run_with", Outcome::Answered)],
        "the target's own refusal is an answer"
    );

    assert_kind(lent.unlisted(plain_worker()), ErrorKind::Refused);
    assert_kind(lent.run_with(lent.clone()), ErrorKind::Rejected);
    let panics = root.wrap(Scripted::new(|_| panic_any(())).share()).unwrap();
    assert_kind(panics.run(), ErrorKind::Panicked);
    let again = |next: Arc<dyn Worker>| {
        root.wrap(Scripted::new(move |_| next.run()).share())
            .unwrap()
    };
    let nested = again(again(lent.clone()));
    assert_kind(nested.run(), ErrorKind::TooDeep);
    assert_eq!(
        log.calls(),
        [
            ("unlisted", refused(ErrorKind::Refused)),
            ("run_with", refused(ErrorKind::Rejected)),
            ("run", Outcome::Panicked),
            ("run", refused(ErrorKind::TooDeep)),
            ("run", Outcome::Answered),
            ("run", Outcome::Answered),
        ]
    );

    root.suspend("lunch", None);
    let suspended = lent.run().unwrap_err();
    assert_eq!(suspended.kind(), ErrorKind::Suspended);
    root.resume();
    let handle = root.clone();
    let ends = Scripted::new(move |_| {
        handle.revoke("inside");
        Ok(1)
    });
    let ends = root.wrap(ends.share()).unwrap();
    let withheld = ends.run().unwrap_err();
    let revoked = lent.run().unwrap_err();
    assert_kind(lent.unlisted(plain_worker()), ErrorKind::Refused);
    assert_eq!(
        log.calls(),
        [
            ("run", Outcome::Refused(suspended)),
            ("run", Outcome::Withheld(withheld)),
            ("run", Outcome::Refused(revoked)),
            ("unlisted", refused(ErrorKind::Refused)),
        ]
    );
    assert_eq!(withheld.reason(), Some(Reason::from("inside")));
}

#[test]
fn refusal_by_a_rule_is_told_with_its_kind_and_method() {
    let policy = working()
        .inbound_rule(rule!(dyn Worker: run_with, |_helper| false))
        .build()
        .unwrap();
    let root = Membrane::new(policy);
    let log = Log::of(&root);
    let lent = root.wrap(plain_worker()).unwrap();
    assert_kind(lent.run_with(plain_worker()), ErrorKind::Rejected);
    assert_eq!(log.calls(), [("run_with", refused(ErrorKind::Rejected))]);
    assert_eq!(seen(&root).refused.rejected, 1);
}

#[test]
fn panic_that_is_passed_on_is_told() {
    let membrane = Membrane::new(working().on_panic(OnPanic::Propagate).build().unwrap());
    let log = Log::of(&membrane);
    let lent = membrane
        .wrap(Scripted::new(|_| panic_any(())).share())
        .unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| lent.run())).is_err());
    assert_eq!(log.calls(), [("run", Outcome::Panicked)]);
}

#[test]
fn conditions_that_are_not_met_are_told_and_counted() {
    let conditions = Conditions::builder().calls(1).bytes_out(0).build().unwrap();
    let root = Membrane::new(worker_policy());
    let grant = root.grant_with(&worker_policy(), &conditions).unwrap();
    let log = Log::of(&root);
    let lent = grant.wrap(plain_worker()).unwrap();
    let withheld = lent.run().unwrap_err();
    assert_eq!(withheld.condition(), Some(Condition::BytesOut));
    let refused = lent.run().unwrap_err();
    assert_eq!(refused.condition(), Some(Condition::Calls));
    assert_eq!(
        log.calls(),
        [
            ("run", Outcome::Withheld(withheld)),
            ("run", Outcome::Refused(refused)),
        ]
    );
    let shown = seen(&grant);
    assert_eq!((shown.refused.condition, shown.refused.total()), (2, 2));
    assert_eq!(shown.conditions.calls_left, Some(0));
    assert_eq!(shown.conditions.bytes_in_left, None);
    assert!(grant.snapshot().to_mermaid().contains("0 calls left"));
    assert_eq!(seen(&root).refused.total(), 0);
}

#[test]
fn decision_says_who_what_how_long_and_when() {
    let root = Membrane::new(worker_policy());
    let grant = root.grant(&worker_policy()).unwrap().labelled("Bob");
    let labels = Arc::new(Mutex::new(vec![]));
    let log = Log::default();
    grant.audit({
        let (labels, told) = (labels.clone(), log.0.clone());
        move |record: &AuditRecord<'_>| {
            labels.lock().unwrap().push(record.label.map(String::from));
            told.lock()
                .unwrap()
                .push((record.grant, record.epoch, record.event));
        }
    });
    let slow = Scripted::new(|_| {
        std::thread::sleep(Duration::from_millis(20));
        Ok(1)
    });
    let lent = grant.wrap(slow.share()).unwrap();
    let inward = grant.wrap_inbound(plain_worker()).unwrap();
    lent.run().unwrap();
    root.suspend("lunch", None);
    inward.run().unwrap_err();
    root.resume();
    grant.suspend("own", None);
    inward.run().unwrap_err();
    grant.resume();
    inward.run().unwrap();
    let told: Vec<_> = log
        .take()
        .into_iter()
        .filter_map(|(id, epoch, event)| match event {
            Call(decision) => Some((id, epoch, decision)),
            _ => None,
        })
        .collect();
    let epochs: Vec<_> = told.iter().map(|(_, epoch, _)| *epoch).collect();
    assert_eq!(epochs, [0, 1, 3, 4]);
    assert_eq!(seen(&grant).epoch, 4);
    assert_eq!(root.snapshot().grants[1].epoch, 4);
    assert_eq!(seen(&root).epoch, 2);
    assert!(told.iter().all(|(id, _, _)| *id == grant.id()));
    let Decision {
        interface,
        method,
        calls,
        took,
        ..
    } = told[0].2;
    assert_eq!((interface, method, calls), ("Worker", "run", Inbound));
    assert!(took >= Duration::from_millis(20), "{took:?}");
    assert_eq!(told[3].2.calls, Outbound);
    let labels = labels.lock().unwrap();
    assert!(
        labels.iter().all(|label| label.as_deref() == Some("Bob")),
        "{labels:?}"
    );
}

/// Fails if a hook below replaces one above, or hides what happens from it.
#[test]
fn hooks_further_up_hear_what_is_heard_below() {
    let root = Membrane::new(worker_policy());
    let bobs = root.attenuate(&worker_policy()).unwrap();
    let log = Log::of(&root);
    let lent = bobs.wrap(plain_worker()).unwrap();
    // Bob hides a call inside of his own hook.
    let hidden = Arc::new(AtomicUsize::new(0));
    bobs.audit({
        let (lent, hidden) = (lent.clone(), hidden.clone());
        move |_: &AuditRecord<'_>| {
            if hidden.fetch_add(1, SeqCst) == 0 {
                assert_eq!(lent.run(), Ok(7));
            }
        }
    });
    log.take();
    assert_kind(lent.unlisted(plain_worker()), ErrorKind::Refused);
    assert_eq!(hidden.load(SeqCst), 1, "not told of what it did itself");
    assert_eq!(
        log.calls(),
        [
            ("run", Outcome::Answered),
            ("unlisted", refused(ErrorKind::Refused))
        ]
    );
    bobs.end_audit();
    assert_eq!(lent.run(), Ok(7));
    assert_eq!(log.calls(), [("run", Outcome::Answered)]);
    root.end_audit();
    assert_eq!(lent.run(), Ok(7));
    assert_eq!((log.calls(), hidden.load(SeqCst)), (vec![], 1));
}

/// Fails if a hook can nest hooks without end (the stack overflows), or hide a call in so many of them from the one furthest up.
#[test]
fn very_many_hooks_inside_each_other_come_to_an_end() {
    for (many, in_line) in [(sized(3_000, 40), false), (sized(14, 10), true)] {
        soon(move || {
            let root = Membrane::new(worker_policy());
            let log = Log::of(&root);
            let mut lent: Option<Arc<dyn Worker>> = None;
            let mut grants = vec![root.clone()];
            for _ in 0..many {
                let above = if in_line {
                    grants.last().unwrap()
                } else {
                    &root
                };
                let grant = above.attenuate(&worker_policy()).unwrap();
                let inside = lent.replace(grant.wrap(plain_worker()).unwrap());
                grant.audit(move |record: &AuditRecord<'_>| {
                    if let (Some(next), Call(_)) = (&inside, record.event) {
                        // Refused, so that no bound on calls inside calls ends it.
                        assert!(next.unlisted(next.clone()).is_err());
                    }
                });
                grants.push(grant);
            }
            log.take();
            assert!(lent.as_ref().unwrap().unlisted(plain_worker()).is_err());
            let refused: u64 = root
                .snapshot()
                .grants
                .iter()
                .map(|grant| grant.refused.total())
                .sum();
            assert!(refused > 8, "{refused}");
            assert_eq!(log.calls().len() as u64, refused);
        });
    }
}

#[test]
fn hook_may_call_revoke_replace_itself_and_panic() {
    soon(|| {
        let root = Membrane::new(worker_policy());
        let lent = root.wrap(plain_worker()).unwrap();
        let told = Arc::new(AtomicUsize::new(0));
        root.audit({
            let (root, lent, told) = (root.clone(), lent.clone(), told.clone());
            move |record: &AuditRecord<'_>| {
                told.fetch_add(1, SeqCst);
                assert_eq!(record.grant, root.id());
                assert_eq!(lent.run(), Ok(7));
                assert!(root.snapshot().to_dot().contains("live"));
                let grant = root.grant(&worker_policy()).unwrap();
                assert!(grant.wrap(plain_worker()).unwrap().run().is_ok());
                grant
                    .revoke_and_wait("inside", Duration::from_secs(5))
                    .unwrap();
                panic!("angry");
            }
        });
        assert_eq!((lent.run(), told.load(SeqCst)), (Ok(7), 1));

        // What is told last is told to the hook that was replaced meanwhile, or to the new one.
        let log = Log::default();
        root.audit({
            let (root, log) = (root.clone(), log.clone());
            move |_: &AuditRecord<'_>| log.listen(&root)
        });
        assert_eq!(lent.run(), Ok(7));
        assert_eq!(lent.run(), Ok(7));
        assert_eq!(log.calls(), [("run", Outcome::Answered)]);

        root.audit({
            let root = root.clone();
            move |record: &AuditRecord<'_>| {
                if matches!(record.event, Call(_)) {
                    let waited = root.revoke_and_wait("by the hook", Duration::from_secs(5));
                    assert!(waited.is_ok());
                }
            }
        });
        // The decision was made, and the answer is the caller's.
        assert_eq!(lent.run(), Ok(7));
        assert_revoked(lent.run(), "by the hook");
        // The hook holds the membrane, which holds the hook.
        root.end_audit();
    });
}

/// Fails if a call waits for a hook under a lock that another call takes.
#[test]
fn hook_that_blocks_holds_up_its_own_call_alone() {
    let root = Membrane::new(worker_policy());
    let (door, first) = (Door::shut(), AtomicUsize::new(0));
    let (lent, other) = (
        root.wrap(plain_worker()).unwrap(),
        root.grant(&worker_policy()).unwrap(),
    );
    root.audit({
        let door = door.clone();
        move |record: &AuditRecord<'_>| {
            if matches!(record.event, Call(_)) && first.fetch_add(1, SeqCst) == 0 {
                door.pass();
            }
        }
    });
    let call = start({
        let lent = lent.clone();
        move || lent.run()
    });
    door.await_arrivals(1);
    soon({
        let root = root.clone();
        move || {
            assert_eq!(lent.run(), Ok(7));
            assert_eq!(other.wrap(plain_worker()).unwrap().run(), Ok(7));
            assert_eq!(root.snapshot().grants.len(), 2);
            root.end_audit();
            // The call is over for the membrane, though its caller is still held up.
            root.revoke_and_wait("over", Duration::from_secs(5))
                .unwrap();
        }
    });
    door.open();
    assert_eq!(call.finish(), Ok(7));
}

/// Fails if a grant that is born while a hook is set goes unflagged, or a flag outlives its hook.
#[test]
fn grants_born_while_a_hook_comes_and_goes_are_told_of() {
    let rounds = sized(300, 5);
    let root = Membrane::new(worker_policy());
    for _ in 0..rounds {
        let log = Log::default();
        let grants = Mutex::new(vec![]);
        scope(|threads| {
            threads.spawn(|| log.listen(&root));
            for _ in 0..2 {
                threads.spawn(|| {
                    let grant = root.grant(&worker_policy()).unwrap();
                    let inner = grant.attenuate(&worker_policy()).unwrap();
                    grants.lock().unwrap().extend([grant, inner]);
                });
            }
        });
        log.take();
        let grants = grants.into_inner().unwrap();
        for grant in &grants {
            let lent = grant.wrap(plain_worker()).unwrap();
            assert_eq!(lent.run(), Ok(7));
            assert_eq!(log.calls(), [("run", Outcome::Answered)]);
        }
        scope(|threads| {
            threads.spawn(|| root.end_audit());
            threads.spawn(|| {
                drop(
                    root.grant(&worker_policy())
                        .unwrap()
                        .grant(&worker_policy()),
                );
            });
        });
        log.take();
        for grant in &grants {
            assert_eq!(grant.wrap(plain_worker()).unwrap().run(), Ok(7));
        }
        assert_eq!(log.take(), []);
    }
}

#[test]
fn every_call_of_every_thread_is_told_and_counted_once() {
    const THREADS: usize = 4;
    let calls = sized(3_000, 20);
    let root = Membrane::new(worker_policy());
    let grant = root.grant(&worker_policy()).unwrap();
    let told = Arc::new([(); 3].map(|()| AtomicUsize::new(0)));
    root.audit({
        let told = told.clone();
        move |record: &AuditRecord<'_>| {
            let Call(decision) = record.event else { return };
            let index = match decision.outcome {
                Outcome::Answered => 0,
                Outcome::Refused(_) => 1,
                _ => 2,
            };
            told[index].fetch_add(1, SeqCst);
        }
    });
    root.count_calls(true);
    let lent = grant.wrap(plain_worker()).unwrap();
    scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                for _ in 0..calls {
                    assert_eq!(lent.run(), Ok(7));
                    assert_kind(lent.unlisted(lent.clone()), ErrorKind::Refused);
                }
            });
        }
    });
    let told = [0, 1, 2].map(|index: usize| told[index].load(SeqCst));
    assert_eq!(told, [THREADS * calls, THREADS * calls, 0]);
    let shown = seen(&grant);
    assert_eq!(shown.calls, Some((THREADS * calls) as u64));
    assert_eq!(shown.refused.not_allowed, (THREADS * calls) as u64);
}

#[test]
fn calls_are_counted_where_and_while_it_is_asked_for() {
    let root = Membrane::new(worker_policy());
    let grant = root.grant(&worker_policy()).unwrap();
    let sibling = root.grant(&worker_policy()).unwrap();
    let (lent, other) = (
        grant.wrap(plain_worker()).unwrap(),
        sibling.wrap(plain_worker()).unwrap(),
    );
    assert_eq!((lent.run(), seen(&grant).calls), (Ok(7), None));
    grant.count_calls(true);
    let below = grant.attenuate(&worker_policy()).unwrap();
    let lent_on = below.wrap(plain_worker()).unwrap();
    for _ in 0..3 {
        lent.run().unwrap();
        lent_on.run().unwrap();
        other.run().unwrap();
        assert!(lent.unlisted(plain_worker()).is_err());
    }
    assert_eq!(
        (seen(&grant).calls, seen(&below).calls, seen(&sibling).calls),
        (Some(3), Some(3), None)
    );
    assert!(grant.snapshot().to_dot().contains("calls 3"));
    // Asked for further up as well: it goes on here when it is no longer asked for here.
    root.count_calls(true);
    grant.count_calls(false);
    lent.run().unwrap();
    assert_eq!(seen(&grant).calls, Some(4));
    root.count_calls(false);
    lent.run().unwrap();
    assert_eq!(seen(&grant).calls, None);
    root.count_calls(true);
    assert_eq!(seen(&grant).calls, Some(4));
    let error: Error = lent.unlisted(plain_worker()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}
