//! What a call is asked for in a scope that is guarded: nothing of this runs in any other.

use crate::authority::tally::Counted;
use crate::authority::watch::{self, Watched};
use crate::conditions::{ledger, suspension};
use crate::crossing::Place;
use crate::direction::Direction;
use crate::error::Error;
use crate::interface::Target;
use crate::ongoing::{Ongoing, Rest};
use crate::reason::Reason;
use crate::rules::Asked;
use crate::tree::Scope;
use crate::waiting::Relay;
use object_membrane_gate::{Pass, Refusal};
use std::any::TypeId;
use std::cell::{Cell, OnceCell};
use std::sync::Arc;

/// A call that a guarded scope was asked about: lives until it is over. What is kept of one that waits,
/// it owns.
pub(crate) struct Admitted<'a> {
    scope: &'a Scope,
    /// If the scope has conditions.
    place: Option<ledger::Place>,
    /// The way of the result.
    direction: Direction,
    /// What its rules are asked about.
    pub(crate) asked: Asked,
    /// If somebody is told of the call.
    watched: Option<Watched>,
    /// If the call returns and is not over: where the rest of it is kept.
    goes_on: OnceCell<Arc<Relay>>,
    /// What it is refused or withheld for. Counted and told when it is over, and then only if the caller was told this: a
    /// revocation may come in between.
    failed: Cell<Option<Error>>,
}

impl<'a> Admitted<'a> {
    /// Lets a call in, or [notes why not](Self::refusal). Arguments are not looked at yet.
    pub(crate) fn new<T: ?Sized + Target>(
        scope: &'a Arc<Scope>,
        place: Place,
        method: u32,
    ) -> Self {
        // Before the conditions are asked: it says which state of them it was.
        let watched = Watched::new::<T>(scope, place, method);
        let admitted = suspension::check(scope).and_then(|()| {
            let ledger = scope.data().ledger();
            ledger.map(ledger::Ledger::admit).transpose()
        });
        Self::asked::<T>(scope, place, method, admitted, watched)
    }

    /// Lets a call go on that was let in before and is not over: it has its place, has spent what it spends, and whoever
    /// watches was told that it was let in.
    pub(crate) fn again<T: ?Sized + Target>(
        scope: &'a Scope,
        place: Place,
        method: u32,
        ongoing: &Ongoing,
    ) -> Self {
        let rest = ongoing.take();
        let admitted = suspension::check(scope).and_then(|()| {
            let ledger = scope.data().ledger();
            ledger
                .map(|ledger| ledger.admit_again(rest.place))
                .transpose()
        });
        let watched = rest.watched.map(|watched| *watched);
        Self::asked::<T>(scope, place, method, admitted, watched)
    }

    fn asked<T: ?Sized + Target>(
        scope: &'a Scope,
        place: Place,
        method: u32,
        admitted: Result<Option<ledger::Place>, Error>,
        watched: Option<Watched>,
    ) -> Self {
        let failed = Cell::new(admitted.as_ref().err().copied());
        Self {
            scope,
            place: admitted.unwrap_or_default(),
            direction: place.direction,
            watched,
            asked: Asked {
                interface: TypeId::of::<T>(),
                // An object is called against the direction in which it crossed.
                direction: place.direction.reversed(),
                method,
                home: place.home,
            },
            goes_on: OnceCell::new(),
            failed,
        }
    }

    /// Why the call is not let in. Asked before it begins.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.failed.get()
    }

    /// The call returns and is not over: the rest of it is for `relay` to keep, unless its return is withheld.
    pub(crate) fn goes_on(&self, relay: &Arc<Relay>) {
        let _ = self.goes_on.set(relay.clone());
    }

    /// The call is refused, or its result withheld, with this error.
    pub(crate) fn failed(&self, error: Error) {
        self.failed.set(Some(error));
    }

    /// The target is about to be entered, with so many bytes of arguments that have been converted and that the rules agree to.
    pub(crate) fn enter(&self, bytes: impl FnOnce() -> u64) -> Result<(), Error> {
        if let Some(place) = &self.place {
            let ledger = place.ledger();
            ledger
                .enter(self.direction.reversed(), bytes)
                .inspect_err(|error| self.failed(*error))?;
            // A clock is foreign code, and takes what time it takes.
            if self.scope.is_revoked() {
                return Err(Error::revoked(Reason::from_number(self.scope.reason())));
            }
        }
        let counters = self.scope.data().place();
        if counters.flags().counting {
            counters.count(Counted::Called);
        }
        if let Some(watched) = &self.watched {
            watched.entered();
        }
        Ok(())
    }

    /// A result of so many bytes, which has been converted, is about to be delivered.
    pub(crate) fn deliver(&self, bytes: impl FnOnce() -> u64) -> Result<(), Error> {
        match &self.place {
            None => Ok(()),
            Some(place) => place
                .ledger()
                .deliver(self.direction, bytes)
                .inspect_err(|error| self.failed(*error)),
        }
    }
}

impl Pass for Admitted<'_> {
    fn end(self, refusal: Option<Refusal>) {
        let Self {
            place,
            watched,
            goes_on,
            failed,
            scope,
            ..
        } = self;
        if let (None, Some(relay)) = (refusal, goes_on.into_inner()) {
            if let Some(watched) = &watched {
                watched.waits();
            }
            let watched = watched.map(Box::new);
            relay.ongoing.keep(Rest { place, watched });
            return;
        }
        // What the gate told the caller, it told instead, and has counted.
        let failed = failed.into_inner().filter(|_| refusal.is_none());
        if let Some(error) = failed {
            scope.data().place().count(watch::kind(error));
        }
        // Before anybody is told: who is may call, and is not to find the place taken.
        drop(place);
        if let Some(watched) = watched {
            watched.end(refusal, failed);
        }
    }
}
