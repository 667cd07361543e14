//! Closures cross as closures: gated, wrapped both ways, with an identity, and dead after a revocation.

use membrane::{Direction, Error, ErrorKind, Homecoming, Membrane, Policy, allow, interface};
use std::collections::HashSet;
use std::panic::panic_any;
use std::sync::{Arc, Mutex, PoisonError};
use tests::fixtures::parcel::{
    Actor, Exchange, Inbox, Load, Secret, Supply, swap_policy, swapping,
};
use tests::{Census, assert_revoked, sanitized, sized, start};

type Number = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;

const BOTH: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

fn reversed(direction: Direction) -> Direction {
    match direction {
        Direction::Outbound => Direction::Inbound,
        Direction::Inbound => Direction::Outbound,
    }
}

fn doubling() -> Number {
    Arc::new(|number| Ok(2 * number))
}

// ---------------------------------------------------------------------------------------------------------------------
// A closure is callable because what carried it was listed.

#[interface]
trait Button {
    fn on_press(&self, then: Number) -> Result<(), Error>;
    fn press(&self, with: u64) -> Result<u64, Error>;
    fn unlisted(&self, then: Number) -> Result<Number, Error>;
}

#[derive(Default)]
struct Bell(Mutex<Option<Number>>);

impl Button for Bell {
    fn on_press(&self, then: Number) -> Result<(), Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(then);
        Ok(())
    }
    fn press(&self, with: u64) -> Result<u64, Error> {
        let then = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        then.expect("a callback was registered")(with)
    }
    fn unlisted(&self, then: Number) -> Result<Number, Error> {
        Ok(then)
    }
}

fn pressing() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Button: on_press, press))
        .build()
        .unwrap()
}

/// E13. Kept by the owner after the call that brought it.
#[test]
fn callback_that_was_kept_works_until_it_is_revoked() {
    let membrane = Membrane::new(pressing());
    let bell = Arc::new(Bell::default());
    let lent = membrane.wrap::<dyn Button>(bell.clone()).unwrap();
    let raw = doubling();
    lent.on_press(raw.clone()).unwrap();
    let kept = bell.0.lock().unwrap().clone().expect("it arrived");
    assert!(!Arc::ptr_eq(&kept, &raw), "the owner has a proxy of it");
    assert_eq!((bell.press(4), lent.press(5)), (Ok(8), Ok(10)));
    membrane.revoke("over");
    // Called on the owner's side, without any call inward around it.
    assert_revoked(bell.press(4), "over");
    assert_revoked(kept(4), "over");
    assert_revoked(lent.press(5), "over");
    // The dry side's own closure is its own.
    assert_eq!(raw(4), Ok(8));
}

#[test]
fn closure_that_no_listed_method_carries_does_not_cross() {
    let membrane = Membrane::new(pressing());
    let bell = Arc::new(Bell::default());
    let lent = membrane.wrap::<dyn Button>(bell.clone()).unwrap();
    let raw = doubling();
    let error = lent.unlisted(raw.clone()).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!((Arc::strong_count(&raw), membrane.live_proxies()), (1, 1));
    assert!(bell.0.lock().unwrap().is_none());
}

// ---------------------------------------------------------------------------------------------------------------------
// Identity.

/// Fails when `Target::ask` of a closure does not answer.
#[test]
fn closure_has_one_proxy_and_comes_home_as_itself() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let raw = doubling();
        let first = membrane.pass(raw.clone(), direction).unwrap();
        let many = membrane
            .pass(vec![Some(raw.clone()), Some(first.clone())], direction)
            .unwrap();
        assert!(many.iter().flatten().all(|one| Arc::ptr_eq(one, &first)));
        assert!(!Arc::ptr_eq(&first, &raw));
        assert_eq!((first(3), membrane.live_proxies()), (Ok(6), 1));
        let home = membrane.pass(first.clone(), reversed(direction)).unwrap();
        assert!(Arc::ptr_eq(&home, &raw));
        drop((first, many));
        assert_eq!((membrane.live_proxies(), Arc::strong_count(&raw)), (0, 2));
        assert_eq!(membrane.pass(home, direction).unwrap()(3), Ok(6));
    }
}

#[test]
fn closure_stays_wrapped_or_is_rejected_at_home_when_the_policy_says_so() {
    for direction in BOTH {
        let policy = swapping()
            .homecoming(Homecoming::KeepWrapped)
            .build()
            .unwrap();
        let keeping = Membrane::new(policy);
        let lent = keeping.pass(doubling(), direction).unwrap();
        let home = keeping.pass(lent.clone(), reversed(direction)).unwrap();
        assert!(!Arc::ptr_eq(&home, &lent), "a layer more");
        assert_eq!(home(3), Ok(6));
        let returned = keeping.pass(home, direction).unwrap();
        assert!(Arc::ptr_eq(&returned, &lent));
        let refusing = Membrane::new(swapping().homecoming(Homecoming::Refuse).build().unwrap());
        let lent = refusing.pass(doubling(), direction).unwrap();
        let error = refusing
            .pass(lent, reversed(direction))
            .map(drop)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Rejected);
    }
}

/// B12, C3. Closures without captures have no size, and those with captures are freed and made anew at once.
#[test]
fn closure_at_the_address_of_a_dead_one_is_another_closure() {
    let membrane = Membrane::new(swap_policy());
    let other = Membrane::new(swap_policy());
    let (mut addresses, mut reused) = (HashSet::new(), 0);
    for round in 0..sized(2000, 40) as u64 {
        let raw: Number = match round % 3 {
            0 => Arc::new(move |number| Ok(number + round)),
            1 => Arc::new(|number| Ok(number + 1)),
            _ => {
                let padding = [round; 9];
                Arc::new(move |number| Ok(number + padding[8]))
            }
        };
        let expected = raw(0);
        let lent = membrane.wrap_closure(&raw);
        reused += usize::from(!addresses.insert(Arc::as_ptr(&lent).cast::<()>()));
        assert_eq!(lent(0), expected);
        // Made where the last proxy was, a plain closure is nobody's proxy.
        let at_home = membrane.pass(lent, Direction::Inbound).unwrap();
        assert!(Arc::ptr_eq(&at_home, &raw));
        let plain: Number = {
            let padding = [round; 2];
            Arc::new(move |number| Ok(number + padding[1]))
        };
        reused += usize::from(!addresses.insert(Arc::as_ptr(&plain).cast::<()>()));
        for membrane in [&membrane, &other] {
            let crossed = membrane.pass(plain.clone(), Direction::Inbound).unwrap();
            assert!(!Arc::ptr_eq(&crossed, &plain));
            assert_eq!(crossed(1), Ok(1 + round));
        }
    }
    // Miri and the sanitizers keep freed memory from being used again, to find who still uses it.
    let keeps_freed = cfg!(miri) || sanitized();
    assert!(reused > 0 || keeps_freed, "an address was used again");
    assert_eq!((membrane.live_proxies(), other.live_proxies()), (0, 0));
}

trait WrapClosure {
    fn wrap_closure(&self, raw: &Number) -> Number;
}

impl WrapClosure for Membrane {
    fn wrap_closure(&self, raw: &Number) -> Number {
        self.pass(raw.clone(), Direction::Outbound).unwrap()
    }
}

#[test]
fn closure_has_one_proxy_when_it_is_passed_from_several_threads_at_once() {
    for _ in 0..sized(30, 2) {
        let membrane = Membrane::new(swap_policy());
        let raw = doubling();
        let barrier = Arc::new(std::sync::Barrier::new(3));
        let starts: Vec<_> = (0..3)
            .map(|_| {
                let (membrane, raw, barrier) = (membrane.clone(), raw.clone(), barrier.clone());
                start(move || {
                    barrier.wait();
                    membrane.wrap_closure(&raw)
                })
            })
            .collect();
        let lent: Vec<_> = starts.into_iter().map(tests::Started::finish).collect();
        assert!(lent.iter().all(|one| Arc::ptr_eq(one, &lent[0])));
    }
}

/// B4, B8. Fails when the roots are not compared.
#[test]
fn closure_of_a_foreign_membrane_is_never_stripped() {
    for (direction, foreign_direction) in BOTH.into_iter().flat_map(|a| BOTH.map(|b| (a, b))) {
        let (foreign, membrane) = (Membrane::new(swap_policy()), Membrane::new(swap_policy()));
        let raw = doubling();
        let theirs = foreign.pass(raw.clone(), foreign_direction).unwrap();
        let crossed = membrane.pass(theirs.clone(), direction).unwrap();
        assert!(!Arc::ptr_eq(&crossed, &theirs) && !Arc::ptr_eq(&crossed, &raw));
        let back = membrane.pass(crossed.clone(), reversed(direction)).unwrap();
        assert!(Arc::ptr_eq(&back, &theirs));
        let again = membrane.pass(back, reversed(direction)).unwrap();
        assert!(!Arc::ptr_eq(&again, &raw) && !Arc::ptr_eq(&again, &theirs));
        assert_eq!(again(2), Ok(4));
        foreign.revoke("theirs");
        for one in [crossed, again] {
            let error = one(2).unwrap_err();
            assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
        }
    }
}

#[test]
fn closure_derived_through_grants_is_one_hop_and_becomes_the_holders_own() {
    let shallow = || swapping().depth_limit(2).build().unwrap();
    let root = Membrane::new(shallow());
    let raw = doubling();
    let held = root.wrap_closure(&raw);
    let mut handles = vec![root];
    let mut chain = vec![held];
    for _ in 0..sized(20, 4) {
        let handle = handles.last().unwrap().attenuate(&shallow()).unwrap();
        chain.push(handle.wrap_closure(chain.last().unwrap()));
        handles.push(handle);
    }
    let last = chain.last().unwrap();
    assert_eq!(last(4), Ok(8));
    let up = handles[1].pass(last.clone(), Direction::Inbound).unwrap();
    assert!(!Arc::ptr_eq(&up, &raw));
    let up = handles
        .last()
        .unwrap()
        .pass(last.clone(), Direction::Inbound)
        .unwrap();
    assert!(Arc::ptr_eq(&up, &chain[chain.len() - 2]));
    handles[2].revoke("left");
    assert_revoked(last(4), "left");
    assert_eq!(chain[1](4), Ok(8));
}

// ---------------------------------------------------------------------------------------------------------------------
// What goes through it.

/// A21. Fails when a closure's arguments or result are not converted.
#[test]
fn closure_wraps_what_it_takes_and_gives_in_both_directions() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let (handed, given_back) = (Secret::new(1), Secret::new(2));
        let inbox = Inbox::default();
        let (kept, given) = (inbox.clone(), given_back.raw.clone());
        let raw: Exchange = Arc::new(move |load| {
            kept.put(load);
            Ok(Load::One(given.clone()))
        });
        // Positive control.
        given_back.assert_raw(&raw(Load::One(handed.raw.clone())).unwrap().one());
        handed.assert_raw(&inbox.take().one());

        let lent = membrane.pass(raw, direction).unwrap();
        let got = lent(Load::One(handed.raw.clone())).unwrap().one();
        given_back.assert_lent(&got);
        handed.assert_lent(&inbox.take().one());
        // Round trip: the callee gets its own back.
        lent(Load::One(got)).unwrap();
        given_back.assert_raw(&inbox.take().one());
    }
}

#[test]
fn closure_that_gives_closures_gives_proxies_all_the_way_down() {
    fn peel(depth: u64, secret: &Secret) -> Load {
        if depth == 0 {
            return Load::One(secret.raw.clone());
        }
        let (inner, raw) = (depth - 1, secret.raw.clone());
        let calls = secret.calls.clone();
        Load::Exchange(Arc::new(move |_| {
            Ok(peel(inner, &Secret::of(raw.clone(), calls.clone(), 1)))
        }))
    }
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let secret = Secret::new(1);
        let depth = 6;
        let mut at = membrane.pass(peel(depth, &secret), direction).unwrap();
        let mut kept: Vec<Exchange> = Vec::new();
        while let Load::Exchange(exchange) = at {
            at = exchange(Load::Nothing).unwrap();
            kept.push(exchange);
        }
        assert_eq!(kept.len() as u64, depth);
        secret.assert_lent(&at.one());
        membrane.revoke("over");
        for one in kept {
            assert_revoked(
                one(Load::Nothing).map_err(|fault| fault.error()).map(drop),
                "over",
            );
        }
    }
}

#[test]
fn closure_with_any_number_of_arguments_crosses() {
    type Six = Arc<dyn Fn(u8, u8, u8, u8, u8, u8) -> Result<u8, Error> + Send + Sync>;
    type Two = Arc<dyn Fn(Supply, Vec<Supply>) -> Result<Supply, Error> + Send + Sync>;
    let membrane = Membrane::new(swap_policy());
    let six: Six = Arc::new(|a, b, c, d, e, f| Ok(a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f));
    let six = membrane.pass(six, Direction::Outbound).unwrap();
    assert_eq!(six(1, 2, 3, 4, 5, 6), Ok(91));
    let secret = Secret::new(1);
    let raw = secret.raw.clone();
    let supply: Supply = Arc::new(move || Ok(raw.clone()));
    // Gives back the last of its second argument, if it has the first as well.
    let two: Two = Arc::new(|first, mut rest| {
        assert!(Arc::ptr_eq(&first, &rest[0]));
        Ok(rest.pop().expect("two of them"))
    });
    let two = membrane.pass(two, Direction::Outbound).unwrap();
    let back = two(supply.clone(), vec![supply.clone(), supply.clone()]).unwrap();
    assert!(Arc::ptr_eq(&back, &supply));
}

// ---------------------------------------------------------------------------------------------------------------------
// Ends.

/// E13, E14: revocation reaches closures in both directions.
#[test]
fn closure_is_dead_after_a_revocation_and_lets_go_of_what_it_captured() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let census = Census::default();
        let token = census.token();
        let raw: Number = Arc::new(move |number| {
            let _ = &token;
            Ok(number)
        });
        let lent = membrane.pass(raw, direction).unwrap();
        assert_eq!((lent(1), census.alive()), (Ok(1), 1));
        membrane.revoke("over");
        assert_revoked(lent(1), "over");
        assert_eq!((census.alive(), membrane.live_proxies()), (0, 0));
        assert!(membrane.pass(doubling(), direction).is_err());
    }
}

/// A cycle: the object holds its proxy, and the proxy the object. Revocation breaks it.
#[test]
fn closure_that_captures_its_own_proxy_is_freed_by_a_revocation() {
    let membrane = Membrane::new(swap_policy());
    let census = Census::default();
    let own: Arc<Mutex<Option<Number>>> = Arc::default();
    let (captured, token) = (own.clone(), census.token());
    let raw: Number = Arc::new(move |number| {
        let _ = &token;
        if number == 0 {
            return Ok(0);
        }
        let own = captured
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        Ok(1 + own.expect("it was put there")(number - 1)?)
    });
    *own.lock().unwrap() = Some(membrane.wrap_closure(&raw));
    let weak = Arc::downgrade(&own);
    let lent = membrane.wrap_closure(&raw);
    drop((raw, own));
    assert_eq!(lent(5), Ok(5), "it calls itself through its proxy");
    // Each of these calls is inside the one before.
    assert_eq!(lent(1000).unwrap_err().kind(), ErrorKind::TooDeep);
    drop(lent);
    assert_eq!(
        (census.alive(), membrane.live_proxies()),
        (1, 1),
        "the cycle holds itself"
    );
    membrane.revoke("over");
    assert_eq!((census.alive(), membrane.live_proxies()), (0, 0));
    assert!(weak.upgrade().is_none());
}

#[test]
fn closure_that_revokes_its_own_membrane_gets_nothing_delivered() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let secret = Secret::new(1);
        let (revoking, raw) = (membrane.clone(), secret.raw.clone());
        let supply: Supply = Arc::new(move || {
            revoking.revoke("enough");
            Ok(raw.clone())
        });
        let lent = membrane.pass(supply, direction).unwrap();
        assert_revoked(lent().map(drop), "enough");
        assert_eq!(secret.calls.listed(), 0);
    }
}

#[test]
fn closure_that_panics_is_an_error_and_works_the_next_time() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let census = Census::default();
        let tokens = census.clone();
        let raw: Number = Arc::new(move |number| {
            if number == 0 {
                panic_any(tokens.token());
            }
            Ok(number)
        });
        let lent = membrane.pass(raw, direction).unwrap();
        assert_eq!(lent(0).unwrap_err().kind(), ErrorKind::Panicked);
        assert_eq!(
            (census.made(), census.alive()),
            (1, 0),
            "the payload went no further"
        );
        assert_eq!(lent(3), Ok(3));
    }
}

/// A callback that is handed over again and again is one proxy, and none is left when it is let go.
#[test]
fn callback_that_is_registered_often_leaves_nothing_behind() {
    let membrane = Membrane::new(pressing());
    let bell = Arc::new(Bell::default());
    let lent = membrane.wrap::<dyn Button>(bell.clone()).unwrap();
    let raw = doubling();
    for _ in 0..sized(100, 5) {
        lent.on_press(raw.clone()).unwrap();
        assert_eq!((lent.press(1), membrane.live_proxies()), (Ok(2), 2));
    }
    *bell.0.lock().unwrap() = None;
    assert_eq!((membrane.live_proxies(), Arc::strong_count(&raw)), (1, 1));
}

/// C12, C1: what a holder registers is called with what the owner passes, once, as it is.
#[test]
fn callback_is_called_as_often_as_the_owner_calls_it() {
    let membrane = Membrane::new(swap_policy());
    let seen = Inbox::default();
    let kept = seen.clone();
    let calling = Actor::new(0, |load| match load {
        Load::Exchange(callback) => callback(Load::Text(String::from("once"))),
        other => Ok(other),
    });
    let lent = membrane.wrap(calling.share()).unwrap();
    let callback: Exchange = Arc::new(move |load| {
        kept.put(load);
        Ok(Load::Nothing)
    });
    lent.swap(Load::Exchange(callback)).unwrap();
    assert!(matches!(seen.take(), Load::Text(text) if text == "once"));
    assert!(seen.is_empty());
}
