//! Calls that come too fast.

use super::*;
use tests::{sized, start};

/// Fails if the burst or the interval is off by one, or the time to wait is not the shortest.
#[test]
fn calls_go_at_the_rate_and_the_time_to_wait_is_exact() {
    let (membrane, clock) = timed(|builder| builder.rate(4, SECOND));
    let (stock, shop) = lent(&membrane);
    for _ in 0..4 {
        shop.ping().unwrap();
    }
    let wait = Duration::from_millis(250);
    assert_unmet(shop.ping(), Condition::Rate, Some(wait));
    assert_eq!(
        shop.ping().unwrap_err().to_string(),
        "exhausted: rate; try again in 250ms"
    );
    clock.advance(Duration::from_nanos(249_999_999));
    assert_unmet(shop.ping(), Condition::Rate, Some(Duration::from_millis(1)));
    clock.advance(Duration::from_nanos(1));
    shop.ping().unwrap();
    assert_unmet(shop.ping(), Condition::Rate, Some(wait));
    assert_eq!(stock.entered(), 5);
    // A long pause gives one burst, not more.
    clock.advance(100 * SECOND);
    for _ in 0..4 {
        shop.ping().unwrap();
    }
    assert_unmet(shop.ping(), Condition::Rate, Some(wait));
}

#[test]
fn burst_is_what_was_asked() {
    let (membrane, clock) = timed(|builder| builder.rate_with_burst(10, SECOND, 1));
    let (_, shop) = lent(&membrane);
    for _ in 0..20 {
        shop.ping().unwrap();
        assert_unmet(
            shop.ping(),
            Condition::Rate,
            Some(Duration::from_millis(100)),
        );
        clock.advance(Duration::from_millis(100));
    }
    let rate = membrane.conditions().rate.unwrap();
    assert_eq!((rate.calls, rate.per, rate.burst), (10, SECOND, 1));
}

/// Over any stretch of time, at most `burst + calls * t / per`: counted on every stretch of a random run.
#[test]
fn rate_holds_over_every_stretch_of_time() {
    const CALLS: u32 = 7;
    const BURST: usize = 3;
    let per = Duration::from_micros(1);
    let (membrane, clock) = timed(|builder| builder.rate_with_burst(CALLS, per, 3));
    let (_, shop) = lent(&membrane);
    let (mut random, mut now, mut at) = (12345_u64, 0_u64, Vec::new());
    for _ in 0..sized(600, 60) {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let step = (random >> 33) % 150;
        clock.advance(Duration::from_nanos(step));
        now += step;
        if shop.ping().is_ok() {
            at.push(now);
        }
    }
    assert!(at.len() > 20);
    for (index, from) in at.iter().enumerate() {
        for (calls, to) in at[index..].iter().enumerate() {
            let most = BURST as u64 + u64::from(CALLS) * (to - from) / 1_000;
            assert!(
                (calls as u64) < most,
                "{} calls in {}",
                calls + 1,
                to - from
            );
        }
    }
}

/// The clock stands still: of all threads together exactly the burst gets through.
#[test]
fn burst_is_exact_whatever_the_threads() {
    let burst = u32::try_from(sized(10_000, 30)).unwrap();
    let (membrane, _clock) = timed(|builder| builder.rate(burst, 1_000 * SECOND));
    let (stock, shop) = lent(&membrane);
    let callers: Vec<_> = (0..3)
        .map(|_| {
            let shop = shop.clone();
            start(move || {
                let error = loop {
                    if let Err(error) = shop.ping() {
                        break error;
                    }
                };
                assert_eq!(error.condition(), Some(Condition::Rate));
            })
        })
        .collect();
    callers.into_iter().for_each(tests::Started::finish);
    assert_eq!(stock.entered(), burst as usize);
}

/// What is refused by one level takes nothing from another.
#[test]
fn refusal_above_leaves_the_rate_below_as_it_was() {
    let (membrane, clock) = timed(|builder| builder.rate_with_burst(10, SECOND, 1));
    let child = grant(&membrane, |builder| builder.rate_with_burst(1, SECOND, 1));
    let (_, above) = lent(&membrane);
    let (_, below) = lent(&child);
    above.ping().unwrap();
    // The child's is unused, the parent's is not.
    assert_unmet(
        below.ping(),
        Condition::Rate,
        Some(Duration::from_millis(100)),
    );
    clock.advance(Duration::from_millis(100));
    below.ping().unwrap();
    clock.advance(Duration::from_millis(100));
    assert_unmet(
        below.ping(),
        Condition::Rate,
        Some(Duration::from_millis(900)),
    );
    // And the child's refusal took nothing from the parent.
    above.ping().unwrap();
}
