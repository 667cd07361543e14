//! Iterators: objects with one method, `next`, which gives an item or null.
//!
//! An iterator is a value, not an object: it has no identity. Whoever takes it out of a dynamic value takes it over, and the
//! value is empty afterwards.

use super::{Dynamic, arguments};
use crate::call_error::{CallError, Mismatch};
use crate::domain::{Domain, Link};
use crate::fault::{self, Fault};
use crate::foreign::{Foreign, Imported};
use crate::interface::{Describing, Interface, Known, Type, interface, method};
use crate::object::{Dispatch, Object, Own};
use crate::value::Value;
use membrane::__private::carried;
use membrane::{Error, ErrorKind, Passable};
use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

type Items<T, E> = Box<dyn Iterator<Item = Result<T, E>> + Send>;

/// An iterator that is called dynamically. It is taken out for each step, so that none of its code runs under the lock.
struct Iterating<T, E>(Mutex<State<T, E>>);

enum State<T, E> {
    Here(Items<T, E>),
    /// At a step, or taken by somebody: whoever asks then is told so, or it would look like the end.
    Away,
    Over,
}

impl<T, E> Iterating<T, E> {
    fn slot(&self) -> std::sync::MutexGuard<'_, State<T, E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the iterator out. One that has ended is an empty one.
    fn take(&self) -> Option<Items<T, E>>
    where
        T: 'static,
        E: 'static,
    {
        match std::mem::replace(&mut *self.slot(), State::Away) {
            State::Here(items) => Some(items),
            State::Away => None,
            State::Over => Some(Box::new(std::iter::empty())),
        }
    }
}

fn describe<T: Dynamic, E: Dynamic>() -> &'static Interface {
    interface::<Items<T, E>>(|describing| {
        let types = (<Option<T>>::ty(describing), E::ty(describing));
        let name = format!("Iterator of {} or {}", T::ty(describing), types.1);
        let doc = "The next item; null after the last.";
        (name, 1, "", vec![method("next", doc, Vec::new(), types)])
    })
}

impl<T: Passable + Dynamic, E: Passable + Dynamic + From<Error>> Dispatch for Iterating<T, E> {
    fn interface(&self) -> &'static Interface {
        describe::<T, E>()
    }

    fn invoke(&self, method: u32, args: &[Value], side: &Domain) -> Result<Value, CallError> {
        if method != 0 {
            return Err(ErrorKind::Refused.into());
        }
        let [] = arguments::<0>(args)?;
        let Some(mut items) = self.take() else {
            return Err(ErrorKind::Failed.into());
        };
        // A step that panics leaves it away: nobody knows what is left of it.
        let item = items.next();
        *self.slot() = if item.is_some() {
            State::Here(items)
        } else {
            State::Over
        };
        let item = super::answer(item.transpose(), side);
        // Nobody knows whether it came through a membrane, so each item is measured as if it did.
        if let Ok(value) | Err(CallError::Raised(value)) = &item {
            side.check_message(std::slice::from_ref(value))?;
        }
        item
    }

    fn cross(&self, link: &Link, to: &Domain) -> Result<Object, Error> {
        let items = self.take().ok_or(ErrorKind::Rejected)?;
        if fault::on(Fault::SendsBare) {
            return Ok(hold(items, to, Some(link)));
        }
        let items = link.membrane().pass(items, link.direction_to(to.id()))?;
        Ok(hold(items, to, Some(link)))
    }

    fn upcast(&self, slot: &mut dyn Any) -> bool {
        match slot.downcast_mut::<Option<Items<T, E>>>() {
            Some(slot) => {
                *slot = self.take();
                true
            }
            None => false,
        }
    }

    fn address(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }
}

/// The iterator as `side` holds it; one that came through a membrane asks that membrane at every step.
fn hold<T: Passable + Dynamic, E: Passable + Dynamic + From<Error>>(
    items: Items<T, E>,
    side: &Domain,
    through: Option<&Link>,
) -> Object {
    let iterating = Iterating(Mutex::new(State::Here(items)));
    match through {
        Some(link) => Object::foreign(
            side.id(),
            link.peer_of(side.id()),
            u64::MAX,
            carried(
                link.membrane(),
                link.direction_to(side.id()),
                "Iterator",
                &["next"],
            ),
            iterating,
        ),
        None => Object::own(side.id(), iterating),
    }
}

impl<T: Passable + Dynamic, E: Passable + Dynamic + From<Error>> Dynamic for Items<T, E> {
    fn ty(describing: &mut Describing) -> Type {
        let name = describe::<T, E>().name().to_owned();
        describing.object(name, known::<T, E>)
    }

    fn into_value(self, side: &Domain) -> Value {
        Value::Object(hold(self, side, None))
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        let Value::Object(object) = value else {
            return Err(Mismatch::new("an iterator", value));
        };
        if object.holder() != side.id() && !fault::on(Fault::AnyHolder) {
            return Err(Mismatch::words(
                "a reference of the calling domain's",
                "another domain's: send it there",
            ));
        }
        let mut slot: Option<Self> = None;
        object.dispatch().upcast(&mut slot);
        slot.ok_or_else(|| {
            Mismatch::words(
                "an iterator that nobody has taken",
                "another object, or one that was taken",
            )
        })
    }
}

/// An iterator that was implemented elsewhere.
struct Remote<T, E>(Imported<Items<T, E>>);

impl<T: Dynamic, E: Dynamic + From<Error>> Iterator for Remote<T, E> {
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.__call::<Option<T>, E>(0, &[]).transpose()
    }
}

fn known<T: Passable + Dynamic, E: Passable + Dynamic + From<Error>>() -> &'static Known {
    fn import<T: Passable + Dynamic, E: Passable + Dynamic + From<Error>>(
        side: &Domain,
        foreign: Arc<dyn Foreign>,
    ) -> Own {
        let remote = Remote::<T, E>(Imported::new(side, foreign));
        let items: Items<T, E> = Box::new(remote);
        Own {
            object: hold(items, side, None),
            // Each time another one: it has no identity.
            again: Arc::new(|_| None),
        }
    }
    crate::foreign::interned::<Items<T, E>>(|| Known {
        interface: describe::<T, E>(),
        import: import::<T, E>,
    })
}
