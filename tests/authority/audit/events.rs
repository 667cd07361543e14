//! What is told.

use super::*;
use membrane::AuditEvent::{Freed, Granted, ProxyDropped, Resumed, Revoked, Suspended, Wrapped};
use membrane::Direction::{Inbound, Outbound};
use membrane::{
    Condition, Conditions, Crossing, Decision, Error, GrantKind, Homecoming, OnPanic, Passable,
    Policy, Reason, allow, interface, rule,
};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use tests::{Scripted, working};

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

/// Panics when it is converted.
struct Fuse;

impl Passable for Fuse {
    const BARE: bool = false;

    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        panic_any(())
    }
}

#[interface]
trait Fuses {
    fn put(&self, fuse: Fuse) -> Result<(), Error>;
    fn take(&self) -> Result<Fuse, Error>;
}

struct Board;

impl Fuses for Board {
    fn put(&self, _: Fuse) -> Result<(), Error> {
        Ok(())
    }

    fn take(&self) -> Result<Fuse, Error> {
        Ok(Fuse)
    }
}

/// Fails if a call that never came to its target is told as one that panicked there.
#[test]
fn panic_on_the_way_to_the_target_is_told_as_a_refusal_and_on_the_way_back_as_a_panic() {
    let policy = Policy::builder().inbound(allow!(dyn Fuses: put, take));
    let membrane = Membrane::new(policy.build().unwrap());
    let log = Log::of(&membrane);
    let lent = membrane.wrap::<dyn Fuses>(Arc::new(Board)).unwrap();
    assert_kind(lent.put(Fuse), ErrorKind::Panicked);
    assert_eq!(log.calls(), [("put", refused(ErrorKind::Panicked))]);
    assert_kind(lent.take().map(drop), ErrorKind::Panicked);
    assert_eq!(log.calls(), [("take", Outcome::Panicked)]);
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
