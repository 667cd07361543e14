//! Two membranes in a row: what holds of one hop holds of A → host → B, with either membrane taking everything back.
//!
//! The host is the wet side of both membranes; A is the dry side of `a`, B that of `b`. B7: double crossings need tests of
//! their own for every property.

use membrane::{Direction, Error, ErrorKind, Homecoming, Membrane, OnPanic, Policy, allow};
use std::panic::panic_any;
use std::sync::{Arc, Mutex, PoisonError};
use tests::fixtures::parcel::{
    Actor, Exchange, Fault, Inbox, Items, Load, Loads, Peer, Ref, Secret, Shape, Supply, shapes,
    swap_policy, swapping,
};
use tests::fixtures::ways::{INWARD, Link, OUTWARD, Way};
use tests::{Census, sized};

struct Hops {
    a: Membrane,
    b: Membrane,
}

fn hops() -> Hops {
    Hops {
        a: Membrane::new(swap_policy()),
        b: Membrane::new(swap_policy()),
    }
}

impl Hops {
    /// What B has once A's object was taken in and lent on.
    fn to_b(&self, object: &Ref) -> Ref {
        self.b
            .wrap(self.a.wrap_inbound(object.clone()).unwrap())
            .unwrap()
    }

    /// What A has once B's object was taken in and lent on.
    fn to_a(&self, object: &Ref) -> Ref {
        self.a
            .wrap(self.b.wrap_inbound(object.clone()).unwrap())
            .unwrap()
    }

    /// A load's way from A to B.
    fn relay(&self, inward: Way, outward: Way, load: Load) -> Load {
        let at_host = inward.carry(Link(Some(&self.a)), load);
        outward.carry(Link(Some(&self.b)), at_host)
    }
}

/// Each way in with some way out; every pair of them where it is fast.
fn pairs() -> Vec<(Way, Way)> {
    let all = INWARD
        .into_iter()
        .flat_map(|inward| OUTWARD.map(|outward| (inward, outward)));
    let step = sized(1, 10);
    all.step_by(step).collect()
}

fn some_shapes() -> Vec<Shape> {
    shapes().into_iter().step_by(sized(1, 2)).collect()
}

#[track_caller]
fn kind_and_reason(result: Result<u64, Fault>) -> (ErrorKind, Option<&'static str>) {
    let error = result.expect_err("an error").error();
    (error.kind(), error.reason().map(membrane::Reason::as_str))
}

// ---------------------------------------------------------------------------------------------------------------------
// Wrapping.

/// Fails when either hop's conversion of arguments or results is left out.
#[test]
fn reference_in_any_shape_is_wrapped_at_each_of_two_hops() {
    for (inward, outward) in pairs() {
        for shape in some_shapes() {
            let hops = hops();
            let secret = Secret::new(1);
            let got = hops
                .relay(inward, outward, shape.build(&secret.raw))
                .reach();
            assert!(
                !got.is_empty(),
                "{} {} {}",
                inward.name,
                outward.name,
                shape.name
            );
            let at_host = hops.a.wrap_inbound(secret.raw.clone()).unwrap();
            for got in &got {
                secret.assert_lent(got);
                assert!(!Arc::ptr_eq(got, &at_host), "the host's own proxy got out");
            }
        }
    }
}

/// Positive control: with either membrane left out, what the other one holds back is there.
#[test]
fn one_hop_alone_gives_the_host_or_b_what_the_other_would_have_held_back() {
    for (inward, outward) in pairs() {
        let hops = hops();
        let secret = Secret::new(1);
        let at_host = inward
            .carry(Link(Some(&hops.a)), Load::One(secret.raw.clone()))
            .one();
        let got = outward.carry(Link(None), Load::One(at_host.clone())).one();
        assert!(
            Arc::ptr_eq(&got, &at_host),
            "the host's proxy, of the wrong membrane"
        );
        let raw = inward.carry(Link(None), Load::One(secret.raw.clone()));
        let raw = outward.carry(Link(None), raw).one();
        secret.assert_raw(&raw);
    }
}

#[test]
fn rights_over_two_hops_are_those_that_both_lists_give() {
    let list = allow!(dyn Peer: ping, swap);
    let a = Membrane::new(Policy::builder().outbound(list).build().unwrap());
    let list = allow!(dyn Peer: ping, fail, forbidden);
    let b = Membrane::new(Policy::builder().inbound(list).build().unwrap());
    let secret = Secret::new(1);
    let got = Hops { a, b }.to_b(&secret.raw);
    secret.assert_lent(&got);
    let before = secret.calls.listed();
    for result in [
        got.swap(Load::Nothing).map(|_| 0),
        got.fail(Load::Nothing).map(|()| 0),
        got.forbidden(),
    ] {
        assert_eq!(kind_and_reason(result), (ErrorKind::Refused, None));
    }
    assert_eq!(secret.calls.listed(), before);
}

// ---------------------------------------------------------------------------------------------------------------------
// Identity and the way back.

#[test]
fn object_is_one_object_at_each_stage_however_it_gets_there() {
    let hops = hops();
    let (one, other) = (Secret::new(1), Secret::new(2));
    let first = hops.to_b(&one.raw);
    for (inward, outward) in pairs() {
        for shape in some_shapes() {
            for got in hops.relay(inward, outward, shape.build(&one.raw)).reach() {
                assert!(
                    Arc::ptr_eq(&got, &first),
                    "{} {}",
                    inward.name,
                    outward.name
                );
            }
        }
        let got = hops
            .relay(inward, outward, Load::One(other.raw.clone()))
            .one();
        assert!(!Arc::ptr_eq(&got, &first));
    }
}

/// Fails when roots are not compared: then B's proxy is stripped to A's object at the host.
#[test]
fn object_comes_back_through_both_hops_as_itself_and_one_layer_at_a_time() {
    for (inward, outward) in pairs() {
        for shape in some_shapes() {
            let hops = hops();
            let secret = Secret::new(1);
            let host = hops.a.wrap_inbound(secret.raw.clone()).unwrap();
            let got = hops
                .relay(inward, outward, Load::One(secret.raw.clone()))
                .one();
            // From B to the host, and on to A.
            let at_host = inward.carry(Link(Some(&hops.b)), shape.build(&got));
            let at_a = outward.carry(Link(Some(&hops.a)), at_host).reach();
            assert!(!at_a.is_empty());
            for home in &at_a {
                secret.assert_raw(home);
            }
            for at_host in inward.carry(Link(Some(&hops.b)), shape.build(&got)).reach() {
                assert!(
                    Arc::ptr_eq(&at_host, &host),
                    "at the host it is the host's proxy"
                );
                // Handed to B's membrane once more, as if it were B's, it loses no further layer.
                let again = hops.b.wrap_inbound(at_host).unwrap();
                secret.assert_lent(&again);
            }
        }
    }
}

#[test]
fn objects_of_both_ends_cross_each_other_and_come_home() {
    let hops = hops();
    let (of_a, of_b) = (Secret::new(1), Secret::new(2));
    let inbox = Inbox::default();
    let lent = hops.to_b(&Actor::keeping(&inbox));
    // B hands A what it got from A, and something of its own.
    let theirs = hops.to_b(&of_a.raw);
    lent.swap(Load::Several(vec![
        Load::One(theirs),
        Load::One(of_b.raw.clone()),
    ]))
    .unwrap();
    let got = inbox.take().reach();
    of_a.assert_raw(&got[0]);
    of_b.assert_lent(&got[1]);
    assert!(Arc::ptr_eq(&got[1], &hops.to_a(&of_b.raw)));
    // And A sends it back.
    let echo = hops.to_a(&Actor::echo(0));
    of_b.assert_raw(
        &hops
            .to_b(&Actor::echo(0))
            .swap(Load::One(of_b.raw.clone()))
            .unwrap()
            .one(),
    );
    of_a.assert_raw(&echo.swap(Load::One(of_a.raw.clone())).unwrap().one());
}

#[test]
fn homecoming_at_each_hop_is_that_hops_own_policy() {
    let keeping = swapping()
        .homecoming(Homecoming::KeepWrapped)
        .build()
        .unwrap();
    let hops = Hops {
        a: Membrane::new(keeping),
        b: Membrane::new(swap_policy()),
    };
    let secret = Secret::new(1);
    let got = hops.to_b(&secret.raw);
    let host = hops.a.wrap_inbound(secret.raw.clone()).unwrap();
    assert!(Arc::ptr_eq(&hops.b.wrap_inbound(got).unwrap(), &host));
    let home = hops.a.wrap(host.clone()).unwrap();
    assert!(!Arc::ptr_eq(&home, &host) && !Arc::ptr_eq(&home, &secret.raw));
    assert!(Arc::ptr_eq(
        &hops.a.wrap_inbound(home.clone()).unwrap(),
        &host
    ));
    secret.assert_lent(&home);
}

#[test]
fn proxies_over_two_hops_are_freed_with_the_last_that_holds_them() {
    let hops = hops();
    let census = Census::default();
    let raw = Actor::new(1, Ok).with_token(census.token()).share();
    let got = hops.to_b(&raw);
    drop(raw);
    assert_eq!(
        (hops.a.live_proxies(), hops.b.live_proxies(), census.alive()),
        (1, 1, 1)
    );
    drop(got);
    assert_eq!(
        (hops.a.live_proxies(), hops.b.live_proxies(), census.alive()),
        (0, 0, 0)
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// Errors and panics.

/// A1, A3, A4.
#[test]
fn error_of_the_far_end_arrives_with_its_payload_wrapped_twice() {
    let hops = hops();
    let secret = Secret::new(1);
    let failing = Actor::giving(Load::Vec(vec![secret.raw.clone(); 2]));
    let got = hops
        .to_b(&failing)
        .fail(Load::Nothing)
        .expect_err("it fails")
        .load()
        .reach();
    assert_eq!(got.len(), 2);
    assert!(Arc::ptr_eq(&got[0], &got[1]) && Arc::ptr_eq(&got[0], &hops.to_b(&secret.raw)));
    secret.assert_lent(&got[0]);
}

/// M9: a membrane's reason is for the holders of what was revoked, one hop away.
#[test]
fn reason_of_a_revocation_is_told_one_hop_and_not_two() {
    let hops = hops();
    let secret = Secret::new(1);
    let got = hops.to_b(&secret.raw);
    let host = hops.a.wrap_inbound(secret.raw.clone()).unwrap();
    let other = hops.b.wrap(Actor::echo(5)).unwrap();
    hops.a.revoke("a secret of the host's and A's");
    secret.assert_dead(&host, Some("a secret of the host's and A's"));
    secret.assert_dead(&got, None);
    let text = format!("{0} {0:?}", got.ping().expect_err("dead").error());
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(other.ping().unwrap(), 5, "B's other objects live on");
}

#[test]
fn panic_at_the_far_end_is_an_error_at_the_near_one() {
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        let a = Membrane::new(swapping().on_panic(on_panic).build().unwrap());
        let hops = Hops {
            a,
            b: Membrane::new(swap_policy()),
        };
        let census = Census::default();
        let tokens = census.clone();
        let armed = Mutex::new(true);
        let panicking = Actor::new(3, move |load| {
            let armed = std::mem::take(&mut *armed.lock().unwrap_or_else(PoisonError::into_inner));
            if armed {
                panic_any(tokens.token());
            }
            Ok(load)
        });
        let got = hops.to_b(&panicking.share());
        let error = got.swap(Load::Nothing).expect_err("it panics").error();
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Panicked, None));
        assert_eq!((census.made(), census.alive()), (1, 0));
        assert!(got.swap(Load::Nothing).is_ok() && got.ping().is_ok());
    }
}

#[test]
fn refusal_at_the_far_hop_looks_like_one_at_the_near_hop() {
    let (near, far) = (hops(), hops());
    let secret = Secret::new(1);
    let list = allow!(dyn Peer: ping);
    let narrow = Policy::builder()
        .outbound(list)
        .inbound(list)
        .build()
        .unwrap();
    let near = Hops {
        b: Membrane::new(narrow.clone()),
        ..near
    }
    .to_b(&secret.raw);
    let far = Hops {
        a: Membrane::new(narrow),
        ..far
    }
    .to_b(&secret.raw);
    let [near, far] = [near, far].map(|one| one.swap(Load::Nothing).expect_err("refused").error());
    assert_eq!(near, far);
    assert_eq!(near, Error::from(ErrorKind::Refused));
}

// ---------------------------------------------------------------------------------------------------------------------
// Revocation of either.

#[test]
fn revocation_of_the_near_membrane_cuts_b_off_and_leaves_the_host_its_own() {
    let hops = hops();
    let (of_a, of_b) = (Secret::new(1), Secret::new(2));
    let (got, given) = (hops.to_b(&of_a.raw), hops.to_a(&of_b.raw));
    let host = hops.a.wrap_inbound(of_a.raw.clone()).unwrap();
    hops.b.revoke("b left");
    of_a.assert_dead(&got, Some("b left"));
    of_b.assert_dead(&given, None);
    of_a.assert_lent(&host);
    assert!(!hops.a.is_revoked());
    assert!(hops.b.wrap(host).is_err());
}

#[test]
fn revocation_of_both_frees_everything_in_either_order() {
    for first in [true, false] {
        let hops = hops();
        let census = Census::default();
        let raw = Actor::new(1, Ok).with_token(census.token()).share();
        let got = hops.to_b(&raw);
        drop(raw);
        let (one, other) = if first {
            (&hops.a, &hops.b)
        } else {
            (&hops.b, &hops.a)
        };
        one.revoke("first");
        // Whichever goes first, A's object has lost its only holder: A's membrane let it go, or B's let go of A's proxy.
        assert_eq!(census.alive(), 0);
        other.revoke("second");
        assert_eq!((hops.a.live_proxies(), hops.b.live_proxies()), (0, 0));
        assert!(got.ping().is_err());
    }
}

/// E12: revoked from inside the call, by the far end, in the middle of two hops.
#[test]
fn call_over_two_hops_delivers_nothing_once_either_is_revoked() {
    for far in [true, false] {
        let hops = hops();
        let secret = Secret::new(1);
        let revoking = if far { hops.a.clone() } else { hops.b.clone() };
        let raw = secret.raw.clone();
        let actor = Actor::new(0, move |_| {
            revoking.revoke("enough");
            Ok(Load::One(raw.clone()))
        });
        let got = hops.to_b(&actor.share());
        let error = got.swap(Load::Nothing).expect_err("revoked").error();
        let reason = (!far).then_some("enough");
        assert_eq!(error.reason().map(membrane::Reason::as_str), reason);
        assert!(error.is_revoked());
        assert_eq!(secret.calls.listed(), 0);
    }
}

#[test]
fn grant_of_either_membrane_is_revoked_by_itself() {
    let hops = hops();
    let secret = Secret::new(1);
    let grant_a = hops.a.grant(&swap_policy()).unwrap();
    let grant_b = hops.b.grant(&swap_policy()).unwrap();
    let by_grants = grant_b
        .wrap(grant_a.wrap_inbound(secret.raw.clone()).unwrap())
        .unwrap();
    let by_roots = hops.to_b(&secret.raw);
    grant_a.revoke("left");
    secret.assert_dead(&by_grants, None);
    secret.assert_lent(&by_roots);
    grant_b.revoke("left, too");
    secret.assert_dead(&by_grants, Some("left, too"));
    secret.assert_lent(&by_roots);
}

// ---------------------------------------------------------------------------------------------------------------------
// Callbacks.

/// B's closure in A's hands, kept after the call.
#[test]
fn callback_over_two_hops_wraps_both_ways_and_dies_with_either() {
    for far in [true, false] {
        let hops = hops();
        let (of_a, of_b) = (Secret::new(1), Secret::new(2));
        let (seen, given) = (Inbox::default(), of_b.raw.clone());
        let kept = seen.clone();
        let callback: Exchange = Arc::new(move |load| {
            kept.put(load);
            Ok(Load::One(given.clone()))
        });
        let shelf = Inbox::default();
        hops.to_b(&Actor::keeping(&shelf))
            .swap(Load::Exchange(callback.clone()))
            .unwrap();
        let Load::Exchange(at_a) = shelf.take() else {
            panic!("a callback")
        };
        assert!(!Arc::ptr_eq(&at_a, &callback));
        let got = at_a(Load::One(of_a.raw.clone())).unwrap().one();
        of_b.assert_lent(&got);
        of_a.assert_lent(&seen.take().one());
        // What A got from B goes back to B through the callback as B's own.
        at_a(Load::One(got)).unwrap();
        of_b.assert_raw(&seen.take().one());
        // The closure itself comes home to B.
        let echo = hops.to_b(&Actor::echo(0));
        let Load::Exchange(home) = echo.swap(Load::Exchange(callback.clone())).unwrap() else {
            panic!("a callback")
        };
        assert!(Arc::ptr_eq(&home, &callback));

        if far {
            hops.b.revoke("left");
        } else {
            hops.a.revoke("left");
        }
        let error = at_a(Load::Nothing).expect_err("revoked").error();
        assert!(error.is_revoked());
        assert_eq!(
            error.reason().map(membrane::Reason::as_str),
            (!far).then_some("left")
        );
        assert!(seen.is_empty());
    }
}

#[test]
fn closures_that_give_closures_are_gated_over_two_hops() {
    let hops = hops();
    let secret = Secret::new(1);
    let raw = secret.raw.clone();
    let exchange: Exchange = Arc::new(move |_| {
        let raw = raw.clone();
        let supply: Supply = Arc::new(move || Ok(raw.clone()));
        Ok(Load::Supplies(vec![supply.clone(), supply]))
    });
    let got = hops.relay(INWARD[1], OUTWARD[1], Load::Exchange(exchange));
    let Load::Exchange(got) = got else {
        panic!("a closure")
    };
    let Load::Supplies(supplies) = got(Load::Nothing).unwrap() else {
        panic!("closures")
    };
    assert!(Arc::ptr_eq(&supplies[0], &supplies[1]));
    secret.assert_lent(&supplies[0]().unwrap());
    hops.a.revoke("left");
    let error = supplies[0]().map(drop).unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
}

// ---------------------------------------------------------------------------------------------------------------------
// Iterators.

#[test]
fn iterator_over_two_hops_wraps_items_and_tells_a_revocation_of_either_once() {
    for far in [true, false] {
        let hops = hops();
        let secret = Secret::new(1);
        let census = Census::default();
        let (raw, token) = (secret.raw.clone(), census.token());
        let items: Items = Box::new(std::iter::repeat_with(move || {
            let _ = &token;
            Ok(raw.clone())
        }));
        let Load::Items(mut got) = hops.relay(INWARD[1], OUTWARD[1], Load::Items(items)) else {
            panic!("an iterator")
        };
        let first = got.next().unwrap().unwrap();
        secret.assert_lent(&first);
        assert!(Arc::ptr_eq(&first, &got.next().unwrap().unwrap()));
        assert!(Arc::ptr_eq(&first, &hops.to_b(&secret.raw)));

        if far {
            hops.a.revoke("left");
        } else {
            hops.b.revoke("left");
        }
        let error = got.next().expect("not the end").map(drop).unwrap_err();
        let reason = (!far).then_some("left");
        assert_eq!(
            (error.kind(), error.reason().map(membrane::Reason::as_str)),
            (ErrorKind::Revoked, reason)
        );
        assert!(got.next().is_none() && got.next().is_none());
        assert_eq!(census.alive(), 0, "A's iterator is gone");
    }
}

#[test]
fn iterator_that_fails_and_panics_over_two_hops_is_told_of_each() {
    let hops = hops();
    let mut step = 0;
    let loads: Loads = Box::new(std::iter::from_fn(move || {
        step += 1;
        match step {
            1 => Some(Err(Fault::Payload(Load::Text(String::from("own"))))),
            2 => Some(Ok(Load::Nothing)),
            _ => panic!("a step"),
        }
    }));
    let got = hops.relay(INWARD[1], OUTWARD[1], Load::Loads(loads));
    let Load::Loads(mut got) = got else {
        panic!("an iterator")
    };
    let own = got.next().unwrap().expect_err("its own error").load();
    assert!(matches!(own, Load::Text(text) if text == "own"));
    assert!(matches!(got.next(), Some(Ok(Load::Nothing))));
    let panicked = got
        .next()
        .expect("not the end")
        .expect_err("a panic")
        .error();
    assert_eq!(panicked.kind(), ErrorKind::Panicked);
    assert!(got.next().is_none());
}

// ---------------------------------------------------------------------------------------------------------------------
// To and fro.

/// A and B call each other through the host, each time with the other's object, until the depth limit.
#[test]
fn calls_to_and_fro_between_both_ends_stop_at_the_depth_limit_and_leave_nothing() {
    let hops = hops();
    let shelf: Arc<Mutex<Option<Ref>>> = Arc::default();
    let (theirs, calls) = (shelf.clone(), Arc::new(Mutex::new(0_u32)));
    let counted = calls.clone();
    let of_a = Actor::new(1, move |load| {
        *counted.lock().unwrap() += 1;
        let theirs = theirs.lock().unwrap().clone().expect("it was put there");
        theirs.swap(load)
    })
    .share();
    // B's object hands on to A's.
    let got = hops.to_b(&of_a);
    let of_b = Actor::new(2, move |load| got.swap(load)).share();
    *shelf.lock().unwrap() = Some(hops.to_a(&of_b));
    let error = hops
        .to_b(&of_a)
        .swap(Load::Nothing)
        .expect_err("too deep")
        .error();
    assert_eq!(error.kind(), ErrorKind::TooDeep);
    // Each round is four calls: two hops there, two hops back.
    let rounds = *calls.lock().unwrap();
    assert!((30..=33).contains(&rounds), "{rounds}");
    *shelf.lock().unwrap() = None;
    drop((of_a, of_b));
    assert_eq!((hops.a.live_proxies(), hops.b.live_proxies()), (0, 0));
}

/// B4: the host's membrane for A wraps what B's membrane made, and so on; each layer stays.
#[test]
fn object_that_is_relayed_round_and_round_is_wrapped_at_each_turn_and_unwound_in_turn() {
    let turns = sized(10, 3);
    let secret = Secret::new(1);
    let membranes: Vec<Membrane> = (0..turns).map(|_| Membrane::new(swap_policy())).collect();
    let mut layers = vec![secret.raw.clone()];
    for (turn, membrane) in membranes.iter().enumerate() {
        let direction = if turn % 2 == 0 {
            Direction::Inbound
        } else {
            Direction::Outbound
        };
        layers.push(membrane.pass(layers[turn].clone(), direction).unwrap());
    }
    for layer in &layers[1..] {
        secret.assert_lent(layer);
    }
    let mut at = layers[turns].clone();
    for (turn, membrane) in membranes.iter().enumerate().rev() {
        let direction = if turn % 2 == 0 {
            Direction::Outbound
        } else {
            Direction::Inbound
        };
        at = membrane.pass(at, direction).unwrap();
        assert!(Arc::ptr_eq(&at, &layers[turn]));
    }
    secret.assert_raw(&at);
    membranes[turns / 2].revoke("one of them");
    for (turn, layer) in layers.iter().enumerate() {
        let reason = (turn == turns / 2 + 1).then_some("one of them");
        if turn > turns / 2 {
            secret.assert_dead(layer, reason);
        } else {
            secret.assert_reached(layer);
        }
    }
}
