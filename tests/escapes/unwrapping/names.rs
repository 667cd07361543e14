//! B12, B14, B18: what an object is called, whose account it is on, and that it is one.

use crate::cast::{Safe, Vault, listed};
use crate::crossing::chests::{self, Chest};
use crate::crossing::loot::{BOTH, settle, turns, ways};
use crate::lab::{breaks, contained};
use membrane::{Conditions, ConditionsBuilder, Error, Membrane, Policy, allow, interface};
use runtime::{Handle, Limits, Value};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use tests::fixtures::parcel::{Load, Secret, shapes, swap_policy};
use tests::fixtures::ways::Link;
use tests::sized;

// ---------------------------------------------------------------------------------------------------------------------
// B12: names that are used again.

/// B12: a name that was given up names nothing, however often its place is taken again.
#[test]
fn b12_name_of_what_had_the_place_before() {
    contained(breaks![runtime::AnyGeneration], |lab| {
        let stage = chests::Stage::new();
        let (host, guest) = (stage.runtime.host(), &stage.guest);
        let mut given_up = Vec::new();
        for _ in 0..sized(300, 10) {
            let (_, lent) = chests::lend(host, guest);
            let name = guest.insert(&lent).expect("room");
            for old in &given_up {
                lab.reached();
                lab.escaped_if(guest.get(*old).is_some(), "by a stale name");
            }
            assert_eq!(guest.get(name), Some(lent), "by its own");
            assert!(guest.release(name), "it was one");
            given_up.push(name);
        }
        // The last one stays: no stale name takes it away.
        let (_, lent) = chests::lend(host, guest);
        let name = guest.insert(&lent).expect("room");
        for old in given_up {
            lab.escaped_if(guest.release(old), "released by a stale name");
            let again = Handle::from_bits(old.to_bits());
            lab.escaped_if(guest.get(again).is_some(), "by its bits");
        }
        lab.escaped_if(guest.get(name) != Some(lent), "its name");
    });
}

/// B12: the same number in another domain.
#[test]
fn b12_name_of_another_domain() {
    contained(breaks![runtime::AnyDomain, runtime::AnyGeneration], |lab| {
        let stage = chests::Stage::new();
        let host = stage.runtime.host();
        let other = stage.runtime.domain("other", Limits::default());
        let joined = stage.runtime.join(host, &other, chests::policy());
        joined.expect("the first time");
        let [mine, theirs] = [&stage.guest, &other].map(|domain| {
            let (_, lent) = chests::lend(host, domain);
            domain.insert(&lent).expect("room")
        });
        let low = |name: Handle| name.to_bits() & u128::from(u64::MAX);
        assert_eq!(low(mine), low(theirs), "the same place in both tables");
        lab.reached();
        let crossed = [(&other, mine), (&stage.guest, theirs), (host, mine)];
        for (domain, name) in crossed {
            let found = domain.get(name);
            lab.escaped_if(found.is_some(), format!("in {}", domain.name()));
        }
    });
}

/// B12: what a domain that ended had names for is gone, and its names are not those of the next.
#[test]
fn b12_name_of_a_domain_that_ended() {
    contained(breaks![runtime::AnyDomain], |lab| {
        let stage = chests::Stage::new();
        let host = stage.runtime.host();
        let (_, lent) = chests::lend(host, &stage.guest);
        let old = stage.guest.insert(&lent).expect("room");
        stage.guest.close("over");
        lab.reached();
        lab.escaped_if(stage.guest.get(old).is_some(), "after the end");
        let next = stage.runtime.domain("guest", Limits::default());
        let joined = stage.runtime.join(host, &next, chests::policy());
        joined.expect("the first time");
        let (_, lent) = chests::lend(host, &next);
        next.insert(&lent).expect("room");
        lab.escaped_if(next.get(old).is_some(), "in the next domain");
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// B14: somebody else's account.

/// B14: a domain gives up another one's name.
#[test]
fn b14_release_of_another_domains_name() {
    contained(breaks![runtime::AnyDomain, runtime::AnyGeneration], |lab| {
        let stage = chests::Stage::new();
        let host = stage.runtime.host();
        let other = stage.runtime.domain("other", Limits::default());
        let joined = stage.runtime.join(host, &other, chests::policy());
        joined.expect("the first time");
        let [(mine, own), (theirs, others)] = [&stage.guest, &other].map(|domain| {
            let (_, lent) = chests::lend(host, domain);
            (domain.insert(&lent).expect("room"), lent)
        });
        lab.reached();
        lab.escaped_if(other.release(mine), "a name of the guest's");
        lab.escaped_if(stage.guest.release(theirs), "a name of the other's");
        let kept = [stage.guest.get(mine), other.get(theirs)];
        lab.escaped_if(
            kept != [Some(own), Some(others)],
            "a name that was not given up",
        );
    });
}

fn under(set: impl FnOnce(ConditionsBuilder) -> ConditionsBuilder) -> Conditions {
    set(Conditions::builder()).build().expect("of use")
}

/// B14: what the holder of one grant spends, drops and loses is on the account of whoever the grant is from, and on nobody
/// else's.
#[test]
fn b14_account_of_whom_a_grant_is_from() {
    contained(breaks![membrane::ChildAlone], |lab| {
        const MOST: u64 = 3;
        let policy = listed().build().expect("one list each");
        let most = under(|builder| builder.proxies(MOST).calls(MOST));
        let less = under(|builder| builder.proxies(MOST - 1).calls(MOST - 1));
        let membrane = Membrane::with_conditions(policy.clone(), &most).expect("of use");
        let grants = [(); 3].map(|()| membrane.grant_with(&policy, &less).expect("less"));
        let wrap = |of: &Membrane| of.wrap::<dyn Vault>(Safe::new());
        // A revoked grant's room is free again, once: not once more when its holder lets go.
        let [dead, mine, others] = &grants;
        let kept = [wrap(dead).expect("room"), wrap(dead).expect("room")];
        dead.revoke("over");
        drop(kept);
        let live: Vec<_> = [mine, mine, others, others, &membrane]
            .into_iter()
            .flat_map(wrap)
            .collect();
        lab.reached();
        lab.escaped_if(live.len() as u64 > MOST, format!("{} proxies", live.len()));
        // One is dropped by another thread.
        let mut live = live;
        let first = live.remove(0);
        tests::soon(move || drop(first));
        live.extend(wrap(others));
        lab.escaped_if(live.len() as u64 > MOST, format!("{} proxies", live.len()));
        let calls = live.iter().cycle().take(20);
        let made = calls.filter(|vault| vault.name().is_ok()).count() as u64;
        lab.escaped_if(made > MOST, format!("{made} calls"));
    });
}

/// A call that goes on.
#[interface]
trait Slow: Send + Sync {
    async fn wait(&self, polls: u32) -> Result<u64, Error>;
    fn ping(&self) -> Result<u64, Error>;
}

struct Snail;

#[interface]
impl Slow for Snail {
    async fn wait(&self, polls: u32) -> Result<u64, Error> {
        turns(polls).await;
        Ok(1)
    }
    fn ping(&self) -> Result<u64, Error> {
        Ok(2)
    }
}

/// B14: a call that goes on has its place until it is over itself: another's that ends meanwhile, on this thread or in another
/// grant, gives its own place back, not this one's.
#[test]
fn b14_place_of_a_call_that_goes_on() {
    contained(breaks![membrane::EarlyPlace], |lab| {
        let list = allow!(dyn Slow: wait, ping);
        let policy = Policy::builder().inbound(list).build().expect("one list");
        let one = under(|builder| builder.concurrency(1));
        let root = Membrane::new(policy.clone());
        let [mine, others] = [(); 2].map(|()| root.grant_with(&policy, &one).expect("less"));
        let [lent, beside] =
            [&mine, &others].map(|grant| grant.wrap::<dyn Slow>(Arc::new(Snail)).expect("live"));
        let mut context = Context::from_waker(Waker::noop());
        let mut waiting = pin!(lent.wait(50));
        assert!(
            waiting.as_mut().poll(&mut context).is_pending(),
            "it goes on"
        );
        lab.reached();
        lab.escaped_if(lent.ping().is_ok(), "a second call");
        // Others end: one that is over, one that is given up, one on another thread.
        assert!(settle(beside.wait(3)).is_ok(), "its grant has a place");
        {
            let mut given_up = pin!(beside.wait(3));
            assert!(given_up.as_mut().poll(&mut context).is_pending());
        }
        let elsewhere = beside.clone();
        let pinged = tests::soon(move || elsewhere.ping());
        assert!(pinged.is_ok(), "its grant has a place");
        assert!(
            waiting.as_mut().poll(&mut context).is_pending(),
            "it goes on"
        );
        lab.escaped_if(lent.ping().is_ok(), "a second call, after others ended");
        assert!(settle(waiting).is_ok(), "it is over");
        assert!(lent.ping().is_ok(), "and its place is free");
    });
}

// ---------------------------------------------------------------------------------------------------------------------
// B18: one identity.

/// B18: one object is one on each side, however it gets there and in whatever shape; and two are two.
#[test]
fn b18_identity_by_every_way() {
    for shape in shapes() {
        for direction in BOTH {
            contained(breaks![membrane::NoIdentity], |lab| {
                let membrane = Membrane::new(swap_policy());
                let (secret, other) = (Secret::new(1), Secret::new(2));
                let first = membrane.pass(secret.raw.clone(), direction).expect("live");
                let second = membrane.pass(other.raw.clone(), direction).expect("live");
                lab.escaped_if(Arc::ptr_eq(&first, &second), "two objects, as one");
                for (_, way) in ways().filter(|(way, _)| *way == direction) {
                    let got = way.carry(Link(Some(&membrane)), shape.build(&secret.raw));
                    for got in got.reach() {
                        lab.reached();
                        let is_first = Arc::ptr_eq(&got, &first);
                        lab.escaped_if(!is_first, format!("a second one, as {}", way.name));
                        lab.escaped_if(Arc::ptr_eq(&got, &second), "the other one");
                    }
                }
            });
        }
    }
}

/// B18: over two hops, and for closures, which have no identity but their place.
#[test]
fn b18_identity_of_closures_and_over_two_hops() {
    type Give = Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>;
    for direction in BOTH {
        contained(breaks![membrane::NoIdentity], |lab| {
            let membranes = [(); 2].map(|()| Membrane::new(swap_policy()));
            let secret = Secret::new(1);
            let over = || {
                let load = Load::One(secret.raw.clone());
                let half = membranes[0].pass(load, direction).expect("live");
                membranes[1].pass(half, direction).expect("live").one()
            };
            let (one, other) = (over(), over());
            lab.reached();
            lab.escaped_if(!Arc::ptr_eq(&one, &other), "a second one, two hops away");
            let give: Give = Arc::new(|| Ok(1));
            let [a, b] =
                [(); 2].map(|()| membranes[0].pass(give.clone(), direction).expect("live"));
            lab.escaped_if(!Arc::ptr_eq(&a, &b), "a second closure");
        });
    }
}

/// B18, dynamically: an object has one name, is equal to itself, and has the one interface that everybody has.
#[test]
fn b18_identity_of_a_dynamic_object() {
    contained(breaks![membrane::NoIdentity], |lab| {
        let stage = chests::Stage::new();
        for (owner, holder) in stage.sides() {
            let oak = chests::Oak::new(10);
            let own = owner.own::<dyn Chest>(oak.clone());
            let lent = owner.send(&own, holder).expect("joined");
            let again = owner.own::<dyn Chest>(oak);
            let again = owner.send(&again, holder).expect("joined");
            let inside = || {
                let value = holder.call_named(&lent, "inner", &[]).expect("listed");
                chests::objects(&value).remove(0)
            };
            let (one, other) = (inside(), inside());
            lab.reached();
            for (a, b) in [(&lent, &again), (&one, &other)] {
                lab.escaped_if(a != b, "not equal to itself");
                let names = [a, b].map(|object| holder.insert(object).expect("room"));
                lab.escaped_if(names[0] != names[1], "a second name");
                let values = [a, b].map(|object| Value::from((*object).clone()));
                lab.escaped_if(values[0] != values[1], "a second value");
            }
            lab.escaped_if(lent == one, "two objects, as one");
            let same = std::ptr::eq(own.interface(), lent.interface());
            lab.escaped_if(!same, "a second interface");
        }
    });
}
