//! Wrapping.

use super::*;

#[track_caller]
fn kind_and_reason(result: Result<u64, Fault>) -> (ErrorKind, Option<&'static str>) {
    let error = result.expect_err("an error").error();
    (error.kind(), error.reason().map(membrane::Reason::as_str))
}

/// Fails when either hop's conversion of arguments or results is left out.
#[test]
fn reference_in_any_shape_is_wrapped_at_each_of_two_hops() {
    for (inward, outward) in pairs() {
        for shape in some_shapes() {
            let hops = hops();
            let secret = Secret::new(1);
            let got = hops
                .relay(inward, outward, shape.build(&secret.raw))
                .reach();
            assert!(
                !got.is_empty(),
                "{} {} {}",
                inward.name,
                outward.name,
                shape.name
            );
            let at_host = hops.a.wrap_inbound(secret.raw.clone()).unwrap();
            for got in &got {
                secret.assert_lent(got);
                assert!(!Arc::ptr_eq(got, &at_host), "the host's own proxy got out");
            }
        }
    }
}

/// Positive control: with either membrane left out, what the other one holds back is there.
#[test]
fn one_hop_alone_gives_the_host_or_b_what_the_other_would_have_held_back() {
    for (inward, outward) in pairs() {
        let hops = hops();
        let secret = Secret::new(1);
        let at_host = inward
            .carry(Link(Some(&hops.a)), Load::One(secret.raw.clone()))
            .one();
        let got = outward.carry(Link(None), Load::One(at_host.clone())).one();
        assert!(
            Arc::ptr_eq(&got, &at_host),
            "the host's proxy, of the wrong membrane"
        );
        let raw = inward.carry(Link(None), Load::One(secret.raw.clone()));
        let raw = outward.carry(Link(None), raw).one();
        secret.assert_raw(&raw);
    }
}

#[test]
fn rights_over_two_hops_are_those_that_both_lists_give() {
    let list = allow!(dyn Peer: ping, swap);
    let a = Membrane::new(Policy::builder().outbound(list).build().unwrap());
    let list = allow!(dyn Peer: ping, fail, forbidden);
    let b = Membrane::new(Policy::builder().inbound(list).build().unwrap());
    let secret = Secret::new(1);
    let got = Hops { a, b }.to_b(&secret.raw);
    secret.assert_lent(&got);
    let before = secret.calls.listed();
    for result in [
        got.swap(Load::Nothing).map(|_| 0),
        got.fail(Load::Nothing).map(|()| 0),
        got.forbidden(),
    ] {
        assert_eq!(kind_and_reason(result), (ErrorKind::Refused, None));
    }
    assert_eq!(secret.calls.listed(), before);
}
