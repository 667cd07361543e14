//! A child never outlives or outspends its parent.

use super::*;
use membrane::PolicyProblem;

/// Every level is charged, and all of them or none.
#[test]
fn every_level_is_charged_or_none() {
    let root = under(|builder| builder.calls(10));
    let middle = grant(&root, |builder| builder.calls(5));
    let leaf = middle
        .attenuate_with(&policy(), &conditions(|builder| builder.calls(5)))
        .unwrap();
    let plain = leaf.grant(&policy()).unwrap();
    let calls = || [&root, &middle, &leaf].map(|membrane| membrane.conditions().calls_left);
    let (_, of_root) = lent(&root);
    let (_, of_middle) = lent(&middle);
    let (stock, of_plain) = lent(&plain);
    of_root.ping().unwrap();
    of_middle.ping().unwrap();
    of_plain.ping().unwrap();
    assert_eq!(calls(), [Some(7), Some(3), Some(3)]);
    for _ in 0..3 {
        of_middle.ping().unwrap();
    }
    assert_eq!(
        calls(),
        [Some(4), Some(0), Some(0)],
        "the least of the line"
    );
    assert_unmet(of_plain.ping(), Condition::Calls, None);
    assert_eq!(calls(), [Some(4), Some(0), Some(0)]);
    assert_eq!(stock.entered(), 1);
    of_root.ping().unwrap();
}

/// What one condition of one level refuses is charged to no other condition of any level.
#[test]
fn refusal_anywhere_charges_nothing_anywhere() {
    let (root, _clock) = timed(|builder| builder.bytes_in(4).rate(100, SECOND));
    let middle = grant(&root, |builder| builder.calls(5).rate(50, SECOND));
    let leaf = grant(&middle, |builder| builder.concurrency(1).calls(4));
    let (_, shop) = lent(&leaf);
    assert_unmet(shop.say("hello"), Condition::BytesIn, None);
    let standing = leaf.conditions();
    assert_eq!(standing.calls_left, Some(4));
    assert_eq!(standing.bytes_in_left, Some(4));
    assert_eq!(standing.concurrency_left, Some(1));
    assert_eq!(middle.conditions().calls_left, Some(5));
    // The bursts are whole: fifty calls less what the calls of the leaf allow.
    for _ in 0..4 {
        shop.say("x").unwrap();
    }
    let (_, beside) = lent(&middle);
    beside.ping().unwrap();
    assert_unmet(beside.ping(), Condition::Calls, None);
}

/// Through a chain of grants, proxies are one hop, and all conditions of the chain hold.
#[test]
fn conditions_of_a_chain_hold_in_one_hop() {
    let root = under(|builder| builder.calls(3));
    let (stock, shop) = lent(&root);
    let mut last = (root.clone(), shop);
    for _ in 0..20 {
        let narrower = last.0.attenuate(&policy()).unwrap();
        let shop = narrower.wrap(last.1.clone()).unwrap();
        last = (narrower, shop);
    }
    for left in [2, 1, 0] {
        last.1.ping().unwrap();
        assert_eq!(root.conditions().calls_left, Some(left), "counted once");
    }
    assert_unmet(last.1.ping(), Condition::Calls, None);
    assert_eq!(stock.entered(), 3);
}

/// Between siblings, and between trees, both memranes' conditions hold: two hops, counted at each.
#[test]
fn conditions_of_two_hops_both_hold() {
    let (near, far) = (
        under(|builder| builder.calls(5)),
        under(|builder| builder.calls(2)),
    );
    let (stock, shop) = lent(&far);
    let both = near.wrap(shop).unwrap();
    both.ping().unwrap();
    both.ping().unwrap();
    // The outer call was let in and entered: its target is the other proxy.
    assert_unmet_as_data(both.ping());
    assert_eq!(stock.entered(), 2);
    assert_eq!(near.conditions().calls_left, Some(2));
    assert_eq!(far.conditions().calls_left, Some(0));

    let root = Membrane::new(policy());
    let (a, b) = (
        grant(&root, |builder| builder.calls(1)),
        grant(&root, |builder| builder.calls(2)),
    );
    let (_, of_a) = lent(&a);
    let of_both = b.wrap(of_a).unwrap();
    of_both.ping().unwrap();
    assert_unmet_as_data(of_both.ping());
    assert_eq!(b.conditions().calls_left, Some(0));
}

/// The error came from behind another membrane: only its kind is left.
#[track_caller]
fn assert_unmet_as_data(result: Result<(), Error>) {
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.condition()),
        (ErrorKind::Exhausted, None)
    );
}

#[test]
fn parents_expiry_ends_the_child() {
    let (root, clock) = timed(|builder| builder.expires_after(10 * SECOND));
    let child = grant(&root, |builder| builder.expires_after(5 * SECOND));
    let (_, of_child) = lent(&child);
    let (_, of_plain) = lent(&root.grant(&policy()).unwrap());
    let (_, of_root) = lent(&root);
    clock.advance(5 * SECOND);
    assert_unmet(of_child.ping(), Condition::Expired, None);
    of_plain.ping().unwrap();
    // With what is left, to the nanosecond.
    let late = grant(&root, |builder| builder.expires_after(5 * SECOND));
    let (_, of_late) = lent(&late);
    clock.advance(5 * SECOND);
    for shop in [of_plain, of_root, of_late] {
        assert_unmet(shop.ping(), Condition::Expired, None);
    }
    // Derived from what is expired: born expired.
    let born_dead = grant(&root, |builder| builder.calls(1));
    assert_unmet(lent(&born_dead).1.ping(), Condition::Expired, None);
    assert_unmet(
        lent(&root.grant(&policy()).unwrap()).1.ping(),
        Condition::Expired,
        None,
    );
}

/// Each number is compared with what is left now, or with the limit where places come back; equal is not more.
#[test]
fn asking_for_more_than_the_parent_has_is_an_error() {
    let (root, clock) = timed(|builder| {
        builder
            .expires_after(10 * SECOND)
            .calls(10)
            .rate_with_burst(10, SECOND, 5)
            .concurrency(3)
            .bytes_in(100)
            .bytes_out(100)
            .proxies(4)
    });
    let (_, shop) = lent(&root);
    shop.say("hello").unwrap();
    clock.advance(SECOND);
    let equal = conditions(|builder| {
        builder
            .expires_after(9 * SECOND)
            .calls(9)
            .rate_with_burst(10, SECOND, 5)
            .concurrency(3)
            .bytes_in(95)
            .bytes_out(92)
            .proxies(4)
    });
    let child = root.grant_with(&policy(), &equal).unwrap();
    lent(&child).1.ping().unwrap();

    let wider = conditions(|builder| {
        builder
            .expires_after(9 * SECOND + Duration::from_nanos(1))
            .calls(10)
            .rate_with_burst(11, SECOND, 5)
            .concurrency(4)
            .bytes_in(96)
            .bytes_out(93)
            .proxies(5)
    });
    let error = root.grant_with(&policy(), &wider).unwrap_err();
    let budget = |condition, asked, left| PolicyProblem::WiderBudget {
        condition,
        asked,
        left,
    };
    assert_eq!(
        error.problems(),
        [
            PolicyProblem::WiderExpiry {
                asked: 9 * SECOND + Duration::from_nanos(1),
                left: 9 * SECOND,
            },
            PolicyProblem::WiderRate {
                asked: wider.rate().unwrap(),
                has: equal.rate().unwrap(),
            },
            budget(Condition::Calls, 10, 8),
            budget(Condition::Concurrency, 4, 3),
            budget(Condition::BytesIn, 96, 95),
            budget(Condition::BytesOut, 93, 92),
            budget(Condition::Proxies, 5, 4),
        ]
    );
    for problem in error.problems() {
        assert!(!problem.to_string().is_empty());
    }
    // Nothing is half made.
    assert_eq!(root.conditions().calls_left, Some(8));
    // A larger burst alone is more.
    let burst = conditions(|builder| builder.rate_with_burst(1, SECOND, 6));
    assert!(matches!(
        root.attenuate_with(&policy(), &burst)
            .unwrap_err()
            .problems(),
        [PolicyProblem::WiderRate { .. }]
    ));
    // The grandparent's are asked, too.
    let plain = root.grant(&policy()).unwrap();
    let between = grant(&plain, |builder| builder.concurrency(1));
    let error = between.grant_with(&policy(), &conditions(|builder| builder.calls(9)));
    assert_eq!(
        error.unwrap_err().problems(),
        [budget(Condition::Calls, 9, 8)]
    );
}

/// All that is wrong is told at once: the policy's and the conditions' share.
#[test]
fn problems_of_policy_and_conditions_come_together() {
    let one = conditions(|builder| builder.calls(1));
    let root = Membrane::with_conditions(Policy::deny_all(), &one).unwrap();
    let narrower = Policy::builder()
        .inbound(allow!(dyn Shop: ping))
        .build()
        .unwrap();
    let error = root
        .grant_with(&narrower, &conditions(|builder| builder.calls(2)))
        .unwrap_err();
    assert!(matches!(
        error.problems(),
        [
            PolicyProblem::WiderMethod { .. },
            PolicyProblem::WiderBudget { .. }
        ]
    ));
    root.revoke("over");
    let error = root.grant_with(&Policy::deny_all(), &one).unwrap_err();
    assert_eq!(error.problems(), [PolicyProblem::Revoked]);
}

/// Fails if the drop of a ledger drops the one above inside it: the stack would overflow.
#[test]
fn long_lines_of_conditions_are_dropped_one_by_one() {
    let generations = sized_generations();
    let mut line = under(|builder| builder.calls(1_000));
    for _ in 0..generations {
        line = grant(&line, |builder| builder.calls(1));
    }
    let (_, shop) = lent(&line);
    shop.ping().unwrap();
    assert_unmet(shop.ping(), Condition::Calls, None);
    tests::soon(move || drop((shop, line)));
}

/// Each derivation asks the whole line, so that this is quadratic.
fn sized_generations() -> usize {
    tests::sized(1_500, 60)
}

/// Converting an argument may run its author's code. Fails if the accounts further up are asked only when the target is about to
/// be entered.
#[test]
fn call_that_a_parents_account_refuses_is_refused_before_its_arguments_are_converted() {
    let accounts: [fn(ConditionsBuilder) -> ConditionsBuilder; 3] = [
        |builder| builder.calls(1),
        |builder| builder.rate(1, 1_000_000 * SECOND),
        |builder| builder.calls(1).rate(1, 1_000_000 * SECOND),
    ];
    for account in accounts {
        let root = Membrane::with_conditions(post_policy(), &conditions(account)).unwrap();
        let many = conditions(|builder| builder.bytes_in(1_000));
        let child = root.grant_with(&post_policy(), &many).unwrap();
        let post = post(&child);
        let parcel = Probe::default();
        post.send(parcel.clone()).unwrap();
        let error = post.send(parcel.clone()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exhausted);
        assert_eq!(parcel.converted(), 1);
    }
}
