//! Iterators.

use super::*;
use tests::fixtures::parcel::{Items, Loads};

#[test]
fn iterator_over_two_hops_wraps_items_and_tells_a_revocation_of_either_once() {
    for far in [true, false] {
        let hops = hops();
        let secret = Secret::new(1);
        let census = Census::default();
        let (raw, token) = (secret.raw.clone(), census.token());
        let items: Items = Box::new(std::iter::repeat_with(move || {
            let _ = &token;
            Ok(raw.clone())
        }));
        let Load::Items(mut got) = hops.relay(INWARD[1], OUTWARD[1], Load::Items(items)) else {
            panic!("an iterator")
        };
        let first = got.next().unwrap().unwrap();
        secret.assert_lent(&first);
        assert!(Arc::ptr_eq(&first, &got.next().unwrap().unwrap()));
        assert!(Arc::ptr_eq(&first, &hops.to_b(&secret.raw)));

        if far {
            hops.a.revoke("left");
        } else {
            hops.b.revoke("left");
        }
        let error = got.next().expect("not the end").map(drop).unwrap_err();
        let reason = (!far).then_some("left");
        assert_eq!(
            (error.kind(), error.reason().map(membrane::Reason::as_str)),
            (ErrorKind::Revoked, reason)
        );
        assert!(got.next().is_none() && got.next().is_none());
        assert_eq!(census.alive(), 0, "A's iterator is gone");
    }
}

#[test]
fn iterator_that_fails_and_panics_over_two_hops_is_told_of_each() {
    let hops = hops();
    let mut step = 0;
    let loads: Loads = Box::new(std::iter::from_fn(move || {
        step += 1;
        match step {
            1 => Some(Err(Fault::Payload(Load::Text(String::from("own"))))),
            2 => Some(Ok(Load::Nothing)),
            _ => panic!("a step"),
        }
    }));
    let got = hops.relay(INWARD[1], OUTWARD[1], Load::Loads(loads));
    let Load::Loads(mut got) = got else {
        panic!("an iterator")
    };
    let own = got.next().unwrap().expect_err("its own error").load();
    assert!(matches!(own, Load::Text(text) if text == "own"));
    assert!(matches!(got.next(), Some(Ok(Load::Nothing))));
    let panicked = got
        .next()
        .expect("not the end")
        .expect_err("a panic")
        .error();
    assert_eq!(panicked.kind(), ErrorKind::Panicked);
    assert!(got.next().is_none());
}
