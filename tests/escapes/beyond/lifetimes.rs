//! What lives longer than it should, or acts when it goes.

use crate::cast::{Safe, Vault, listed};
use crate::lab::{breaks, contained};
use crate::side_doors::staging::{Boxed, poll};
use membrane::{
    Conditions, Direction, Error, Homecoming, Membrane, Policy, PolicyBuilder, allow, interface,
    lease, rule,
};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use tests::{Census, Token, keep_for_ever};

/// An object that is counted.
struct Counted(#[allow(dead_code, reason = "it counts while it lives")] Token);

impl Vault for Counted {
    fn name(&self) -> Result<String, Error> {
        Ok("counted".into())
    }

    fn open(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

#[interface]
trait Taking: Send + Sync {
    fn take(&self, one: Arc<dyn Vault>, more: Vec<Arc<dyn Vault>>) -> Result<(), Error>;
    fn unlisted(&self, one: Arc<dyn Vault>, more: Vec<Arc<dyn Vault>>) -> Result<(), Error>;
    async fn take_later(&self, one: Arc<dyn Vault>) -> Result<(), Error>;
}

/// Takes nothing.
struct Turning;

#[interface]
impl Taking for Turning {
    fn take(&self, _: Arc<dyn Vault>, _: Vec<Arc<dyn Vault>>) -> Result<(), Error> {
        Ok(())
    }

    fn unlisted(&self, _: Arc<dyn Vault>, _: Vec<Arc<dyn Vault>>) -> Result<(), Error> {
        Ok(())
    }

    async fn take_later(&self, _: Arc<dyn Vault>) -> Result<(), Error> {
        Ok(())
    }
}

fn taking() -> PolicyBuilder {
    listed().inbound(allow!(dyn Taking: take, take_later))
}

/// N11: the arguments of a call that fails before it gets anywhere stay where they are (cloudflare/capnweb#241), and with them
/// whatever their side has there.
#[test]
fn n11_arguments_of_a_call_that_fails() {
    contained(breaks![membrane::KeptArguments], |lab| {
        let census = Census::default();
        let counted = || -> Arc<dyn Vault> { Arc::new(Counted(census.token())) };
        let conditions = Conditions::builder().calls(1).build();
        let conditions = conditions.expect("a condition");
        let lent = |policy: PolicyBuilder, conditions: &Conditions| {
            let policy = policy.build().expect("one list each");
            let membrane = Membrane::with_conditions(policy, conditions);
            let membrane = membrane.expect("no more than nothing");
            let taking = membrane.wrap::<dyn Taking>(Arc::new(Turning));
            (taking.expect("live"), membrane)
        };
        let none = Conditions::default();
        let (open, open_membrane) = lent(taking(), &none);
        let (revoked, revoked_membrane) = lent(taking(), &none);
        revoked_membrane.revoke("over");
        let (spent, _spent_membrane) = lent(taking(), &conditions);
        assert!(spent.take(counted(), vec![]).is_ok());
        let disagreeing = taking().inbound_rule(rule!(dyn Taking: take, |_, more| more.is_empty()));
        let (ruled, _ruled_membrane) = lent(disagreeing, &none);
        let (refusing, refusing_membrane) = lent(taking().homecoming(Homecoming::Refuse), &none);
        let home = refusing_membrane.wrap::<dyn Vault>(Safe::new());
        let home = home.expect("live");
        lab.reached();
        for _ in 0..3 {
            assert!(open.unlisted(counted(), vec![counted()]).is_err());
            assert!(revoked.take(counted(), vec![counted()]).is_err());
            assert!(spent.take(counted(), vec![counted()]).is_err());
            assert!(ruled.take(counted(), vec![counted()]).is_err());
            let more = vec![counted(), home.clone(), counted()];
            assert!(refusing.take(counted(), more).is_err());
            drop(open.take_later(counted()));
            let mut late = revoked.take_later(counted());
            assert!(matches!(poll(&mut late), Poll::Ready(Err(_))));
        }
        let alive = census.alive();
        lab.escaped_if(alive > 0, format!("{alive} arguments of failed calls"));
        let live = open_membrane.live_proxies() + refusing_membrane.live_proxies();
        lab.escaped_if(live > 3, format!("{live} proxies"));
    });
}

/// Keeps every waker that it is polled with.
#[derive(Default)]
struct Hoarding(Mutex<Vec<Waker>>, AtomicUsize);

/// A future that is over at the poll that `Hoarding` says.
struct Polled(Arc<Hoarding>);

impl Future for Polled {
    type Output = Result<u64, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Hoarding(wakers, left) = &*self.0;
        let mut wakers = wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.push(context.waker().clone());
        if left.load(SeqCst) == 0 {
            return Poll::Ready(Ok(7));
        }
        left.fetch_sub(1, SeqCst);
        Poll::Pending
    }
}

#[interface]
trait Awaited: Send + Sync {
    async fn wait(&self) -> Result<u64, Error>;
    fn future(&self) -> Result<Boxed<u64>, Error>;
}

struct Host(Arc<Hoarding>);

#[interface]
impl Awaited for Host {
    async fn wait(&self) -> Result<u64, Error> {
        Polled(self.0.clone()).await
    }

    fn future(&self) -> Result<Boxed<u64>, Error> {
        Ok(Box::pin(Polled(self.0.clone())))
    }
}

/// A task, as its waker knows it.
#[derive(Default)]
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// N12: a waker that is kept when the call is over keeps the caller's whole task, and wakes it for ever (tokio-rs/tokio#6505,
/// n0-computer/n0-watcher#62).
#[test]
fn n12_waker_of_a_call_that_is_over() {
    contained(breaks![membrane::WakerThrough], |lab| {
        let awaited = allow!(dyn Awaited: wait, future);
        let policy = || Policy::builder().inbound(awaited).outbound(awaited).build();
        for direction in [Direction::Outbound, Direction::Inbound] {
            for (ending, polls) in [
                ("over", 1),
                ("over at once", 0),
                ("given up", 9),
                ("revoked", 9),
            ] {
                let membrane = Membrane::new(policy().expect("one list each"));
                let hoarding = Arc::new(Hoarding::default());
                let host: Arc<dyn Awaited> = Arc::new(Host(hoarding.clone()));
                let host = membrane.pass(host, direction).expect("live");
                let task = Arc::new(Task::default());
                let waker = Waker::from(task.clone());
                let mut context = Context::from_waker(&waker);
                hoarding.1.store(polls, SeqCst);
                let mut called: Pin<Box<dyn Future<Output = _> + Send>> = host.wait();
                let first = called.as_mut().poll(&mut context);
                if first.is_pending() {
                    let _ = called.as_mut().poll(&mut context);
                }
                hoarding.1.store(polls, SeqCst);
                let mut value = host.future().expect("listed");
                if value.as_mut().poll(&mut context).is_pending() {
                    let _ = value.as_mut().poll(&mut context);
                }
                if ending == "revoked" {
                    membrane.revoke("over");
                }
                drop((called, value));
                drop(waker);
                let woken = task.0.load(SeqCst);
                let wakers = hoarding.0.lock().expect("nobody panics").clone();
                assert!(!wakers.is_empty(), "it was polled");
                lab.reached();
                for waker in &wakers {
                    waker.wake_by_ref();
                }
                let again = task.0.load(SeqCst) > woken;
                lab.escaped_if(again, format!("{ending}: a wake-up afterwards"));
                let kept = Arc::strong_count(&task) > 1;
                lab.escaped_if(kept, format!("{ending}: the task"));
            }
        }
    });
}

/// N13: a weak reference outlives every right to what it leads to (RUSTSEC-2024-0378: borrowing from weak references in `PyO3`).
#[test]
fn n13_weak_reference_from_before() {
    contained(breaks![gate::NoCut, membrane::BareReferences], |lab| {
        let census = Census::default();
        let membrane = Membrane::new(listed().build().expect("one list each"));
        let counted: Arc<dyn Vault> = Arc::new(Counted(census.token()));
        let lent = membrane.wrap(counted.clone()).expect("live");
        let weak = Arc::downgrade(&lent);
        let closure: Arc<dyn Fn() -> Result<u64, Error> + Send + Sync> = Arc::new(|| Ok(7));
        let closure = membrane.pass(closure, Direction::Outbound).expect("live");
        let weak_closure = Arc::downgrade(&closure);
        lab.reached();
        // Whoever else has the object does not show.
        let seen = (Arc::strong_count(&lent), Arc::weak_count(&lent));
        let more = [counted.clone(), counted.clone()];
        let counts = (Arc::strong_count(&lent), Arc::weak_count(&lent));
        lab.escaped_if(counts != seen, "how many have the object");
        drop(more);
        // The proxy is gone, and its successor is another.
        drop(lent);
        let again = membrane.wrap(counted.clone()).expect("live");
        lab.escaped_if(weak.upgrade().is_some(), "a proxy that nobody had");
        let weak = Arc::downgrade(&again);
        drop(counted);
        membrane.revoke("over");
        lab.escaped_if(census.alive() > 0, "the object itself");
        // Somebody else still has it: it is as dead by this reference as by that.
        let vault = weak.upgrade().expect("somebody has it");
        lab.escaped_if(vault.name().is_ok(), "a call");
        let closure = weak_closure.upgrade().expect("somebody has it");
        lab.escaped_if(closure().is_ok(), "a call of a closure");
        drop((again, vault));
        lab.escaped_if(weak.upgrade().is_some(), "what everybody dropped");
    });
}

/// N14: what was to end with a guard does not, since the guard is forgotten (rust-lang/rust#24292): the holder forgets all that
/// it was lent, in whatever state, and unwinds.
#[test]
fn n14_guard_that_is_forgotten() {
    contained(breaks![gate::NoCut], |lab| {
        for unwinds in [false, true] {
            let owner = Membrane::new(listed().build().expect("one list each"));
            let safe = Safe::new();
            let kept: Arc<Mutex<Option<Arc<dyn Vault>>>> = Arc::default();
            let in_time = Arc::new(AtomicUsize::new(0));
            let (keep, counter) = (kept.clone(), in_time.clone());
            let holder = |grant: &Membrane| {
                let vault = grant.wrap::<dyn Vault>(safe.clone()).expect("live");
                let future: Boxed<u64> = Box::pin(std::future::pending());
                let mut future = grant.pass(future, Direction::Outbound).expect("live");
                assert!(poll(&mut future).is_pending());
                let items: Box<dyn Iterator<Item = Result<u64, Error>> + Send> =
                    Box::new((0..9).map(Ok));
                let mut items = grant.pass(items, Direction::Outbound).expect("live");
                assert_eq!(items.next(), Some(Ok(0)));
                let leased = lease(&vault);
                counter.fetch_add(usize::from(leased.name().is_ok()), SeqCst);
                *keep.lock().expect("nobody panics") = Some(vault.clone());
                keep_for_ever((future, items, grant.clone(), vault));
                assert!(!unwinds, "the holder panics");
                forget(leased);
            };
            let ended = catch_unwind(AssertUnwindSafe(|| {
                owner.with_grant(owner.policy(), holder).expect("no more");
            }));
            assert_eq!(ended.is_err(), unwinds);
            assert_eq!(in_time.load(SeqCst), 1);
            let vault = kept.lock().expect("nobody panics").take().expect("kept");
            lab.reached();
            lab.escaped_if(vault.name().is_ok(), "a call");
            lab.escaped_if(lease(&vault).name().is_ok(), "a call through a lease");
        }
    });
}

/// Uses what it holds when it is dropped.
struct Dying {
    holds: Mutex<Vec<Arc<dyn Vault>>>,
    used: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

impl Vault for Dying {
    fn name(&self) -> Result<String, Error> {
        Ok("dying".into())
    }

    fn open(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

impl Drop for Dying {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, SeqCst);
        let holds = self.holds.get_mut().unwrap_or_else(PoisonError::into_inner);
        let used = holds.iter().filter(|one| one.name().is_ok()).count();
        self.used.fetch_add(used, SeqCst);
    }
}

/// N15: code of the other side's that runs as its things are freed, after its time is over (vm2 GHSA-r4fx-v8hh-22mv: cleanup
/// callbacks): whatever it holds of the whole subtree is dead by then.
#[test]
fn n15_last_words_of_what_is_freed() {
    contained(breaks![membrane::ChildrenLeft], |lab| {
        let policy = listed().build().expect("one list each");
        let owner = Membrane::new(policy.clone());
        let grant = owner.grant(&policy).expect("no more");
        let narrower = owner.attenuate(&policy).expect("no more");
        let below = grant.attenuate(&policy).expect("no more");
        let safe: Arc<dyn Vault> = Safe::new();
        let lent = owner.wrap(safe.clone()).expect("live");
        let holds = vec![
            lent.clone(),
            grant.wrap(safe.clone()).expect("live"),
            narrower.wrap(lent).expect("live"),
            below.wrap(safe).expect("live"),
        ];
        assert!(holds.iter().all(|one| one.name().is_ok()));
        let (used, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let dying = Dying {
            holds: Mutex::new(holds),
            used: used.clone(),
            dropped: dropped.clone(),
        };
        let taken = owner.wrap_inbound::<dyn Vault>(Arc::new(dying));
        let taken = taken.expect("live");
        owner.revoke("over");
        assert_eq!(dropped.load(SeqCst), 1, "it is freed by the revocation");
        lab.reached();
        let used = used.load(SeqCst);
        lab.escaped_if(used > 0, format!("{used} calls after the end"));
        drop(taken);
    });
}
