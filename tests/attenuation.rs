//! Derived membranes: narrower and never wider, one hop at any depth, and no way from a handle to an owner's object.
//!
//! The cast, unless said otherwise: the owner's membrane `root`; its holder, who has `held` proxies and the handle `on`,
//! made by `attenuate`; and a further holder, who has what comes out of `on`.

use membrane::{
    Direction, Error, ErrorKind, Homecoming, Membrane, Policy, PolicyProblem, allow, interface,
};
use std::sync::Arc;
use tests::fixtures::parcel::{
    Actor, Inbox, Load, Peer, Ref, Secret, shapes, swap_policy, swapping,
};
use tests::fixtures::ways::{INWARD, Link, OUTWARD};
use tests::sized;

fn pinging() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Peer: ping))
        .outbound(allow!(dyn Peer: ping))
        .build()
        .unwrap()
}

#[track_caller]
fn refused<R: std::fmt::Debug>(result: Result<R, tests::fixtures::parcel::Fault>) {
    assert_eq!(
        result.expect_err("refused").error().kind(),
        ErrorKind::Refused
    );
}

/// Everything about `one` that could be wider than `narrow` is refused.
#[track_caller]
fn assert_pings_only(one: &Ref, secret: &Secret) {
    secret.assert_lent(one);
    let before = secret.calls.listed();
    refused(one.swap(Load::Nothing));
    refused(one.fail(Load::Nothing));
    assert_eq!(secret.calls.listed(), before);
}

// ---------------------------------------------------------------------------------------------------------------------
// Narrower.

#[test]
fn grant_lends_the_owners_object_with_less() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let grant = root.grant(&pinging()).unwrap();
    let lent = grant.wrap(secret.raw.clone()).unwrap();
    assert_pings_only(&lent, &secret);
    // At home it is the owner's object, whichever scope of the owner's it comes in by.
    assert!(Arc::ptr_eq(
        &grant.wrap_inbound(lent.clone()).unwrap(),
        &secret.raw
    ));
    assert!(Arc::ptr_eq(&root.wrap_inbound(lent).unwrap(), &secret.raw));
}

#[test]
fn derived_proxy_has_what_its_own_grant_lists_and_the_one_it_came_from_keeps_its_list() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let held = root.wrap(secret.raw.clone()).unwrap();
    let on = root.attenuate(&pinging()).unwrap();
    let further = on.wrap(held.clone()).unwrap();
    assert_pings_only(&further, &secret);
    assert!(held.swap(Load::Nothing).is_ok());
    assert!(Arc::ptr_eq(&on.wrap(held).unwrap(), &further));
}

#[test]
fn grant_that_asks_for_more_is_an_error_and_lends_nothing() {
    let narrow = Membrane::new(pinging());
    for asked in [
        swap_policy(),
        Policy::builder()
            .inbound(allow!(dyn Peer: ping, forbidden))
            .build()
            .unwrap(),
        Policy::builder()
            .outbound(allow!(dyn Peer: swap))
            .build()
            .unwrap(),
        Policy::builder().depth_limit(1000).build().unwrap(),
    ] {
        for error in [
            narrow.grant(&asked).unwrap_err(),
            narrow.attenuate(&asked).unwrap_err(),
        ] {
            assert!(error.problems().iter().all(|problem| matches!(
                problem,
                PolicyProblem::WiderMethod { .. } | PolicyProblem::WiderDepth { .. }
            )));
        }
    }
    // What a descendant lacks its own descendants cannot ask for, though the root has it.
    let root = Membrane::new(swap_policy());
    let narrowed = root.grant(&pinging()).unwrap();
    assert!(root.grant(&swap_policy()).is_ok());
    assert!(narrowed.grant(&swap_policy()).is_err() && narrowed.attenuate(&swap_policy()).is_err());
    let keeping = swapping()
        .homecoming(Homecoming::KeepWrapped)
        .build()
        .unwrap();
    let kept = root.grant(&keeping).unwrap();
    assert!(
        kept.grant(&swap_policy()).is_err(),
        "unwrapping at home is the wider thing"
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// From the handle to the owner's object.

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

// ---------------------------------------------------------------------------------------------------------------------
// Upcasts.

#[interface]
trait Named {
    fn name(&self) -> Result<u64, Error>;
}

#[interface]
trait Account: Named {
    fn balance(&self) -> Result<u64, Error>;
}

/// Takes and gives at the level of the supertrait.
#[interface]
trait Register {
    fn enter(&self, named: Arc<dyn Named>) -> Result<Arc<dyn Named>, Error>;
}

struct Savings;
impl Named for Savings {
    fn name(&self) -> Result<u64, Error> {
        Ok(1)
    }
}
impl Account for Savings {
    fn balance(&self) -> Result<u64, Error> {
        Ok(2)
    }
}

/// What it was given it tries, and gives back.
#[derive(Default)]
struct Trying(std::sync::Mutex<Option<Tried>>);

type Tried = (Arc<dyn Named>, Result<u64, Error>);

impl Register for Trying {
    fn enter(&self, named: Arc<dyn Named>) -> Result<Arc<dyn Named>, Error> {
        let result = named.name();
        *self.0.lock().unwrap() = Some((named.clone(), result));
        Ok(named)
    }
}

/// Fails when `elsewhere` does not compare the interfaces: then the proxy is replaced by one with the supertrait's list.
#[test]
fn upcast_before_deriving_widens_nothing_on_the_way_out_or_back() {
    let policy = || {
        let accounts = allow!(dyn Account: balance);
        let (names, registers) = (allow!(dyn Named: name), allow!(dyn Register: enter));
        let out = Policy::builder()
            .inbound(accounts)
            .inbound(names)
            .inbound(registers);
        out.outbound(accounts)
            .outbound(names)
            .outbound(registers)
            .build()
            .unwrap()
    };
    let root = Membrane::new(policy());
    let on = root.attenuate(&policy()).unwrap();
    let held = root.wrap::<dyn Account>(Arc::new(Savings)).unwrap();
    let further = on.wrap(held.clone()).unwrap();
    let kinds = |one: &Arc<dyn Named>| one.name().map_err(Error::kind);
    assert_eq!((held.balance(), further.balance()), (Ok(2), Ok(2)));

    // Out.
    let up: Arc<dyn Named> = held;
    assert_eq!(kinds(&up), Err(ErrorKind::Refused));
    assert_eq!(kinds(&on.wrap(up).unwrap()), Err(ErrorKind::Refused));
    // Back.
    let up: Arc<dyn Named> = further;
    assert_eq!(
        kinds(&on.wrap_inbound(up.clone()).unwrap()),
        Err(ErrorKind::Refused)
    );
    let trying = Arc::new(Trying::default());
    let register = on.wrap::<dyn Register>(trying.clone()).unwrap();
    let echoed = register.enter(up.clone()).unwrap();
    let (given, result) = trying.0.lock().unwrap().take().expect("it was reached");
    assert_eq!(result.map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(kinds(&given), Err(ErrorKind::Refused));
    assert!(Arc::ptr_eq(&echoed, &up));
    assert_eq!(kinds(&echoed), Err(ErrorKind::Refused));
    // Two generations down, and up again.
    let deeper = on.attenuate(&policy()).unwrap();
    let down = deeper.wrap(up).unwrap();
    assert_eq!(kinds(&down), Err(ErrorKind::Refused));
    assert_eq!(
        kinds(&deeper.wrap_inbound(down.clone()).unwrap()),
        Err(ErrorKind::Refused)
    );
    assert_eq!(
        kinds(&on.wrap_inbound(down).unwrap()),
        Err(ErrorKind::Refused)
    );

    // Control: what crosses as `Named` is good for its name, all the way.
    let named = root.wrap::<dyn Named>(Arc::new(Savings)).unwrap();
    let derived = deeper.wrap(on.wrap(named.clone()).unwrap()).unwrap();
    assert_eq!((kinds(&named), kinds(&derived)), (Ok(1), Ok(1)));
}

// ---------------------------------------------------------------------------------------------------------------------
// Chains.

/// Handles and proxies of `depth` generations; `handles[0]` is the owner's.
fn chain(depth: usize, first: Policy, rest: &Policy, raw: &Ref) -> (Vec<Membrane>, Vec<Ref>) {
    let mut handles = vec![Membrane::new(first)];
    let mut held = vec![handles[0].wrap(raw.clone()).unwrap()];
    for generation in 1..=depth {
        handles.push(handles[generation - 1].attenuate(rest).unwrap());
        held.push(
            handles[generation]
                .wrap(held[generation - 1].clone())
                .unwrap(),
        );
    }
    (handles, held)
}

/// M4: one hop, at any depth. Each of these calls is the only one of its thread; a second hop would be a call in a call.
///
/// Fails when `elsewhere` is left out outwards.
#[test]
fn chain_of_grants_is_one_hop_at_any_depth() {
    let depth = sized(64, 6);
    let policy = |calls| swapping().depth_limit(calls).build().unwrap();
    let secret = Secret::new(1);
    let (handles, held) = chain(depth, policy(1), &policy(1), &secret.raw);
    for one in &held {
        secret.assert_lent(one);
        assert_eq!(size_of_val(&**one), size_of_val(&*held[0]));
    }
    // It is the same from the far end of the chain, whatever is left of its middle.
    let (last, mut middle) = (held.last().unwrap().clone(), held);
    middle.clear();
    assert!(
        handles[..depth]
            .iter()
            .all(|handle| handle.live_proxies() == 0)
    );
    secret.assert_lent(&last);
    drop(handles);
    secret.assert_lent(&last);

    // References in the arguments and the result: the call, and a look at the reference.
    let (handles, held) = chain(depth, policy(2), &policy(2), &secret.raw);
    let last = held.last().unwrap();
    assert!(Arc::ptr_eq(
        &last.swap(Load::One(last.clone())).unwrap().one(),
        last
    ));
    let own = Secret::new(2);
    assert!(Arc::ptr_eq(
        &last.swap(Load::One(own.raw.clone())).unwrap().one(),
        &own.raw
    ));
    assert_eq!(handles[depth].live_proxies(), 1);
}

#[test]
fn chain_of_grants_that_skips_generations_is_one_hop_too() {
    let policy = swapping().depth_limit(1).build().unwrap();
    let secret = Secret::new(1);
    let (handles, held) = chain(6, policy.clone(), &policy, &secret.raw);
    for (from, one) in held.iter().enumerate() {
        for handle in &handles[from..] {
            secret.assert_lent(&handle.wrap(one.clone()).unwrap());
        }
    }
    // The same proxy whichever generation it was derived from.
    for one in &held[..6] {
        assert!(Arc::ptr_eq(
            &handles[6].wrap(one.clone()).unwrap(),
            &held[6]
        ));
    }
    // A grant to one side on the way.
    let aside = handles[3].grant(&policy).unwrap();
    let lent = aside.wrap(held[2].clone()).unwrap();
    secret.assert_lent(&lent);
    assert!(Arc::ptr_eq(&aside.wrap_inbound(lent).unwrap(), &held[2]));
}

#[test]
fn each_generation_has_the_rights_of_its_own_grant_only() {
    let (all, less, least) = (swap_policy(), swapping_less(), pinging());
    let secret = Secret::new(1);
    let root = Membrane::new(all);
    let on = root.attenuate(&less).unwrap();
    let further_on = on.attenuate(&least).unwrap();
    let held = root.wrap(secret.raw.clone()).unwrap();
    let further = on.wrap(held.clone()).unwrap();
    let furthest = further_on.wrap(further.clone()).unwrap();
    assert!(
        held.fail(Load::Nothing)
            .expect_err("it fails")
            .load()
            .reach()
            .is_empty()
    );
    refused(further.fail(Load::Nothing));
    assert!(further.swap(Load::Nothing).is_ok());
    assert_pings_only(&furthest, &secret);
    // Derived from the first one straight away: the same.
    assert!(Arc::ptr_eq(&further_on.wrap(held).unwrap(), &furthest));
}

fn swapping_less() -> Policy {
    let list = allow!(dyn Peer: ping, swap);
    Policy::builder()
        .inbound(list)
        .outbound(list)
        .build()
        .unwrap()
}

/// Revoked at each level in turn: what derives from it dies with its reason, what it derives from lives on.
#[test]
fn revocation_at_any_level_of_a_chain_ends_that_level_and_those_below() {
    let depth = sized(64, 5);
    let secret = Secret::new(1);
    for level in (0..=depth).step_by(sized(7, 2)) {
        let (handles, held) = chain(depth, swap_policy(), &swap_policy(), &secret.raw);
        let aside = handles[level].grant(&swap_policy()).unwrap();
        // `grant` shares its parent's wet side, so it lends what that lends.
        let from = level
            .checked_sub(1)
            .map_or(&secret.raw, |level| &held[level]);
        let aside_held = aside.wrap(from.clone()).unwrap();
        secret.assert_lent(&aside_held);
        handles[level].revoke("left");
        for (generation, one) in held.iter().enumerate() {
            if generation < level {
                secret.assert_lent(one);
                assert!(!handles[generation].is_revoked());
            } else {
                secret.assert_dead(one, Some("left"));
                assert!(handles[generation].is_revoked());
            }
        }
        secret.assert_dead(&aside_held, Some("left"));
        assert!(handles[depth].wrap(secret.raw.clone()).is_err());
        assert!(handles[depth].attenuate(&swap_policy()).is_err());
    }
}

#[test]
fn objects_of_the_last_holder_reach_the_owner_in_one_hop_and_come_home() {
    let depth = sized(20, 4);
    let inbox = Inbox::default();
    let keeping = Actor::keeping(&inbox);
    let (handles, held) = chain(depth, swap_policy(), &swap_policy(), &keeping);
    let own = Secret::new(7);
    held[depth].swap(Load::One(own.raw.clone())).unwrap();
    let taken_in = inbox.take().one();
    own.assert_lent(&taken_in);
    // The owner hands it out again by the same way.
    let giving = handles[depth].wrap(held[0].clone()).unwrap();
    assert!(Arc::ptr_eq(&giving, &held[depth]));
    let (handles, held) = chain(depth, swap_policy(), &swap_policy(), &Actor::echo(0));
    assert!(Arc::ptr_eq(
        &held[depth].swap(Load::One(own.raw.clone())).unwrap().one(),
        &own.raw
    ));
    // Revoking in the middle cuts the owner off as well.
    handles[depth / 2].revoke("left");
    assert!(held[0].ping().is_ok());
    let again = held[depth]
        .swap(Load::One(own.raw))
        .expect_err("cut")
        .error();
    assert!(again.is_revoked());
}

/// The owner's new object, got by the last holder, is on its way up what each side's own membrane makes of it.
#[test]
fn object_got_through_a_derived_proxy_is_lent_by_that_grant() {
    let root = Membrane::new(swap_policy());
    let on = root.attenuate(&swapping_less()).unwrap();
    let secret = Secret::new(1);
    let giving = Actor::new(0, {
        let raw = secret.raw.clone();
        move |_| Ok(Load::One(raw.clone()))
    });
    let held = root.wrap(giving.share()).unwrap();
    let further = on.wrap(held.clone()).unwrap();
    let got = further.swap(Load::Nothing).unwrap().one();
    secret.assert_lent(&got);
    refused(got.fail(Load::Nothing));
    let holders = held.swap(Load::Nothing).unwrap().one();
    assert!(Arc::ptr_eq(
        &on.wrap_inbound(got.clone()).unwrap(),
        &holders
    ));
    assert!(Arc::ptr_eq(&on.wrap(holders.clone()).unwrap(), &got));
    on.revoke("left");
    secret.assert_dead(&got, Some("left"));
    secret.assert_lent(&holders);
}

// ---------------------------------------------------------------------------------------------------------------------
// Siblings.

/// M4: between siblings both scopes are checked, and home is found again one layer at a time.
#[test]
fn proxy_of_a_sibling_is_bound_by_both_grants() {
    let root = Membrane::new(swap_policy());
    let one = root.grant(&swapping_less()).unwrap();
    let list = allow!(dyn Peer: ping, fail);
    let other = Policy::builder()
        .inbound(list)
        .outbound(list)
        .build()
        .unwrap();
    let other = root.grant(&other).unwrap();
    let secret = Secret::new(1);
    let ones = one.wrap(secret.raw.clone()).unwrap();
    assert!(ones.swap(Load::Nothing).is_ok());
    let both = other.wrap(ones.clone()).unwrap();
    assert_pings_only(&both, &secret);
    assert!(Arc::ptr_eq(
        &other.wrap_inbound(both.clone()).unwrap(),
        &ones
    ));
    assert!(Arc::ptr_eq(
        &other.wrap_inbound(ones.clone()).unwrap(),
        &secret.raw
    ));

    one.revoke("one left");
    secret.assert_dead(&ones, Some("one left"));
    secret.assert_dead(&both, None);
    let own = other.wrap(secret.raw.clone()).unwrap();
    secret.assert_lent(&own);
}

#[test]
fn proxy_of_a_sibling_dies_with_either_grant() {
    for first in [true, false] {
        let root = Membrane::new(swap_policy());
        let (one, other) = (
            root.attenuate(&swap_policy()).unwrap(),
            root.attenuate(&swap_policy()).unwrap(),
        );
        let secret = Secret::new(1);
        let held = root.wrap(secret.raw.clone()).unwrap();
        let both = other.wrap(one.wrap(held.clone()).unwrap()).unwrap();
        secret.assert_lent(&both);
        if first {
            one.revoke("left");
        } else {
            other.revoke("left");
        }
        secret.assert_dead(&both, if first { None } else { Some("left") });
        secret.assert_lent(&held);
    }
}

#[test]
fn siblings_do_not_share_proxies_or_fate() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let grants: Vec<_> = (0..4)
        .map(|_| root.grant(&swap_policy()).unwrap())
        .collect();
    let lent: Vec<_> = grants
        .iter()
        .map(|grant| grant.wrap(secret.raw.clone()).unwrap())
        .collect();
    for (index, grant) in grants.iter().enumerate() {
        grant.revoke("left");
        for (other, lent) in lent.iter().enumerate() {
            if other <= index {
                secret.assert_dead(lent, Some("left"));
            } else {
                secret.assert_lent(lent);
            }
        }
    }
    assert!(!root.is_revoked());
}

// ---------------------------------------------------------------------------------------------------------------------
// Home by a roundabout way.

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

// ---------------------------------------------------------------------------------------------------------------------
// Homecoming and the direction of lists, per grant.

#[test]
fn homecoming_is_that_of_the_grant_by_which_the_object_comes() {
    let root = Membrane::new(swap_policy());
    let refusing = swapping().homecoming(Homecoming::Refuse).build().unwrap();
    let refusing = root.attenuate(&refusing).unwrap();
    let own = Secret::new(1);
    let lent_on = refusing.wrap(own.raw.clone()).unwrap();
    let error = refusing.wrap_inbound(lent_on).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    // What was lent to the holder has not come home when it gets back to the holder.
    let secret = Secret::new(2);
    let held = root.wrap(secret.raw.clone()).unwrap();
    let further = refusing.wrap(held.clone()).unwrap();
    assert!(Arc::ptr_eq(&refusing.wrap_inbound(further).unwrap(), &held));
}

#[test]
fn holder_lends_its_own_objects_by_the_list_of_its_handle() {
    let root = Membrane::new(swap_policy());
    let on = root.attenuate(&pinging()).unwrap();
    let own = Secret::new(1);
    let further = on.wrap(own.raw.clone()).unwrap();
    assert_pings_only(&further, &own);
    // And calls the further holder's by the inward one.
    let theirs = Secret::new(2);
    assert_pings_only(&on.wrap_inbound(theirs.raw.clone()).unwrap(), &theirs);
    assert!(Arc::ptr_eq(&on.wrap_inbound(further).unwrap(), &own.raw));
}

/// A holder that lends on must not make the owner's code panic: the owner chose errors.
///
/// Fails if `Policy::attenuate` does not compare `on_panic`.
#[test]
fn derived_policy_does_not_let_panics_through_that_its_parent_stops() {
    use membrane::{OnPanic, Policy, PolicyProblem};
    let errors = Policy::deny_all();
    let propagates = Policy::builder()
        .on_panic(OnPanic::Propagate)
        .build()
        .unwrap();
    let membrane = Membrane::new(errors.clone());
    for derived in [membrane.grant(&propagates), membrane.attenuate(&propagates)] {
        let error = derived.expect_err("wider");
        assert!(matches!(
            error.problems(),
            [PolicyProblem::WiderOnPanic { .. }]
        ));
    }
    assert!(Membrane::new(propagates).attenuate(&errors).is_ok());
}
