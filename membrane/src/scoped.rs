//! Access that ends with a scope of the program.

use crate::membrane_handle::Membrane;
use crate::reason::Reason;
use std::ops::Deref;

/// A membrane that is revoked when this guard is dropped, with everything derived from it.
///
/// A guard can be forgotten (`mem::forget`, a cycle of references), and then nothing is revoked: where that matters use
/// [`Membrane::with_grant`].
///
/// # Examples
///
/// ```
/// use membrane::{Membrane, Policy};
///
/// let membrane = Membrane::new(Policy::deny_all());
/// let kept = {
///     let scoped = membrane.scoped(&Policy::deny_all())?;
///     (*scoped).clone()
/// };
/// assert!(kept.is_revoked());
/// assert!(!membrane.is_revoked());
/// # Ok::<(), membrane::PolicyError>(())
/// ```
#[derive(Debug)]
#[must_use = "the grant is revoked when this is dropped, which is now if it is not bound"]
pub struct ScopedGrant(pub(crate) Membrane);

impl Deref for ScopedGrant {
    type Target = Membrane;

    fn deref(&self) -> &Membrane {
        &self.0
    }
}

impl Drop for ScopedGrant {
    fn drop(&mut self) {
        self.0.revoke(Reason::from("the scope of the grant ended"));
    }
}
