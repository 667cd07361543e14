//! Zero, too much, and what makes no sense.

use super::*;
use membrane::PolicyProblem;

#[track_caller]
fn problems(builder: ConditionsBuilder) -> Vec<PolicyProblem> {
    let error = builder.build().expect_err("not sound");
    for problem in error.problems() {
        assert!(!problem.to_string().is_empty());
    }
    error.problems().to_vec()
}

/// Fails if one of them is let through, or stops the others from being told.
#[test]
fn zero_is_an_error_where_nothing_could_ever_cross() {
    let zero = |condition| PolicyProblem::ZeroCondition { condition };
    let all = Conditions::builder()
        .expires_after(Duration::ZERO)
        .calls(0)
        .rate(0, SECOND)
        .concurrency(0)
        .proxies(0);
    assert_eq!(
        problems(all),
        [
            zero(Condition::Expired),
            zero(Condition::Calls),
            zero(Condition::Rate),
            zero(Condition::Concurrency),
            zero(Condition::Proxies),
        ]
    );
    assert_eq!(
        problems(Conditions::builder().rate(1, Duration::ZERO)),
        [zero(Condition::Rate)]
    );
    assert_eq!(
        problems(Conditions::builder().rate_with_burst(1, SECOND, 0)),
        [zero(Condition::Rate)]
    );
    // Of bytes, zero makes sense.
    assert!(
        Conditions::builder()
            .bytes_in(0)
            .bytes_out(0)
            .build()
            .is_ok()
    );
}

#[test]
fn rate_beyond_the_clock_is_an_error() {
    let asked = Conditions::builder().rate(u32::MAX, Duration::MAX);
    assert!(matches!(
        problems(asked)[..],
        [PolicyProblem::OverflowingRate { asked }] if asked.calls == u32::MAX
    ));
    let century = 100 * 365 * 24 * 3600 * SECOND;
    assert!(Conditions::builder().rate(1, century).build().is_ok());
    assert!(
        Conditions::builder()
            .rate_with_burst(1, century, 3)
            .build()
            .is_err()
    );
}

/// More calls in a period than it has nanoseconds: one in each, never more.
#[test]
fn rate_beyond_the_nanosecond_is_one_for_each() {
    let (membrane, clock) =
        timed(|builder| builder.rate_with_burst(u32::MAX, Duration::from_nanos(1), 1));
    let (_, shop) = lent(&membrane);
    shop.ping().unwrap();
    assert_unmet(shop.ping(), Condition::Rate, Some(Duration::from_millis(1)));
    clock.advance(Duration::from_nanos(1));
    shop.ping().unwrap();
}

#[test]
fn the_last_word_holds() {
    let conditions =
        conditions(|builder| builder.calls(0).calls(7).rate(1, SECOND).rate(2, SECOND));
    assert_eq!(conditions.calls(), Some(7));
    assert_eq!(conditions.rate().unwrap().calls, 2);
}

/// A clock that has come to its end refuses what depends on it.
#[test]
fn end_of_the_clock_is_the_end() {
    let (membrane, clock) = timed(|builder| builder.rate(1, SECOND));
    let (expiring, its_clock) =
        timed(|builder| builder.expires_after(Duration::from_secs(1 << 33)));
    let ((_, shop), (_, other)) = (lent(&membrane), lent(&expiring));
    clock.advance(Duration::MAX);
    its_clock.advance(Duration::MAX);
    let error = shop.ping().unwrap_err();
    assert_eq!(error.condition(), Some(Condition::Rate));
    assert_unmet(other.ping(), Condition::Expired, None);
}

#[test]
fn another_clock_is_an_error_where_the_first_one_counts() {
    let (root, clock) = timed(|builder| builder.expires_after(10 * SECOND));
    let error = root
        .grant_with(
            &policy(),
            &conditions(|builder| builder.calls(1).clock(ManualClock::new())),
        )
        .unwrap_err();
    assert_eq!(error.problems(), [PolicyProblem::OtherClock]);
    // It may name the very one.
    let same = root.grant_with(
        &policy(),
        &conditions(|builder| builder.calls(1).clock(clock.clone())),
    );
    lent(&same.unwrap()).1.ping().unwrap();
    // The system's is another, too.
    let by_the_system = under(|builder| builder.expires_after(10 * SECOND));
    let error = by_the_system.grant_with(
        &policy(),
        &conditions(|builder| builder.calls(1).clock(clock.clone())),
    );
    assert_eq!(error.unwrap_err().problems(), [PolicyProblem::OtherClock]);
    // Where nothing counts by it, a child may bring its own.
    let timeless = under(|builder| builder.calls(5));
    let child = grant(&timeless, |builder| {
        builder.expires_after(SECOND).clock(clock.clone())
    });
    let (_, shop) = lent(&child);
    shop.ping().unwrap();
    clock.advance(SECOND);
    assert_unmet(shop.ping(), Condition::Expired, None);
    lent(&timeless).1.ping().unwrap();
}

/// A clock that goes back gives time back, and breaks nothing.
#[test]
fn clock_that_goes_back_breaks_nothing() {
    struct Back(Arc<Mutex<Duration>>);
    impl membrane::Clock for Back {
        fn now(&self) -> Duration {
            *self.0.lock().unwrap()
        }
    }
    let now = Arc::new(Mutex::new(10 * SECOND));
    let clock = Arc::new(Back(now.clone()));
    let membrane = under(|builder| {
        builder
            .expires_after(SECOND)
            .rate(1, Duration::from_millis(10))
            .clock(clock)
    });
    let (_, shop) = lent(&membrane);
    shop.ping().unwrap();
    *now.lock().unwrap() = Duration::ZERO;
    // The call so far is seen in the future, and waited for.
    let wait = 10 * SECOND + Duration::from_millis(10);
    assert_unmet(shop.ping(), Condition::Rate, Some(wait));
}

/// A clock's `Drop` is foreign code: its panic ends where it is.
#[test]
fn panic_in_the_drop_of_a_clock_is_caught() {
    struct Loud(Arc<AtomicUsize>);
    impl membrane::Clock for Loud {
        fn now(&self) -> Duration {
            SECOND
        }
    }
    impl Drop for Loud {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
            panic!("dropped");
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let clock = Arc::new(Loud(dropped.clone()));
    let membrane = under(|builder| builder.calls(1).clock(clock));
    let (_, shop) = lent(&membrane);
    drop(membrane);
    shop.ping().unwrap();
    drop(shop);
    assert_eq!(dropped.load(SeqCst), 1);
}
