//! So many calls at once.

use super::*;
use tests::{Door, sized, start};

/// Fails if a place is taken by a call that was refused, or not given back by one that ended.
#[test]
fn place_is_taken_while_a_call_runs() {
    let membrane = under(|builder| builder.concurrency(2));
    let (stock, shop) = lent(&membrane);
    let door = Door::shut();
    stock.on_call({
        let door = door.clone();
        move || door.pass()
    });
    let running: Vec<_> = (0..2)
        .map(|_| {
            let shop = shop.clone();
            start(move || shop.ping())
        })
        .collect();
    door.await_arrivals(2);
    assert_eq!(membrane.conditions().concurrency_left, Some(0));
    assert_unmet(shop.ping(), Condition::Concurrency, None);
    assert_unmet(shop.ping(), Condition::Concurrency, None);
    door.open();
    for call in running {
        call.finish().unwrap();
    }
    assert_eq!(membrane.conditions().concurrency_left, Some(2));
    shop.ping().unwrap();
}

/// However it ends: with a result, an error, a panic, a rejected argument, a withheld result, a revocation.
#[test]
fn place_is_given_back_however_the_call_ends() {
    let membrane = under(|builder| builder.concurrency(1).calls(100).bytes_out(1_000));
    let (stock, shop) = lent(&membrane);
    let left = || membrane.conditions().concurrency_left;
    let one = Some(1);
    shop.complain(1).unwrap_err();
    assert_eq!(left(), one);
    stock.on_call(|| panic!("inside"));
    assert_eq!(shop.ping().unwrap_err().kind(), ErrorKind::Panicked);
    assert_eq!(left(), one);
    stock.on_call(|| ());
    assert_unmet(shop.fetch(1_001), Condition::BytesOut, None);
    assert_eq!(left(), one);
    // A call inside a call needs a place of its own; what it was told comes out as the target's answer.
    let error = shop.tell(Arc::new(Ok)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert_eq!(left(), one);
    let revoked = membrane.clone();
    stock.on_call(move || revoked.revoke("inside"));
    assert!(shop.ping().unwrap_err().is_revoked());
    assert_eq!(left(), one);
}

/// A target's panic that the policy lets through unwinds past the gate.
#[test]
fn place_is_given_back_when_a_panic_gets_through() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Shop: ping))
        .on_panic(membrane::OnPanic::Propagate)
        .build()
        .unwrap();
    let one = conditions(|builder| builder.concurrency(1));
    let membrane = Membrane::with_conditions(policy, &one).unwrap();
    let (stock, shop) = lent(&membrane);
    stock.on_call(|| panic!("inside"));
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| shop.ping()));
    assert!(caught.is_err());
    assert_eq!(membrane.conditions().concurrency_left, Some(1));
}

/// Fails if the place is given back before the target is left, or taken without a look under the same lock.
#[test]
fn never_more_at_once_whatever_the_threads() {
    let membrane = under(|builder| builder.concurrency(3));
    let child = grant(&membrane, |builder| builder.concurrency(2));
    let (stock, shop) = lent(&child);
    let beside = lend(&membrane, &stock, Direction::Outbound);
    let rounds = sized(20_000, 50);
    let callers: Vec<_> = (0..6)
        .map(|at| {
            let shop = if at % 2 == 0 { &shop } else { &beside }.clone();
            start(move || {
                let mut calls = 0;
                while calls < rounds {
                    match shop.ping() {
                        Ok(()) => calls += 1,
                        Err(error) => {
                            assert_eq!(error.condition(), Some(Condition::Concurrency));
                            std::thread::yield_now();
                        }
                    }
                }
            })
        })
        .collect();
    callers.into_iter().for_each(tests::Started::finish);
    assert!(stock.most_inside.load(SeqCst) <= 3);
    assert_eq!(stock.entered(), 6 * rounds);
    assert_eq!(membrane.conditions().concurrency_left, Some(3));
    assert_eq!(child.conditions().concurrency_left, Some(2));
}

/// Fails if the child's limit does not hold beside its parent's.
#[test]
fn the_nearest_limit_is_told() {
    let membrane = under(|builder| builder.concurrency(2).calls(10));
    let child = grant(&membrane, |builder| builder.concurrency(1));
    let (stock, shop) = lent(&child);
    let (_, beside) = lent(&membrane);
    let inner = shop.clone();
    stock.on_call(move || {
        assert_unmet(inner.ping(), Condition::Concurrency, None);
        beside.ping().unwrap();
    });
    shop.ping().unwrap();
    // The refused call was spent nowhere.
    assert_eq!(membrane.conditions().calls_left, Some(8));
    // The target holds its own proxy.
    membrane.revoke("over");
}

/// Fails if `run_guarded` does not note the time, or a plain call is given that of one before.
#[test]
fn wait_tells_for_how_long_a_call_with_conditions_has_run() {
    for limited in [true, false] {
        let membrane = if limited {
            under(|builder| builder.concurrency(9))
        } else {
            Membrane::new(policy())
        };
        let timed = under(|builder| builder.concurrency(9));
        let (_, before) = lent(&timed);
        let (stock, shop) = lent(&membrane);
        let door = Door::shut();
        stock.on_call({
            let door = door.clone();
            move || door.pass()
        });
        let running = start(move || {
            // In the same frame.
            before.ping().unwrap();
            shop.ping()
        });
        door.await_arrivals(1);
        std::thread::sleep(Duration::from_millis(5));
        let waited = membrane.revoke_and_wait("over", Duration::ZERO);
        let Err(membrane::WaitError::TimedOut(calls)) = waited else {
            panic!("it runs: {waited:?}");
        };
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].method, Some("ping"));
        match calls[0].running_for {
            Some(time) => assert!(limited && time >= Duration::from_millis(4), "{time:?}"),
            None => assert!(!limited),
        }
        door.open();
        assert!(running.finish().unwrap_err().is_revoked());
    }
}
