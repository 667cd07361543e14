//! Nobody holds it.

use super::*;
use std::sync::Weak;
use tests::Census;

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

/// Fails if it holds the grants of the proxies that the proxy stands for: they would last as long as anybody remembers it.
#[test]
fn what_an_owner_was_told_of_a_proxy_keeps_no_grant_further_in() {
    let root = Membrane::new(swap_policy());
    let [inner, outer] = [(); 2].map(|()| root.grant(&swap_policy()).unwrap());
    let lent = inner.wrap(Secret::new(1).raw).unwrap();
    let lent = outer.wrap(lent).unwrap();
    let told = root.lent(&lent).expect("a proxy of the root's");
    assert!(told.allows(0));
    drop(inner);
    let grants = || root.snapshot().grants.len();
    assert_eq!(grants(), 3, "the outer proxy has the inner one");
    outer.revoke("over");
    assert_eq!(grants(), 2, "the root, and the outer one that was told of");
    assert!(told.check().is_err());
}
