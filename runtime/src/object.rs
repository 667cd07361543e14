//! A reference to an object, as one domain holds it.
//!
//! # Fields
//!
//! - `holder`: the domain that may use this reference. Another domain gets one of its own, when the object is sent there.
//! - `home`: the domain that the object belongs to. If it is the holder, `dispatch` leads straight to the object; else to
//!   a proxy of the membrane between the two.
//! - `allowed`: the methods that the membrane lets through, so that a call which it will refuse is refused before its
//!   arguments are looked at. The proxy decides again by itself.

use crate::call_error::CallError;
use crate::domain::{Domain, DomainId, Link};
use crate::dynamic::DynamicInterface;
use crate::fault::{self, Fault};
use crate::interface::Interface;
use crate::value::Value;
use membrane::{Error, Lent};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// A reference to an object that is called dynamically.
///
/// # Authority
///
/// Its [holder](Domain) can call what is allowed on it. A clone carries the same. In the hands of another domain it is
/// first sent through the membrane between the two, if there is one.
///
/// Two references are equal if the same domain holds the same object as the same interface.
#[derive(Clone)]
pub struct Object(Arc<Inner<dyn Dispatch>>);

struct Inner<D: ?Sized> {
    holder: DomainId,
    home: DomainId,
    allowed: u64,
    /// What is between the two, if they differ: a proxy, as its membrane tells of it, which may be of a grant of somebody else's.
    between: Option<Lent>,
    interface: &'static Interface,
    dispatch: D,
}

/// An object of the domain's own, and a way to find it again that does not keep it alive.
pub(crate) struct Own {
    pub(crate) object: Object,
    pub(crate) again: Again,
}

/// Finds an object again, if it is alive, for the domain that it belongs to.
pub(crate) type Again = Arc<dyn Fn(&Domain) -> Option<Object> + Send + Sync>;

/// What stands behind a reference: a typed object or a proxy of one, or an iterator.
pub(crate) trait Dispatch: Send + Sync {
    fn interface(&self) -> &'static Interface;

    /// Calls a method, on behalf of the holder: objects in arguments and result are as `side` holds them.
    fn invoke(&self, method: u32, args: &[Value], side: &Domain) -> Result<Value, CallError>;

    /// The object, sent through `link`, as `to` holds it.
    fn cross(&self, link: &Link, to: &Domain) -> Result<Object, Error>;

    /// Puts the object into `slot`, if that is an `Option` of it, or of it as a super-interface.
    fn upcast(&self, slot: &mut dyn Any) -> bool;

    /// What tells it from any other object that is alive.
    fn address(&self) -> usize;
}

impl Object {
    pub(crate) fn own(home: DomainId, dispatch: impl Dispatch + 'static) -> Self {
        Self(Arc::new(Inner {
            holder: home,
            home,
            allowed: u64::MAX,
            between: None,
            interface: dispatch.interface(),
            dispatch,
        }))
    }

    pub(crate) fn foreign(
        holder: DomainId,
        home: DomainId,
        allowed: u64,
        between: Lent,
        dispatch: impl Dispatch + 'static,
    ) -> Self {
        // Of a closure and an iterator all is allowed, and all is one method: what there is not is not allowed either.
        let beyond = u32::try_from(dispatch.interface().methods().len()).ok();
        let beyond = beyond.and_then(|count| u64::MAX.checked_shl(count));
        let allowed = allowed & !beyond.unwrap_or(0);
        Self(Arc::new(Inner {
            holder,
            home,
            allowed,
            between: Some(between),
            interface: dispatch.interface(),
            dispatch,
        }))
    }

    /// What it can do, if it is allowed to.
    #[inline]
    pub fn interface(&self) -> &'static Interface {
        self.0.interface
    }

    /// The number of the method of this name, to call it by. `None` if there is no such method, or if it is not allowed:
    /// the two cannot be told apart.
    #[inline]
    pub fn method(&self, name: &str) -> Option<u32> {
        self.interface()
            .number(name)
            .filter(|number| self.allows(*number))
    }

    /// Whether the method of this number exists and is allowed.
    #[inline]
    pub fn allows(&self, method: u32) -> bool {
        method < u64::BITS
            && self.0.allowed & (1 << method) != 0
            && (method as usize) < self.interface().methods().len()
    }

    /// The object as what it is in Rust, or as one of its super-interfaces.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, interface};
    /// # use runtime::Runtime;
    /// # use std::sync::Arc;
    /// # #[interface(dynamic)] pub trait Lamp { fn is_on(&self) -> Result<bool, Error>; }
    /// # struct On; impl Lamp for On { fn is_on(&self) -> Result<bool, Error> { Ok(true) } }
    /// let runtime = Runtime::new();
    /// let lamp = runtime.host().own::<dyn Lamp>(Arc::new(On));
    /// let typed: Arc<dyn Lamp> = lamp.typed().unwrap();
    /// assert_eq!(typed.is_on(), Ok(true));
    /// ```
    pub fn typed<T: ?Sized + DynamicInterface>(&self) -> Option<Arc<T>> {
        let mut slot: Option<Arc<T>> = None;
        self.0.dispatch.upcast(&mut slot);
        slot
    }

    #[inline]
    pub(crate) fn holder(&self) -> DomainId {
        self.0.holder
    }

    #[inline]
    pub(crate) fn home(&self) -> DomainId {
        self.0.home
    }

    #[inline]
    pub(crate) fn allows_bit(&self, method: u32) -> bool {
        method < u64::BITS && self.0.allowed & (1 << method) != 0
    }

    #[inline]
    pub(crate) fn between(&self) -> Option<&Lent> {
        self.0.between.as_ref()
    }

    #[inline]
    pub(crate) fn dispatch(&self) -> &dyn Dispatch {
        &self.0.dispatch
    }

    /// What two references to one object have in common, while they live.
    pub(crate) fn identity(&self) -> (usize, usize) {
        let interface = std::ptr::from_ref(self.interface()).addr();
        (self.0.dispatch.address(), interface)
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.0.holder == other.0.holder && self.identity() == other.identity()
    }
}

impl Eq for Object {}

impl fmt::Debug for Object {
    /// Shows the interface. Never asks the object.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple = f.debug_tuple("Object");
        tuple.field(&format_args!("{}", self.interface().name()));
        if fault::on(Fault::ShowsTarget) {
            tuple.field(&format_args!("{:#x}", self.0.dispatch.address()));
        }
        tuple.finish()
    }
}

/// An object with a Rust type, or a proxy of one.
pub(crate) struct Typed<T: ?Sized> {
    pub(crate) target: Arc<T>,
    interface: &'static Interface,
}

impl<T: ?Sized + DynamicInterface> Typed<T> {
    pub(crate) fn new(target: Arc<T>) -> Self {
        Self {
            target,
            interface: T::interface(),
        }
    }
}

impl<T: ?Sized + DynamicInterface> Dispatch for Typed<T> {
    #[inline]
    fn interface(&self) -> &'static Interface {
        self.interface
    }

    #[inline]
    fn invoke(&self, method: u32, args: &[Value], side: &Domain) -> Result<Value, CallError> {
        T::invoke(&self.target, method, args, side)
    }

    fn cross(&self, link: &Link, to: &Domain) -> Result<Object, Error> {
        if fault::on(Fault::SendsBare) {
            return Ok(to.own(self.target.clone()));
        }
        let target = link
            .membrane()
            .pass(self.target.clone(), link.direction_to(to.id()))?;
        Ok(to.hold(target))
    }

    fn upcast(&self, slot: &mut dyn Any) -> bool {
        T::upcast(&self.target, slot)
    }

    fn address(&self) -> usize {
        Arc::as_ptr(&self.target).cast::<()>().addr()
    }
}
