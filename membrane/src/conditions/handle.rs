//! What an owner can ask for of a membrane besides its policy: conditions at its birth, and a pause at any time.

use super::builder::Conditions;
use super::ledger::Ledger;
use super::{Standing, suspension};
use crate::error::in_milliseconds;
use crate::membrane_handle::Membrane;
use crate::policy::{Policy, PolicyError};
use crate::reason::Reason;
use crate::tree::{Node, WetSide};
use std::time::Duration;

impl Membrane {
    /// A membrane of its own, under `policy` and as long as `conditions` hold.
    ///
    /// # Authority
    ///
    /// None is created. The conditions are fixed from here on.
    ///
    /// # Errors
    ///
    /// [`PolicyProblem::ClockPanicked`](crate::PolicyProblem::ClockPanicked), if the conditions need the time and their clock panics.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, ErrorKind, Policy};
    /// use membrane::{Conditions, ManualClock, Membrane};
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// let clock = ManualClock::new();
    /// let hour = Conditions::builder().expires_after(Duration::from_secs(3600)).clock(clock.clone()).build()?;
    /// let membrane = Membrane::with_conditions(Policy::deny_all(), &hour)?;
    /// let double: Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync> = Arc::new(|n| Ok(2 * n));
    /// let lent = membrane.wrap(double)?;
    ///
    /// clock.advance(Duration::from_secs(3599));
    /// assert_eq!(lent(4), Ok(8));
    /// clock.advance(Duration::from_secs(1));
    /// assert_eq!(lent(4).unwrap_err().kind(), ErrorKind::Expired);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_conditions(policy: Policy, conditions: &Conditions) -> Result<Self, PolicyError> {
        let ledger = Ledger::under(None, conditions).map_err(PolicyError::new)?;
        Ok(Self(Node::root(policy, ledger)))
    }

    /// Derives a [`grant`](Self::grant) that holds as long as `conditions` and this membrane's own do.
    ///
    /// Each call through the grant counts for both, and is refused, without counting for either, if one of them is not
    /// met. Of several that are not met the grant's is told.
    ///
    /// # Errors
    ///
    /// As [`grant`](Self::grant); and [`PolicyError`] names what `conditions` ask for beyond what this membrane has left
    /// now. Conditions that name another clock than the one that this membrane counts by, or whose clock panics, are an
    /// error, too.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Condition, Conditions, Error, Membrane, Policy, PolicyProblem};
    /// # use std::sync::Arc;
    /// let calls = |calls| Conditions::builder().calls(calls).build();
    /// let membrane = Membrane::with_conditions(Policy::deny_all(), &calls(3)?)?;
    /// let grant = membrane.grant_with(&Policy::deny_all(), &calls(2)?)?;
    /// let double: Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync> = Arc::new(|n| Ok(2 * n));
    /// let lent = grant.wrap(double)?;
    /// assert_eq!(lent(4), Ok(8));
    /// assert_eq!(grant.conditions().calls_left, Some(1));
    /// assert_eq!(membrane.conditions().calls_left, Some(2));
    ///
    /// let error = membrane.grant_with(&Policy::deny_all(), &calls(3)?).unwrap_err();
    /// assert_eq!(error.problems(), [
    ///     PolicyProblem::WiderBudget { condition: Condition::Calls, asked: 3, left: 2 },
    /// ]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn grant_with(
        &self,
        policy: &Policy,
        conditions: &Conditions,
    ) -> Result<Self, PolicyError> {
        self.derive(WetSide::OfParent, policy, conditions)
    }

    /// [`attenuate`](Self::attenuate)s, as long as `conditions` and this membrane's own hold.
    ///
    /// # Errors
    ///
    /// As [`grant_with`](Self::grant_with).
    pub fn attenuate_with(
        &self,
        policy: &Policy,
        conditions: &Conditions,
    ) -> Result<Self, PolicyError> {
        self.derive(WetSide::ParentsDry, policy, conditions)
    }

    /// Takes access away for a while, from this membrane and everything derived from it, both ways.
    ///
    /// When this returns, no further call starts until [`resume`](Self::resume): it is refused as
    /// [`ErrorKind::Suspended`](crate::ErrorKind::Suspended), with `reason` and, if it is known when to try again,
    /// `retry_after`. A call that passed the switch before is running: it goes on, and what it returns is delivered. References
    /// still cross, and membranes can be derived; those are born suspended. Again, the newer reason and time are told. No
    /// effect on a membrane that is revoked.
    ///
    /// Suspensions of several membranes of a line are independent: calls go ahead when none is left. The nearest is told.
    ///
    /// # Authority
    ///
    /// Whoever has a handle of this membrane can [`resume`](Self::resume) it: to suspend a grant whose handle is given away,
    /// [suspend one level up](Self#authority).
    ///
    /// # Concurrency
    ///
    /// One short lock for each membrane of the subtree, whatever the number of proxies. May race with any other method.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, ErrorKind, Membrane, Policy};
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// let membrane = Membrane::new(Policy::deny_all());
    /// let double: Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync> = Arc::new(|n| Ok(2 * n));
    /// let lent = membrane.grant(&Policy::deny_all())?.wrap(double)?;
    ///
    /// membrane.suspend("backup", Some(Duration::from_secs(60)));
    /// let error = lent(4).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Suspended);
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    /// membrane.resume();
    /// assert_eq!(lent(4), Ok(8));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn suspend(&self, reason: impl Into<Reason>, retry_after: Option<Duration>) {
        suspension::suspend(&self.0, reason.into(), in_milliseconds(retry_after));
    }

    /// Ends this membrane's own suspension, however often it was suspended and by whichever of its handles. No effect if it is
    /// not.
    ///
    /// When this returns, calls cost what they did before.
    pub fn resume(&self) {
        suspension::resume(&self.0);
    }

    /// Whether calls are refused because this membrane, or one that it derives from, is suspended; not if it is revoked.
    pub fn is_suspended(&self) -> bool {
        suspension::of(&self.0).is_some()
    }

    /// How its conditions stand, and those of all that it derives from: what is left.
    pub fn conditions(&self) -> Standing {
        Standing::of(&self.0)
    }
}
