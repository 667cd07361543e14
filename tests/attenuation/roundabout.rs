//! Home by a roundabout way.

use super::*;

/// One line of three: owner, holder, further holder, with somebody on each side who passes on what it is given.
struct Line {
    root: Membrane,
    on: Membrane,
    /// The owner's object, as the holder and as the further holder see it: gives back what it was given before.
    held: Ref,
    further: Ref,
    /// The holder's object, as the further holder sees it; what it is given is in `holders`.
    lent_on: Ref,
    holders: Inbox,
}

fn line() -> Line {
    let root = Membrane::new(swap_policy());
    let on = root.attenuate(&swap_policy()).unwrap();
    let shelf = Inbox::default();
    let storing = Actor::new(0, move |load| match load {
        Load::Nothing => Ok(shelf.take()),
        load => {
            shelf.put(load);
            Ok(Load::Nothing)
        }
    });
    let held = root.wrap(storing.share()).unwrap();
    let further = on.wrap(held.clone()).unwrap();
    let holders = Inbox::default();
    let lent_on = on.wrap(Actor::keeping(&holders)).unwrap();
    Line {
        root,
        on,
        held,
        further,
        lent_on,
        holders,
    }
}

/// The further holder's object: to the owner, from there to the holder, and from the holder home.
///
/// M5: a proxy that comes home to the side of its target becomes its target again.
#[test]
fn object_of_the_further_holder_comes_home_by_way_of_owner_and_holder() {
    let line = line();
    let own = Secret::new(1);
    line.further.swap(Load::One(own.raw.clone())).unwrap();
    let holders = line.held.swap(Load::Nothing).unwrap().one();
    own.assert_lent(&holders);
    let home = line.on.wrap(holders).unwrap();
    own.assert_reached(&home);
    assert!(Arc::ptr_eq(&home, &own.raw), "a proxy of its own object");
}

/// The holder's object: to the owner, from there to the further holder, and from there home.
///
/// M5, as above; and no membrane makes a proxy of its own proxy.
#[test]
fn object_of_the_holder_comes_home_by_way_of_owner_and_further_holder() {
    let line = line();
    let own = Secret::new(1);
    line.held.swap(Load::One(own.raw.clone())).unwrap();
    let further = line.further.swap(Load::Nothing).unwrap().one();
    own.assert_lent(&further);
    line.lent_on.swap(Load::One(further)).unwrap();
    let home = line.holders.take().one();
    own.assert_reached(&home);
    assert!(Arc::ptr_eq(&home, &own.raw), "a proxy of its own object");
}

/// And by way of a sibling, whose proxy of what the holder got is one hop.
///
/// Fails when a proxy in one hop forgets that its target is a proxy.
#[test]
fn object_of_the_further_holder_comes_home_by_way_of_a_sibling() {
    let line = line();
    let own = Secret::new(1);
    line.further.swap(Load::One(own.raw.clone())).unwrap();
    let holders = line.held.swap(Load::Nothing).unwrap().one();
    let sibling = line.root.attenuate(&swap_policy()).unwrap();
    let theirs = sibling.wrap(holders).unwrap();
    own.assert_lent(&theirs);
    let home = line.on.wrap(theirs).unwrap();
    own.assert_reached(&home);
    assert!(Arc::ptr_eq(&home, &own.raw), "a proxy of its own object");
}

/// Whatever the way, nobody's object gets out raw, and one revocation ends it.
#[test]
fn object_that_goes_a_roundabout_way_is_never_raw_elsewhere_and_dies_with_the_line() {
    let line = line();
    let (owners, holders, furthers) = (Secret::new(1), Secret::new(2), Secret::new(3));
    // The further holder gives the owner its own object, then one that it was lent by the holder.
    let lent_on = line.on.wrap(holders.raw.clone()).unwrap();
    line.further.swap(Load::One(furthers.raw.clone())).unwrap();
    line.further.swap(Load::One(lent_on.clone())).unwrap();
    let first = line.held.swap(Load::Nothing).unwrap().one();
    let second = line.held.swap(Load::Nothing).unwrap().one();
    furthers.assert_lent(&first);
    holders.assert_reached(&second);
    // The holder gives the owner its own; the further holder gets it.
    line.held.swap(Load::One(holders.raw.clone())).unwrap();
    let third = line.further.swap(Load::Nothing).unwrap().one();
    holders.assert_lent(&third);
    // The owner's own, to the holder, to the further holder, to the holder.
    line.held
        .swap(Load::One(line.root.wrap(owners.raw.clone()).unwrap()))
        .unwrap();
    let fourth = line.further.swap(Load::Nothing).unwrap().one();
    owners.assert_lent(&fourth);

    line.root.revoke("over");
    for (one, secret) in [(&first, &furthers), (&third, &holders), (&fourth, &owners)] {
        let before = secret.calls.listed();
        assert!(one.ping().is_err());
        assert_eq!(secret.calls.listed(), before);
    }
}
