//! What a trait must offer to cross as `Arc<dyn Trait>`.

mod numbering;

pub use numbering::{
    Super, check_argument, check_interface, concat, concat_supers, index, mask, number, offset,
};

use crate::callback::Kept;
use crate::direction::Direction;
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::passable::{Borrowed, Copied, Passable, Shape};
use crate::policy::Policy;
use crate::proxy::Proxy;
use crate::query::Query;
use std::any::TypeId;
use std::sync::Arc;

/// The most methods that an interface can have, inherited ones included: they are the bits of a word, one of them spare.
pub(crate) const MAX_METHODS: usize = 63;

/// A `dyn Trait` that can cross a membrane. Implemented by [`#[interface]`](macro@crate::interface) on the trait.
///
/// The crate that defines an interface is trusted by both sides.
///
/// # Examples
///
/// ```
/// use membrane::{Error, Interface, interface};
///
/// #[interface]
/// pub trait Named {
///     fn name(&self) -> Result<String, Error>;
/// }
///
/// #[interface]
/// pub trait Account: Named {
///     fn balance(&self) -> Result<u64, Error>;
/// }
///
/// assert_eq!(<dyn Account>::METHODS, ["balance", "name"]);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface",
    label = "not an interface",
    note = "put `#[interface]` on the trait, and name it as plain `dyn Trait`, without `+ Send` or other additions"
)]
pub trait Interface: Target {
    /// The trait's name, as in the source.
    const NAME: &'static str;
    /// All methods by name: the trait's own, then inherited ones.
    const METHODS: &'static [&'static str];
    #[doc(hidden)]
    const __OWN: &'static [&'static str];
    #[doc(hidden)]
    const __KEY: &'static str;
    #[doc(hidden)]
    const __SUPERS: &'static [Super];
    /// Of each method, in the order of `METHODS`.
    #[doc(hidden)]
    const __ARGUMENTS: &'static [&'static [Argument]];
    /// What only the code generated for this interface can make.
    #[doc(hidden)]
    type __Key: 'static;
    /// Whether the interface of this type is this one, or a super-interface of it.
    #[doc(hidden)]
    fn __extends(interface: TypeId) -> bool;
}

/// An argument's name, what rules that are data can see of it, and whether it is known to hold no reference.
pub type Argument = (&'static str, Shape, bool);

/// What a proxy can stand for: a `dyn Trait` of an interface, or a closure.
#[diagnostic::on_unimplemented(
    message = "`Arc<{Self}>` cannot cross a membrane",
    label = "cannot cross",
    note = "`Arc<dyn Trait>` crosses if `Trait` has `#[interface]` (and nothing is added, as in `dyn Trait + Send`)",
    note = "`Arc<dyn Fn(A) -> Result<R, E> + Send + Sync>` crosses if `A`, `R` and `E` do and `E: From<membrane::Error>`",
    note = "an `Arc` of plain data does not cross: pass the data itself, `Arc<str>` or `Arc<[u8]>`"
)]
pub trait Target: Send + Sync + 'static {
    /// The name shown in `Debug` and in reports.
    const NAME: &'static str;
    /// The methods by number.
    const METHODS: &'static [&'static str];
    /// What a proxy keeps beside its target.
    #[doc(hidden)]
    type Keep: Keep;
    /// Whether all methods are allowed, because the method that carried the object was.
    #[doc(hidden)]
    const CARRIED: bool = false;
    /// An interface's key, and where the methods of its super-interfaces start.
    #[doc(hidden)]
    const PLACES: (&'static str, &'static [Super]) = ("", &[]);
    /// What a proxy tells of what its object crossed as: the name, and the places.
    #[doc(hidden)]
    const CROSSED: &'static (&'static str, (&'static str, &'static [Super])) =
        &(Self::NAME, Self::PLACES);

    /// The proxy as what holders call. By value, so that the proxy that is one of these itself is not counted once more and
    /// once less.
    fn face(proxy: Arc<Proxy<Self>>) -> Arc<Self>;

    /// Asks `target` whose proxy it is. A target that is none does not answer.
    fn ask(target: &Arc<Self>, query: &Query<'_>);

    /// Offers `target` as an answer, as itself and as each of its super-interfaces.
    fn offer(target: &Arc<Self>, query: &Query<'_>) -> bool {
        query.offer(target)
    }
}

/// What a proxy can keep. A closed set: it is made under a lock.
pub trait Keep: Default + Send + Sync + sealed::Sealed {
    /// Whether somebody may be waiting at the proxy.
    const WAITS: bool = false;

    /// The interface and the method that a call of the proxy counts as, if not the target's own.
    fn label(&self) -> Option<Label> {
        None
    }

    /// Wakes whoever waits at the proxy, for the last time.
    fn wake(&self) {}
}

/// An interface, and a method of it.
pub(crate) type Label = (&'static str, Option<&'static str>);

impl Keep for () {}
impl<T: ?Sized + Send + Sync> Keep for Kept<T> {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<T: ?Sized> Sealed for crate::callback::Kept<T> {}
    impl Sealed for crate::waiting::Waiting {}
}

/// The methods of `T` that `policy` allows to calls in `direction`, as bits.
pub(crate) fn allowed<T: ?Sized + Target>(policy: &Policy, direction: Direction) -> u64 {
    if T::CARRIED {
        u64::MAX
    } else if fault::on(Fault::ByName) {
        let mut listed = policy.rules(direction);
        let named = listed.find(|list| list.interface() == T::NAME);
        named.map_or(0, |list| list.mask)
    } else if fault::on(Fault::EitherList) {
        let interface = TypeId::of::<T>();
        policy.mask(direction, interface) | policy.mask(direction.reversed(), interface)
    } else {
        policy.mask(direction, TypeId::of::<T>())
    }
}

/// Where an interface has its methods: its key, and its super-interfaces.
pub(crate) type Places = (&'static str, &'static [Super]);

/// What of `allowed`, a list for the methods of the interface with `places`, concerns its super-interface `T`, or itself, as
/// a list for the methods of `T`.
pub(crate) fn allowed_of<T: ?Sized + Target>((own, supers): Places, allowed: u64) -> u64 {
    let start = |key: &str| {
        if own == key {
            return Some(0);
        }
        let found = supers.iter().find(|(other, ..)| *other == key);
        found.map(|(_, at, _)| *at)
    };
    let mut seen = 0;
    let (key, inner) = T::PLACES;
    // What is further in comes later, and has the last word on its methods: see `offset`.
    for (key, at, methods) in std::iter::once(&(key, 0, T::METHODS)).chain(inner) {
        let ones = (1_u64 << methods.len()) - 1;
        let listed = start(key).map_or(0, |from| allowed >> from & ones);
        seen = seen & !(ones << at) | listed << at;
    }
    seen
}

/// The return type of an interface's method.
#[diagnostic::on_unimplemented(
    message = "a method of an interface returns `Result<T, E>`, where `T` can cross and `E: From<membrane::Error>`",
    label = "not such a `Result`",
    note = "write `Result<T, membrane::Error>`, or an error type of your own with `#[derive(Passable)]` and `From<membrane::Error>`"
)]
pub trait InterfaceResult {}

impl<R: Passable, E: Passable + From<Error>> InterfaceResult for Result<R, E> {}

/// Compiles if `&A` can be an argument.
pub const fn assert_borrowed<A: ?Sized + Borrowed>() {}
/// Compiles if `&A` can be an argument of an async method.
pub const fn assert_copied<A: ?Sized + Copied>() {}
/// Compiles if `R` can be returned.
pub const fn assert_result<R: InterfaceResult>() {}
/// Compiles if `T` is an interface.
pub const fn assert_interface<T: ?Sized + Interface>() {}
