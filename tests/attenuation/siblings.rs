//! Siblings.

use super::*;

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
