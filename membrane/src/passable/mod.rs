//! What can cross: data as it is, containers rebuilt, references wrapped. Nothing else compiles.
//!
//! A wrap is a rebuild, never an edit in place. Data that cannot hold a reference crosses bare: no walk, no copy.

mod collections;
mod data;
mod foreign;
mod inspect;
mod reference;

pub use inspect::{Inspected, Lent, Owned, Shape, Unseen};

use crate::crossing::Crossing;
use crate::error::Error;
use std::ffi::{CStr, OsStr};
use std::path::Path;

/// A value that can cross a membrane.
///
/// Implemented for the plain data and the containers of `std`, for `Arc<dyn Trait>` of an
/// [interface](macro@crate::interface), for `Arc<dyn Fn(..) -> Result<..> + Send + Sync>`, for
/// `Box<dyn Iterator<Item = Result<..>> + Send>`, for `Pin<Box<dyn Future<Output = Result<..>> + Send>>`, with the feature
/// `stream` for `Pin<Box<dyn Stream<Item = Result<..>> + Send>>`, and by [`#[derive(Passable)]`](derive@crate::Passable) for structs and
/// enums of these.
///
/// What does not cross: anything with interior mutability, owned `Arc<T>` of data (but for `Arc<str>` and `Arc<[u8]>`),
/// borrowed values, raw pointers, locks, channels, files, trait objects of other traits.
///
/// Whoever writes this trait by hand is trusted by both sides: a reference that [`pass`](Self::pass) leaves as it is
/// gets through unwrapped.
///
/// # Examples
///
/// ```
/// use membrane::Passable;
///
/// #[derive(Passable)]
/// struct Point { x: f64, y: f64 }
///
/// assert!(Point::BARE);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot cross a membrane",
    label = "cannot cross",
    note = "data crosses: plain types, std containers, and structs and enums with `#[derive(Passable)]`",
    note = "objects cross as `Arc<dyn Trait>` of an `#[interface]`, closures as `Arc<dyn Fn(A) -> Result<R, E> + Send + Sync>`, iterators as `Box<dyn Iterator<Item = Result<T, E>> + Send>`",
    note = "what is shared or can change (`Mutex`, `Cell`, atomics, `Rc`, `Arc` of data) does not cross, nor do files, channels and membranes: put an `#[interface]` in front of it"
)]
pub trait Passable: Sized + Send + 'static {
    /// Whether values cross bare, because they cannot hold a reference and nothing in them needs a copy.
    const BARE: bool;

    /// The value, as the side of arrival sees it.
    ///
    /// # Errors
    ///
    /// An [`Error`], if a reference in it may not cross, or if the membrane is revoked. What was converted so far is
    /// dropped.
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error>;

    /// How much this is, in bytes, to the budgets of [`Conditions`](crate::Conditions). Asked of nothing else.
    ///
    /// Text and bytes count by their length; a number by its size; a struct, a tuple and an enum by their fields; a container by
    /// its items, each at least as large as it lies in memory. A reference, an iterator and an [`Error`] count nothing: the
    /// first are counted by [`ConditionsBuilder::proxies`](crate::ConditionsBuilder::proxies), and items when they come.
    ///
    /// Unless written by hand, the size of the value itself, without what it owns elsewhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use membrane::Passable;
    ///
    /// assert_eq!(7_u32.size_bytes(), 4);
    /// assert_eq!(String::from("hello").size_bytes(), 5);
    /// assert_eq!((7_u32, String::from("hello")).size_bytes(), 9);
    /// assert_eq!(vec![1_u64, 2, 3].size_bytes(), 24);
    /// assert_eq!(vec![None::<u64>; 10].size_bytes(), 160);
    /// ```
    fn size_bytes(&self) -> u64 {
        size_of::<Self>() as u64
    }

    /// What [`inspected`](Self::inspected) shows to [rules](crate::ArgumentRule) that are data. Unless given, nothing.
    const SHAPE: Shape = Shape::Opaque;

    /// The value, as a [rule](crate::ArgumentRule) that is data sees it: all that such a rule knows of the value.
    ///
    /// Whoever writes it by hand is trusted to show the value as it is, and the same each time.
    fn inspected(&self) -> Inspected<'_> {
        Inspected::Opaque
    }
}

/// The items of a container, each at least as large as it lies in memory: a container of empty ones is not free.
pub(crate) fn sum_bytes<'a, T: Passable>(items: impl IntoIterator<Item = &'a T>) -> u64 {
    if size_of::<T>() == 0 {
        // There may be any number of them, for nothing.
        return 0;
    }
    items.into_iter().fold(0, |sum, item| {
        let size = item.size_bytes().max(size_of::<T>() as u64);
        sum.saturating_add(size)
    })
}

/// Data that cannot hold a reference: it may be lent for a call as `&T`, and be the key of a map.
///
/// Implemented alongside [`Passable`]; `#[derive(Passable)]` adds it to a type whose fields all have it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not plain data",
    label = "may hold a reference",
    note = "arguments by `&` and keys of maps must be data that cannot hold a reference to an object: pass the argument by value, and make the key an identifier"
)]
pub trait Data: Passable {}

/// What an argument may borrow.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be an argument of an interface's method",
    label = "may hold a reference",
    note = "a borrowed argument is `&str`, `&[T]`, `&Path`, `&OsStr`, `&CStr` or `&T` of plain data; pass anything else by value"
)]
pub trait Borrowed {
    /// As [`Passable::size_bytes`].
    fn lent_bytes(&self) -> u64;

    /// As [`Passable::SHAPE`].
    const SHAPE: Shape = Shape::Text;

    /// As [`Passable::inspected`].
    fn inspected(&self) -> Inspected<'_>;
}

impl<T: Data> Borrowed for T {
    fn lent_bytes(&self) -> u64 {
        self.size_bytes()
    }

    const SHAPE: Shape = <T as Passable>::SHAPE;

    fn inspected(&self) -> Inspected<'_> {
        Passable::inspected(self)
    }
}

impl<T: Data> Borrowed for [T] {
    fn lent_bytes(&self) -> u64 {
        sum_bytes(self)
    }

    const SHAPE: Shape = Shape::List(&<T as Passable>::SHAPE);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::list(self)
    }
}

/// What counts by its length, which is its size, and is seen as text.
macro_rules! text {
    ($($type:ty, |$value:ident| $text:expr;)*) => {
        $(
            impl Borrowed for $type {
                fn lent_bytes(&self) -> u64 {
                    size_of_val(self) as u64
                }

                fn inspected(&self) -> Inspected<'_> {
                    let $value = self;
                    Inspected::text($text)
                }
            }
        )*
    };
}

text! {
    str, |text| Some(text);
    Path, |path| path.to_str();
    OsStr, |text| text.to_str();
    CStr, |text| text.to_str().ok();
}

/// What an argument of an async method may borrow: it is copied for the call, since the caller may go on before it is over.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be an argument of an async method",
    label = "cannot be copied for the call",
    note = "what an async method borrows is copied for the call, which may outlast the borrow: it must be `Clone` and `Sync`, or be passed by value"
)]
pub trait Copied: ToOwned<Owned: Send + Sync + 'static> + Sync {}

impl<T: ?Sized + ToOwned<Owned: Send + Sync + 'static> + Sync> Copied for T {}

/// A borrowed argument of an async method, as the call keeps it.
pub fn copied<A: ?Sized + Copied>(argument: &A) -> A::Owned {
    argument.to_owned()
}
