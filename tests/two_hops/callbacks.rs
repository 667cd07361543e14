//! Callbacks.

use super::*;
use tests::fixtures::parcel::{Exchange, Supply};

/// B's closure in A's hands, kept after the call.
#[test]
fn callback_over_two_hops_wraps_both_ways_and_dies_with_either() {
    for far in [true, false] {
        let hops = hops();
        let (of_a, of_b) = (Secret::new(1), Secret::new(2));
        let (seen, given) = (Inbox::default(), of_b.raw.clone());
        let kept = seen.clone();
        let callback: Exchange = Arc::new(move |load| {
            kept.put(load);
            Ok(Load::One(given.clone()))
        });
        let shelf = Inbox::default();
        hops.to_b(&Actor::keeping(&shelf))
            .swap(Load::Exchange(callback.clone()))
            .unwrap();
        let Load::Exchange(at_a) = shelf.take() else {
            panic!("a callback")
        };
        assert!(!Arc::ptr_eq(&at_a, &callback));
        let got = at_a(Load::One(of_a.raw.clone())).unwrap().one();
        of_b.assert_lent(&got);
        of_a.assert_lent(&seen.take().one());
        // What A got from B goes back to B through the callback as B's own.
        at_a(Load::One(got)).unwrap();
        of_b.assert_raw(&seen.take().one());
        // The closure itself comes home to B.
        let echo = hops.to_b(&Actor::echo(0));
        let Load::Exchange(home) = echo.swap(Load::Exchange(callback.clone())).unwrap() else {
            panic!("a callback")
        };
        assert!(Arc::ptr_eq(&home, &callback));

        if far {
            hops.b.revoke("left");
        } else {
            hops.a.revoke("left");
        }
        let error = at_a(Load::Nothing).expect_err("revoked").error();
        assert!(error.is_revoked());
        assert_eq!(
            error.reason().map(membrane::Reason::as_str),
            (!far).then_some("left")
        );
        assert!(seen.is_empty());
    }
}

#[test]
fn closures_that_give_closures_are_gated_over_two_hops() {
    let hops = hops();
    let secret = Secret::new(1);
    let raw = secret.raw.clone();
    let exchange: Exchange = Arc::new(move |_| {
        let raw = raw.clone();
        let supply: Supply = Arc::new(move || Ok(raw.clone()));
        Ok(Load::Supplies(vec![supply.clone(), supply]))
    });
    let got = hops.relay(INWARD[1], OUTWARD[1], Load::Exchange(exchange));
    let Load::Exchange(got) = got else {
        panic!("a closure")
    };
    let Load::Supplies(supplies) = got(Load::Nothing).unwrap() else {
        panic!("closures")
    };
    assert!(Arc::ptr_eq(&supplies[0], &supplies[1]));
    secret.assert_lent(&supplies[0]().unwrap());
    hops.a.revoke("left");
    let error = supplies[0]().map(drop).unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
}
