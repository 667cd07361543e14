//! What a call is asked for in a scope that is guarded: nothing of this runs in any other.

#![expect(
    clippy::extra_unused_type_parameters,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "there is no condition yet that would need them"
)]

use crate::crossing::Place;
use crate::error::Error;
use crate::interface::Target;
use crate::tree::Scope;
use object_membrane_gate::{Pass, Refusal};
use std::sync::Arc;

/// A call that a guarded scope has let in: lives until it is over.
pub(crate) struct Admitted(());

impl Admitted {
    /// Lets a call in, or says why not. Arguments are not looked at yet.
    pub(crate) fn new<T: ?Sized + Target>(
        scope: &Arc<Scope>,
        place: Place,
        method: u32,
    ) -> Result<Self, Error> {
        let _ = (scope, place, method);
        Ok(Self(()))
    }

    /// The target is about to be entered, with arguments that have been converted.
    pub(crate) fn enter(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Pass for Admitted {
    fn end(self, _: Option<Refusal>) {}
}
