//! The dynamic form of Rust types: how each becomes a [`Value`] and comes back, and what its [`Type`] is.
//!
//! Conversions happen on one side: a reference in a value is as the domain holds it that makes or reads the value. The
//! membrane, and nothing here, changes references on their way.

mod containers;
mod data;
mod generated;
mod iterators;
mod references;
mod text;

pub use generated::{ResultTypes, answer, arguments, field, fields, item, mention, mismatch};

pub(crate) use text::{bytes_of, text_or_bytes};

use crate::call_error::{CallError, Mismatch};
use crate::domain::Domain;
use crate::fault::{self, Fault};
use crate::foreign::Imported;
use crate::interface::{Describing, Interface, Type};
use crate::value::Value;
use membrane::__private::Target;
use membrane::{Data, Error};
use std::any::Any;
use std::borrow::Borrow;
use std::sync::Arc;

/// A type with a dynamic form.
///
/// Implemented for what [crosses a membrane](membrane::Passable) and has a form that every language has: integers of up to
/// 64 bits, floats, text, containers, `Arc<dyn Trait>` of an `#[interface(dynamic)]`, closures of up to four arguments,
/// iterators; and by [`#[derive(Dynamic)]`](derive@crate::Dynamic) for structs and enums.
///
/// # Examples
///
/// ```
/// use membrane::Passable;
/// use runtime::{Dynamic, Runtime, Value};
///
/// #[derive(Passable, Dynamic, Debug, PartialEq)]
/// enum Shape {
///     Empty,
///     Circle(f64),
///     Box { width: u32, height: u32 },
/// }
///
/// let runtime = Runtime::new();
/// let host = runtime.host();
/// let value = Shape::Box { width: 2, height: 3 }.into_value(host);
/// assert_eq!(value.to_string(), r#"{"Box": {"width": 2, "height": 3}}"#);
/// assert_eq!(Shape::from_value(&value, host), Ok(Shape::Box { width: 2, height: 3 }));
/// assert_eq!(Shape::from_value(&"Empty".into(), host), Ok(Shape::Empty));
/// assert_eq!(
///     Shape::from_value(&Value::record([("Circle", "round".into())]), host).unwrap_err().to_string(),
///     "Circle: expected a float, found text"
/// );
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no dynamic form",
    label = "no dynamic form",
    note = "an `#[interface(dynamic)]` takes and gives types that implement `runtime::Dynamic`: put `#[derive(Dynamic)]` on a struct or an enum, `#[interface(dynamic)]` on the trait of an object",
    note = "integers of more than 64 bits, `&'static str` in results, paths outside Unix and addresses have none"
)]
pub trait Dynamic: Sized + 'static {
    /// Whether some value of this type has the form of null.
    #[doc(hidden)]
    const NULLABLE: bool = false;

    /// What its values look like.
    fn ty(describing: &mut Describing) -> Type;

    /// The value, as `side` has it.
    fn into_value(self, side: &Domain) -> Value;

    /// Reads `value`, whose references `side` holds.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] says where `value` is not of this type.
    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch>;

    /// [`from_value`](Self::from_value) of a value that is not needed any more.
    ///
    /// # Errors
    ///
    /// As there.
    fn take_value(value: Value, side: &Domain) -> Result<Self, Mismatch> {
        Self::from_value(&value, side)
    }

    /// The membrane's answer, if this is one or has taken one in.
    #[doc(hidden)]
    fn membrane_error(&self) -> Option<Error> {
        None
    }

    /// How a list of these looks; for bytes, otherwise than a list.
    #[doc(hidden)]
    fn list_ty(describing: &mut Describing) -> Type {
        Type::List(Box::new(Self::ty(describing)))
    }

    #[doc(hidden)]
    fn list_into_value(list: Vec<Self>, side: &Domain) -> Value {
        Value::List(list.into_iter().map(|item| item.into_value(side)).collect())
    }

    #[doc(hidden)]
    fn list_from_value(value: &Value, side: &Domain) -> Result<Vec<Self>, Mismatch> {
        containers::list(value, side)
    }

    #[doc(hidden)]
    fn list_take_value(value: Value, side: &Domain) -> Result<Vec<Self>, Mismatch> {
        Self::list_from_value(&value, side)
    }

    #[doc(hidden)]
    fn list_hold<'v>(value: &'v Value, side: &Domain) -> Result<HeldList<'v, Self>, Mismatch> {
        Self::list_from_value(value, side).map(HeldList::Owned)
    }

    #[doc(hidden)]
    fn slice_into_value(slice: &[Self], side: &Domain) -> Value
    where
        Self: Clone,
    {
        Self::list_into_value(slice.to_vec(), side)
    }
}

/// What an argument that is lent may be: `str`, a slice, or a type of its own.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` has no dynamic form",
    label = "no dynamic form",
    note = "a borrowed argument of an `#[interface(dynamic)]` is `&str`, `&[T]`, or `&T` of data that is `runtime::Dynamic` and `Clone`"
)]
pub trait DynamicRef {
    /// What is kept while it is lent.
    type Held<'v>: Borrow<Self>;

    /// As [`Dynamic::ty`].
    fn ty(describing: &mut Describing) -> Type;

    /// As [`Dynamic::into_value`].
    fn to_value(&self, side: &Domain) -> Value;

    /// As [`Dynamic::from_value`], without a copy where that is possible.
    ///
    /// # Errors
    ///
    /// As there.
    fn hold<'v>(value: &'v Value, side: &Domain) -> Result<Self::Held<'v>, Mismatch>;
}

impl<T: Dynamic + Data + Clone> DynamicRef for T {
    type Held<'v> = T;

    fn ty(describing: &mut Describing) -> Type {
        T::ty(describing)
    }

    fn to_value(&self, side: &Domain) -> Value {
        self.clone().into_value(side)
    }

    fn hold(value: &Value, side: &Domain) -> Result<T, Mismatch> {
        T::from_value(value, side)
    }
}

impl<T: Dynamic + Data + Clone> DynamicRef for [T] {
    type Held<'v> = HeldList<'v, T>;

    fn ty(describing: &mut Describing) -> Type {
        T::list_ty(describing)
    }

    fn to_value(&self, side: &Domain) -> Value {
        T::slice_into_value(self, side)
    }

    fn hold<'v>(value: &'v Value, side: &Domain) -> Result<HeldList<'v, T>, Mismatch> {
        T::list_hold(value, side)
    }
}

impl DynamicRef for str {
    type Held<'v> = &'v str;

    fn ty(_: &mut Describing) -> Type {
        Type::Text
    }

    fn to_value(&self, _: &Domain) -> Value {
        self.into()
    }

    #[inline]
    fn hold<'v>(value: &'v Value, _: &Domain) -> Result<&'v str, Mismatch> {
        match value {
            Value::Text(text) => Ok(text),
            Value::Bytes(bytes) if fault::on(Fault::LooseTypes) => {
                str::from_utf8(bytes).map_err(|_| Mismatch::new("text", value))
            }
            other => Err(Mismatch::new("text", other)),
        }
    }
}

/// A list that is lent: the value's own, or one that was made for the call.
#[doc(hidden)]
#[derive(Debug)]
pub enum HeldList<'v, T> {
    Borrowed(&'v [T]),
    Owned(Vec<T>),
}

impl<T> Borrow<[T]> for HeldList<'_, T> {
    fn borrow(&self) -> &[T] {
        match self {
            Self::Borrowed(list) => list,
            Self::Owned(list) => list,
        }
    }
}

/// A `dyn Trait` with a dynamic form: implemented by `#[interface(dynamic)]` on the trait, and here for closures.
///
/// Both directions follow from the trait: [`Domain::own`] makes a Rust object one that is called dynamically, and a guest's
/// object that is [imported](Domain::import) implements the trait.
///
/// # Examples
///
/// ```
/// use membrane::{Error, interface};
/// use runtime::DynamicInterface;
///
/// #[interface(dynamic)]
/// pub trait Greeter {
///     fn greet(&self, name: &str) -> Result<String, Error>;
/// }
/// assert_eq!(<dyn Greeter>::interface().number("greet"), Some(0));
/// ```
#[diagnostic::on_unimplemented(
    message = "`Arc<{Self}>` has no dynamic form",
    label = "no dynamic form",
    note = "put `#[interface(dynamic)]` on the trait; a closure takes up to four arguments that have a dynamic form, and so do its result and its error"
)]
pub trait DynamicInterface: Target {
    /// Its description.
    fn interface() -> &'static Interface;

    /// What a reference to one is called in the description of another.
    #[doc(hidden)]
    fn title() -> String {
        Self::NAME.into()
    }

    #[doc(hidden)]
    fn invoke(
        target: &Self,
        method: u32,
        args: &[Value],
        side: &Domain,
    ) -> Result<Value, CallError>;

    #[doc(hidden)]
    fn import(imported: Imported<Self>) -> Arc<Self>;

    #[doc(hidden)]
    fn upcast(target: &Arc<Self>, slot: &mut dyn Any) -> bool {
        put(target, slot)
    }
}

/// Puts `target` into `slot`, if it is the slot for it.
#[doc(hidden)]
pub fn put<T: ?Sized + 'static>(target: &Arc<T>, slot: &mut dyn Any) -> bool {
    match slot.downcast_mut::<Option<Arc<T>>>() {
        Some(slot) => {
            *slot = Some(target.clone());
            true
        }
        None => false,
    }
}
