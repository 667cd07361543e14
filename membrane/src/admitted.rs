//! What a call is asked for in a scope that is guarded: nothing of this runs in any other.

use crate::conditions::{ledger, suspension};
use crate::crossing::Place;
use crate::direction::Direction;
use crate::error::Error;
use crate::interface::Target;
use crate::rules::Asked;
use crate::tree::Scope;
use object_membrane_gate::{Pass, Refusal};
use std::any::TypeId;
use std::sync::Arc;

/// A call that a guarded scope has let in: lives until it is over. Owns what it holds, so that it may outlive this call.
pub(crate) struct Admitted {
    /// If the scope has conditions.
    place: Option<ledger::Place>,
    /// The way of the result.
    direction: Direction,
    /// What its rules are asked about.
    pub(crate) asked: Asked,
}

impl Admitted {
    /// Lets a call in, or says why not. Arguments are not looked at yet.
    pub(crate) fn new<T: ?Sized + Target>(
        scope: &Arc<Scope>,
        place: Place,
        method: u32,
    ) -> Result<Self, Error> {
        suspension::check(scope)?;
        let ledger = scope.data().ledger();
        Ok(Self {
            place: ledger.map(ledger::Ledger::admit).transpose()?,
            direction: place.direction,
            asked: Asked {
                interface: TypeId::of::<T>(),
                // An object is called against the direction in which it crossed.
                direction: place.direction.reversed(),
                method,
            },
        })
    }

    /// The target is about to be entered, with so many bytes of arguments that have been converted and that the rules agree to.
    pub(crate) fn enter(&self, bytes: impl FnOnce() -> u64) -> Result<(), Error> {
        match &self.place {
            None => Ok(()),
            Some(place) => place.ledger().enter(self.direction.reversed(), bytes),
        }
    }

    /// A result of so many bytes, which has been converted, is about to be delivered.
    pub(crate) fn deliver(&self, bytes: impl FnOnce() -> u64) -> Result<(), Error> {
        match &self.place {
            None => Ok(()),
            Some(place) => place.ledger().deliver(self.direction, bytes),
        }
    }
}

impl Pass for Admitted {
    fn end(self, _: Option<Refusal>) {}
}
