//! Who revokes, from where, and with what.

use super::{DIRECTIONS, KINDS, descents, lend, plain_worker_that_drops};
use membrane::{Direction, Error, ErrorKind, Membrane, Reason, ScopedGrant};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;
use tests::{
    Census, SOON, Scripted, Worker, assert_kind, assert_revoked, plain_worker, sized, soon, start,
    worker_policy,
};

// Who revokes, and where.

/// E12, M14.
#[test]
fn call_that_revokes_its_own_membrane_gets_no_result() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            for own in [true, false] {
                let (census, root) = (Census::default(), Membrane::new(worker_policy()));
                let (_, membrane) = descents(&root)[kind].clone();
                let revoker = if own {
                    membrane.revoker()
                } else {
                    root.revoker()
                };
                let alive = census.clone();
                let worker = Scripted::new(move |_| {
                    revoker.revoke("from inside");
                    assert_eq!(alive.alive(), 1, "dropped while in use");
                    Ok(0)
                });
                let lent = membrane
                    .pass(worker.with_token(census.token()).share(), direction)
                    .unwrap();
                assert_revoked(soon(move || lent.run()), "from inside");
                assert_eq!(census.alive(), 0, "freed on the way out");
            }
        }
    }
}

#[test]
fn call_deep_inside_revokes_every_call_around_it() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let deep = sized(60, 10);
    let to_go = Arc::new(AtomicUsize::new(deep));
    let withheld = Arc::new(AtomicUsize::new(0));
    let own: Arc<Mutex<Option<Arc<dyn Worker>>>> = Arc::default();
    let worker = Scripted::new({
        let (membrane, to_go, withheld, own) = (
            membrane.clone(),
            to_go.clone(),
            withheld.clone(),
            own.clone(),
        );
        move |_| {
            if to_go.fetch_sub(1, SeqCst) == 1 {
                membrane.revoke("from the bottom");
                return Ok(0);
            }
            let again = own.lock().unwrap().clone().unwrap();
            assert_revoked(again.run(), "from the bottom");
            withheld.fetch_add(1, SeqCst);
            Ok(0)
        }
    });
    let lent = membrane
        .wrap(worker.with_token(census.token()).share())
        .unwrap();
    *own.lock().unwrap() = Some(lent.clone());
    assert_revoked(soon(move || lent.run()), "from the bottom");
    assert_eq!(withheld.load(SeqCst), deep - 1);
    assert_eq!(census.alive(), 0, "freed by the outermost call");
}

#[test]
fn callback_that_revokes_ends_the_call_around_it() {
    let membrane = Membrane::new(worker_policy());
    let seen = Arc::new(Mutex::new(None));
    let asking = Scripted::new({
        let seen = seen.clone();
        move |other| {
            let answer = other.unwrap().run();
            *seen.lock().unwrap() = Some(answer);
            Ok(1)
        }
    });
    let lent = membrane.wrap(asking.share()).unwrap();
    let revoker = membrane.revoker();
    let callback = Scripted::new(move |_| {
        revoker.revoke("by the callback");
        Ok(2)
    });
    assert_revoked(
        soon(move || lent.run_with(callback.share())),
        "by the callback",
    );
    assert_revoked(seen.lock().unwrap().take().unwrap(), "by the callback");
}

#[test]
fn targets_drop_may_revoke() {
    // Its own membrane, when the holder lets go.
    let membrane = Membrane::new(worker_policy());
    let other = membrane.wrap(plain_worker()).unwrap();
    let revoker = membrane.revoker();
    let lent = membrane
        .wrap(plain_worker_that_drops(move || {
            revoker.revoke("I was dropped");
        }))
        .unwrap();
    soon(move || drop(lent));
    assert_revoked(other.run(), "I was dropped");

    // Its own membrane, on behalf of its revocation: again. And another one: all of it.
    let (membrane, census) = (Membrane::new(worker_policy()), Census::default());
    let another = Membrane::new(worker_policy());
    let of_another = lend(&another, Direction::Outbound, &census);
    let revokers = [membrane.revoker(), another.revoker()];
    let told = Arc::new(AtomicUsize::new(0));
    for observed in [&membrane, &another] {
        let told = told.clone();
        observed.on_revoke(move |_| _ = told.fetch_add(1, SeqCst));
    }
    let lent = membrane.wrap(plain_worker_that_drops(move || {
        for revoker in &revokers {
            revoker.revoke("from a Drop");
        }
    }));
    soon({
        let membrane = membrane.clone();
        move || membrane.revoke("first")
    });
    assert_revoked(lent.unwrap().run(), "first");
    assert_revoked(of_another.run(), "from a Drop");
    assert_eq!((census.alive(), told.load(SeqCst)), (0, 2));
}

#[test]
fn observer_may_revoke() {
    let (root, other) = (
        Membrane::new(worker_policy()),
        Membrane::new(worker_policy()),
    );
    let child = root.grant(&worker_policy()).unwrap();
    let (by_root, by_other) = (
        root.wrap(plain_worker()).unwrap(),
        other.wrap(plain_worker()).unwrap(),
    );
    let revokers = [root.revoker(), child.revoker(), other.revoker()];
    child.on_revoke(move |_| {
        for revoker in &revokers {
            revoker.revoke("by an observer");
        }
    });
    soon({
        let child = child.clone();
        move || child.revoke("the child's")
    });
    assert_eq!(child.reason().map(Reason::as_str), Some("the child's"));
    assert_revoked(by_root.run(), "by an observer");
    assert_revoked(by_other.run(), "by an observer");
}

/// Fails if `revoke` returns early because another thread has cut the root: the other may not have reached the children.
#[test]
fn revokers_at_once_agree() {
    for round in 0..sized(300, 5) {
        let (census, root) = (Census::default(), Membrane::new(worker_policy()));
        let mut line = vec![root.clone()];
        for _ in 0..6 {
            line.push(line.last().unwrap().grant(&worker_policy()).unwrap());
        }
        let last = line.last().unwrap().clone();
        let lent =
            [&root, &line[3], &last].map(|membrane| lend(membrane, Direction::Outbound, &census));
        let told = Arc::new(Mutex::new(vec![]));
        for membrane in &line {
            let told = told.clone();
            membrane.on_revoke(move |reason| told.lock().unwrap().push(reason));
        }
        let at_once = Arc::new(Barrier::new(3));
        let revokers: Vec<_> = ["one", "two", "three"]
            .into_iter()
            .map(|name| {
                let (root, last, lent, at_once) =
                    (root.clone(), last.clone(), lent.clone(), at_once.clone());
                start(move || {
                    at_once.wait();
                    root.revoke(name);
                    assert!(last.is_revoked(), "a descendant outlived `revoke`");
                    for worker in &lent {
                        assert_kind(worker.run(), ErrorKind::Revoked);
                    }
                    (root.reason(), last.reason())
                })
            })
            .collect();
        let reasons: Vec<_> = revokers.into_iter().map(tests::Started::finish).collect();
        assert!(
            reasons.iter().all(|reason| *reason == reasons[0]),
            "round {round}: {reasons:?}"
        );
        assert_eq!(root.revoke_and_wait("late", SOON), Ok(()));
        assert_eq!((census.made(), census.alive()), (3, 0), "round {round}");
        assert_eq!(told.lock().unwrap().len(), line.len(), "each observer once");
    }
}

// The facet.

/// E15.
#[test]
fn revoker_ends_its_own_subtree_only() {
    let root = Membrane::new(worker_policy());
    let [child, sibling] = [(); 2].map(|()| root.grant(&worker_policy()).unwrap());
    let below = child.attenuate(&worker_policy()).unwrap();
    let lent =
        [&root, &sibling, &child, &below].map(|membrane| membrane.wrap(plain_worker()).unwrap());
    let revoker = child.revoker();
    let clone = revoker.clone();
    assert_eq!(format!("{revoker:?}"), "Revoker { revoked: false }");
    assert!(!revoker.is_revoked());
    revoker.revoke("by the facet");
    assert_eq!(
        lent.each_ref().map(|worker| worker.run().is_ok()),
        [true, true, false, false]
    );
    assert!(clone.is_revoked());
    assert_eq!(format!("{clone:?}"), "Revoker { revoked: true }");
    clone.revoke("second");
    assert_eq!(clone.revoke_and_wait("third", Duration::ZERO), Ok(()));
    assert_revoked(lent[3].run(), "by the facet");
}

#[test]
fn revoker_works_when_every_handle_is_gone() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let lent = lend(&membrane, Direction::Outbound, &census);
    let revoker = membrane.revoker();
    drop(membrane);
    assert_eq!(lent.run(), Ok(7));
    assert_eq!(revoker.revoke_and_wait("remotely", SOON), Ok(()));
    assert_revoked(lent.run(), "remotely");
    assert_eq!(census.alive(), 0);
}

// Access that ends with a scope.

#[test]
fn guard_revokes_its_grant_when_dropped() {
    let (census, root) = (Census::default(), Membrane::new(worker_policy()));
    let of_root = lend(&root, Direction::Outbound, &census);
    let scoped = root.scoped(&worker_policy()).unwrap();
    let below = scoped.attenuate(&worker_policy()).unwrap();
    let lent = [&scoped, &below].map(|membrane| lend(membrane, Direction::Outbound, &census));
    assert!(lent.iter().all(|worker| worker.run().is_ok()));
    drop(scoped);
    for worker in lent {
        assert_revoked(worker.run(), "the scope of the grant ended");
    }
    assert_eq!((of_root.run(), census.alive()), (Ok(7), 1));
}

#[test]
fn guard_keeps_a_reason_that_came_first() {
    let root = Membrane::new(worker_policy());
    let scoped = root.scoped(&worker_policy()).unwrap();
    let lent = scoped.wrap(plain_worker()).unwrap();
    scoped.revoke("earlier");
    drop(scoped);
    assert_revoked(lent.run(), "earlier");
}

#[test]
fn guard_revokes_when_its_scope_panics() {
    let (census, root) = (Census::default(), Membrane::new(worker_policy()));
    let mut lent = None;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let scoped = root.scoped(&worker_policy()).unwrap();
        // That its `Drop` panics in its turn does not abort.
        let angry = Scripted::counted(&census).on_drop(|| panic!("in Drop, while unwinding"));
        lent = Some([
            scoped.wrap(angry.share()).unwrap(),
            lend(&scoped, Direction::Inbound, &census),
        ]);
        panic!("out of here");
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"out of here"));
    for worker in lent.unwrap() {
        assert_kind(worker.run(), ErrorKind::Revoked);
    }
    assert_eq!(census.alive(), 0);
}

#[test]
fn closure_form_revokes_however_it_ends() {
    let (census, root) = (Census::default(), Membrane::new(worker_policy()));
    let mut kept = vec![];
    let returned: Result<u64, Error> = root
        .with_grant(&worker_policy(), |grant| {
            let lent = lend(grant, Direction::Outbound, &census);
            kept.push(lent.clone());
            lent.run()
        })
        .unwrap();
    assert_eq!(returned, Ok(7));
    let early: Result<u64, Error> = root
        .with_grant(&worker_policy(), |grant| {
            kept.push(lend(grant, Direction::Outbound, &census));
            kept[0].run()?;
            panic!("not reached");
        })
        .unwrap();
    assert_kind(early, ErrorKind::Revoked);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        root.with_grant(&worker_policy(), |grant| {
            kept.push(lend(grant, Direction::Inbound, &census));
            panic!("out of here");
        })
    }));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"out of here"));
    let escaped = root.with_grant(&worker_policy(), |grant| {
        kept.push(lend(grant, Direction::Outbound, &census));
        grant.attenuate(grant.policy()).unwrap()
    });
    assert!(escaped.unwrap().is_revoked());
    for worker in kept {
        assert_revoked(worker.run(), "the scope of the grant ended");
    }
    assert_eq!(
        (census.made(), census.alive(), root.is_revoked()),
        (4, 0, false)
    );
}

/// Documented on `ScopedGrant`: what the closure form is for.
#[test]
fn forgotten_guard_revokes_nothing_but_its_parent_does() {
    // As `mem::forget`, without leaking: what is in a static is never dropped.
    static FORGOTTEN: Mutex<Vec<ScopedGrant>> = Mutex::new(vec![]);
    let (census, root) = (Census::default(), Membrane::new(worker_policy()));
    let scoped = root.scoped(&worker_policy()).unwrap();
    let lent = lend(&scoped, Direction::Outbound, &census);
    FORGOTTEN.lock().unwrap().push(scoped);
    assert_eq!(lent.run(), Ok(7));
    root.revoke("all of it");
    assert_revoked(lent.run(), "all of it");
    assert_eq!(census.alive(), 0);
}
