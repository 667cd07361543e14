//! The end, and when domains may be joined.

use super::*;
use membrane::Reason;
use runtime::{Foreign, JoinError};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tests::{Census, sized, soon, start};

struct Far;

impl Foreign for Far {
    fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
        Ok("far".into())
    }
}

#[test]
fn close_breaks_references_in_both_directions_and_frees_names_imports_and_targets() {
    let (runtime, guest) = two();
    runtime.know::<dyn Shelf>();
    let census = Census::default();
    let counted = |domain: &Domain| {
        let oak = Oak {
            token: Some(census.token()),
            ..Oak::default()
        };
        domain.own::<dyn Shelf>(Arc::new(oak))
    };
    let lent = runtime
        .host()
        .send(&counted(runtime.host()), &guest)
        .expect("joined");
    let given = guest
        .send(&counted(&guest), runtime.host())
        .expect("joined");
    guest.insert(&counted(&guest)).expect("room");
    let hash = <dyn Shelf>::interface().hash();
    let imported = guest.import(1, hash, || Arc::new(Far)).expect("known");
    assert_eq!(guest.import_key(&imported), Some(1));
    assert_eq!(
        (census.alive(), guest.handles(), guest.imports()),
        (3, 1, 1)
    );

    guest.close("moved out");
    guest.close("another reason");
    assert_eq!(census.alive(), 0);
    assert_eq!((guest.handles(), guest.imports()), (0, 0));
    assert_eq!(guest.closed().map(Reason::as_str), Some("moved out"));
    assert_broken(guest.call(&lent, ECHO, &["".into()]), "moved out");
    assert_broken(runtime.host().call(&given, ECHO, &["".into()]), "moved out");
    assert_broken(guest.insert(&lent), "moved out");
    tests::assert_revoked(guest.import(2, hash, || Arc::new(Far)), "moved out");
    assert!(runtime.host().membrane(&guest).is_none());
    assert_eq!(
        runtime.join(runtime.host(), &guest, policy()).map(drop),
        Err(JoinError::Closed(Reason::from("moved out")))
    );
}

/// What `Domain::close` says of what never went through a membrane.
#[test]
fn close_leaves_what_stays_inside_the_domain() {
    let (_runtime, guest) = two();
    let (own, log) = oak(&guest);
    let typed: Arc<dyn Shelf> = own.typed().expect("it is one");
    guest.close("moved out");
    assert_eq!(guest.call(&own, ECHO, &["a".into()]), Ok("a".into()));
    assert_eq!(typed.echo("b"), Ok("b".into()));
    assert_eq!(entered(&log), ["echo", "echo"]);
    assert_broken(guest.insert(&own), "moved out");
}

/// The reason is there before the cut, for those who join or import meanwhile; `close` returns after it.
#[test]
fn domain_says_that_it_is_closed_while_it_is_being_closed() {
    let (runtime, guest) = two();
    let (told, seen) = std::sync::mpsc::channel();
    let membrane = runtime.host().membrane(&guest).expect("joined");
    let closing = guest.clone();
    membrane.on_revoke(move |_| {
        told.send((closing.closed(), closing.handles()))
            .expect("the test listens");
    });
    let (own, _) = oak(&guest);
    guest.insert(&own).expect("room");
    guest.close("moved out");
    let reason = Some(Reason::from("moved out"));
    assert_eq!(seen.recv(), Ok((reason, 1)), "what it held is not free yet");
    assert_eq!((guest.closed(), guest.handles()), (reason, 0));
}

/// Fails if `import` does not look at the reason again when it has the lock.
#[test]
fn import_that_is_made_while_its_domain_is_closed_is_not_kept() {
    let (runtime, guest) = two();
    runtime.know::<dyn Shelf>();
    let hash = <dyn Shelf>::interface().hash();
    let result = guest.import(1, hash, || {
        guest.close("meanwhile");
        Arc::new(Far)
    });
    tests::assert_revoked(result, "meanwhile");
    assert_eq!(guest.imports(), 0);
}

#[test]
fn domain_is_closed_from_inside_a_call_of_its() {
    let (runtime, guest) = two();
    let closing = guest.clone();
    let oak = Oak {
        act: Some(Box::new(move || closing.close("from inside"))),
        ..Oak::default()
    };
    let log = oak.entered.clone();
    let own = runtime.host().own::<dyn Shelf>(Arc::new(oak));
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let caller = guest.clone();
    let used = lent.clone();
    assert_broken(soon(move || caller.call(&used, ACT, &[])), "from inside");
    assert_broken(guest.call(&lent, ACT, &[]), "from inside");
    assert_eq!(entered(&log), ["act"]);
}

/// Fails if one link is cut after what hangs on another was freed, or its observers told: they may block.
#[test]
fn close_cuts_every_link_before_anybody_is_told() {
    let runtime = Runtime::new();
    let middle = runtime.domain("middle", Limits::default());
    let membranes = ["left", "right"].map(|name| {
        let other = runtime.domain(name, Limits::default());
        (
            runtime
                .join(&middle, &other, policy())
                .expect("the first time"),
            other,
        )
    });
    let seen: Arc<Mutex<Vec<bool>>> = Arc::default();
    for (index, (membrane, _)) in membranes.iter().enumerate() {
        let (other, seen) = (membranes[1 - index].0.clone(), seen.clone());
        membrane.on_revoke(move |_| {
            seen.lock().expect("no panic here").push(other.is_revoked());
        });
    }
    middle.close("over");
    assert_eq!(*seen.lock().expect("no panic"), [true, true]);
}

/// Fails if a membrane that was revoked counts as a link: the two could never be joined again.
#[test]
fn domains_are_joined_anew_after_their_membrane_is_revoked() {
    let (runtime, guest) = two();
    let membrane = runtime.host().membrane(&guest).expect("joined");
    let (own, _) = oak(runtime.host());
    let before = runtime.host().send(&own, &guest).expect("joined");
    membrane.revoke("a fresh start");
    runtime
        .join(runtime.host(), &guest, policy())
        .expect("the old one is gone");
    let after = runtime.host().send(&own, &guest).expect("joined");
    assert_eq!(guest.call(&after, ECHO, &["a".into()]), Ok("a".into()));
    assert_broken(guest.call(&before, ECHO, &["a".into()]), "a fresh start");
}

#[test]
fn domain_that_is_dropped_is_closed() {
    let (runtime, guest) = two();
    let census = Census::default();
    let oak = Oak {
        token: Some(census.token()),
        ..Oak::default()
    };
    let given = guest
        .send(&guest.own::<dyn Shelf>(Arc::new(oak)), runtime.host())
        .expect("joined");
    drop(guest);
    assert_broken(
        runtime.host().call(&given, ECHO, &["".into()]),
        "the domain is gone",
    );
    assert_eq!(census.alive(), 0);
}

#[test]
fn close_agrees_with_calls_and_joins_of_other_threads() {
    let runtime = Runtime::new();
    for _ in 0..sized(200, 5) {
        let guest = guest(&runtime, "guest", Limits::default());
        let peer = runtime.domain("peer", Limits::default());
        let (own, log) = oak(runtime.host());
        let lent = runtime.host().send(&own, &guest).expect("joined");
        let calling = {
            let (guest, lent) = (guest.clone(), lent.clone());
            start(move || {
                loop {
                    match guest.call(&lent, ECHO, &["f".into()]) {
                        Ok(value) => assert_eq!(value, "f".into()),
                        Err(error) => break error,
                    }
                }
            })
        };
        let joining = {
            let (runtime, guest, peer) = (runtime.clone(), guest.clone(), peer.clone());
            start(move || {
                let joined = runtime.join(&guest, &peer, policy());
                (joined, runtime.join(&peer, &guest, policy()).map(drop))
            })
        };
        guest.close("now");
        let after = entered(&log).len();
        assert_broken(Err::<(), _>(calling.finish()), "now");
        assert!(entered(&log).len() <= after + 1, "one call was under way");
        let (first, second) = joining.finish();
        match first {
            Ok(membrane) => assert!(membrane.is_revoked()),
            Err(error) => assert!(matches!(error, JoinError::Closed(_)), "{error}"),
        }
        assert!(second.is_err());
        assert!(peer.membrane(&guest).is_none());
    }
}

#[test]
fn domains_are_joined_once_and_not_to_themselves() {
    let (runtime, guest) = two();
    let host = runtime.host();
    assert_eq!(
        runtime.join(host, host, policy()).map(drop),
        Err(JoinError::Itself)
    );
    for (wet, dry) in [(host, &guest), (&guest, host)] {
        assert_eq!(
            runtime.join(wet, dry, policy()).map(drop),
            Err(JoinError::Joined)
        );
    }
}

/// Fails, in that they wait for each other, if a join locks the two in the order in which they are named.
#[test]
fn two_threads_join_the_same_two_either_way_round() {
    let runtime = Runtime::new();
    for _ in 0..sized(1_000, 30) {
        let [left, right] = ["left", "right"].map(|name| runtime.domain(name, Limits::default()));
        let both = Arc::new(AtomicUsize::new(0));
        let joining = [(&left, &right), (&right, &left)].map(|(wet, dry)| {
            let (wet, dry, both) = (wet.clone(), dry.clone(), both.clone());
            let (runtime, policy) = (runtime.clone(), policy());
            start(move || {
                both.fetch_add(1, SeqCst);
                while both.load(SeqCst) < 2 {
                    std::hint::spin_loop();
                }
                runtime.join(&wet, &dry, policy).map(drop)
            })
        });
        let joined = joining.map(tests::Started::finish);
        assert!(joined.contains(&Ok(())) && joined.contains(&Err(JoinError::Joined)));
    }
}
