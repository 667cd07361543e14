//! How often: the generic cell rate algorithm, which needs one number for each bucket.
//!
//! The number is the time until which the calls so far have used the rate up. A call moves it on by one interval, and may
//! do so if it is then no further ahead of the clock than a burst.

use super::clock::nanoseconds;
use std::time::Duration;

/// A rate: so many calls per period, and so many at once after a pause.
///
/// # Examples
///
/// ```
/// use membrane::Conditions;
/// use std::time::Duration;
///
/// let conditions = Conditions::builder().rate(10, Duration::from_secs(1)).build()?;
/// assert_eq!(conditions.rate().unwrap().to_string(), "10 calls per 1s, 10 at once");
/// # Ok::<(), membrane::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rate {
    /// In calls for each period.
    pub calls: u32,
    /// The period.
    pub per: Duration,
    /// In calls at once, after a pause that is long enough.
    pub burst: u32,
}

impl Rate {
    /// Nanoseconds from call to call, rounded up: never above the rate.
    fn interval(self) -> u64 {
        nanoseconds(self.per)
            .div_ceil(u64::from(self.calls).max(1))
            .max(1)
    }

    /// How far ahead of the clock the calls may be, in nanoseconds; `None` if that is out of range.
    pub(super) fn allowance(self) -> Option<u64> {
        self.interval()
            .checked_mul(u64::from(self.burst))
            .filter(|allowance| *allowance < 1 << 63)
    }

    /// Takes a call at `now`, given the time until which the rate is used up: what that is then, or how long to wait.
    pub(super) fn take(self, used_until: u64, now: u64) -> Result<u64, u64> {
        let Some(then) = used_until.max(now).checked_add(self.interval()) else {
            // The clock has come to its end.
            return Err(u64::MAX);
        };
        let limit = now.saturating_add(self.allowance().unwrap_or(0));
        if then <= limit {
            Ok(then)
        } else {
            Err(then - limit)
        }
    }

    /// Whether this allows a call that `other` does not.
    pub(super) fn exceeds(self, other: Self) -> bool {
        self.interval() < other.interval() || self.burst > other.burst
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} calls per {:?}, {} at once",
            self.calls, self.per, self.burst
        )
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::Rate;
    use std::time::Duration;

    fn rate(calls: u32, per_ns: u64, burst: u32) -> Rate {
        Rate {
            calls,
            per: Duration::from_nanos(per_ns),
            burst,
        }
    }

    /// Fails if the interval is rounded down: three calls in 10 ns would fit into 9.
    #[test]
    fn interval_is_rounded_up() {
        let rate = rate(3, 10, 1);
        let used = rate.take(0, 0).unwrap();
        assert_eq!(used, 4);
        assert_eq!(rate.take(used, 3), Err(1));
        assert_eq!(rate.take(used, 4), Ok(8));
    }

    #[test]
    fn burst_comes_at_once_and_then_one_for_each_interval() {
        let rate = rate(2, 20, 3);
        let mut used = 0;
        for _ in 0..3 {
            used = rate.take(used, 100).unwrap();
        }
        assert_eq!(rate.take(used, 100), Err(10));
        assert_eq!(rate.take(used, 109), Err(1));
        used = rate.take(used, 110).unwrap();
        assert_eq!(rate.take(used, 119), Err(1));
        assert!(rate.take(used, 120).is_ok());
    }

    /// Fails if the sums wrap round.
    #[test]
    fn end_of_the_clock_refuses() {
        let rate = rate(1, 1 << 40, 4);
        assert_eq!(rate.take(0, u64::MAX), Err(u64::MAX));
        assert_eq!(rate.take(u64::MAX, 5), Err(u64::MAX));
        assert_eq!(
            Rate {
                burst: u32::MAX,
                ..rate
            }
            .allowance(),
            None
        );
    }

    /// As far as a comparison of times goes, half of all there are: 292 years.
    #[test]
    fn allowance_ends_before_half_of_the_clock() {
        let longest = (1_u64 << 63) - 1;
        assert_eq!(rate(1, longest, 1).allowance(), Some(longest));
        assert_eq!(rate(1, longest + 1, 1).allowance(), None);
        assert_eq!(rate(1, 1 << 62, 2).allowance(), None);
    }
}
