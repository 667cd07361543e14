//! What is left of a membrane's conditions.

use super::rate::Rate;
use super::suspension;
use crate::error::from_milliseconds;
use crate::reason::Reason;
use crate::tree::Scope;
use std::time::Duration;

/// How the conditions of a membrane stand, those of all that it derives from included: of each the least that is left. `None`
/// where nothing is limited. Data, true at one moment of each number.
///
/// # Examples
///
/// ```
/// use membrane::{Conditions, Membrane, Policy};
///
/// let ten = Conditions::builder().calls(10).build()?;
/// let three = Conditions::builder().calls(3).build()?;
/// let membrane = Membrane::with_conditions(Policy::deny_all(), &ten)?;
/// let grant = membrane.grant_with(&Policy::deny_all(), &three)?;
/// assert_eq!(grant.conditions().calls_left, Some(3));
/// assert_eq!(membrane.conditions().calls_left, Some(10));
/// assert_eq!(membrane.conditions().bytes_in_left, None);
/// # Ok::<(), membrane::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// The nearest suspension.
    pub suspended: Option<Suspension>,
    /// How long until it expires; zero if it has.
    pub expires_in: Option<Duration>,
    /// How many calls are left.
    pub calls_left: Option<u64>,
    /// The rate of the nearest membrane that has one.
    pub rate: Option<Rate>,
    /// How many more calls may run now.
    pub concurrency_left: Option<u32>,
    /// How many bytes may still go inward.
    pub bytes_in_left: Option<u64>,
    /// How many bytes may still go outward.
    pub bytes_out_left: Option<u64>,
    /// How many more proxies may live now.
    pub proxies_left: Option<u64>,
}

/// A suspension, as the suspender put it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Suspension {
    /// Why.
    pub reason: Reason,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Standing {
    pub(crate) fn of(scope: &Scope) -> Self {
        let suspended = suspension::of(scope).map(|(reason, retry_after_ms)| Suspension {
            reason,
            retry_after: from_milliseconds(retry_after_ms),
        });
        let Some(ledger) = scope.data().ledger() else {
            return Self {
                suspended,
                ..Self::default()
            };
        };
        let left = ledger.left();
        Self {
            suspended,
            expires_in: ledger.expires_in(),
            calls_left: left.calls,
            rate: ledger.rate(),
            concurrency_left: left.places,
            bytes_in_left: left.bytes_in,
            bytes_out_left: left.bytes_out,
            proxies_left: left.proxies,
        }
    }
}
