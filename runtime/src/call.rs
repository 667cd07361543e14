//! The two call paths, side by side: straight to an object of the caller's own domain, and through the membrane to any
//! other.
//!
//! Which one is taken follows from two domains, the object's home and the caller, and from nothing that a caller says.
//! The untrusted path ends in the proxy that the membrane made, which decides by itself whether the call goes through; what
//! is checked here around that keeps to the membrane's own order: a caller who may not call, or not any more, does not learn
//! about its arguments. Conditions are the proxy's to ask, when there are arguments to go with the call.

use crate::call_error::CallError;
use crate::domain::Domain;
use crate::fault::{self, Fault};
use crate::object::Object;
use crate::value::Value;
use membrane::__private::turned_away;
use membrane::ErrorKind;

impl Domain {
    /// Calls a method, given by number, as this domain.
    ///
    /// References in `args` are this domain's, and so are those in the result. A reference that another domain holds is
    /// sent here first, through the membrane between the two.
    ///
    /// # Errors
    ///
    /// [`CallError::Membrane`]: no such method, or not allowed; revoked; panicked; too deep; rejected; a condition of the
    /// membrane's; of an object that is implemented elsewhere also [`ErrorKind::Failed`] and [`ErrorKind::Busy`].
    /// [`CallError::Limit`]: arguments or result are larger than [`Limits::message`](crate::Limits::message), on the way
    /// through a membrane. [`CallError::Arguments`]: they are not what the method takes. [`CallError::Raised`]: the
    /// object's own error.
    ///
    /// # Panics
    ///
    /// If the object is this domain's own and panics. Through a membrane, never, unless its policy propagates panics.
    #[inline]
    pub fn call(&self, object: &Object, method: u32, args: &[Value]) -> Result<Value, CallError> {
        if object.holder() != self.id() {
            return self.call_received(object, method, args);
        }
        if object.home() == self.id() {
            trusted(self, object, method, args)
        } else {
            untrusted(self, object, method, args)
        }
    }

    #[cold]
    fn call_received(
        &self,
        object: &Object,
        method: u32,
        args: &[Value],
    ) -> Result<Value, CallError> {
        let received = self.receive(object)?;
        self.call(&received, method, args)
    }

    /// Calls a method, given by name.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    #[inline]
    pub fn call_named(
        &self,
        object: &Object,
        method: &str,
        args: &[Value],
    ) -> Result<Value, CallError> {
        match object.interface().number(method) {
            Some(method) => self.call(object, method, args),
            None => Err(no_such_method(self, object)),
        }
    }
}

/// The same domain: straight to the object.
#[inline]
fn trusted(
    side: &Domain,
    object: &Object,
    method: u32,
    args: &[Value],
) -> Result<Value, CallError> {
    object.dispatch().invoke(method, args, side)
}

/// Another domain: through the membrane.
#[inline]
fn untrusted(
    side: &Domain,
    object: &Object,
    method: u32,
    args: &[Value],
) -> Result<Value, CallError> {
    let looks_first = fault::on(Fault::LooksFirst);
    if !object.allows_bit(method) && !looks_first {
        return Err(refused(object, method));
    }
    if !side.limits().message.are_scalars(args) && !looks_first {
        looked_at(side, object, method, args)?;
    }
    let result = object.dispatch().invoke(method, args, side);
    match &result {
        // As it is, where it is.
        Ok(value) if side.check_message(std::slice::from_ref(value)).is_ok() => result,
        _ => settled(side, object, method, result),
    }
}

/// The answer to a method that is not allowed, or that there is not.
#[cold]
#[inline(never)]
fn refused(object: &Object, method: u32) -> CallError {
    // So that it is counted and told: what it says is no more than this.
    if let Some(lent) = object.between() {
        turned_away(lent, method);
    }
    ErrorKind::Refused.into()
}

/// Arguments that may be too large, or hold an iterator, which a call that is refused would take: so the revocation comes first.
#[inline(never)]
fn looked_at(side: &Domain, object: &Object, method: u32, args: &[Value]) -> Result<(), CallError> {
    match object.between().and_then(|lent| turned_away(lent, method)) {
        Some(error) => Err(error.into()),
        None => side.check_message(args),
    }
}

/// What is not the plain case: an error, or a result that is too large.
#[cold]
#[inline(never)]
fn settled(
    side: &Domain,
    object: &Object,
    method: u32,
    result: Result<Value, CallError>,
) -> Result<Value, CallError> {
    let (Ok(value) | Err(CallError::Raised(value))) = &result else {
        return match result {
            // Before the proxy was asked.
            Err(error @ CallError::Arguments(_)) => {
                let refused = object.between().and_then(|lent| turned_away(lent, method));
                Err(refused.map_or(error, Into::into))
            }
            other => other,
        };
    };
    match side.check_message(std::slice::from_ref(value)) {
        Ok(()) => result,
        Err(error) => {
            if let Ok(value) | Err(CallError::Raised(value)) = result {
                drop(value.if_shallow());
            }
            Err(error)
        }
    }
}

/// The answer to a name that there is not: as if it were not allowed. A refusal comes before a revocation, here as there; and
/// a reference that another domain holds cannot be called at all if it cannot be sent here.
#[cold]
fn no_such_method(side: &Domain, object: &Object) -> CallError {
    if fault::on(Fault::TellsMissing) {
        return ErrorKind::Failed.into();
    }
    let received = if object.holder() == side.id() {
        Ok(object.clone())
    } else {
        side.receive(object)
    };
    match received {
        Ok(object) => refused(&object, u32::MAX),
        Err(error) => error.into(),
    }
}
