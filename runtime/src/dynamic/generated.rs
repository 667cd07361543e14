//! What generated code calls.

use super::{Dynamic, DynamicInterface};
use crate::call_error::{CallError, Mismatch};
use crate::domain::Domain;
use crate::fault::{self, Fault};
use crate::foreign::known;
use crate::interface::{Describing, Type};
use crate::value::{Field, Value};
use membrane::Error;

/// The arguments of a method that takes `N`.
///
/// # Errors
///
/// [`CallError::Arguments`].
#[doc(hidden)]
#[inline]
pub fn arguments<const N: usize>(args: &[Value]) -> Result<&[Value; N], CallError> {
    if let (true, Some(first)) = (fault::on(Fault::MoreArguments), args.first_chunk()) {
        return Ok(first);
    }
    args.try_into().map_err(|_| {
        CallError::Arguments(Mismatch::words(
            format!("{N} arguments"),
            if args.len() < N { "fewer" } else { "more" },
        ))
    })
}

/// The answer of a method, as the caller gets it.
///
/// # Errors
///
/// The method's own.
#[doc(hidden)]
#[inline]
pub fn answer<R: Dynamic, E: Dynamic + From<Error>>(
    result: Result<R, E>,
    side: &Domain,
) -> Result<Value, CallError> {
    match result {
        Ok(value) => Ok(value.into_value(side)),
        Err(error) => Err(raised(error, side)),
    }
}

#[cold]
fn raised<E: Dynamic>(error: E, side: &Domain) -> CallError {
    match error.membrane_error() {
        Some(error) => CallError::Membrane(error),
        None => CallError::Raised(error.into_value(side)),
    }
}

/// An argument that does not fit.
#[doc(hidden)]
#[cold]
pub fn mismatch(error: Mismatch, argument: usize, name: &'static str) -> CallError {
    CallError::Arguments(error.in_argument(argument, name))
}

/// What a method gives and raises.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no dynamic form",
    label = "no dynamic form",
    note = "a method of an `#[interface(dynamic)]` returns `Result<T, E>`, where `T` and `E` implement `runtime::Dynamic`"
)]
#[doc(hidden)]
pub trait ResultTypes {
    fn types(describing: &mut Describing) -> (Type, Type);
}

impl<R: Dynamic, E: Dynamic> ResultTypes for Result<R, E> {
    fn types(describing: &mut Describing) -> (Type, Type) {
        (R::ty(describing), E::ty(describing))
    }
}

/// Notes that an interface has to do with another one.
#[doc(hidden)]
pub fn mention<T: ?Sized + DynamicInterface>(describing: &mut Describing) {
    describing.object(String::new(), known::<T>);
}

/// Whether `value` is a record of these fields and no others.
///
/// # Errors
///
/// If it is not.
#[doc(hidden)]
pub fn fields(value: &Value, names: &[&'static str]) -> Result<(), Mismatch> {
    let expected = || format!("a record of {}", names.join(", "));
    let Value::Record(fields) = value else {
        return Err(Mismatch::new(expected(), value));
    };
    let has = |name: &&str| fields.iter().any(|field| field.name == *name);
    let may_have_more = fault::on(Fault::LooseTypes) || fault::on(Fault::LastOfTwo);
    if (fields.len() == names.len() || may_have_more) && names.iter().all(has) {
        Ok(())
    } else {
        Err(Mismatch::words(expected(), "other fields"))
    }
}

/// The field `name` of a record.
///
/// # Errors
///
/// If it is not there, or not of type `T`.
#[doc(hidden)]
pub fn field<T: Dynamic>(value: &Value, name: &'static str, side: &Domain) -> Result<T, Mismatch> {
    let found = match value {
        Value::Record(fields) if fault::on(Fault::LastOfTwo) => {
            fields.iter().rfind(|field| field.name == name)
        }
        Value::Record(fields) => fields.iter().find(|field| field.name == name),
        _ => None,
    };
    let Some(Field { value, .. }) = found else {
        return Err(Mismatch::new(format!("a record with {name}"), value));
    };
    T::from_value(value, side).map_err(|error| error.in_field(name))
}

/// The item at `index` of a list of `count`.
///
/// # Errors
///
/// If it is not such a list, or the item not of type `T`.
#[doc(hidden)]
pub fn item<T: Dynamic>(
    value: &Value,
    index: usize,
    count: usize,
    side: &Domain,
) -> Result<T, Mismatch> {
    match value {
        Value::List(items) if items.len() == count => {
            T::from_value(&items[index], side).map_err(|error| error.in_item(index))
        }
        other => Err(Mismatch::new(format!("a list of {count}"), other)),
    }
}
