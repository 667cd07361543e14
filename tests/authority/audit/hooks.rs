//! Hooks: how far they hear, and what they may do.

use super::*;
use tests::{Door, assert_revoked, soon, start};

/// Fails if a hook below replaces one above, or hides what happens from it.
#[test]
fn hooks_further_up_hear_what_is_heard_below() {
    let root = Membrane::new(worker_policy());
    let bobs = root.attenuate(&worker_policy()).unwrap();
    let log = Log::of(&root);
    let lent = bobs.wrap(plain_worker()).unwrap();
    // Bob hides a call inside of his own hook.
    let hidden = Arc::new(AtomicUsize::new(0));
    bobs.audit({
        let (lent, hidden) = (lent.clone(), hidden.clone());
        move |_: &AuditRecord<'_>| {
            if hidden.fetch_add(1, SeqCst) == 0 {
                assert_eq!(lent.run(), Ok(7));
            }
        }
    });
    log.take();
    assert_kind(lent.unlisted(plain_worker()), ErrorKind::Refused);
    assert_eq!(hidden.load(SeqCst), 1, "not told of what it did itself");
    assert_eq!(
        log.calls(),
        [
            ("run", Outcome::Answered),
            ("unlisted", refused(ErrorKind::Refused))
        ]
    );
    bobs.end_audit();
    assert_eq!(lent.run(), Ok(7));
    assert_eq!(log.calls(), [("run", Outcome::Answered)]);
    root.end_audit();
    assert_eq!(lent.run(), Ok(7));
    assert_eq!((log.calls(), hidden.load(SeqCst)), (vec![], 1));
}

/// Fails if a hook can nest hooks without end (the stack overflows), or hide a call in so many of them from the one furthest up.
#[test]
fn very_many_hooks_inside_each_other_come_to_an_end() {
    for (many, in_line) in [(sized(3_000, 40), false), (sized(14, 10), true)] {
        soon(move || {
            let root = Membrane::new(worker_policy());
            let log = Log::of(&root);
            let mut lent: Option<Arc<dyn Worker>> = None;
            let mut grants = vec![root.clone()];
            for _ in 0..many {
                let above = if in_line {
                    grants.last().unwrap()
                } else {
                    &root
                };
                let grant = above.attenuate(&worker_policy()).unwrap();
                let inside = lent.replace(grant.wrap(plain_worker()).unwrap());
                grant.audit(move |record: &AuditRecord<'_>| {
                    if let (Some(next), Call(_)) = (&inside, record.event) {
                        // Refused, so that no bound on calls inside calls ends it.
                        assert!(next.unlisted(next.clone()).is_err());
                    }
                });
                grants.push(grant);
            }
            log.take();
            assert!(lent.as_ref().unwrap().unlisted(plain_worker()).is_err());
            let refused: u64 = root
                .snapshot()
                .grants
                .iter()
                .map(|grant| grant.refused.total())
                .sum();
            assert!(refused > 8, "{refused}");
            assert_eq!(log.calls().len() as u64, refused);
        });
    }
}

#[test]
fn hook_may_call_revoke_replace_itself_and_panic() {
    soon(|| {
        let root = Membrane::new(worker_policy());
        let lent = root.wrap(plain_worker()).unwrap();
        let told = Arc::new(AtomicUsize::new(0));
        root.audit({
            let (root, lent, told) = (root.clone(), lent.clone(), told.clone());
            move |record: &AuditRecord<'_>| {
                told.fetch_add(1, SeqCst);
                assert_eq!(record.grant, root.id());
                assert_eq!(lent.run(), Ok(7));
                assert!(root.snapshot().to_dot().contains("live"));
                let grant = root.grant(&worker_policy()).unwrap();
                assert!(grant.wrap(plain_worker()).unwrap().run().is_ok());
                grant
                    .revoke_and_wait("inside", Duration::from_secs(5))
                    .unwrap();
                panic!("angry");
            }
        });
        assert_eq!((lent.run(), told.load(SeqCst)), (Ok(7), 1));

        // What is told last is told to the hook that was replaced meanwhile, or to the new one.
        let log = Log::default();
        root.audit({
            let (root, log) = (root.clone(), log.clone());
            move |_: &AuditRecord<'_>| log.listen(&root)
        });
        assert_eq!(lent.run(), Ok(7));
        assert_eq!(lent.run(), Ok(7));
        assert_eq!(log.calls(), [("run", Outcome::Answered)]);

        root.audit({
            let root = root.clone();
            move |record: &AuditRecord<'_>| {
                if matches!(record.event, Call(_)) {
                    let waited = root.revoke_and_wait("by the hook", Duration::from_secs(5));
                    assert!(waited.is_ok());
                }
            }
        });
        // The decision was made, and the answer is the caller's.
        assert_eq!(lent.run(), Ok(7));
        assert_revoked(lent.run(), "by the hook");
        // The hook holds the membrane, which holds the hook.
        root.end_audit();
    });
}

/// Fails if a call waits for a hook under a lock that another call takes.
#[test]
fn hook_that_blocks_holds_up_its_own_call_alone() {
    let root = Membrane::new(worker_policy());
    let (door, first) = (Door::shut(), AtomicUsize::new(0));
    let (lent, other) = (
        root.wrap(plain_worker()).unwrap(),
        root.grant(&worker_policy()).unwrap(),
    );
    root.audit({
        let door = door.clone();
        move |record: &AuditRecord<'_>| {
            if matches!(record.event, Call(_)) && first.fetch_add(1, SeqCst) == 0 {
                door.pass();
            }
        }
    });
    let call = start({
        let lent = lent.clone();
        move || lent.run()
    });
    door.await_arrivals(1);
    soon({
        let root = root.clone();
        move || {
            assert_eq!(lent.run(), Ok(7));
            assert_eq!(other.wrap(plain_worker()).unwrap().run(), Ok(7));
            assert_eq!(root.snapshot().grants.len(), 2);
            root.end_audit();
            // The call is over for the membrane, though its caller is still held up.
            root.revoke_and_wait("over", Duration::from_secs(5))
                .unwrap();
        }
    });
    door.open();
    assert_eq!(call.finish(), Ok(7));
}

/// Fails if a grant that is born while a hook is set goes unflagged, or a flag outlives its hook.
#[test]
fn grants_born_while_a_hook_comes_and_goes_are_told_of() {
    let rounds = sized(300, 5);
    let root = Membrane::new(worker_policy());
    for _ in 0..rounds {
        let log = Log::default();
        let grants = Mutex::new(vec![]);
        scope(|threads| {
            threads.spawn(|| log.listen(&root));
            for _ in 0..2 {
                threads.spawn(|| {
                    let grant = root.grant(&worker_policy()).unwrap();
                    let inner = grant.attenuate(&worker_policy()).unwrap();
                    grants.lock().unwrap().extend([grant, inner]);
                });
            }
        });
        log.take();
        let grants = grants.into_inner().unwrap();
        for grant in &grants {
            let lent = grant.wrap(plain_worker()).unwrap();
            assert_eq!(lent.run(), Ok(7));
            assert_eq!(log.calls(), [("run", Outcome::Answered)]);
        }
        scope(|threads| {
            threads.spawn(|| root.end_audit());
            threads.spawn(|| {
                drop(
                    root.grant(&worker_policy())
                        .unwrap()
                        .grant(&worker_policy()),
                );
            });
        });
        log.take();
        for grant in &grants {
            assert_eq!(grant.wrap(plain_worker()).unwrap().run(), Ok(7));
        }
        assert_eq!(log.take(), []);
    }
}
