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
use std::cell::OnceCell;
use std::sync::Arc;

/// A call that a guarded scope has let in: lives until it is over. Owns what it holds, so that it may outlive this call.
pub(crate) struct Admitted {
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
}

impl Admitted {
    /// Lets a call in, or says why not. Arguments are not looked at yet.
    pub(crate) fn new<T: ?Sized + Target>(
        scope: &Arc<Scope>,
        place: Place,
        method: u32,
    ) -> Result<Self, Error> {
        // Before the conditions are asked: it says which state of them it was.
        let watched = Watched::new::<T>(scope, place, method);
        let admitted = suspension::check(scope).and_then(|()| {
            let ledger = scope.data().ledger();
            ledger.map(ledger::Ledger::admit).transpose()
        });
        match admitted {
            Ok(held) => Ok(Self {
                place: held,
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
            }),
            Err(error) => {
                scope.data().place().count(watch::kind(error));
                if let Some(watched) = watched {
                    watched.failed(error);
                }
                Err(error)
            }
        }
    }

    /// Lets a call go on that was let in before and is not over: it has its place, has spent what it spends, and whoever
    /// watches was told that it was let in.
    pub(crate) fn again<T: ?Sized + Target>(
        scope: &Arc<Scope>,
        place: Place,
        method: u32,
        ongoing: &Ongoing,
    ) -> Result<Self, Error> {
        let mut rest = ongoing.take();
        let admitted = suspension::check(scope).and_then(|()| {
            let ledger = scope.data().ledger();
            ledger
                .map(|ledger| ledger.admit_again(rest.place.take()))
                .transpose()
        });
        let held = match admitted {
            Ok(held) => held,
            Err(error) => {
                scope.data().place().count(watch::kind(error));
                rest.failed(error);
                return Err(error);
            }
        };
        Ok(Self {
            place: held,
            direction: place.direction,
            watched: rest.watched.map(|watched| *watched),
            goes_on: OnceCell::new(),
            asked: Asked {
                interface: TypeId::of::<T>(),
                direction: place.direction.reversed(),
                method,
                home: place.home,
            },
        })
    }

    /// The call returns and is not over: the rest of it is for `relay` to keep, unless its return is withheld.
    pub(crate) fn goes_on(&self, relay: &Arc<Relay>) {
        let _ = self.goes_on.set(relay.clone());
    }

    /// The call is refused, or its result withheld, with this error.
    pub(crate) fn failed(&self, error: Error) {
        if let Some(watched) = &self.watched {
            watched.failed(error);
        }
    }

    /// The same, of a condition.
    fn unmet(&self, scope: &Scope, error: Error) {
        scope.data().place().count(watch::kind(error));
        self.failed(error);
    }

    /// The target is about to be entered, with so many bytes of arguments that have been converted and that the rules agree to.
    pub(crate) fn enter(&self, scope: &Scope, bytes: impl FnOnce() -> u64) -> Result<(), Error> {
        if let Some(place) = &self.place {
            let ledger = place.ledger();
            ledger
                .enter(self.direction.reversed(), bytes)
                .inspect_err(|error| self.unmet(scope, *error))?;
            // A clock is foreign code, and takes what time it takes.
            if scope.is_revoked() {
                return Err(Error::revoked(Reason::from_number(scope.reason())));
            }
        }
        let counters = scope.data().place();
        if counters.flags().counting {
            counters.count(Counted::Called);
        }
        if let Some(watched) = &self.watched {
            watched.entered();
        }
        Ok(())
    }

    /// A result of so many bytes, which has been converted, is about to be delivered.
    pub(crate) fn deliver(&self, scope: &Scope, bytes: impl FnOnce() -> u64) -> Result<(), Error> {
        match &self.place {
            None => Ok(()),
            Some(place) => place
                .ledger()
                .deliver(self.direction, bytes)
                .inspect_err(|error| self.unmet(scope, *error)),
        }
    }
}

impl Pass for Admitted {
    fn end(self, refusal: Option<Refusal>) {
        let Self {
            place,
            watched,
            goes_on,
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
        // Before anybody is told: who is may call, and is not to find the place taken.
        drop(place);
        if let Some(watched) = watched {
            watched.end(refusal);
        }
    }
}
