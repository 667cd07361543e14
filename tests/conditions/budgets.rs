//! So many calls in all.

use super::*;
use tests::{sized, start};

/// Fails if a call is not spent, or the last one is refused.
#[test]
fn calls_are_refused_once_they_are_spent_both_ways() {
    for direction in DIRECTIONS {
        let membrane = under(|builder| builder.calls(2));
        let stock = Stock::new();
        let shop = lend(&membrane, &stock, direction);
        shop.ping().unwrap();
        assert_eq!(membrane.conditions().calls_left, Some(1));
        shop.say("x").unwrap();
        assert_unmet(shop.ping(), Condition::Calls, None);
        assert_unmet(shop.ping(), Condition::Calls, None);
        assert_eq!(shop.ping().unwrap_err().to_string(), "exhausted: calls");
        assert_eq!(stock.entered(), 2);
        assert_eq!(membrane.conditions().calls_left, Some(0));
    }
}

/// Each kind of call counts, and a call inside a call as well.
#[test]
fn closures_items_and_callbacks_count() {
    let membrane = under(|builder| builder.calls(100));
    let (_, shop) = lent(&membrane);
    let left = || membrane.conditions().calls_left.unwrap();
    let costs = |cost: u64, call: &dyn Fn()| {
        let before = left();
        call();
        assert_eq!(before - left(), cost);
    };
    costs(1, &|| shop.ping().unwrap());
    costs(2, &|| assert_eq!(shop.tell(Arc::new(Ok)), Ok(4)));
    // One for the call, one for each item, one for the end.
    costs(5, &|| assert_eq!(shop.items(3).unwrap().count(), 3));
    let closure: Closure = membrane.wrap(Arc::new(Ok) as Closure).unwrap();
    costs(1, &|| assert_eq!(closure(1), Ok(1)));
    costs(2, &|| shop.open().unwrap().ping().unwrap());
    costs(1, &|| assert!(shop.complain(1).is_err()));
}

/// A call is spent when the target is entered: not before, and whatever becomes of it then.
#[test]
fn only_calls_that_enter_are_spent() {
    let refusing = policy_that_refuses_homecomers();
    let membrane =
        Membrane::with_conditions(refusing, &conditions(|builder| builder.calls(9))).unwrap();
    let (stock, shop) = lent(&membrane);
    // Not listed.
    assert_eq!(shop.ping().unwrap_err().kind(), ErrorKind::Refused);
    // Its argument may not cross.
    assert_eq!(
        shop.hand(shop.clone()).unwrap_err().kind(),
        ErrorKind::Rejected
    );
    membrane.suspend("backup", None);
    assert!(shop.say("x").is_err());
    membrane.resume();
    assert_eq!(stock.entered(), 0);
    assert_eq!(membrane.conditions().calls_left, Some(9));
    // A panic is spent.
    stock.on_call(|| panic!("inside"));
    assert_eq!(shop.say("x").unwrap_err().kind(), ErrorKind::Panicked);
    assert_eq!(membrane.conditions().calls_left, Some(8));
    // So is a result that comes too late.
    let revoked = membrane.clone();
    stock.on_call(move || revoked.revoke("inside"));
    assert!(shop.say("x").unwrap_err().is_revoked());
    assert_eq!(membrane.conditions().calls_left, Some(7));
}

fn policy_that_refuses_homecomers() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Shop: say, hand))
        .homecoming(membrane::Homecoming::Refuse)
        .build()
        .unwrap()
}

/// Fails if `check` and `commit` are not under one lock.
#[test]
fn no_call_above_the_budget_whatever_the_threads() {
    const THREADS: usize = 4;
    let budget = sized(20_000, 50);
    let membrane = under(|builder| builder.calls(budget as u64));
    let child = grant(&membrane, |builder| builder.calls(budget as u64));
    let (stock, shop) = lent(&child);
    let (beside, other) = lent(&membrane);
    let callers: Vec<_> = (0..THREADS)
        .map(|at| {
            let shop = if at % 2 == 0 { &shop } else { &other }.clone();
            start(move || {
                let mut calls = 0;
                while shop.ping().is_ok() {
                    calls += 1;
                }
                calls
            })
        })
        .collect();
    let answered: usize = callers.into_iter().map(tests::Started::finish).sum();
    assert_eq!(answered, budget);
    assert_eq!(stock.entered() + beside.entered(), budget);
    assert_eq!(membrane.conditions().calls_left, Some(0));
}

/// A loop that skips errors ends.
#[test]
fn iterator_ends_once_the_budget_is_spent() {
    let membrane = under(|builder| builder.calls(3));
    let (_, shop) = lent(&membrane);
    let told: Vec<_> = shop.items(1_000).unwrap().collect();
    assert_eq!(told[..2], [Ok(0), Ok(1)]);
    assert_eq!(told.len(), 3, "the error is told once");
    assert_unmet(told[2], Condition::Calls, None);
}

/// Fails if a call that finds its budget empty only when it enters goes on.
#[test]
fn budget_that_a_nested_call_spends_is_missed_by_the_outer_one() {
    let membrane = under(|builder| builder.calls(2));
    let (stock, shop) = lent(&membrane);
    let inner = shop.clone();
    let depth = AtomicUsize::new(0);
    stock.on_call(move || {
        if depth.fetch_add(1, SeqCst) == 0 {
            inner.ping().unwrap();
            assert_unmet(inner.ping(), Condition::Calls, None);
        }
    });
    shop.ping().unwrap();
    assert_eq!(stock.entered(), 2);
    // The target holds its own proxy.
    membrane.revoke("over");
}

#[test]
fn greatest_budget_does_not_overflow() {
    let membrane = under(|builder| {
        builder
            .calls(u64::MAX)
            .bytes_in(u64::MAX)
            .bytes_out(u64::MAX)
            .proxies(u64::MAX)
            .concurrency(u32::MAX)
    });
    let (_, shop) = lent(&membrane);
    assert_eq!(shop.say("hello"), Ok(5));
    let standing = membrane.conditions();
    assert_eq!(standing.calls_left, Some(u64::MAX - 1));
    assert_eq!(standing.bytes_in_left, Some(u64::MAX - 5));
    assert_eq!(standing.bytes_out_left, Some(u64::MAX - 8));
    assert_eq!(standing.proxies_left, Some(u64::MAX - 1));
    assert_eq!(standing.concurrency_left, Some(u32::MAX));
}

/// M11: rules are asked before the call is spent, and not at all by a call that is not let in.
#[test]
fn call_that_a_rule_refuses_is_not_spent() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    let policy = Policy::builder()
        .inbound(allow!(dyn Shop: say))
        .inbound_rule(membrane::rule!(dyn Shop: say, move |text| {
            counted.fetch_add(1, SeqCst);
            text.len() < 5
        }))
        .build()
        .unwrap();
    let one = conditions(|builder| builder.calls(1).bytes_in(4).concurrency(1));
    let membrane = Membrane::with_conditions(policy, &one).unwrap();
    let (stock, shop) = lent(&membrane);
    assert_eq!(shop.say("hello").unwrap_err().kind(), ErrorKind::Rejected);
    let standing = membrane.conditions();
    assert_eq!(
        (standing.calls_left, standing.bytes_in_left),
        (Some(1), Some(4))
    );
    assert_eq!(standing.concurrency_left, Some(1));
    assert_eq!(shop.say("four"), Ok(4));
    assert_eq!(asked.load(SeqCst), 2);
    assert_unmet(shop.say("x"), Condition::Calls, None);
    assert_eq!(asked.load(SeqCst), 2);
    assert_eq!(stock.entered(), 1);
}

/// Fails if `walk` forgets the rules, or a resumption lifts the guard that they need.
#[test]
fn rules_are_asked_after_a_resumption() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Shop: say))
        .inbound_rule(membrane::rule!(dyn Shop: say, |text| text.len() < 5))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let (_, shop) = lent(&membrane);
    membrane.suspend("backup", None);
    membrane.resume();
    assert_eq!(shop.say("hello").unwrap_err().kind(), ErrorKind::Rejected);
}
