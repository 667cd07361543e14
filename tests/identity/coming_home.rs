//! Coming home.

use super::*;
use membrane::Homecoming;
use tests::assert_kind;

fn homecoming(homecoming: Homecoming) -> Policy {
    swapping().homecoming(homecoming).build().unwrap()
}

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
