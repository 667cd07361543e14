//! Errors and panics.

use super::*;
use membrane::{Error, OnPanic};
use std::panic::panic_any;
use std::sync::PoisonError;

/// A1, A3, A4.
#[test]
fn error_of_the_far_end_arrives_with_its_payload_wrapped_twice() {
    let hops = hops();
    let secret = Secret::new(1);
    let failing = Actor::giving(Load::Vec(vec![secret.raw.clone(); 2]));
    let got = hops
        .to_b(&failing)
        .fail(Load::Nothing)
        .expect_err("it fails")
        .load()
        .reach();
    assert_eq!(got.len(), 2);
    assert!(Arc::ptr_eq(&got[0], &got[1]) && Arc::ptr_eq(&got[0], &hops.to_b(&secret.raw)));
    secret.assert_lent(&got[0]);
}

/// M9: a membrane's reason is for the holders of what was revoked, one hop away.
#[test]
fn reason_of_a_revocation_is_told_one_hop_and_not_two() {
    let hops = hops();
    let secret = Secret::new(1);
    let got = hops.to_b(&secret.raw);
    let host = hops.a.wrap_inbound(secret.raw.clone()).unwrap();
    let other = hops.b.wrap(Actor::echo(5)).unwrap();
    hops.a.revoke("a secret of the host's and A's");
    secret.assert_dead(&host, Some("a secret of the host's and A's"));
    secret.assert_dead(&got, None);
    let text = format!("{0} {0:?}", got.ping().expect_err("dead").error());
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(other.ping().unwrap(), 5, "B's other objects live on");
}

#[test]
fn panic_at_the_far_end_is_an_error_at_the_near_one() {
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        let a = Membrane::new(swapping().on_panic(on_panic).build().unwrap());
        let hops = Hops {
            a,
            b: Membrane::new(swap_policy()),
        };
        let census = Census::default();
        let tokens = census.clone();
        let armed = Mutex::new(true);
        let panicking = Actor::new(3, move |load| {
            let armed = std::mem::take(&mut *armed.lock().unwrap_or_else(PoisonError::into_inner));
            if armed {
                panic_any(tokens.token());
            }
            Ok(load)
        });
        let got = hops.to_b(&panicking.share());
        let error = got.swap(Load::Nothing).expect_err("it panics").error();
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Panicked, None));
        assert_eq!((census.made(), census.alive()), (1, 0));
        assert!(got.swap(Load::Nothing).is_ok() && got.ping().is_ok());
    }
}

#[test]
fn refusal_at_the_far_hop_looks_like_one_at_the_near_hop() {
    let (near, far) = (hops(), hops());
    let secret = Secret::new(1);
    let list = allow!(dyn Peer: ping);
    let narrow = Policy::builder()
        .outbound(list)
        .inbound(list)
        .build()
        .unwrap();
    let near = Hops {
        b: Membrane::new(narrow.clone()),
        ..near
    }
    .to_b(&secret.raw);
    let far = Hops {
        a: Membrane::new(narrow),
        ..far
    }
    .to_b(&secret.raw);
    let [near, far] = [near, far].map(|one| one.swap(Load::Nothing).expect_err("refused").error());
    assert_eq!(near, far);
    assert_eq!(near, Error::from(ErrorKind::Refused));
}
