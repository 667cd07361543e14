//! Use of the membrane from inside.

use super::*;
use tests::soon;

/// M14.
#[test]
fn call_may_call_back_through_the_same_membrane() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(worker_policy());
        let calls_back = || {
            Scripted::new(|other| other.map_or(Ok(1), |other| other.run_with(plain_worker())))
                .share()
        };
        let lent = membrane.pass(calls_back(), direction).unwrap();
        // Out, in, out again, and both ways with proxies that go home.
        assert_eq!(
            soon({
                let lent = lent.clone();
                move || lent.run_with(calls_back())
            }),
            Ok(7)
        );
        assert_eq!(lent.run_with(lent.clone()), Ok(7));
        let other = membrane.pass(plain_worker(), direction).unwrap();
        assert_eq!(lent.run_with(other), Ok(7));
        assert_eq!(membrane.live_proxies(), 1);
    }
}

/// M14. Fails with a deadlock if anything of this runs under a lock of the membrane's.
#[test]
fn call_may_do_everything_with_its_own_membrane() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(worker_policy());
        let told = Census::default();
        let inside = {
            let (membrane, told) = (membrane.clone(), told.clone());
            Scripted::new(move |other| {
                everything(&membrane, &told);
                other.map_or(Ok(1), |other| other.run())
            })
        };
        let lent = membrane.pass(inside.share(), direction).unwrap();
        let callback = {
            let (membrane, told) = (membrane.clone(), told.clone());
            Scripted::new(move |_| {
                everything(&membrane, &told);
                Ok(2)
            })
        };
        assert_eq!(soon(move || lent.run_with(callback.share())), Ok(2));
        assert_eq!((told.made(), told.alive()), (2, 2), "observers wait");
        assert_eq!(membrane.live_proxies(), 0);
        membrane.revoke("end");
        assert_eq!(told.alive(), 0);
    }
}

fn everything(membrane: &Membrane, told: &Census) {
    let before = membrane.live_proxies();
    let grant = membrane.grant(membrane.policy()).unwrap();
    let narrow = grant.attenuate(&Policy::deny_all()).unwrap();
    for from in [membrane, &grant] {
        for direction in DIRECTIONS {
            let (census, target) = (Census::default(), plain_worker());
            let lent = from.pass(target.clone(), direction).unwrap();
            assert_eq!(lent.run(), Ok(7));
            assert!(Arc::ptr_eq(&lent, &from.pass(target, direction).unwrap()));
            let counted = from
                .pass(Scripted::counted(&census).share(), direction)
                .unwrap();
            drop(counted);
            assert_eq!(census.alive(), 0);
        }
    }
    let token = told.token();
    membrane.on_revoke(move |_| drop(token));
    let scoped = membrane.scoped(membrane.policy()).unwrap();
    let lent = scoped.wrap(plain_worker()).unwrap();
    drop(scoped);
    assert_kind(lent.run(), ErrorKind::Revoked);
    assert_kind(
        narrow.wrap(plain_worker()).unwrap().run(),
        ErrorKind::Refused,
    );
    grant.revoke("done inside");
    assert!(narrow.is_revoked() && !membrane.is_revoked());
    assert!(format!("{membrane:?} {:?}", membrane.revoker()).contains("live_proxies"));
    assert_eq!(membrane.live_proxies(), before);
}

/// M14, D3. A target's `Drop` is foreign code that may come back. Fails with a deadlock if it runs under the tables' lock.
#[test]
fn targets_drop_may_do_everything_with_its_membrane() {
    for direction in DIRECTIONS {
        let (membrane, told) = (Membrane::new(worker_policy()), Census::default());
        let worker = || {
            let (membrane, told) = (membrane.clone(), told.clone());
            Scripted::new(|_| Ok(1))
                .on_drop(move || everything(&membrane, &told))
                .share()
        };
        let lent = membrane.pass(worker(), direction).unwrap();
        soon(move || drop(lent));
        // And in the midst of a call, as its argument and as its result.
        let lent = membrane.pass(plain_worker(), direction).unwrap();
        let passed = worker();
        assert_eq!(soon(move || lent.run_with(passed)), Ok(7));
        assert_eq!((told.made(), membrane.live_proxies()), (2, 0));
    }
}

#[test]
fn targets_drop_on_revocation_may_come_back() {
    let membrane = Membrane::new(worker_policy());
    let (tell, told) = channel();
    let kept: Arc<Mutex<Vec<Arc<dyn Worker>>>> = Arc::default();
    for index in 0..4 {
        let (own, others, tell) = (membrane.clone(), kept.clone(), tell.clone());
        let worker = Scripted::new(|_| Ok(1)).on_drop(move || {
            // Its neighbours' proxies, its own membrane, a new lease of life: nothing of it works, nothing of it locks.
            let others = others.lock().unwrap().clone();
            let dead = others
                .iter()
                .all(|other| other.run().is_err_and(Error::is_revoked));
            let barred = own.wrap(plain_worker()).is_err() && own.grant(&worker_policy()).is_err();
            own.revoke("again");
            tell.send((index, dead, barred, own.live_proxies()))
                .unwrap();
        });
        let lent = membrane.wrap(worker.share()).unwrap();
        kept.lock().unwrap().push(lent);
    }
    drop(tell);
    soon(move || membrane.revoke("once"));
    let mut told: Vec<_> = told.iter().collect();
    told.sort_unstable();
    assert_eq!(
        told,
        (0..4)
            .map(|index| (index, true, true, 0))
            .collect::<Vec<_>>()
    );
    kept.lock().unwrap().clear();
}

#[test]
fn call_may_drop_the_proxy_it_came_by() {
    for direction in DIRECTIONS {
        let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
        let holder: Arc<Mutex<Option<Arc<dyn Worker>>>> = Arc::default();
        let worker = Scripted::new({
            let (census, membrane, holder) = (census.clone(), membrane.clone(), holder.clone());
            move |_| {
                drop(holder.lock().unwrap().take());
                assert_eq!(
                    (census.alive(), membrane.live_proxies()),
                    (1, 1),
                    "in use by this call"
                );
                Ok(3)
            }
        });
        let lent = membrane
            .pass(worker.with_token(census.token()).share(), direction)
            .unwrap();
        *holder.lock().unwrap() = Some(lent.clone());
        assert_eq!(soon(move || lent.run()), Ok(3));
        assert_eq!((census.alive(), membrane.live_proxies()), (0, 0));
        assert!(holder.lock().unwrap().is_none());
    }
}

#[test]
fn call_may_drop_the_last_handle_of_its_membrane() {
    let census = Census::default();
    let handle = Arc::new(Mutex::new(Some(Membrane::new(worker_policy()))));
    let dropped = handle.clone();
    let worker = Scripted::new(move |other| {
        drop(dropped.lock().unwrap().take());
        other.map_or(Ok(1), |other| other.run())
    });
    let lent = handle
        .lock()
        .unwrap()
        .as_ref()
        .unwrap()
        .wrap(worker.with_token(census.token()).share())
        .unwrap();
    assert_eq!(lent.run_with(plain_worker()), Ok(7));
    assert_eq!(lent.run(), Ok(1), "the proxy keeps what it needs");
    drop(lent);
    assert_eq!(census.alive(), 0);
}
