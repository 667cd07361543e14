//! To and fro.

use super::*;
use membrane::Direction;

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
