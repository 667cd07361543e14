//! Where expiry and rate get the time from.

use crate::error::{Error, ErrorKind};
use object_membrane_gate::{drop_quietly, quietly};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// A source of time that never goes back.
///
/// The operating system's monotonic clock unless a [`ConditionsBuilder::clock`](crate::ConditionsBuilder::clock) is set. A
/// clock belongs to whoever sets the conditions: one that goes back gives expired time back. It is asked under no lock, so
/// it may use the membrane; a panic of it refuses the call that it was asked for, as [`ErrorKind::Panicked`].
pub trait Clock: Send + Sync + 'static {
    /// The time since some moment, always the same one.
    fn now(&self) -> Duration;
}

/// A clock that stands still until it is moved, for tests.
///
/// # Examples
///
/// ```
/// use membrane::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// clock.advance(Duration::from_secs(3));
/// assert_eq!(clock.now(), Duration::from_secs(3));
/// ```
#[derive(Debug, Default)]
pub struct ManualClock(Mutex<Duration>);

impl ManualClock {
    /// A clock at zero.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Moves it on. It stops at the greatest time there is.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The clock that a line of ledgers reads: the system's, or somebody's.
#[derive(Clone, Default)]
pub(crate) struct Time(Option<Arc<dyn Clock>>);

impl Time {
    pub(crate) fn of(clock: Arc<dyn Clock>) -> Self {
        Self(Some(clock))
    }

    /// The time, in nanoseconds; what is beyond 584 years counts as that.
    ///
    /// # Errors
    ///
    /// Panicked, if the clock does.
    pub(crate) fn now(&self) -> Result<u64, Error> {
        let now = match &self.0 {
            None => system(),
            Some(clock) => quietly(|| clock.now()).ok_or(ErrorKind::Panicked)?,
        };
        Ok(nanoseconds(now))
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            _ => false,
        }
    }
}

impl Drop for Time {
    /// A clock's `Drop` is foreign code, on the thread of whoever drops the last proxy.
    fn drop(&mut self) {
        drop_quietly(self.0.take());
    }
}

fn system() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
