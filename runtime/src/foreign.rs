//! Objects that are implemented elsewhere, in a guest or at a peer, and used in Rust as `Arc<dyn Trait>`.

use crate::call_error::CallError;
use crate::domain::Domain;
use crate::dynamic::{Dynamic, DynamicInterface};
use crate::interface::Known;
use crate::object::{Object, Own, Typed};
use crate::value::Value;
use membrane::{Error, ErrorKind};
use std::any::TypeId;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// An object of somebody else's, as the one who brings it into Rust implements it: a script engine, a guest, a peer.
///
/// Its results are not trusted: what is not of the interface's types becomes [`ErrorKind::Failed`]. When the last
/// reference to it is gone, it is dropped.
///
/// # Examples
///
/// ```
/// use membrane::{Error, interface};
/// use runtime::{CallError, DynamicInterface, Foreign, Runtime, Value};
/// use std::sync::Arc;
///
/// #[interface(dynamic)]
/// pub trait Adder {
///     fn add(&self, a: i64, b: i64) -> Result<i64, Error>;
/// }
///
/// struct Script;
/// impl Foreign for Script {
///     fn call(&self, _method: u32, args: &[Value]) -> Result<Value, CallError> {
///         let [Value::Int(a), Value::Int(b)] = args else { unreachable!("the interface says so") };
///         Ok(Value::Int(a + b))
///     }
/// }
///
/// let runtime = Runtime::new();
/// runtime.know::<dyn Adder>();
/// let hash = <dyn Adder>::interface().hash();
/// let object = runtime.host().import(7, hash, || Arc::new(Script)).unwrap();
/// let adder: Arc<dyn Adder> = object.typed().unwrap();
/// assert_eq!(adder.add(40, 2), Ok(42));
/// ```
pub trait Foreign: Send + Sync {
    /// Calls the method of this number. References in `args` and in the result are as the domain holds them that the
    /// object was imported into.
    ///
    /// # Errors
    ///
    /// [`CallError::Raised`] with an error of the interface's, or any other. That it did not begin is said by
    /// [`CallError::Busy`]: of a raised error that says so nothing is believed but that the call failed.
    fn call(&self, method: u32, args: &[Value]) -> Result<Value, CallError>;
}

/// A foreign object that implements the trait `T`.
#[doc(hidden)]
pub struct Imported<T: ?Sized> {
    side: Domain,
    foreign: Arc<dyn Foreign>,
    interface: PhantomData<fn() -> Box<T>>,
}

impl<T: ?Sized> Imported<T> {
    pub(crate) fn new(side: &Domain, foreign: Arc<dyn Foreign>) -> Self {
        Self {
            side: side.clone(),
            foreign,
            interface: PhantomData,
        }
    }

    /// Whose references its arguments and results are.
    pub fn side(&self) -> &Domain {
        &self.side
    }

    /// Calls a method, and believes nothing of the answer.
    #[doc(hidden)]
    pub fn __call<R: Dynamic, E: Dynamic + From<Error>>(
        &self,
        method: u32,
        args: &[Value],
    ) -> Result<R, E> {
        let side = &self.side;
        match self.foreign.call(method, args) {
            Ok(value) => value
                .if_shallow()
                .and_then(|value| R::take_value(value, side).ok())
                .ok_or(ErrorKind::Failed),
            // Of the membrane's own errors that would be its word, from somebody who is not the membrane.
            Err(CallError::Raised(value)) => match value.if_shallow() {
                Some(value) => match E::take_value(value, side) {
                    Ok(error) if !says_busy(&error) => return Err(error),
                    _ => Err(ErrorKind::Failed),
                },
                None => Err(ErrorKind::Failed),
            },
            Err(error) => return Err(error.as_error().into()),
        }
        .map_err(|kind| Error::from(kind).into())
    }
}

/// Whether an error promises that the call may be made again.
fn says_busy(error: &impl Dynamic) -> bool {
    error
        .membrane_error()
        .is_some_and(|error| error.kind() == ErrorKind::Busy)
}

impl<T: ?Sized> std::fmt::Debug for Imported<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Imported").finish_non_exhaustive()
    }
}

/// What is known of the interface `T`.
pub(crate) fn known<T: ?Sized + DynamicInterface>() -> &'static Known {
    fn import<T: ?Sized + DynamicInterface>(side: &Domain, foreign: Arc<dyn Foreign>) -> Own {
        let target = T::import(Imported::new(side, foreign));
        let weak = Arc::downgrade(&target);
        Own {
            object: Object::own(side.id(), Typed::new(target)),
            again: Arc::new(move |side| {
                let target = weak.upgrade()?;
                Some(Object::own(side.id(), Typed::new(target)))
            }),
        }
    }
    interned::<T>(|| Known {
        interface: T::interface(),
        import: import::<T>,
    })
}

/// The one [`Known`] of `K`.
pub(crate) fn interned<K: ?Sized + 'static>(make: impl FnOnce() -> Known) -> &'static Known {
    static TABLE: OnceLock<Mutex<HashMap<TypeId, &'static Known>>> = OnceLock::new();
    let table = TABLE.get_or_init(Mutex::default);
    let lock = || table.lock().unwrap_or_else(PoisonError::into_inner);
    let found = lock().get(&TypeId::of::<K>()).copied();
    found.unwrap_or_else(|| {
        // Outside the lock: it looks up the interface.
        let known = make();
        lock()
            .entry(TypeId::of::<K>())
            .or_insert_with(|| Box::leak(Box::new(known)))
    })
}
