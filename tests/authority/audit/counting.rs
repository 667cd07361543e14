//! Each call is told of once, and counted once.

use super::*;
use membrane::Error;

#[test]
fn every_call_of_every_thread_is_told_and_counted_once() {
    const THREADS: usize = 4;
    let calls = sized(3_000, 20);
    let root = Membrane::new(worker_policy());
    let grant = root.grant(&worker_policy()).unwrap();
    let told = Arc::new([(); 3].map(|()| AtomicUsize::new(0)));
    root.audit({
        let told = told.clone();
        move |record: &AuditRecord<'_>| {
            let Call(decision) = record.event else { return };
            let index = match decision.outcome {
                Outcome::Answered => 0,
                Outcome::Refused(_) => 1,
                _ => 2,
            };
            told[index].fetch_add(1, SeqCst);
        }
    });
    root.count_calls(true);
    let lent = grant.wrap(plain_worker()).unwrap();
    scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                for _ in 0..calls {
                    assert_eq!(lent.run(), Ok(7));
                    assert_kind(lent.unlisted(lent.clone()), ErrorKind::Refused);
                }
            });
        }
    });
    let told = [0, 1, 2].map(|index: usize| told[index].load(SeqCst));
    assert_eq!(told, [THREADS * calls, THREADS * calls, 0]);
    let shown = seen(&grant);
    assert_eq!(shown.calls, Some((THREADS * calls) as u64));
    assert_eq!(shown.refused.not_allowed, (THREADS * calls) as u64);
}

#[test]
fn calls_are_counted_where_and_while_it_is_asked_for() {
    let root = Membrane::new(worker_policy());
    let grant = root.grant(&worker_policy()).unwrap();
    let sibling = root.grant(&worker_policy()).unwrap();
    let (lent, other) = (
        grant.wrap(plain_worker()).unwrap(),
        sibling.wrap(plain_worker()).unwrap(),
    );
    assert_eq!((lent.run(), seen(&grant).calls), (Ok(7), None));
    grant.count_calls(true);
    let below = grant.attenuate(&worker_policy()).unwrap();
    let lent_on = below.wrap(plain_worker()).unwrap();
    for _ in 0..3 {
        lent.run().unwrap();
        lent_on.run().unwrap();
        other.run().unwrap();
        assert!(lent.unlisted(plain_worker()).is_err());
    }
    assert_eq!(
        (seen(&grant).calls, seen(&below).calls, seen(&sibling).calls),
        (Some(3), Some(3), None)
    );
    assert!(grant.snapshot().to_dot().contains("calls 3"));
    // Asked for further up as well: it goes on here when it is no longer asked for here.
    root.count_calls(true);
    grant.count_calls(false);
    lent.run().unwrap();
    assert_eq!(seen(&grant).calls, Some(4));
    root.count_calls(false);
    lent.run().unwrap();
    assert_eq!(seen(&grant).calls, None);
    root.count_calls(true);
    assert_eq!(seen(&grant).calls, Some(4));
    let error: Error = lent.unlisted(plain_worker()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}
