//! Chains.

use super::*;

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
