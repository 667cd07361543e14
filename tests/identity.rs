//! One object, one proxy: while it lives, in both directions, on the round trip, and when nobody holds it any more.

use membrane::{
    Direction, Error, ErrorKind, Homecoming, Membrane, Passable, Policy, allow, interface,
};
use std::sync::{Arc, Barrier, Weak};
use tests::fixtures::parcel::{
    Actor, Inbox, Load, Peer, Ref, Secret, shapes, swap_policy, swapping,
};
use tests::fixtures::ways::{INWARD, Link, OUTWARD};
use tests::{Census, assert_kind, sized, soon};

const BOTH: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

fn reversed(direction: Direction) -> Direction {
    match direction {
        Direction::Outbound => Direction::Inbound,
        Direction::Inbound => Direction::Outbound,
    }
}

fn homecoming(homecoming: Homecoming) -> Policy {
    swapping().homecoming(homecoming).build().unwrap()
}

// ---------------------------------------------------------------------------------------------------------------------
// One proxy.

/// Fails when the identity table always makes a new proxy.
#[test]
fn object_has_one_proxy_whichever_way_it_crosses() {
    for ways in [OUTWARD, INWARD] {
        let membrane = Membrane::new(swap_policy());
        let secret = Secret::new(1);
        let link = Link(Some(&membrane));
        let first = ways[0].carry(link, Load::One(secret.raw.clone())).one();
        for way in ways {
            for shape in shapes() {
                for got in way.carry(link, shape.build(&secret.raw)).reach() {
                    assert!(Arc::ptr_eq(&got, &first), "{} {}", way.name, shape.name);
                }
            }
        }
        secret.assert_lent(&first);
    }
}

#[test]
fn proxies_are_the_same_exactly_when_their_objects_are() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let raw: Vec<Ref> = (0..sized(30, 5)).map(|_| Actor::echo(0)).collect();
        let twice: Vec<Ref> = raw.iter().chain(&raw).cloned().collect();
        let lent = membrane.pass(twice.clone(), direction).unwrap();
        for (a, raw_a) in lent.iter().zip(&twice) {
            for (b, raw_b) in lent.iter().zip(&twice) {
                assert_eq!(Arc::ptr_eq(a, b), Arc::ptr_eq(raw_a, raw_b));
            }
        }
        assert_eq!(membrane.live_proxies(), raw.len());
    }
}

/// A proxy can be the target of another one of the same membrane: here, when it came in by way of the membrane above.
///
/// Fails when `identity::known` does not tell proxies made for plain objects from others.
#[test]
fn proxy_that_is_known_as_a_target_is_itself_in_its_own_membrane() {
    let membrane = Membrane::new(swap_policy());
    let grant = membrane.grant(&swap_policy()).unwrap();
    let secret = Secret::new(1);
    let own = grant.wrap(secret.raw.clone()).unwrap();
    let above = membrane.wrap(own.clone()).unwrap();
    let layered = grant.wrap(above).unwrap();
    assert!(!Arc::ptr_eq(&layered, &own), "it stands for `own`");
    assert_eq!(grant.live_proxies(), 2);
    assert!(Arc::ptr_eq(&grant.wrap(own.clone()).unwrap(), &own));
}

#[interface]
trait Empty {}

#[interface]
trait Emptier: Empty {}

struct Unit;
impl Empty for Unit {}
impl Emptier for Unit {}

#[repr(align(64))]
struct Wide;
impl Empty for Wide {}

/// Objects without a size have no bytes of their own, and yet an identity.
#[test]
fn objects_without_a_size_are_told_apart() {
    let membrane = Membrane::new(Policy::deny_all());
    let mut raw: Vec<Arc<dyn Empty>> = Vec::new();
    for _ in 0..sized(50, 8) {
        raw.push(Arc::new(Unit));
        raw.push(Arc::new(Wide));
    }
    let lent = membrane.pass(raw.clone(), Direction::Outbound).unwrap();
    for (index, one) in lent.iter().enumerate() {
        assert!(lent[..index].iter().all(|other| !Arc::ptr_eq(one, other)));
        assert!(Arc::ptr_eq(
            &membrane.wrap_inbound(one.clone()).unwrap(),
            &raw[index]
        ));
    }
    assert_eq!(membrane.live_proxies(), raw.len());
}

#[test]
fn object_has_a_proxy_of_its_own_for_each_interface_direction_and_scope() {
    let membrane = Membrane::new(Policy::deny_all());
    let raw: Arc<dyn Emptier> = Arc::new(Unit);
    let raw_up: Arc<dyn Empty> = raw.clone();
    let grant = membrane.grant(&Policy::deny_all()).unwrap();
    let other = Membrane::new(Policy::deny_all());
    let lent: [Arc<dyn Empty>; 5] = [
        membrane.wrap(raw.clone()).unwrap(),
        membrane.wrap(raw_up.clone()).unwrap(),
        membrane.wrap_inbound(raw_up.clone()).unwrap(),
        grant.wrap(raw_up.clone()).unwrap(),
        other.wrap(raw_up.clone()).unwrap(),
    ];
    for (index, one) in lent.iter().enumerate() {
        assert!(
            lent[..index].iter().all(|other| !Arc::ptr_eq(one, other)),
            "{index}"
        );
        assert!(!Arc::ptr_eq(one, &raw_up));
    }
    assert_eq!(
        (
            membrane.live_proxies(),
            grant.live_proxies(),
            other.live_proxies()
        ),
        (3, 1, 1)
    );
}

/// The proxy is known by the object, not by the reference that was passed.
#[test]
fn object_has_one_proxy_when_it_is_passed_from_several_threads_at_once() {
    for _ in 0..sized(50, 2) {
        let membrane = Membrane::new(swap_policy());
        let raw = Actor::echo(5);
        let threads = 4;
        let barrier = Arc::new(Barrier::new(threads));
        let starts = (0..threads).map(|thread| {
            let (membrane, raw, barrier) = (membrane.clone(), raw.clone(), barrier.clone());
            tests::start(move || {
                barrier.wait();
                if thread % 2 == 0 {
                    return membrane.wrap(raw).unwrap();
                }
                membrane
                    .wrap(Actor::giving(Load::One(raw)))
                    .unwrap()
                    .swap(Load::Nothing)
                    .unwrap()
                    .one()
            })
        });
        let starts: Vec<_> = starts.collect();
        let lent: Vec<Ref> = starts.into_iter().map(tests::Started::finish).collect();
        assert!(lent.iter().all(|one| Arc::ptr_eq(one, &lent[0])));
        assert_eq!(membrane.live_proxies(), 1);
    }
}

/// B12: whoever loses the last reference races with whoever wraps the object anew.
#[test]
fn proxy_works_however_often_it_is_dropped_and_made_anew_on_other_threads() {
    let membrane = Membrane::new(swap_policy());
    let shared: Vec<Secret> = (0..3).map(Secret::new).collect();
    let raw: Arc<Vec<Ref>> = Arc::new(shared.iter().map(|secret| secret.raw.clone()).collect());
    let starts: Vec<_> = (0..3)
        .map(|thread| {
            let (membrane, raw) = (membrane.clone(), raw.clone());
            tests::start(move || {
                for round in 0..sized(2000, 8) {
                    let index = (thread + round) % raw.len();
                    let lent = membrane.wrap(raw[index].clone()).unwrap();
                    assert_eq!(lent.ping().unwrap(), index as u64);
                    assert!(Arc::ptr_eq(
                        &membrane.wrap_inbound(lent).unwrap(),
                        &raw[index]
                    ));
                }
            })
        })
        .collect();
    starts.into_iter().for_each(tests::Started::finish);
    assert_eq!(membrane.live_proxies(), 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Nobody holds it.

/// E9, E10. Fails when `Proxy`'s `Drop` does not forget its entry.
#[test]
fn proxy_that_nobody_holds_is_freed_with_its_entry_and_its_hold_on_the_object() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let census = Census::default();
        let raw = Actor::new(1, Ok).with_token(census.token()).share();
        let weak: Weak<dyn Peer> = Arc::downgrade(&raw);
        let lent = membrane.pass(raw, direction).unwrap();
        let second = lent.clone();
        assert_eq!((membrane.live_proxies(), weak.strong_count()), (1, 1));
        drop(lent);
        assert_eq!((membrane.live_proxies(), census.alive()), (1, 1));
        drop(second);
        assert_eq!((membrane.live_proxies(), census.alive()), (0, 0));
    }
}

#[test]
fn proxies_that_calls_left_behind_are_freed_with_what_held_them() {
    let membrane = Membrane::new(swap_policy());
    let echo = membrane.wrap(Actor::echo(0)).unwrap();
    for shape in shapes() {
        let got = echo.swap(shape.build(&Actor::echo(1))).unwrap();
        drop(got);
        assert_eq!(membrane.live_proxies(), 1, "{}", shape.name);
    }
}

/// B12, C3: an address that is used again is another object.
#[test]
fn object_at_the_address_of_a_dead_one_gets_a_proxy_of_its_own() {
    let membrane = Membrane::new(swap_policy());
    let mut addresses = std::collections::HashSet::new();
    let mut reused = 0;
    for number in 0..sized(2000, 50) as u64 {
        let raw = Actor::echo(number);
        if !addresses.insert(Arc::as_ptr(&raw).cast::<()>()) {
            reused += 1;
        }
        let lent = membrane.wrap(raw.clone()).unwrap();
        assert_eq!(lent.ping().unwrap(), number);
        assert!(Arc::ptr_eq(&membrane.wrap_inbound(lent).unwrap(), &raw));
        assert_eq!(membrane.live_proxies(), 0);
    }
    // Reached: the allocator did reuse an address. Miri's does so now and then only.
    // Miri and the sanitizers keep freed memory from being used again, to find who still uses it.
    assert!(reused > 0 || cfg!(miri) || tests::sanitized());
}

#[test]
fn tables_hold_no_more_than_what_lives_whatever_was_lent_before() {
    let membrane = Membrane::new(swap_policy());
    let many: Vec<Ref> = (0..sized(3000, 40)).map(|_| Actor::echo(1)).collect();
    let mut lent = membrane.pass(many.clone(), Direction::Outbound).unwrap();
    assert_eq!(membrane.live_proxies(), many.len());
    lent.truncate(3);
    assert_eq!(membrane.live_proxies(), 3);
    // The table has shrunk; what is left is still found.
    for (index, one) in lent.iter().enumerate() {
        assert!(Arc::ptr_eq(
            &membrane.wrap(many[index].clone()).unwrap(),
            one
        ));
    }
    drop(lent);
    assert_eq!(membrane.live_proxies(), 0);
}

#[test]
fn proxy_outlives_every_handle_of_its_membrane() {
    let membrane = Membrane::new(swap_policy());
    let revoker = membrane.revoker();
    let secret = Secret::new(1);
    let lent = membrane.wrap(secret.raw.clone()).unwrap();
    drop(membrane);
    secret.assert_lent(&lent);
    revoker.revoke("over");
    secret.assert_dead(&lent, Some("over"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Coming home.

/// Every way out with every way back, and the same from the other side.
///
/// Fails when `Crossing::reference` always wraps.
#[test]
fn object_comes_home_as_itself_by_every_way_there_and_back() {
    for (ways, back) in [(OUTWARD, INWARD), (INWARD, OUTWARD)] {
        let membrane = Membrane::new(swap_policy());
        let link = Link(Some(&membrane));
        for there in ways {
            for back in back.into_iter().step_by(sized(1, 4)) {
                let secret = Secret::new(1);
                let away = there.carry(link, Load::One(secret.raw.clone())).one();
                secret.assert_lent(&away);
                let home = back.carry(link, Load::One(away)).one();
                assert!(
                    Arc::ptr_eq(&home, &secret.raw),
                    "{} {}",
                    there.name,
                    back.name
                );
            }
        }
    }
}

/// Fails when the policy's `homecoming` is not looked at.
#[test]
fn object_stays_wrapped_for_its_owner_when_the_policy_keeps_it_so() {
    for (ways, back) in [(OUTWARD, INWARD), (INWARD, OUTWARD)] {
        let membrane = Membrane::new(homecoming(Homecoming::KeepWrapped));
        let link = Link(Some(&membrane));
        for (there, back) in ways.into_iter().zip(back) {
            let secret = Secret::new(1);
            let away = there.carry(link, Load::One(secret.raw.clone())).one();
            let home = back.carry(link, Load::One(away.clone())).one();
            assert!(!Arc::ptr_eq(&home, &secret.raw), "it stays wrapped");
            secret.assert_lent(&home);
            let again = back.carry(link, Load::One(away.clone())).one();
            assert!(Arc::ptr_eq(&again, &home), "each time in the same way");
            let returned = there.carry(link, Load::One(home)).one();
            assert!(Arc::ptr_eq(&returned, &away), "two layers are the most");
        }
    }
}

/// Fails when the policy's `homecoming` is not looked at.
#[test]
fn object_is_rejected_at_home_when_the_policy_refuses_it() {
    let membrane = Membrane::new(homecoming(Homecoming::Refuse));
    let (mine, yours) = (Secret::new(1), Secret::new(2));
    let lent = membrane.wrap(mine.raw.clone()).unwrap();
    let taken_in = membrane.wrap_inbound(yours.raw.clone()).unwrap();
    let inbox = Inbox::default();
    let keeping = membrane.wrap(Actor::keeping(&inbox)).unwrap();

    let argument = keeping
        .swap(Load::One(lent.clone()))
        .expect_err("refused")
        .error();
    assert_eq!(argument.kind(), ErrorKind::Rejected);
    assert!(inbox.is_empty(), "the call did not happen");
    let giving = membrane
        .wrap(Actor::giving(Load::One(taken_in.clone())))
        .unwrap();
    let result = giving.swap(Load::Nothing).expect_err("refused").error();
    assert_eq!(result.kind(), ErrorKind::Rejected);
    let giving = membrane
        .wrap(Actor::giving(Load::One(taken_in.clone())))
        .unwrap();
    let payload = giving.fail(Load::Nothing).expect_err("refused").error();
    assert_eq!(payload.kind(), ErrorKind::Rejected);
    assert_kind(
        membrane.wrap_inbound(lent.clone()).map(drop),
        ErrorKind::Rejected,
    );
    assert_kind(
        membrane.wrap(taken_in.clone()).map(drop),
        ErrorKind::Rejected,
    );

    // What does not come home crosses as ever.
    keeping.swap(Load::One(yours.raw.clone())).unwrap();
    assert!(Arc::ptr_eq(&inbox.take().one(), &taken_in));
    mine.assert_lent(&lent);
}

/// The owner keeps using its object through a proxy, as the other side would, and hands it a further object of its own.
/// That object is the owner's all the same: the dry side may do with it what it may do with any, and no more.
///
/// M3: the two directions have separate policies. M5: a round trip never yields a weaker policy.
#[test]
fn object_that_its_owner_hands_to_a_proxy_kept_wrapped_is_lent_by_the_inbound_list() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Peer: swap))
        .outbound(allow!(dyn Peer: ping, swap, forbidden))
        .homecoming(Homecoming::KeepWrapped)
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let shelf = Inbox::default();
    let inbox = shelf.clone();
    // Keeps what it is given, and gives it away when it is asked with nothing.
    let storing = Actor::new(0, move |load| match load {
        Load::Nothing => Ok(inbox.take()),
        load => {
            inbox.put(load);
            Ok(Load::Nothing)
        }
    });
    let vault = Secret::new(1);
    let raw_vault = vault.raw.clone();
    // The owner's own code: stores the vault in whatever it is given.
    let storer = Actor::new(0, move |load| {
        let place = load.one();
        place.swap(Load::One(raw_vault.clone()))
    });
    let place = membrane.wrap(storing.share()).unwrap();
    let storer = membrane.wrap(storer.share()).unwrap();

    storer.swap(Load::One(place.clone())).unwrap();
    let found = place.swap(Load::Nothing).unwrap().one();
    assert!(!Arc::ptr_eq(&found, &vault.raw));
    // Control: lent straight, it can do this much.
    let straight = membrane.wrap(vault.raw.clone()).unwrap();
    assert!(straight.ping().is_err() && straight.forbidden().is_err());
    let reached = (found.ping().is_ok(), found.forbidden().is_ok());
    assert_eq!(
        reached,
        (false, false),
        "ping and forbidden are not listed inbound"
    );
}

/// A broken proxy is nobody's: at home it stays broken.
#[test]
fn revoked_proxy_that_comes_home_is_not_the_object() {
    let membrane = Membrane::new(swap_policy());
    let grant = membrane.grant(&swap_policy()).unwrap();
    let secret = Secret::new(1);
    let lent = grant.wrap(secret.raw.clone()).unwrap();
    // Control: while it is live, it comes home.
    assert!(Arc::ptr_eq(
        &membrane.wrap_inbound(lent.clone()).unwrap(),
        &secret.raw
    ));
    grant.revoke("left");
    let home = membrane.wrap_inbound(lent.clone()).unwrap();
    secret.assert_dead(&home, None);
    let inbox = Inbox::default();
    let keeping = membrane.wrap(Actor::keeping(&inbox)).unwrap();
    keeping.swap(Load::One(lent)).unwrap();
    let kept = inbox.take().one();
    assert!(
        Arc::ptr_eq(&kept, &home),
        "a broken object is an object: one proxy"
    );
    secret.assert_dead(&kept, None);
}

/// B11: an object that is known on both sides is the owner's on each.
#[test]
fn object_that_crossed_both_ways_comes_home_to_the_side_it_is_on() {
    let membrane = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let out = membrane.wrap(secret.raw.clone()).unwrap();
    let in_ = membrane.wrap_inbound(secret.raw.clone()).unwrap();
    assert!(!Arc::ptr_eq(&out, &in_));
    secret.assert_lent(&out);
    secret.assert_lent(&in_);
    assert!(Arc::ptr_eq(
        &membrane.wrap_inbound(out.clone()).unwrap(),
        &secret.raw
    ));
    assert!(Arc::ptr_eq(
        &membrane.wrap(in_.clone()).unwrap(),
        &secret.raw
    ));
    // Each stays what it is when it goes on the way that it went.
    assert!(Arc::ptr_eq(&membrane.wrap(out.clone()).unwrap(), &out));
    assert!(Arc::ptr_eq(
        &membrane.wrap_inbound(in_.clone()).unwrap(),
        &in_
    ));
}

/// B4.
#[test]
fn proxy_that_is_wrapped_again_by_its_own_membrane_is_itself() {
    for direction in BOTH {
        for policy in [
            swap_policy(),
            homecoming(Homecoming::KeepWrapped),
            homecoming(Homecoming::Refuse),
        ] {
            let membrane = Membrane::new(policy);
            let secret = Secret::new(1);
            let once = membrane.pass(secret.raw.clone(), direction).unwrap();
            let twice = membrane.pass(once.clone(), direction).unwrap();
            let thrice = membrane.pass(vec![Some(twice.clone())], direction).unwrap();
            assert!(Arc::ptr_eq(&once, &twice));
            assert!(
                thrice[0]
                    .as_ref()
                    .is_some_and(|thrice| Arc::ptr_eq(thrice, &once))
            );
            assert_eq!(membrane.live_proxies(), 1);
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Foreign membranes.

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

// ---------------------------------------------------------------------------------------------------------------------
// Values with identity inside errors and closures.

#[derive(Debug, Passable)]
struct Missing(Arc<dyn Empty>);

impl From<Error> for Missing {
    fn from(_: Error) -> Self {
        Self(Arc::new(Unit))
    }
}

#[interface]
trait Finder {
    fn find(&self) -> Result<Arc<dyn Empty>, Missing>;
}

struct Lost(Arc<dyn Empty>);

impl Finder for Lost {
    fn find(&self) -> Result<Arc<dyn Empty>, Missing> {
        Err(Missing(self.0.clone()))
    }
}

impl std::fmt::Debug for dyn Empty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dyn Empty")
    }
}

#[test]
fn object_in_an_error_is_the_proxy_that_its_object_has() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Finder: find))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let raw: Arc<dyn Empty> = Arc::new(Unit);
    let lent = membrane.wrap(raw.clone()).unwrap();
    let finder = membrane.wrap::<dyn Finder>(Arc::new(Lost(raw))).unwrap();
    assert!(Arc::ptr_eq(&finder.find().unwrap_err().0, &lent));
}

#[test]
fn identity_does_not_depend_on_the_thread_that_asks() {
    let membrane = Membrane::new(swap_policy());
    let raw = Actor::echo(1);
    let here = membrane.wrap(raw.clone()).unwrap();
    let there = soon(move || membrane.wrap(raw).unwrap());
    assert!(Arc::ptr_eq(&here, &there));
}
