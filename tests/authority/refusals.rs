//! Refused calls are counted, by why.

use super::seen;
use membrane::{
    AuditRecord, Crossing, Error, ErrorKind, Homecoming, Membrane, OnPanic, Passable, Policy,
    Refusals, allow, interface,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread::{scope, spawn};
use tests::{
    Door, Scripted, Worker, assert_kind, assert_revoked, plain_worker, sized, start, worker_policy,
    working,
};

fn refused(membrane: &Membrane) -> Refusals {
    seen(membrane).refused
}

#[test]
fn nothing_is_counted_for_calls_that_go_through() {
    let membrane = Membrane::new(worker_policy());
    let lent = membrane.wrap(plain_worker()).unwrap();
    for _ in 0..10 {
        assert_eq!(lent.run(), Ok(7));
    }
    // Nor what the target itself refuses.
    let failing = membrane
        .wrap(Scripted::new(|_| Err(ErrorKind::Refused.into())).share())
        .unwrap();
    assert_kind(failing.run(), ErrorKind::Refused);
    assert_eq!(refused(&membrane), Refusals::default());
    assert_eq!(refused(&membrane).total(), 0);
}

#[test]
fn each_kind_is_counted_for_the_grant_whose_proxy_was_called() {
    let root = Membrane::new(worker_policy());
    let policy = working()
        .homecoming(Homecoming::Refuse)
        .depth_limit(3)
        .build()
        .unwrap();
    let grant = root.grant(&policy).unwrap();
    let sibling = root.grant(&policy).unwrap();
    let other = sibling.wrap(plain_worker()).unwrap();

    let lent = grant.wrap(plain_worker()).unwrap();
    for _ in 0..3 {
        assert_kind(lent.unlisted(plain_worker()), ErrorKind::Refused);
        assert_kind(other.unlisted(plain_worker()), ErrorKind::Refused);
    }
    assert_kind(lent.run_with(lent.clone()), ErrorKind::Rejected);
    for _ in 0..2 {
        let panics = grant.wrap(Scripted::new(|_| panic!("counted")).share());
        assert_kind(panics.unwrap().run(), ErrorKind::Panicked);
    }
    // Four calls inside each other where three may be.
    let deep = grant.clone();
    let again = move |next: Arc<dyn Worker>| {
        deep.wrap(Scripted::new(move |_| next.run()).share())
            .unwrap()
    };
    let nested = again(again(again(lent.clone())));
    assert_kind(nested.run(), ErrorKind::TooDeep);

    let so_far = refused(&grant);
    assert_eq!(
        (
            so_far.not_allowed,
            so_far.rejected,
            so_far.panicked,
            so_far.too_deep,
            so_far.revoked
        ),
        (3, 1, 2, 1, 0)
    );
    assert_eq!(so_far.total(), 7);
    grant.revoke("over");
    for _ in 0..4 {
        assert_kind(lent.run(), ErrorKind::Revoked);
    }
    // A method that is not listed is told first.
    assert_kind(lent.unlisted(plain_worker()), ErrorKind::Refused);
    let at_last = refused(&grant);
    assert_eq!((at_last.not_allowed, at_last.revoked), (4, 4));
    assert_eq!(refused(&sibling).total(), 3);
    assert_eq!(refused(&root).total(), 0);
}

#[test]
fn withheld_result_and_withheld_argument_are_each_one_refusal() {
    let membrane = Membrane::new(worker_policy());
    let door = Door::shut();
    let inside = door.clone();
    let lent = membrane
        .wrap(
            Scripted::new(move |_| {
                inside.pass();
                Ok(1)
            })
            .share(),
        )
        .unwrap();
    let call = start({
        let lent = lent.clone();
        move || lent.run()
    });
    door.await_arrivals(1);
    membrane.revoke("meanwhile");
    door.open();
    assert_kind(call.finish(), ErrorKind::Revoked);
    assert_eq!(refused(&membrane).revoked, 1);

    // Revoked while an argument is converted: it comes home, and its proxy was the last.
    let membrane = Membrane::new(worker_policy());
    let lent = membrane.wrap(plain_worker()).unwrap();
    let sibling = membrane.grant(&worker_policy()).unwrap();
    let argument = sibling.wrap(plain_worker()).unwrap();
    let revoker = membrane.clone();
    sibling.on_dropped(move || revoker.revoke("in the argument"));
    assert_revoked(lent.run_with(argument), "in the argument");
    assert_eq!(refused(&membrane).total(), 1);
}

/// Data whose conversion revokes a membrane, and fails if it holds an error.
#[derive(Clone)]
struct Fuse(Membrane, Option<ErrorKind>);

impl Passable for Fuse {
    const BARE: bool = false;

    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        self.0.revoke("by the fuse");
        match self.1 {
            Some(kind) => Err(kind.into()),
            None => Ok(self),
        }
    }
}

#[interface]
trait Fused {
    fn take(&self, fuse: Fuse, worker: Vec<Arc<dyn Worker>>) -> Result<u64, Error>;
    fn take_together(&self, both: (Fuse, Arc<dyn Worker>)) -> Result<u64, Error>;
    fn give(&self) -> Result<Fuse, Error>;
    fn give_together(&self) -> Result<(Fuse, Arc<dyn Worker>), Error>;
}

struct Short(Fuse);

impl Fused for Short {
    fn take(&self, _: Fuse, _: Vec<Arc<dyn Worker>>) -> Result<u64, Error> {
        Ok(1)
    }
    fn take_together(&self, _: (Fuse, Arc<dyn Worker>)) -> Result<u64, Error> {
        Ok(1)
    }
    fn give(&self) -> Result<Fuse, Error> {
        Ok(self.0.clone())
    }
    fn give_together(&self) -> Result<(Fuse, Arc<dyn Worker>), Error> {
        Ok((self.0.clone(), plain_worker()))
    }
}

/// Its caller is told of a revocation, and so is its owner.
///
/// Fails if `crossing::turned_away` does not leave a call of a revoked scope to the gate, which counts it as it is left.
#[test]
fn call_that_fails_to_cross_as_it_is_revoked_is_one_refusal() {
    type Call = fn(&dyn Fused, Fuse) -> Result<(), Error>;
    let calls: [Call; 4] = [
        |lent, fuse| lent.take(fuse, vec![plain_worker()]).map(drop),
        |lent, fuse| lent.take_together((fuse, plain_worker())).map(drop),
        |lent, _| lent.give().map(drop),
        |lent, _| lent.give_together().map(drop),
    ];
    for kind in [None, Some(ErrorKind::Rejected), Some(ErrorKind::TooDeep)] {
        for call in calls {
            let list = allow!(dyn Fused: take, take_together, give, give_together);
            let membrane = Membrane::new(Policy::builder().inbound(list).build().unwrap());
            let fuse = Fuse(membrane.clone(), kind);
            let lent = membrane.wrap::<dyn Fused>(Arc::new(Short(fuse.clone())));
            assert_revoked(call(&*lent.unwrap(), fuse), "by the fuse");
            let counted = refused(&membrane);
            assert_eq!((counted.revoked, counted.total()), (1, 1), "{kind:?}");
        }
    }
}

/// An argument that does not let itself be converted, for the reason that the test says.
struct Stuck(ErrorKind);

impl Passable for Stuck {
    const BARE: bool = false;

    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        Err(self.0.into())
    }
}

#[interface]
trait Post {
    fn send(&self, stuck: Stuck) -> Result<(), Error>;
}

struct Office;

impl Post for Office {
    fn send(&self, _: Stuck) -> Result<(), Error> {
        Ok(())
    }
}

/// Fails if what an argument came to is counted by where it stuck instead.
#[test]
fn argument_that_sticks_is_counted_as_what_the_caller_was_told() {
    for audited in [false, true] {
        let policy = Policy::builder().inbound(allow!(dyn Post: send));
        let membrane = Membrane::new(policy.build().unwrap());
        if audited {
            membrane.audit(|_: &AuditRecord<'_>| ());
        }
        let post = membrane.wrap::<dyn Post>(Arc::new(Office)).unwrap();
        let told = |kind| {
            let before = refused(&membrane);
            assert_kind(post.send(Stuck(kind)), kind);
            let after = refused(&membrane);
            [
                after.not_allowed - before.not_allowed,
                after.revoked - before.revoked,
                after.too_deep - before.too_deep,
                after.rejected - before.rejected,
                after.condition - before.condition,
                after.panicked - before.panicked,
            ]
        };
        assert_eq!(told(ErrorKind::Revoked), [0, 1, 0, 0, 0, 0]);
        assert_eq!(told(ErrorKind::TooDeep), [0, 0, 1, 0, 0, 0]);
        assert_eq!(told(ErrorKind::Rejected), [0, 0, 0, 1, 0, 0]);
        for kind in [
            ErrorKind::Suspended,
            ErrorKind::Expired,
            ErrorKind::Exhausted,
        ] {
            assert_eq!(told(kind), [0, 0, 0, 0, 1, 0], "{kind:?}");
        }
        assert_eq!(told(ErrorKind::Panicked), [0, 0, 0, 0, 0, 1]);
    }
}

#[test]
fn panic_that_is_passed_on_is_not_counted() {
    let policy = working().on_panic(OnPanic::Propagate).build().unwrap();
    let membrane = Membrane::new(policy);
    let lent = membrane
        .wrap(Scripted::new(|_| panic!("passed on")).share())
        .unwrap();
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| lent.run())).is_err());
    assert_eq!(refused(&membrane).total(), 0);
}

/// Fails if two threads write one counter, or a thread that ends takes its counts along.
#[test]
fn no_refusal_is_lost_between_threads() {
    const THREADS: usize = 8;
    let calls = sized(20_000, 100);
    let memberships: Vec<_> = (0..3).map(|_| Membrane::new(worker_policy())).collect();
    let lent: Vec<_> = memberships
        .iter()
        .map(|membrane| membrane.wrap(plain_worker()).unwrap())
        .collect();
    let told = AtomicU64::new(0);
    scope(|threads| {
        for thread in 0..THREADS {
            let (lent, memberships, told) = (&lent, &memberships, &told);
            threads.spawn(move || {
                for call in 0..calls {
                    let at = (thread + call / 7) % 3;
                    assert!(lent[at].unlisted(plain_worker()).is_err());
                    told.fetch_add(1, SeqCst);
                    if call % 1000 == 0 {
                        // Whatever was told before is counted.
                        let before = told.load(SeqCst);
                        let counted: u64 = memberships.iter().map(|m| refused(m).total()).sum();
                        assert!(counted >= before, "{counted} of {before}");
                    }
                }
            });
        }
    });
    let counted: u64 = memberships
        .iter()
        .map(|membrane| refused(membrane).not_allowed)
        .sum();
    assert_eq!(counted, (THREADS * calls) as u64);
}

/// Fails if a dead grant's counters come with its place.
#[test]
fn new_grant_starts_at_zero() {
    let root = Membrane::new(worker_policy());
    for _ in 0..200 {
        let grant = root.grant(&worker_policy()).unwrap();
        let lent = grant.wrap(plain_worker()).unwrap();
        assert_eq!(refused(&grant).total(), 0);
        assert!(lent.unlisted(plain_worker()).is_err());
        spawn({
            let lent = lent.clone();
            move || assert!(lent.unlisted(plain_worker()).is_err())
        })
        .join()
        .unwrap();
        assert_eq!(refused(&grant).total(), 2);
    }
    assert_eq!(refused(&Membrane::new(Policy::deny_all())).total(), 0);
}
