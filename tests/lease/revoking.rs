//! A revocation and a lease.

use super::*;

/// K7, K8. Fails when `Leased::__ready` does not look at the switch.
#[test]
fn leased_call_after_the_revocation_is_refused_and_the_target_goes_with_the_lease() {
    let stage = stage();
    let leased = lease(&stage.account);
    assert_short(&leased);
    stage.membrane.revoke("enough");
    assert_revoked(leased.depth(), "enough");
    assert_revoked(leased.text("ab"), "enough");
    assert_revoked(leased.run(callback(|| 1)), "enough");
    assert_eq!(stage.entered.load(SeqCst), 1, "before the revocation");
    assert_eq!(stage.alive.alive(), 1, "in use");
    drop(leased);
    assert_eq!(stage.alive.alive(), 0);
    assert_revoked(lease(&stage.account).depth(), "enough");
}

/// K7. Fails when the gate's `Kept::call` does not look at the switch after the call.
#[test]
fn result_of_a_leased_call_that_revokes_is_withheld() {
    for long in [false, true] {
        let stage = stage();
        let leased = lease(&stage.account);
        let membrane = stage.membrane.clone();
        let revoke = callback(move || {
            membrane.revoke("from inside");
            7
        });
        if long {
            assert_revoked(leased.run_long(revoke), "from inside");
        } else {
            assert_revoked(leased.run(revoke), "from inside");
        }
        assert_eq!(stage.alive.alive(), 1);
        drop(leased);
        assert_eq!(stage.alive.alive(), 0);
    }
}

/// Plain data, of either size, while another thread revokes: only the look after the call can tell.
#[test]
fn plain_result_is_withheld_when_another_thread_revokes_meanwhile() {
    #[interface]
    trait Slow {
        fn short(&self) -> Result<u64, Error>;
        fn long(&self) -> Result<[u64; 8], Error>;
    }
    struct Revokes(Membrane);
    impl Slow for Revokes {
        fn short(&self) -> Result<u64, Error> {
            let membrane = self.0.clone();
            soon(move || membrane.revoke("meanwhile"));
            Ok(7)
        }
        fn long(&self) -> Result<[u64; 8], Error> {
            Ok([self.short()?; 8])
        }
    }
    let policy = Policy::builder()
        .inbound(allow!(dyn Slow: short, long))
        .build()
        .unwrap();
    for long in [false, true] {
        let membrane = Membrane::new(policy.clone());
        let slow = membrane
            .wrap::<dyn Slow>(Arc::new(Revokes(membrane.clone())))
            .unwrap();
        let leased = lease(&slow);
        if long {
            assert_revoked(leased.long(), "meanwhile");
        } else {
            assert_revoked(leased.short(), "meanwhile");
        }
    }
}

#[test]
fn waiter_with_the_lease_is_told_that_it_is_inside() {
    let stage = stage();
    let leased = lease(&stage.account);
    let waited = stage
        .membrane
        .revoke_and_wait("enough", Duration::from_mins(1));
    assert_eq!(waited, Err(WaitError::Inside));
    drop(leased);
    assert_eq!(
        stage.membrane.revoke_and_wait("again", Duration::ZERO),
        Ok(())
    );
    assert_eq!(stage.alive.alive(), 0);
}

#[test]
fn waiter_on_another_thread_is_told_who_holds_and_wakes_when_the_lease_is_dropped() {
    let stage = stage();
    let leased = lease(&stage.account);
    let (told, tell) = channel();
    let waiter = {
        let (membrane, alive) = (stage.membrane.clone(), stage.alive.clone());
        start(move || {
            let first = membrane.revoke_and_wait("enough", Duration::from_millis(20));
            told.send(first).unwrap();
            let second = membrane.revoke_and_wait("again", Duration::from_mins(1));
            (second, alive.alive())
        })
    };
    match tell.recv().unwrap() {
        Err(WaitError::TimedOut(calls)) => {
            let names: Vec<_> = calls.iter().map(ToString::to_string).collect();
            assert_eq!(names, ["Account::(leased)"]);
        }
        other => panic!("{other:?}"),
    }
    assert_revoked(leased.depth(), "enough");
    drop(leased);
    assert_eq!(waiter.finish(), (Ok(()), 0));
}

#[test]
fn forgotten_lease_keeps_its_target_and_nothing_else() {
    let stage = stage();
    // Where a leak checker finds it; a lease cannot be kept by a static.
    let forgotten = Box::leak(Box::new(lease(&stage.account)));
    tests::keep_for_ever(std::ptr::from_mut(forgotten).addr());
    assert_eq!(stage.account.depth(), Ok(1));
    stage.membrane.revoke("enough");
    assert_revoked(stage.account.depth(), "enough");
    assert_eq!(stage.alive.alive(), 1);
    let membrane = stage.membrane.clone();
    let waited = soon(move || membrane.revoke_and_wait("again", Duration::from_millis(10)));
    assert!(matches!(waited, Err(WaitError::TimedOut(calls)) if calls.len() == 1));
}

#[test]
fn lease_outlives_every_other_reference_to_its_proxy() {
    let stage = stage();
    let leased = lease(&stage.account);
    drop(stage.account);
    assert_short(&leased);
    assert_eq!(stage.membrane.live_proxies(), 1);
    drop(leased);
    assert_eq!((stage.membrane.live_proxies(), stage.alive.alive()), (0, 0));
}

#[test]
fn leases_of_one_object_end_in_any_order() {
    let stage = stage();
    let (first, second) = (lease(&stage.account), lease(&stage.account));
    drop(first);
    assert_short(&second);
    let third = lease(&stage.account);
    stage.membrane.revoke("enough");
    drop(second);
    assert_eq!(stage.alive.alive(), 1);
    drop(third);
    assert_eq!(stage.alive.alive(), 0);
}
