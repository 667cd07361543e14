//! Putting conditions together.

use super::account::Limits;
use super::clock::{Clock, Time};
use super::condition::Condition;
use super::rate::Rate;
use crate::policy::{PolicyError, PolicyProblem};
use std::sync::Arc;
use std::time::Duration;

/// What holds of a membrane or a grant beside its policy: how long, how often, how many at once, how much.
///
/// Data, without effect until it is given to [`Membrane::with_conditions`](crate::Membrane::with_conditions),
/// [`grant_with`](crate::Membrane::grant_with) or [`attenuate_with`](crate::Membrane::attenuate_with): each membrane made
/// from it counts for itself. All conditions must hold for a call to go ahead, and those of all membranes that this one
/// derives from.
///
/// # Examples
///
/// ```
/// # use membrane::{Error, Policy, allow, interface};
/// use membrane::{Condition, Conditions, Membrane};
/// use std::sync::Arc;
/// use std::time::Duration;
///
/// # #[interface] pub trait Mail { fn send(&self, text: &str) -> Result<(), Error>; }
/// # struct Outbox; impl Mail for Outbox { fn send(&self, _: &str) -> Result<(), Error> { Ok(()) } }
/// let policy = Policy::builder().inbound(allow!(dyn Mail: send)).build()?;
/// let conditions = Conditions::builder()
///     .calls(2)
///     .expires_after(Duration::from_secs(60))
///     .build()?;
/// let membrane = Membrane::with_conditions(policy, &conditions)?;
/// let mail = membrane.wrap::<dyn Mail>(Arc::new(Outbox))?;
///
/// assert!(mail.send("one").is_ok());
/// assert!(mail.send("two").is_ok());
/// let error = mail.send("three").unwrap_err();
/// assert_eq!(error.condition(), Some(Condition::Calls));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Conditions {
    pub(super) limits: Limits,
    pub(super) expiry: Option<Duration>,
    /// `None` is that of the membrane that this one derives from.
    pub(super) time: Option<Time>,
}

impl Conditions {
    /// Starts with no condition.
    pub fn builder() -> ConditionsBuilder {
        ConditionsBuilder::default()
    }

    /// Whether there is no condition. Then a membrane costs what it costs without.
    pub fn is_empty(&self) -> bool {
        self.expiry.is_none() && self.limits == Limits::default()
    }

    /// How long from the membrane's birth on.
    pub fn expiry(&self) -> Option<Duration> {
        self.expiry
    }

    /// How many calls in all.
    pub fn calls(&self) -> Option<u64> {
        self.limits.calls
    }

    /// How often.
    pub fn rate(&self) -> Option<Rate> {
        self.limits.rate
    }

    /// How many calls at once.
    pub fn concurrency(&self) -> Option<u32> {
        self.limits.concurrency
    }

    /// How many bytes inward, in all.
    pub fn bytes_in(&self) -> Option<u64> {
        self.limits.bytes_in
    }

    /// How many bytes outward, in all.
    pub fn bytes_out(&self) -> Option<u64> {
        self.limits.bytes_out
    }

    /// How many live proxies at once.
    pub fn proxies(&self) -> Option<u64> {
        self.limits.proxies
    }

    pub(super) fn is_timed(&self) -> bool {
        self.expiry.is_some() || self.limits.rate.is_some()
    }
}

impl std::fmt::Debug for Conditions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conditions")
            .field("expiry", &self.expiry)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Collects [`Conditions`]; [`build`](Self::build) reports every mistake at once. Of what is said twice the last holds.
///
/// Every call is counted, whichever way it goes and whatever it is inside of: of methods, of closures, and each step of an
/// iterator. A call that is refused before the target is entered is not.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct ConditionsBuilder(Conditions);

impl ConditionsBuilder {
    /// Ends access this long after the membrane is made. From then on calls are refused as
    /// [`ErrorKind::Expired`](crate::ErrorKind::Expired), and what a running call returns is withheld.
    ///
    /// There is no timer: nobody is told, and targets are kept until the membrane is revoked or its proxies are dropped. A time
    /// that the clock cannot express is for ever.
    pub fn expires_after(mut self, time: Duration) -> Self {
        self.0.expiry = Some(time);
        self
    }

    /// So many calls in all. A call is spent when the target is entered, whatever becomes of it then.
    pub fn calls(mut self, calls: u64) -> Self {
        self.0.limits.calls = Some(calls);
        self
    }

    /// So many calls per period, and as many at once after a pause: in any time `t` at most `calls + calls * t / per`.
    ///
    /// A refusal says when to try again. The time between two calls is counted in whole nanoseconds, rounded up.
    pub fn rate(self, calls: u32, per: Duration) -> Self {
        self.rate_with_burst(calls, per, calls)
    }

    /// [`rate`](Self::rate), with at most `burst` calls at once after a pause: in any time `t` at most
    /// `burst + calls * t / per`.
    pub fn rate_with_burst(mut self, calls: u32, per: Duration, burst: u32) -> Self {
        self.0.limits.rate = Some(Rate { calls, per, burst });
        self
    }

    /// So many calls at once, on all threads, a call inside a call counted as well. A place is taken when a call is let in
    /// and given back when it is over, however it ends.
    pub fn concurrency(mut self, calls: u32) -> Self {
        self.0.limits.concurrency = Some(calls);
        self
    }

    /// So many bytes inward in all: arguments of calls to objects of the wet side, results of calls to objects of the dry
    /// side, as [`Passable::size_bytes`](crate::Passable::size_bytes) measures them. With zero, what has no size still
    /// crosses.
    pub fn bytes_in(mut self, bytes: u64) -> Self {
        self.0.limits.bytes_in = Some(bytes);
        self
    }

    /// So many bytes outward in all: results of calls to objects of the wet side, arguments of calls to objects of the dry
    /// side. A result that is larger than what is left is withheld, and costs nothing.
    pub fn bytes_out(mut self, bytes: u64) -> Self {
        self.0.limits.bytes_out = Some(bytes);
        self
    }

    /// So many live proxies at once, of this membrane and those derived from it, both ways. A value with a reference for
    /// which there is no room does not cross. A proxy of a revoked membrane is not live.
    ///
    /// What is left of an async call that waits is behind a proxy of its own, and counts until the call is over. If there is no
    /// room for it when the first poll does not end the call, the target was entered, the call is spent, and its result is
    /// [withheld](crate::Outcome::Withheld): allow as many more proxies as calls may wait at once.
    pub fn proxies(mut self, proxies: u64) -> Self {
        self.0.limits.proxies = Some(proxies);
        self
    }

    /// Takes the time from `clock`. Unless set, it is the clock of the membrane that the new one derives from, in the end
    /// the system's. Where that one's expiry or rate counts by a clock, it must be the very same.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.0.time = Some(Time::of(clock));
        self
    }

    /// The conditions.
    ///
    /// # Errors
    ///
    /// [`PolicyProblem::ZeroCondition`] names each condition under which no call, or no reference, could ever cross: a time,
    /// a budget of calls, a rate, a period, a burst, a concurrency or a number of proxies of zero.
    /// [`PolicyProblem::OverflowingRate`] names a rate whose burst takes over 292 years.
    ///
    /// # Examples
    ///
    /// ```
    /// use membrane::{Condition, Conditions, PolicyProblem};
    /// use std::time::Duration;
    ///
    /// let error = Conditions::builder().calls(0).expires_after(Duration::ZERO).build().unwrap_err();
    /// assert_eq!(error.problems(), [
    ///     PolicyProblem::ZeroCondition { condition: Condition::Expired },
    ///     PolicyProblem::ZeroCondition { condition: Condition::Calls },
    /// ]);
    /// ```
    pub fn build(self) -> Result<Conditions, PolicyError> {
        let Conditions { limits, expiry, .. } = &self.0;
        let zero = [
            (Condition::Expired, *expiry == Some(Duration::ZERO)),
            (Condition::Calls, limits.calls == Some(0)),
            (
                Condition::Rate,
                limits
                    .rate
                    .is_some_and(|rate| rate.calls == 0 || rate.per.is_zero() || rate.burst == 0),
            ),
            (Condition::Concurrency, limits.concurrency == Some(0)),
            (Condition::Proxies, limits.proxies == Some(0)),
        ];
        let mut problems: Vec<_> = zero
            .into_iter()
            .filter(|(_, zero)| *zero)
            .map(|(condition, _)| PolicyProblem::ZeroCondition { condition })
            .collect();
        if let Some(rate) = limits.rate.filter(|rate| rate.allowance().is_none()) {
            problems.push(PolicyProblem::OverflowingRate { asked: rate });
        }
        if problems.is_empty() {
            Ok(self.0)
        } else {
            Err(PolicyError::new(problems))
        }
    }
}
