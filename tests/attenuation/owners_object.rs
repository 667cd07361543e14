//! From the handle to the owner's object.

use super::*;

/// The attack: wrap an object of one's own, and have the further holder hand it a derived proxy.
///
/// Fails when `Crossing::elsewhere` is left out inwards (the proxy is wrapped once more), and, with the raw object, when
/// the target is taken for being at home on any side but the further holder's.
#[test]
fn derived_proxy_that_is_handed_to_the_holder_is_the_holders_own_proxy() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let held = root.wrap(secret.raw.clone()).unwrap();
    let on = root.attenuate(&swap_policy()).unwrap();
    let further = on.wrap(held.clone()).unwrap();
    secret.assert_lent(&further);
    assert!(!Arc::ptr_eq(&further, &held));
    for way in INWARD {
        for shape in shapes() {
            let got = way.carry(Link(Some(&on)), shape.build(&further)).reach();
            assert!(!got.is_empty());
            for got in got {
                assert!(Arc::ptr_eq(&got, &held), "{} {}", way.name, shape.name);
                secret.assert_lent(&got);
            }
        }
    }
}

/// The same, over several generations: it arrives as the proxy of whoever it is handed to.
#[test]
fn derived_proxy_is_on_each_side_what_that_side_was_lent() {
    let secret = Secret::new(1);
    let generations = 5;
    let mut handles = vec![Membrane::new(swap_policy())];
    let mut held = vec![handles[0].wrap(secret.raw.clone()).unwrap()];
    for generation in 1..generations {
        let handle = handles[generation - 1].attenuate(&swap_policy()).unwrap();
        held.push(handle.wrap(held[generation - 1].clone()).unwrap());
        handles.push(handle);
    }
    // `handles[n]` is held by whoever holds `held[n - 1]`. From each side the last proxy goes up step by step.
    for last in 1..generations {
        let mut at = held[last].clone();
        for side in (1..=last).rev() {
            at = handles[side].wrap_inbound(at).unwrap();
            assert!(Arc::ptr_eq(&at, &held[side - 1]));
        }
        assert!(Arc::ptr_eq(
            &handles[0].wrap_inbound(at).unwrap(),
            &secret.raw
        ));
    }
    // And at once: whose own object is called decides who gets it.
    for side in 1..generations {
        let inbox = Inbox::default();
        let mut callee = handles[side].wrap(Actor::keeping(&inbox)).unwrap();
        for handle in &handles[side + 1..] {
            callee = handle.wrap(callee).unwrap();
        }
        callee
            .swap(Load::One(held[generations - 1].clone()))
            .unwrap();
        assert!(
            Arc::ptr_eq(&inbox.take().one(), &held[side - 1]),
            "side {side}"
        );
    }
}

/// Every use of every handle on everything that was got so far, three times over. The omniscient oracle: none of it is
/// the owner's object, none of it does what the root does not list.
#[test]
fn nothing_that_a_holder_can_do_with_its_handles_yields_the_owners_object() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let held = root.wrap(secret.raw.clone()).unwrap();
    let on = root.attenuate(&swap_policy()).unwrap();
    let policies = [swap_policy(), pinging()];
    let handles: Vec<Membrane> = policies
        .iter()
        .flat_map(|policy| [on.attenuate(policy).unwrap(), on.grant(policy).unwrap()])
        .chain([on.clone()])
        .collect();
    let deeper = handles[0].attenuate(&pinging()).unwrap();
    let own = Secret::new(2);
    let mut got = vec![held.clone(), own.raw.clone()];
    let rounds = sized(3, 2);
    let mut reached = 0;
    for _ in 0..rounds {
        let known = got.len();
        for one in got.clone() {
            for handle in handles.iter().chain([&deeper]) {
                for direction in [Direction::Outbound, Direction::Inbound] {
                    let echo = handle.pass(Actor::echo(0), direction).unwrap();
                    let passed = handle.pass(one.clone(), direction).unwrap();
                    let listed = echo.swap(Load::One(one.clone())).ok().map(Load::one);
                    for new in [Some(passed), listed].into_iter().flatten() {
                        reached += 1;
                        if !got.iter().any(|known| Arc::ptr_eq(known, &new)) {
                            got.push(new);
                        }
                    }
                }
            }
        }
        if got.len() == known || got.len() > sized(150, 12) {
            break;
        }
    }
    assert!(
        reached > got.len() && got.len() > 4,
        "{reached} {}",
        got.len()
    );
    for one in &got {
        assert!(!Arc::ptr_eq(one, &secret.raw));
        if one.ping().is_ok_and(|number| number == 1) {
            secret.assert_no_more(one);
        }
    }
    root.revoke("over");
    for one in &got {
        let before = secret.calls.listed();
        let _ = one.ping();
        assert_eq!(secret.calls.listed(), before);
    }
}

/// What the further holder hands to the holder and gets back is what it had.
#[test]
fn derived_proxy_comes_back_from_the_holder_as_it_was() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let on = root.attenuate(&swap_policy()).unwrap();
    let further = on.wrap(root.wrap(secret.raw.clone()).unwrap()).unwrap();
    for (there, back) in INWARD.into_iter().zip(OUTWARD) {
        let link = Link(Some(&on));
        let holders = there.carry(link, Load::One(further.clone())).one();
        assert!(!Arc::ptr_eq(&holders, &further));
        assert!(Arc::ptr_eq(
            &back.carry(link, Load::One(holders)).one(),
            &further
        ));
    }
    // And the holder's echo, called directly.
    let echo = on.wrap(Actor::echo(0)).unwrap();
    assert!(Arc::ptr_eq(
        &echo.swap(Load::One(further.clone())).unwrap().one(),
        &further
    ));
}

/// C9. A proxy that another grant of the owner's made is not a derived one, though it descends from the same membrane:
/// handed to the holder, it does not become the holder's wider proxy.
///
/// Fails when `elsewhere` asks only whether the proxy's scope descends from the holder's (`passes` left out).
#[test]
fn proxy_of_the_owners_other_grant_is_not_widened_by_the_holder() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let held = root.wrap(secret.raw.clone()).unwrap();
    let on = root.attenuate(&swap_policy()).unwrap();
    // The owner's grant for somebody else, who hands it to the holder behind everybody's back.
    let narrow = root.grant(&pinging()).unwrap();
    let theirs = narrow.wrap(secret.raw.clone()).unwrap();
    assert_pings_only(&theirs, &secret);
    for way in INWARD {
        let got = way.carry(Link(Some(&on)), Load::One(theirs.clone())).one();
        assert!(!Arc::ptr_eq(&got, &held), "{}", way.name);
        assert_pings_only(&got, &secret);
    }
    for way in OUTWARD {
        let got = way.carry(Link(Some(&on)), Load::One(theirs.clone())).one();
        assert_pings_only(&got, &secret);
    }
    // Nor by one more grant of the holder's, nor further down.
    for handle in [
        on.grant(&swap_policy()).unwrap(),
        on.attenuate(&swap_policy()).unwrap(),
    ] {
        for direction in [Direction::Inbound, Direction::Outbound] {
            assert_pings_only(&handle.pass(theirs.clone(), direction).unwrap(), &secret);
        }
    }
    narrow.revoke("left");
    let got = on.wrap_inbound(theirs).unwrap();
    secret.assert_dead(&got, None);
    secret.assert_lent(&held);
}

/// Three sides down, somebody lends an object on; it gets to the holder, further in than its own side. It is not one of
/// those that the holder was lent, and not the owner's: nobody there gets it raw.
///
/// Fails when `elsewhere` does not ask whether the target lives further in than the side of arrival.
#[test]
fn object_of_a_further_side_is_wrapped_for_the_holder_and_for_the_owner() {
    let root = Membrane::new(swap_policy());
    let on = root.attenuate(&swap_policy()).unwrap();
    let deeper = on.attenuate(&swap_policy()).unwrap();
    let secret = Secret::new(1);
    let furthest = deeper.wrap(secret.raw.clone()).unwrap();
    let holders = Inbox::default();
    let callee = on.wrap(Actor::keeping(&holders)).unwrap();
    let callee = deeper.wrap(callee).unwrap();
    callee.swap(Load::One(furthest.clone())).unwrap();
    let at_holder = holders.take().one();
    secret.assert_lent(&at_holder);
    // The holder hands it to the owner.
    let owners = Inbox::default();
    let desk = root.wrap(Actor::keeping(&owners)).unwrap();
    desk.swap(Load::One(at_holder.clone())).unwrap();
    secret.assert_lent(&owners.take().one());
    secret.assert_lent(&root.wrap_inbound(at_holder).unwrap());
    // And the furthest holder does so itself.
    let desk = deeper.wrap(on.wrap(desk).unwrap()).unwrap();
    desk.swap(Load::One(furthest)).unwrap();
    secret.assert_lent(&owners.take().one());
}
