//! What a trait must offer to cross as `Arc<dyn Trait>`, and the constant arithmetic that numbers its methods.
//!
//! A method's number is its position in [`Interface::METHODS`]: the trait's own methods in the order of the source, then
//! those of its super-interfaces. A proxy of `dyn Account` that is called through its supertrait `Named` adds the offset
//! of `Named` within `Account`, at compile time.

#![allow(
    clippy::missing_panics_doc,
    reason = "the constant functions panic at compile time: that is how they report"
)]

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
pub(crate) fn allowed_of<T: ?Sized + Interface>((own, supers): Places, allowed: u64) -> u64 {
    let start = |key: &str| {
        if own == key {
            return Some(0);
        }
        let found = supers.iter().find(|(other, ..)| *other == key);
        found.map(|(_, at, _)| *at)
    };
    let mut seen = 0;
    let whole = (T::__KEY, 0, <T as Interface>::METHODS);
    // What is further in comes later, and has the last word on its methods: see `offset`.
    for (key, at, methods) in std::iter::once(&whole).chain(T::__SUPERS) {
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

/// Joins lists of names.
pub const fn concat_names<const N: usize>(lists: &[&[&'static str]]) -> [&'static str; N] {
    let mut names = [""; N];
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            names[at] = lists[list][index];
            at += 1;
            index += 1;
        }
        list += 1;
    }
    assert!(at == N, "N is the sum of the lengths");
    names
}

/// Joins lists of the arguments of methods.
pub const fn concat_arguments<const N: usize>(
    lists: &[&[&'static [Argument]]],
) -> [&'static [Argument]; N] {
    let mut arguments: [&'static [Argument]; N] = [&[]; N];
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            arguments[at] = lists[list][index];
            at += 1;
            index += 1;
        }
        list += 1;
    }
    assert!(at == N, "N is the sum of the lengths");
    arguments
}

/// The number of `T`'s method of this name, own or inherited.
pub const fn number<T: ?Sized + Interface>(method: &str) -> u32 {
    mask::<T>(&[method]).trailing_zeros()
}

/// Compiles if `T`'s method of this number has an argument of this name.
pub const fn check_argument<T: ?Sized + Interface>(method: u32, argument: &str) {
    let arguments = T::__ARGUMENTS[method as usize];
    let mut index = 0;
    while index < arguments.len() {
        if same(arguments[index].0, argument) {
            return;
        }
        index += 1;
    }
    panic!("the method has no argument of this name")
}

/// A super-interface: its key, where its methods start, and their names.
pub type Super = (&'static str, u32, &'static [&'static str]);

/// All super-interfaces, flat, given the key of the interface and the number of its own methods, and the direct ones: (key,
/// methods, its own supers).
///
/// Methods are found by the key of their interface, so two interfaces of one key would be one list and two traits.
pub const fn concat_supers<const N: usize>(
    own: (&str, u32),
    supers: &[(&'static str, &'static [&'static str], &[Super])],
) -> [Super; N] {
    let mut flat: [Super; N] = [("", 0, &[]); N];
    let (mut index, mut at, mut offset) = (0, 0, own.1);
    while index < supers.len() {
        let (key, methods, inner) = supers[index];
        flat[at] = (key, offset, methods);
        at += 1;
        let mut deep = 0;
        while deep < inner.len() {
            flat[at] = (inner[deep].0, offset + inner[deep].1, inner[deep].2);
            at += 1;
            deep += 1;
        }
        #[allow(clippy::cast_possible_truncation, reason = "at most 63 methods")]
        let count = methods.len() as u32;
        offset += count;
        index += 1;
    }
    assert!(
        at == N,
        "N is one for each direct super-interface and each of theirs"
    );
    check_keys(own.0, &flat);
    flat
}

const fn check_keys(own: &str, supers: &[Super]) {
    let mut index = 0;
    while index < supers.len() {
        let (key, _, methods) = supers[index];
        assert!(
            !same(own, key),
            "this interface and a super-interface of it cannot be told apart: rename one of them"
        );
        let mut other = 0;
        while other < index {
            // The same one, inherited twice, has the same methods.
            assert!(
                !same(key, supers[other].0) || same_names(methods, supers[other].2),
                "two super-interfaces of this one cannot be told apart: rename one of them"
            );
            other += 1;
        }
        index += 1;
    }
}

/// Where the methods of the interface `key` start among those of `T`: zero for `T` itself.
pub const fn offset<T: ?Sized + Interface>(key: &str) -> u32 {
    if same(T::__KEY, key) {
        return 0;
    }
    let mut index = 0;
    while index < T::__SUPERS.len() {
        if same(T::__SUPERS[index].0, key) {
            return T::__SUPERS[index].1;
        }
        index += 1;
    }
    panic!("not a super-interface")
}

/// The number of `T`'s own method of this name.
pub const fn index<T: ?Sized + Interface>(method: &str) -> u32 {
    let mut index = 0;
    while index < T::__OWN.len() {
        if same(T::__OWN[index], method) {
            #[allow(clippy::cast_possible_truncation, reason = "at most 63 methods")]
            return index as u32;
        }
        index += 1;
    }
    panic!("no such method in this interface")
}

/// The bits of `T`'s methods of these names.
pub const fn mask<T: ?Sized + Interface>(methods: &[&str]) -> u64 {
    let (mut mask, mut index) = (0, 0);
    while index < methods.len() {
        let mut found = false;
        let mut at = 0;
        while at < <T as Interface>::METHODS.len() {
            // Of a diamond's repeated methods only the first are ever called: see `offset`.
            if same(<T as Interface>::METHODS[at], methods[index]) {
                mask |= 1 << at;
                found = true;
                break;
            }
            at += 1;
        }
        assert!(found, "no such method in this interface");
        index += 1;
    }
    mask
}

/// Compiles if an interface may have these methods.
pub const fn check_interface(methods: &[&str]) {
    assert!(
        methods.len() <= MAX_METHODS,
        "an interface has at most 63 methods, inherited ones included: split it"
    );
}

const fn same_names(a: &[&str], b: &[&str]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if !same(a[index], b[index]) {
            return false;
        }
        index += 1;
    }
    true
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{Super, concat_supers};

    const READ: &[&str] = &["read"];
    const WRITE: &[&str] = &["write"];

    #[test]
    fn supers_are_listed_where_their_methods_start() {
        let inner: &[Super] = &[("deep", 1, WRITE)];
        let flat = concat_supers::<3>(
            ("own", 2),
            &[("left", READ, &[]), ("right", &["a", "b"], inner)],
        );
        assert_eq!(
            flat.map(|(key, at, _)| (key, at)),
            [("left", 2), ("right", 3), ("deep", 4)]
        );
        let diamond = concat_supers::<2>(("own", 0), &[("same", READ, &[]), ("same", READ, &[])]);
        assert_eq!(diamond.map(|(_, at, _)| at), [0, 1]);
    }

    /// Fails if `check_keys` does not compare the lists of methods.
    #[test]
    #[should_panic(expected = "two super-interfaces of this one cannot be told apart")]
    fn two_super_interfaces_of_one_key_are_refused() {
        let _ = concat_supers::<2>(("own", 1), &[("twin", READ, &[]), ("twin", WRITE, &[])]);
    }

    /// Fails if `check_keys` does not compare with the interface's own key.
    #[test]
    #[should_panic(expected = "this interface and a super-interface of it cannot be told apart")]
    fn super_interface_with_the_interfaces_own_key_is_refused() {
        let _ = concat_supers::<1>(("twin", 1), &[("twin", READ, &[])]);
    }
}
