//! What can cross: data as it is, containers rebuilt, references wrapped. Nothing else compiles.
//!
//! A wrap is a rebuild, never an edit in place. Data that cannot hold a reference crosses bare: no walk, no copy.

mod collections;
mod data;
mod foreign;
mod reference;

use crate::crossing::Crossing;
use crate::error::Error;
use std::ffi::{CStr, OsStr};
use std::path::Path;

/// A value that can cross a membrane.
///
/// Implemented for the plain data and the containers of `std`, for `Arc<dyn Trait>` of an
/// [interface](macro@crate::interface), for `Arc<dyn Fn(..) -> Result<..> + Send + Sync>`, for
/// `Box<dyn Iterator<Item = Result<..>> + Send>`, and by [`#[derive(Passable)]`](derive@crate::Passable) for structs and
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
pub trait Borrowed {}

impl<T: Data> Borrowed for T {}
impl<T: Data> Borrowed for [T] {}
impl Borrowed for str {}
impl Borrowed for Path {}
impl Borrowed for OsStr {}
impl Borrowed for CStr {}
