//! What is kept of the other side's doings, and what it can do to that.

use crate::cast::{Safe, Vault, listed};
use crate::lab::{breaks, contained};
use crate::side_doors::staging::{Chest, Coffer, joined, poll};
use membrane::{Conditions, Error, ErrorKind, Membrane, Policy, allow, interface};
use runtime::{DynamicInterface, Foreign, Handle, Limits, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;

struct Nothing;

impl Foreign for Nothing {
    fn call(&self, _: u32, _: &[Value]) -> Result<Value, runtime::CallError> {
        Ok(Value::Null)
    }
}

/// N7: an odd sequence of a guest's requests, each of which is harmless, strikes the host's bookkeeping (CVE-2025-53901,
/// RUSTSEC-2025-0046: `fd_renumber` of wasmtime onto a closed descriptor).
#[test]
fn n7_odd_sequence_of_requests() {
    contained(breaks![runtime::StrictNames], |lab| {
        let (runtime, guest, _membrane) = joined(Limits::default());
        runtime.know::<dyn Chest>();
        let hash = <dyn Chest>::interface().hash();
        let own = runtime.host().own::<dyn Chest>(Arc::new(Coffer::default()));
        let lent = runtime.host().send(&own, &guest).expect("live");
        let first = guest.insert(&lent).expect("room");
        let odd = |what: &str, request: &dyn Fn()| {
            let struck = catch_unwind(AssertUnwindSafe(request)).is_err();
            lab.escaped_if(struck, format!("the host, by {what}"));
        };
        let sequence = || {
            odd("a name released twice", &|| {
                for _ in 0..3 {
                    guest.release(first);
                }
                assert!(guest.get(first).is_none());
            });
            odd("names that never were", &|| {
                for bits in [0, 1, u128::MAX, u128::from(u64::MAX), 1 << 127, 1 << 64] {
                    let name = Handle::from_bits(bits);
                    assert!(!guest.release(name) && guest.get(name).is_none());
                }
            });
            odd("an old name after a new one", &|| {
                if let Ok(second) = guest.insert(&lent) {
                    assert!(!guest.release(first) && guest.get(second).is_some());
                    assert!(guest.release(second) && !guest.release(second));
                }
            });
            odd("another domain's object", &|| {
                assert!(guest.insert(&own).is_err());
                assert!(guest.import_key(&own).is_none());
                assert!(guest.describe(&own).is_err());
            });
            odd("imports forgotten before, during and after", &|| {
                guest.forget_import(9);
                if let Ok(object) = guest.import(9, hash, || Arc::new(Nothing)) {
                    guest.forget_import(9);
                    assert_eq!(guest.import_key(&object), Some(9));
                    drop(object);
                }
                guest.forget_import(9);
                guest.forget_import(9);
            });
        };
        lab.reached();
        sequence();
        guest.close("over");
        guest.close("again");
        sequence();
        assert!(runtime.host().describe(&own).is_ok());
    });
}

/// N8: limits are each instance's, and whoever is limited makes further instances (what nodejs/node#26628 asks of a worker that
/// starts a worker): a holder spends by many grants what it has once.
#[test]
fn n8_quota_of_many_children() {
    contained(breaks![membrane::OwnPurse], |lab| {
        let policy = listed().build().expect("one list each");
        let conditions = Conditions::builder().calls(5).proxies(30).build();
        let conditions = conditions.expect("conditions");
        let owner = Membrane::new(policy.clone());
        let holders = owner.attenuate_with(&policy, &conditions);
        let holders = holders.expect("no more than nothing");
        let vault = owner.wrap::<dyn Vault>(Safe::new()).expect("live");
        lab.reached();
        let mut calls = 0;
        let mut kept = Vec::new();
        for generation in 0..10 {
            let left = Conditions::builder().calls(5).proxies(30).build();
            let left = left.expect("conditions");
            let child = if generation % 2 == 0 {
                holders.attenuate_with(&policy, &left)
            } else {
                holders.grant_with(&policy, &left)
            };
            // What is asked for beyond what is left is refused; without conditions of its own, a child has its parent's.
            let child = child.or_else(|_| holders.attenuate(&policy));
            let child = child.expect("no more");
            let on = child.wrap(vault.clone()).expect("room");
            calls += (0..5).filter(|_| on.name().is_ok()).count();
            kept.push((child, on));
        }
        lab.escaped_if(calls > 5, format!("{calls} calls of 5"));
    });
}

/// N9: what is derived while access is suspended has access.
#[test]
fn n9_child_born_while_suspended() {
    contained(breaks![membrane::ChildUncovered], |lab| {
        let policy = listed().build().expect("one list each");
        let owner = Membrane::new(policy.clone());
        let holders = owner.attenuate(&policy).expect("no more");
        let vault = owner.wrap::<dyn Vault>(Safe::new()).expect("live");
        let before = holders.wrap(vault.clone()).expect("live");
        owner.suspend("under inspection", None);
        assert_eq!(
            before.name().map_err(Error::kind),
            Err(ErrorKind::Suspended)
        );
        lab.reached();
        for derived in [holders.attenuate(&policy), holders.grant(&policy)] {
            let derived = derived.expect("no more");
            let further = derived.attenuate(&policy).expect("no more");
            for grant in [derived, further] {
                let on = grant.wrap(vault.clone()).expect("live");
                lab.escaped_if(on.name().is_ok(), "a call while it is suspended");
            }
        }
    });
}

#[interface]
trait Slow: Send + Sync {
    async fn wait(&self) -> Result<u64, Error>;
}

/// Waits for ever, and counts who waits.
struct Waiting(Arc<AtomicUsize>);

/// That somebody waits.
struct Waiter(Arc<AtomicUsize>);

impl Drop for Waiter {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

#[interface]
impl Slow for Waiting {
    async fn wait(&self) -> Result<u64, Error> {
        self.0.fetch_add(1, SeqCst);
        let _waiter = Waiter(self.0.clone());
        std::future::pending().await
    }
}

/// N10: what counts as running is what has not returned yet, and a call that waits has returned (wasmtime's
/// GHSA-852m-cvvp-9p4w and its kind: work on a guest's behalf that no limit sees).
#[test]
fn n10_place_kept_by_a_call_that_waits() {
    contained(breaks![membrane::EarlyPlace], |lab| {
        let policy = Policy::builder().inbound(allow!(dyn Slow: wait)).build();
        let conditions = Conditions::builder().concurrency(2).build();
        let conditions = conditions.expect("a condition");
        let membrane = Membrane::with_conditions(policy.expect("one list"), &conditions);
        let membrane = membrane.expect("no more than nothing");
        let waiting = Arc::new(AtomicUsize::new(0));
        let slow: Arc<dyn Slow> = Arc::new(Waiting(waiting.clone()));
        let slow = membrane.wrap(slow).expect("live");
        lab.reached();
        let mut calls: Vec<_> = (0..6).map(|_| slow.wait()).collect();
        let pending = calls
            .iter_mut()
            .filter_map(|call| matches!(poll(call), Poll::Pending).then_some(()))
            .count();
        let waiting = waiting.load(SeqCst);
        lab.escaped_if(pending > 2, format!("{pending} calls of 2"));
        lab.escaped_if(waiting > 2, format!("{waiting} at work"));
    });
}
