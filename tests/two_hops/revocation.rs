//! Revocation of either.

use super::*;

#[test]
fn revocation_of_the_near_membrane_cuts_b_off_and_leaves_the_host_its_own() {
    let hops = hops();
    let (of_a, of_b) = (Secret::new(1), Secret::new(2));
    let (got, given) = (hops.to_b(&of_a.raw), hops.to_a(&of_b.raw));
    let host = hops.a.wrap_inbound(of_a.raw.clone()).unwrap();
    hops.b.revoke("b left");
    of_a.assert_dead(&got, Some("b left"));
    of_b.assert_dead(&given, None);
    of_a.assert_lent(&host);
    assert!(!hops.a.is_revoked());
    assert!(hops.b.wrap(host).is_err());
}

#[test]
fn revocation_of_both_frees_everything_in_either_order() {
    for first in [true, false] {
        let hops = hops();
        let census = Census::default();
        let raw = Actor::new(1, Ok).with_token(census.token()).share();
        let got = hops.to_b(&raw);
        drop(raw);
        let (one, other) = if first {
            (&hops.a, &hops.b)
        } else {
            (&hops.b, &hops.a)
        };
        one.revoke("first");
        // Whichever goes first, A's object has lost its only holder: A's membrane let it go, or B's let go of A's proxy.
        assert_eq!(census.alive(), 0);
        other.revoke("second");
        assert_eq!((hops.a.live_proxies(), hops.b.live_proxies()), (0, 0));
        assert!(got.ping().is_err());
    }
}

/// E12: revoked from inside the call, by the far end, in the middle of two hops.
#[test]
fn call_over_two_hops_delivers_nothing_once_either_is_revoked() {
    for far in [true, false] {
        let hops = hops();
        let secret = Secret::new(1);
        let revoking = if far { hops.a.clone() } else { hops.b.clone() };
        let raw = secret.raw.clone();
        let actor = Actor::new(0, move |_| {
            revoking.revoke("enough");
            Ok(Load::One(raw.clone()))
        });
        let got = hops.to_b(&actor.share());
        let error = got.swap(Load::Nothing).expect_err("revoked").error();
        let reason = (!far).then_some("enough");
        assert_eq!(error.reason().map(membrane::Reason::as_str), reason);
        assert!(error.is_revoked());
        assert_eq!(secret.calls.listed(), 0);
    }
}

#[test]
fn grant_of_either_membrane_is_revoked_by_itself() {
    let hops = hops();
    let secret = Secret::new(1);
    let grant_a = hops.a.grant(&swap_policy()).unwrap();
    let grant_b = hops.b.grant(&swap_policy()).unwrap();
    let by_grants = grant_b
        .wrap(grant_a.wrap_inbound(secret.raw.clone()).unwrap())
        .unwrap();
    let by_roots = hops.to_b(&secret.raw);
    grant_a.revoke("left");
    secret.assert_dead(&by_grants, None);
    secret.assert_lent(&by_roots);
    grant_b.revoke("left, too");
    secret.assert_dead(&by_grants, Some("left, too"));
    secret.assert_lent(&by_roots);
}
