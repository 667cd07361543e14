//! Foreign membranes.

use super::*;

fn reversed(direction: Direction) -> Direction {
    match direction {
        Direction::Outbound => Direction::Inbound,
        Direction::Inbound => Direction::Outbound,
    }
}

/// B4, B8. A proxy of another tree is an ordinary object, though its sides bear the same numbers.
///
/// Fails when `Crossing::reference` does not compare the roots: then the raw object arrives.
#[test]
fn proxy_of_a_foreign_membrane_is_never_stripped() {
    for (direction, foreign_direction) in BOTH.into_iter().flat_map(|a| BOTH.map(|b| (a, b))) {
        let foreign = Membrane::new(swap_policy());
        let membrane = Membrane::new(swap_policy());
        let secret = Secret::new(1);
        let theirs = foreign.pass(secret.raw.clone(), foreign_direction).unwrap();
        let crossed = membrane.pass(theirs.clone(), direction).unwrap();
        assert!(!Arc::ptr_eq(&crossed, &theirs), "it is wrapped");
        secret.assert_lent(&crossed);
        // Home again it is what it was, and once more it is not less than that.
        let back = membrane.pass(crossed.clone(), reversed(direction)).unwrap();
        assert!(Arc::ptr_eq(&back, &theirs));
        let again = membrane.pass(back, reversed(direction)).unwrap();
        secret.assert_lent(&again);
        assert!(
            !Arc::ptr_eq(&again, &theirs),
            "one home, one layer: the next is wrapped"
        );

        foreign.revoke("theirs");
        secret.assert_dead(&crossed, None);
        secret.assert_dead(&theirs, Some("theirs"));
    }
}

#[test]
fn proxy_of_a_foreign_membrane_is_bound_by_both_policies() {
    let ping = Policy::builder()
        .inbound(allow!(dyn Peer: ping))
        .build()
        .unwrap();
    let swap = Policy::builder()
        .inbound(allow!(dyn Peer: swap, ping))
        .build()
        .unwrap();
    let (inner, outer) = (Membrane::new(ping), Membrane::new(swap));
    let secret = Secret::new(1);
    let crossed = outer.wrap(inner.wrap(secret.raw.clone()).unwrap()).unwrap();
    secret.assert_lent(&crossed);
    let refused = crossed
        .swap(Load::Nothing)
        .expect_err("the inner one refuses")
        .error();
    assert_eq!(refused.kind(), ErrorKind::Refused);
    assert_eq!(secret.calls.listed(), 1);
}

#[test]
fn proxy_of_a_foreign_membrane_has_one_proxy_however_it_gets_there() {
    let foreign = Membrane::new(swap_policy());
    let membrane = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let theirs = foreign.wrap(secret.raw.clone()).unwrap();
    let first = membrane.wrap(theirs.clone()).unwrap();
    for way in OUTWARD {
        for shape in shapes() {
            let got = way
                .carry(Link(Some(&membrane)), shape.build(&theirs))
                .reach();
            assert!(got.iter().all(|got| Arc::ptr_eq(got, &first)));
        }
    }
}

/// Being passed on is not a call: that the foreign proxy cannot be called at this depth is not our membrane's affair.
///
/// M4: a proxy of a foreign membrane is wrapped as an ordinary object.
#[test]
fn proxy_of_a_foreign_membrane_crosses_where_it_is_too_deep_to_be_called() {
    let shallow = Membrane::new(swapping().depth_limit(1).build().unwrap());
    let membrane = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let theirs = shallow.wrap(secret.raw.clone()).unwrap();
    // Control: from outside any call it crosses.
    assert!(membrane.wrap(theirs.clone()).is_ok());
    secret.assert_reached(&theirs);
    let inbox = Inbox::default();
    let keeping = membrane.wrap(Actor::keeping(&inbox)).unwrap();
    let crossed = keeping
        .swap(Load::One(theirs))
        .map(drop)
        .map_err(|fault| fault.error());
    assert_eq!(crossed, Ok(()));
    assert!(!inbox.is_empty());
}

/// A holder may find what the owner has of another holder: by a mistake of the host's, or in memory that they share.
///
/// Fails when `Crossing::reference` looks at the side alone to tell whose an inbound proxy is: it would arrive as it is, and
/// outlive the grant that it came through.
#[test]
fn owners_proxy_of_another_grant_is_wrapped_as_it_comes_in() {
    let root = Membrane::new(swap_policy());
    let theirs = root.grant(&swap_policy()).unwrap();
    let ours = root.grant(&swap_policy()).unwrap();
    let secret = Secret::new(1);
    let owners = theirs.wrap_inbound(secret.raw.clone()).unwrap();
    let inbox = Inbox::default();
    let owner = ours.wrap(Actor::keeping(&inbox)).unwrap();
    for way in INWARD {
        for shape in shapes() {
            let got = way.carry(Link(Some(&ours)), shape.build(&owners)).reach();
            assert!(
                got.iter().all(|got| !Arc::ptr_eq(got, &owners)),
                "{} {}: it is not ours to pass on bare",
                way.name,
                shape.name
            );
        }
    }
    let crossed = ours.wrap_inbound(owners.clone()).unwrap();
    assert!(!Arc::ptr_eq(&crossed, &owners));
    secret.assert_lent(&crossed);
    owner.swap(Load::One(owners.clone())).map(drop).unwrap();
    ours.revoke("ours");
    secret.assert_dead(&crossed, Some("ours"));
    secret.assert_lent(&owners);
}

/// The same of a holder that has lent on what it holds: one scope, and two sides that its objects are at.
///
/// Fails when the scope alone is looked at.
#[test]
fn proxy_for_one_side_is_wrapped_as_it_comes_in_to_another() {
    let root = Membrane::new(swap_policy());
    let further = root.attenuate(&swap_policy()).unwrap();
    let secret = Secret::new(1);
    // For the holder in the middle.
    let middles = further.wrap_inbound(secret.raw.clone()).unwrap();
    // A target of the owner's, two steps away: what comes in by it goes to the owner.
    let inbox = Inbox::default();
    let owners = root.wrap(Actor::keeping(&inbox)).unwrap();
    let owners = further.wrap(owners).unwrap();
    owners.swap(Load::One(middles.clone())).map(drop).unwrap();
    let got = inbox.take().one();
    assert!(!Arc::ptr_eq(&got, &middles));
    secret.assert_lent(&got);
}
