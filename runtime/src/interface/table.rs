//! The interfaces that this program has asked about, each described once.
//!
//! A `static` in a generic function is shared by all its instances, so the descriptions are kept by the type.

use super::{Describing, Interface, Method, Parameter, Type};
use crate::domain::Domain;
use crate::foreign::Foreign;
use crate::object::Own;
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// An interface, and how an object that was implemented elsewhere becomes one of it.
pub(crate) struct Known {
    pub(crate) interface: &'static Interface,
    pub(crate) import: fn(&Domain, Arc<dyn Foreign>) -> Own,
}

/// The interface of `K`: the one that `describe` made the first time.
#[doc(hidden)]
pub fn interface<K: ?Sized + 'static>(
    describe: impl FnOnce(&mut Describing) -> (String, u32, &'static str, Vec<Method>),
) -> &'static Interface {
    static TABLE: OnceLock<Mutex<HashMap<TypeId, &'static Interface>>> = OnceLock::new();
    let table = TABLE.get_or_init(Mutex::default);
    let lock = || table.lock().unwrap_or_else(PoisonError::into_inner);
    let key = TypeId::of::<K>();
    let found = lock().get(&key).copied();
    if let Some(interface) = found {
        return interface;
    }
    // Outside the lock: a description asks for others.
    let mut describing = Describing::default();
    let (name, version, doc, methods) = describe(&mut describing);
    let interface = Interface::new(name, version, doc, methods, describing.mentions);
    lock()
        .entry(key)
        .or_insert_with(|| Box::leak(Box::new(interface)))
}

/// A method, as a description of an interface lists it.
#[doc(hidden)]
pub fn method(
    name: &str,
    doc: &'static str,
    parameters: Vec<(&str, Type)>,
    (result, error): (Type, Type),
) -> Method {
    Method {
        name: name.into(),
        doc,
        parameters: parameters
            .into_iter()
            .map(|(name, ty)| Parameter {
                name: name.into(),
                ty,
            })
            .collect(),
        result,
        error,
    }
}
