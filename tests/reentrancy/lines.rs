//! Many membranes in a line.

use super::*;
use membrane::PolicyProblem;

/// Fails with a stack overflow if an ancestor is dropped inside its descendant, or a subtree is walked by recursion.
#[test]
fn long_line_of_membranes_is_dropped_and_revoked() {
    let long = sized(20_000, 300);
    let line = move || {
        let (root, census) = (Membrane::new(worker_policy()), Census::default());
        let mut last = root.clone();
        for index in 0..long {
            last = if index % 2 == 0 {
                last.attenuate(last.policy())
            } else {
                last.grant(last.policy())
            }
            .unwrap();
        }
        let lent = last.wrap(Scripted::counted(&census).share()).unwrap();
        assert_eq!(lent.run(), Ok(7));
        (root, last, lent, census)
    };
    // On the smallest of stacks.
    let small = Builder::new().stack_size(if tests::sanitized() {
        2 << 20
    } else {
        128 << 10
    });
    let dropped = small.spawn(move || {
        // From the bottom up, from the top down, and by the last proxy alone.
        let (root, last, lent, census) = line();
        drop((lent, last, root));
        assert_eq!(census.alive(), 0);
        let (root, last, lent, census) = line();
        drop((root, last));
        assert_eq!((lent.run(), census.alive()), (Ok(7), 1));
        drop(lent);
        assert_eq!(census.alive(), 0);

        let (root, last, lent, census) = line();
        let told = Arc::new(AtomicUsize::new(0));
        last.on_revoke({
            let told = told.clone();
            move |_| _ = told.fetch_add(1, SeqCst)
        });
        root.revoke("from the top");
        assert_revoked(lent.run(), "from the top");
        assert_eq!(
            (census.alive(), told.load(SeqCst), last.is_revoked()),
            (0, 1, true)
        );
    });
    dropped.unwrap().join().unwrap();
}

/// K13. What an owner asks to be told may hold the last proxy of the next membrane, and so on. Fails with a stack overflow if
/// `Drop for Node` drops the observers by `drop_quietly`.
#[test]
fn long_line_through_observers_is_dropped_and_revoked() {
    let long = sized(100_000, 300);
    let line = move || {
        let census = Census::default();
        let mut next = plain_worker();
        for _ in 0..long {
            let membrane = Membrane::new(worker_policy());
            let lent = membrane.wrap(Scripted::counted(&census).share()).unwrap();
            membrane.on_revoke(move |_| drop(next));
            next = lent;
        }
        (next, census)
    };
    let small = Builder::new().stack_size(if tests::sanitized() {
        4 << 20
    } else {
        512 << 10
    });
    let dropped = small.spawn(move || {
        let (last, census) = line();
        assert_eq!((last.run(), census.alive()), (Ok(7), long));
        drop(last);
        assert_eq!(census.alive(), 0);

        // Held by a target, and dropped on its revocation.
        let (last, census) = line();
        let owner = Membrane::new(worker_policy());
        let last = Mutex::new(Some(last));
        let holds = Scripted::new(|_| Ok(7)).on_drop(move || drop(last));
        let lent = owner.wrap(holds.share()).unwrap();
        owner.revoke("from the top");
        assert_eq!(census.alive(), 0);
        assert_revoked(lent.run(), "from the top");
    });
    dropped.unwrap().join().unwrap();
}

/// One proxy lent on and on is one hop; the line it leaves behind is dropped as any other.
#[test]
fn proxy_lent_on_down_a_long_line_is_one_hop() {
    let (census, root) = (
        Census::default(),
        Membrane::new(working().depth_limit(1).build().unwrap()),
    );
    let mut membranes = vec![root];
    let mut lent = vec![
        membranes[0]
            .wrap(Scripted::counted(&census).share())
            .unwrap(),
    ];
    for index in 0..sized(200, 20) {
        membranes.push(
            membranes[index]
                .attenuate(membranes[index].policy())
                .unwrap(),
        );
        lent.push(membranes[index + 1].wrap(lent[index].clone()).unwrap());
    }
    assert!(
        lent.iter().all(|lent| lent.run() == Ok(7)),
        "under a limit of one call"
    );
    membranes[0].revoke("all");
    assert_eq!(
        (census.alive(), lent.last().unwrap().run().is_err()),
        (0, true)
    );
}

#[test]
#[cfg_attr(miri, ignore = "65,534 membranes")]
fn membranes_cannot_be_derived_for_ever() {
    let mut last = Membrane::new(Policy::deny_all());
    let mut line = 1;
    let refused = loop {
        match last.attenuate(&Policy::deny_all()) {
            Ok(next) => (last, line) = (next, line + 1),
            Err(error) => break error,
        }
        assert!(line < 70_000);
    };
    assert_eq!(refused.problems(), [PolicyProblem::TooManyGenerations]);
    assert_eq!(line, 65_534, "membranes in the line");
    assert!(last.grant(&Policy::deny_all()).is_err());
    assert!(last.wrap(plain_worker()).is_ok());
    last.revoke("the last one works as any other");
}
