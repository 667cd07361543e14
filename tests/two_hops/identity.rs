//! Identity and the way back.

use super::*;
use membrane::Homecoming;

#[test]
fn object_is_one_object_at_each_stage_however_it_gets_there() {
    let hops = hops();
    let (one, other) = (Secret::new(1), Secret::new(2));
    let first = hops.to_b(&one.raw);
    for (inward, outward) in pairs() {
        for shape in some_shapes() {
            for got in hops.relay(inward, outward, shape.build(&one.raw)).reach() {
                assert!(
                    Arc::ptr_eq(&got, &first),
                    "{} {}",
                    inward.name,
                    outward.name
                );
            }
        }
        let got = hops
            .relay(inward, outward, Load::One(other.raw.clone()))
            .one();
        assert!(!Arc::ptr_eq(&got, &first));
    }
}

/// Fails when roots are not compared: then B's proxy is stripped to A's object at the host.
#[test]
fn object_comes_back_through_both_hops_as_itself_and_one_layer_at_a_time() {
    for (inward, outward) in pairs() {
        for shape in some_shapes() {
            let hops = hops();
            let secret = Secret::new(1);
            let host = hops.a.wrap_inbound(secret.raw.clone()).unwrap();
            let got = hops
                .relay(inward, outward, Load::One(secret.raw.clone()))
                .one();
            // From B to the host, and on to A.
            let at_host = inward.carry(Link(Some(&hops.b)), shape.build(&got));
            let at_a = outward.carry(Link(Some(&hops.a)), at_host).reach();
            assert!(!at_a.is_empty());
            for home in &at_a {
                secret.assert_raw(home);
            }
            for at_host in inward.carry(Link(Some(&hops.b)), shape.build(&got)).reach() {
                assert!(
                    Arc::ptr_eq(&at_host, &host),
                    "at the host it is the host's proxy"
                );
                // Handed to B's membrane once more, as if it were B's, it loses no further layer.
                let again = hops.b.wrap_inbound(at_host).unwrap();
                secret.assert_lent(&again);
            }
        }
    }
}

#[test]
fn objects_of_both_ends_cross_each_other_and_come_home() {
    let hops = hops();
    let (of_a, of_b) = (Secret::new(1), Secret::new(2));
    let inbox = Inbox::default();
    let lent = hops.to_b(&Actor::keeping(&inbox));
    // B hands A what it got from A, and something of its own.
    let theirs = hops.to_b(&of_a.raw);
    lent.swap(Load::Several(vec![
        Load::One(theirs),
        Load::One(of_b.raw.clone()),
    ]))
    .unwrap();
    let got = inbox.take().reach();
    of_a.assert_raw(&got[0]);
    of_b.assert_lent(&got[1]);
    assert!(Arc::ptr_eq(&got[1], &hops.to_a(&of_b.raw)));
    // And A sends it back.
    let echo = hops.to_a(&Actor::echo(0));
    of_b.assert_raw(
        &hops
            .to_b(&Actor::echo(0))
            .swap(Load::One(of_b.raw.clone()))
            .unwrap()
            .one(),
    );
    of_a.assert_raw(&echo.swap(Load::One(of_a.raw.clone())).unwrap().one());
}

#[test]
fn homecoming_at_each_hop_is_that_hops_own_policy() {
    let keeping = swapping()
        .homecoming(Homecoming::KeepWrapped)
        .build()
        .unwrap();
    let hops = Hops {
        a: Membrane::new(keeping),
        b: Membrane::new(swap_policy()),
    };
    let secret = Secret::new(1);
    let got = hops.to_b(&secret.raw);
    let host = hops.a.wrap_inbound(secret.raw.clone()).unwrap();
    assert!(Arc::ptr_eq(&hops.b.wrap_inbound(got).unwrap(), &host));
    let home = hops.a.wrap(host.clone()).unwrap();
    assert!(!Arc::ptr_eq(&home, &host) && !Arc::ptr_eq(&home, &secret.raw));
    assert!(Arc::ptr_eq(
        &hops.a.wrap_inbound(home.clone()).unwrap(),
        &host
    ));
    secret.assert_lent(&home);
}

#[test]
fn proxies_over_two_hops_are_freed_with_the_last_that_holds_them() {
    let hops = hops();
    let census = Census::default();
    let raw = Actor::new(1, Ok).with_token(census.token()).share();
    let got = hops.to_b(&raw);
    drop(raw);
    assert_eq!(
        (hops.a.live_proxies(), hops.b.live_proxies(), census.alive()),
        (1, 1, 1)
    );
    drop(got);
    assert_eq!(
        (hops.a.live_proxies(), hops.b.live_proxies(), census.alive()),
        (0, 0, 0)
    );
}
