//! Iterators: `Box<dyn Iterator<Item = Result<T, E>> + Send>` crosses as an iterator each step of which is a call.
//!
//! An iterator is a value, not an object: it has no identity, and one that crosses back is wrapped once more. Its items
//! are `Result`s, since otherwise a revocation would look like the end.

use crate::crossing::Crossing;
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::identity;
use crate::interface::Target;
use crate::passable::Passable;
use crate::proxy::{Proxy, Route};
use crate::query::Query;
use crate::tree::Scope;
use object_membrane_gate::drop_quietly;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError, Weak};

type Items<T, E> = Box<dyn Iterator<Item = Result<T, E>> + Send>;

/// A source of items, one call each.
trait Pull<T, E>: Send + Sync {
    fn pull(&self) -> Result<Option<T>, E>;
    /// What the iterator says of its length, which is believed by a fault only.
    fn hint(&self) -> (usize, Option<usize>);
}

/// The owner's iterator. It is taken out for each step, so that none of its code runs under the lock.
struct Source<T, E>(Mutex<Option<Items<T, E>>>);

impl<T, E> Pull<T, E> for Source<T, E> {
    fn pull(&self) -> Result<Option<T>, E> {
        let taken = self.slot().take();
        // Gone after its end, or after a panic: either way there is nothing more.
        let Some(mut items) = taken else {
            return Ok(None);
        };
        match catch_unwind(AssertUnwindSafe(|| items.next())) {
            Ok(item) => {
                if item.is_some() || fault::on(Fault::Unfused) {
                    *self.slot() = Some(items);
                }
                item.transpose()
            }
            Err(payload) => {
                // Not while the panic unwinds: a second one, in the iterator's `Drop`, would abort.
                drop_quietly(items);
                resume_unwind(payload)
            }
        }
    }

    fn hint(&self) -> (usize, Option<usize>) {
        self.slot().as_ref().map_or((0, None), Iterator::size_hint)
    }
}

impl<T, E> Source<T, E> {
    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Items<T, E>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Passable, E: Passable + From<Error>> Pull<T, E> for Proxy<dyn Pull<T, E>> {
    fn pull(&self) -> Result<Option<T>, E> {
        self.call(0, |target, call| {
            call.enter_carried(|| 0)?;
            let item = target.pull();
            if fault::on(Fault::BareItems) {
                return item;
            }
            call.result(item)
        })
    }

    fn hint(&self) -> (usize, Option<usize>) {
        self.pin().map_or((0, None), |target| target.hint())
    }
}

impl<T: Passable, E: Passable + From<Error>> Target for dyn Pull<T, E> {
    const NAME: &'static str = "Iterator";
    const METHODS: &'static [&'static str] = &["next"];
    type Keep = ();
    const CARRIED: bool = true;

    fn face(proxy: Arc<Proxy<Self>>) -> Arc<Self> {
        proxy
    }

    fn ask(_: &Arc<Self>, _: &Query<'_>) {}
}

/// What the other side iterates with. Ends after an error of the membrane's.
struct Pulled<T, E> {
    source: Option<Arc<dyn Pull<T, E>>>,
    scope: Weak<Scope>,
}

impl<T, E> Iterator for Pulled<T, E> {
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Self::Item> {
        let source = self.source.as_ref()?;
        let item = source.pull().transpose();
        let over = match &item {
            None => !fault::on(Fault::Unfused),
            Some(Ok(_)) => false,
            // Nothing more will ever come: the error is told once, and then the iterator is over, or a loop that skips errors
            // would not end.
            Some(Err(_)) => self.scope.upgrade().is_none_or(|scope| is_over(&scope)),
        };
        if over {
            self.source = None;
        }
        item
    }

    /// Nothing: what the other side says of it is not believed, and not asked.
    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.source {
            Some(source) if fault::on(Fault::HintThrough) => source.hint(),
            _ => (0, None),
        }
    }
}

pub(crate) fn is_over(scope: &Scope) -> bool {
    scope.is_revoked()
        || scope
            .data()
            .ledger()
            .is_some_and(|ledger| ledger.is_spent())
}

impl<T: Passable, E: Passable + From<Error>> Passable for Items<T, E> {
    const BARE: bool = false;

    /// Each item counts when it comes.
    fn size_bytes(&self) -> u64 {
        0
    }

    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if fault::on(Fault::BareSuspended) {
            return Ok(self);
        }
        let source: Arc<dyn Pull<T, E>> = Arc::new(Source(Mutex::new(Some(self))));
        let (scope, place) = crossing.place(false);
        let proxy = identity::proxy(scope, place, source)?;
        Ok(Box::new(Pulled {
            source: Some(<dyn Pull<T, E>>::face(proxy)),
            scope: Arc::downgrade(scope),
        }))
    }
}
