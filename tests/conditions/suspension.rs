//! Access that is taken away for a while.

use super::*;
use membrane::Reason;
use tests::{Door, assert_revoked, start};

fn suspended(shop: &Arc<dyn Shop>) -> Option<&'static str> {
    match shop.ping() {
        Ok(()) => None,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Suspended);
            error.reason().map(Reason::as_str)
        }
    }
}

/// Fails if `suspend` guards nothing, or `check` is not asked.
#[test]
fn calls_are_refused_until_resumed_both_ways() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(policy());
        let stock = Stock::new();
        let shop = lend(&membrane, &stock, direction);
        shop.ping().unwrap();
        membrane.suspend("backup", Some(5 * SECOND));
        assert!(membrane.is_suspended());
        let error = shop.ping().unwrap_err();
        assert_eq!(error.reason().map(Reason::as_str), Some("backup"));
        assert_eq!(error.to_string(), "suspended: backup; try again in 5s");
        assert_unmet(shop.say("hello"), Condition::Suspended, Some(5 * SECOND));
        assert_eq!(stock.entered(), 1);
        membrane.resume();
        assert!(!membrane.is_suspended());
        shop.ping().unwrap();
    }
}

#[test]
fn what_was_handed_out_before_is_suspended_too() {
    let membrane = Membrane::new(policy());
    let (stock, shop) = lent(&membrane);
    let mut items = shop.items(2).unwrap();
    let opened = shop.open().unwrap();
    let closure: Closure = membrane.wrap(Arc::new(Ok) as Closure).unwrap();
    membrane.suspend("backup", None);
    assert_unmet(items.next().unwrap(), Condition::Suspended, None);
    assert_unmet(opened.ping(), Condition::Suspended, None);
    assert_unmet(closure(4), Condition::Suspended, None);
    assert_eq!(stock.entered(), 2);
    membrane.resume();
    // An iterator goes on where it was.
    assert_eq!(items.next(), Some(Ok(0)));
    opened.ping().unwrap();
    assert_eq!(closure(4), Ok(4));
}

#[test]
fn the_newest_words_are_told_and_one_resumption_is_enough() {
    let membrane = Membrane::new(policy());
    let (_, shop) = lent(&membrane);
    membrane.suspend("one", Some(SECOND));
    membrane.suspend("two", None);
    assert_eq!(suspended(&shop), Some("two"));
    assert_unmet(shop.ping(), Condition::Suspended, None);
    let standing = membrane.conditions().suspended.unwrap();
    assert_eq!(
        (standing.reason.as_str(), standing.retry_after),
        ("two", None)
    );
    membrane.resume();
    membrane.resume();
    assert_eq!(suspended(&shop), None);
    assert_eq!(membrane.conditions().suspended, None);
}

/// Fails if a suspension is one switch for the line, or the nearest is not told first.
#[test]
fn suspensions_of_a_line_are_independent() {
    let root = Membrane::new(policy());
    let child = root.grant(&policy()).unwrap();
    let grandchild = child.attenuate(&policy()).unwrap();
    let sibling = root.grant(&policy()).unwrap();
    let shops: Vec<_> = [&root, &child, &grandchild, &sibling]
        .map(|membrane| lent(membrane).1)
        .into();
    let told = || shops.iter().map(suspended).collect::<Vec<_>>();
    child.suspend("child", None);
    assert_eq!(told(), [None, Some("child"), Some("child"), None]);
    root.suspend("root", None);
    assert_eq!(
        told(),
        [Some("root"), Some("child"), Some("child"), Some("root")]
    );
    grandchild.resume();
    child.resume();
    assert_eq!(told(), [Some("root"); 4]);
    grandchild.suspend("grandchild", None);
    root.resume();
    assert_eq!(told(), [None, None, Some("grandchild"), None]);
    grandchild.resume();
    assert_eq!(told(), [None; 4]);
}

/// Fails if `Node::child` does not look at its parent.
#[test]
fn child_of_a_suspended_membrane_is_born_suspended() {
    let root = Membrane::new(policy());
    let child = root.grant(&policy()).unwrap();
    root.suspend("backup", None);
    let (_, late) = lent(&child.attenuate(&policy()).unwrap());
    assert_eq!(suspended(&late), Some("backup"));
    root.resume();
    assert_eq!(suspended(&late), None);
}

#[test]
fn references_still_cross() {
    let membrane = Membrane::new(policy());
    membrane.suspend("backup", None);
    let (_, shop) = lent(&membrane);
    assert_eq!(membrane.live_proxies(), 1);
    assert_eq!(suspended(&shop), Some("backup"));
}

/// The documented exception: what runs is not stopped.
#[test]
fn running_call_delivers_and_its_callbacks_are_refused() {
    let membrane = Membrane::new(policy());
    let (stock, shop) = lent(&membrane);
    let door = Door::shut();
    stock.on_call({
        let door = door.clone();
        move || door.pass()
    });
    let called_back = Arc::new(AtomicUsize::new(0));
    let running = start({
        let (shop, called_back) = (shop.clone(), called_back.clone());
        move || {
            (
                shop.say("hello"),
                shop.tell(Arc::new(move |_| {
                    called_back.fetch_add(1, SeqCst);
                    Ok(1)
                })),
            )
        }
    });
    door.await_arrivals(1);
    membrane.suspend("backup", None);
    door.open();
    let (said, told) = running.finish();
    assert_eq!(said, Ok(5));
    assert_unmet(told, Condition::Suspended, None);
    assert_eq!(called_back.load(SeqCst), 0);

    // From inside: the call that suspends goes on, its callback does not.
    let inside = membrane.clone();
    stock.on_call(move || inside.suspend("from inside", None));
    membrane.resume();
    let error = shop.tell(Arc::new(|_| Ok(1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Suspended);
}

#[test]
fn revoked_is_told_before_suspended_and_stays() {
    let membrane = Membrane::new(policy());
    let (_, shop) = lent(&membrane);
    membrane.suspend("backup", None);
    membrane.revoke("the end");
    assert_revoked(shop.ping(), "the end");
    membrane.resume();
    assert_revoked(shop.ping(), "the end");
    membrane.suspend("again", None);
    assert_revoked(shop.ping(), "the end");
    assert!(!Membrane::is_suspended(&{
        let fresh = Membrane::new(policy());
        fresh.revoke("dead");
        fresh.suspend("late", None);
        fresh
    }));
}

/// M11: an unlisted method is refused as such, whatever else holds.
#[test]
fn refused_is_told_before_suspended() {
    let membrane = Membrane::new(Policy::deny_all());
    let (_, shop) = lent(&membrane);
    membrane.suspend("backup", None);
    assert_eq!(shop.ping().unwrap_err().kind(), ErrorKind::Refused);
}

#[test]
fn time_to_try_again_is_rounded_up_and_saturates() {
    let membrane = Membrane::new(policy());
    let (_, shop) = lent(&membrane);
    let most = Duration::from_millis(u64::from(u32::MAX));
    let told = [
        (Duration::ZERO, Duration::from_millis(1)),
        (Duration::from_nanos(1), Duration::from_millis(1)),
        (Duration::from_micros(2_001), Duration::from_millis(3)),
        (Duration::MAX, most),
    ];
    for (given, told) in told {
        membrane.suspend("backup", Some(given));
        assert_unmet(shop.ping(), Condition::Suspended, Some(told));
    }
}

/// Many threads call, derive, suspend and resume: in the end nothing is suspended that was resumed, and all of it works.
#[test]
fn storms_of_suspensions_leave_nothing_behind() {
    let root = Membrane::new(policy());
    let child = root.grant(&policy()).unwrap();
    let grandchild = child.attenuate(&policy()).unwrap();
    let (_, shop) = lent(&grandchild);
    let rounds = tests::sized(2_000, 20);
    let line = [root, child.clone(), grandchild.clone()];
    let storms: Vec<_> = line
        .iter()
        .cloned()
        .map(|membrane| {
            start(move || {
                for _ in 0..rounds {
                    membrane.suspend("storm", None);
                    membrane.resume();
                }
            })
        })
        .collect();
    let deriving = start(move || {
        // Few: each walk goes through all of them.
        let derived = (0..rounds / 20).map(|_| child.grant(&policy()).unwrap());
        derived.collect::<Vec<_>>()
    });
    for _ in 0..rounds {
        if let Err(error) = shop.ping() {
            assert_eq!(error.kind(), ErrorKind::Suspended);
        }
    }
    storms.into_iter().for_each(tests::Started::finish);
    for membrane in deriving.finish() {
        assert_eq!(suspended(&lent(&membrane).1), None);
    }
    assert_eq!(suspended(&shop), None);
}

/// When `suspend` has returned, no call starts: on other threads, too.
#[test]
fn no_call_starts_after_suspend_returned() {
    let membrane = Membrane::new(policy());
    let rounds = tests::sized(200, 5);
    for _ in 0..rounds {
        let (stock, shop) = lent(&membrane);
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let shop = shop.clone();
                start(move || while shop.ping().is_ok() {})
            })
            .collect();
        while stock.entered() < 10 {
            std::hint::spin_loop();
        }
        membrane.suspend("race", None);
        callers.into_iter().for_each(tests::Started::finish);
        let entered = stock.entered();
        assert!(shop.ping().is_err());
        assert_eq!(stock.entered(), entered);
        membrane.resume();
    }
}
