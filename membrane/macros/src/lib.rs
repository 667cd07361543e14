//! The macros of `object-membrane`: `#[interface]`, `#[derive(Passable)]`, `allow!` and `rule!`.
//!
//! Not a crate to depend on: `membrane` re-exports the macros, and what they expand to names items of
//! `membrane` only. Runnable examples are on those re-exports' own pages in `membrane`.
//!
//! # What the macros decide, and what they leave to the compiler
//!
//! A macro sees words, not types. What can be told from the words (a generic method, `&mut self`, a borrowed result) is
//! refused here, with a message at the offending word that says what to write instead, and every refusal of one item is
//! reported at once. What needs types (is this argument `Passable`? does this alias hide a `Result`?) is written out as
//! an assertion at the place of the type, so that the compiler's own message points there.
//!
//! # What is deliberately absent
//!
//! No `unsafe`, here or in what is generated, and no name of the user's is captured: local names are hygienic, others
//! begin with `__membrane`, and paths start at the crate path.

#![forbid(unsafe_code)]

mod allow;
mod dynamic;
mod interface;
mod passable;
mod path;
mod refusals;
mod rule;
mod types;

use proc_macro::TokenStream;

/// Makes an ordinary trait an interface: a trait whose objects cross a membrane.
///
/// The trait stays what it was, an object-safe trait with the methods as written, and gains the supertraits
/// `Send + Sync + 'static`. The proxy implements it too, so that owner and holder both write `Arc<dyn Account>`.
///
/// ```text
/// #[interface]
/// pub trait Account: Named {
///     /// The balance, in cents.
///     fn balance(&self) -> Result<u64, Error>;
///     /// Borrowed arguments are plain data.
///     fn note(&self, text: &str) -> Result<(), Error>;
///     /// References cross by value, either way, and are wrapped.
///     fn watch(&self, by: Arc<dyn Watcher>) -> Result<Arc<dyn Named>, Error>;
///     /// A default method is forwarded to the target like any other; it never runs on the holder's side.
///     fn doubled(&self) -> Result<u64, Error> { Ok(2 * self.balance()?) }
/// }
/// ```
///
/// # Async methods
///
/// An `async fn` becomes a method that returns a boxed `Send` future, as a trait object needs it. The impl blocks of such
/// an interface carry the attribute, too:
///
/// ```text
/// #[interface]
/// pub trait Store {
///     async fn get(&self, key: &str) -> Result<Vec<u8>, Error>;
/// }
///
/// #[interface]
/// impl Store for Disk {
///     async fn get(&self, key: &str) -> Result<Vec<u8>, Error> { self.read(key).await }
/// }
/// ```
///
/// Through a proxy, the call is made when the future is first polled, and each poll is guarded as a call is. What is
/// borrowed is copied then: `&T` needs `T: Clone + Sync`.
///
/// # Supertraits and options
///
/// Supertraits may be other interfaces, `Send`, `Sync`, `Debug` and `'static`.
/// `#[interface(crate = path)]` names `membrane` where it is not at `::membrane`.
///
/// `#[interface(dynamic)]` adds a dynamic form, for which the crate `runtime` has to be there: objects of the interface can
/// then be called by number or name, and objects that guests or peers implement become `Arc<dyn Trait>`. Every argument,
/// result and error needs a dynamic form (`runtime::Dynamic`), and so does each super-interface.
/// `#[interface(dynamic, version = 2)]` says which version of the interface this is; 1 unless given.
/// `#[interface(dynamic = path)]` names `runtime` where it is not at `::runtime`.
///
/// # Errors
///
/// Each of these is refused at compile time, all those of one trait together:
///
/// - generic, `const`, `unsafe` and `extern` methods, `where` clauses, receivers other than `&self`;
/// - results that are not `Result<_, E>` with `E: From<membrane::Error>`, and results that borrow;
/// - `&mut` arguments, references inside an argument's type, `&dyn Trait`, raw pointers, `impl Trait`, `Self`;
/// - arguments and results that are not `Passable`;
/// - parametrised, `unsafe` and `auto` traits; associated types and constants;
/// - supertraits that are no interface;
/// - more than 63 methods, the inherited ones included;
/// - async methods in an interface that is `dynamic`; on an impl block: options, and one that implements no trait.
#[proc_macro_attribute]
pub fn interface(options: TokenStream, item: TokenStream) -> TokenStream {
    interface::expand(options.into(), &item.into()).into()
}

/// Lets a type cross a membrane: its fields cross one by one, and the references among them are wrapped.
///
/// ```text
/// #[derive(Passable)]
/// pub struct Entry<T> { owner: Arc<dyn Account>, value: T }
///
/// #[derive(Passable)]
/// pub enum Refused { Poor { missing: u64 }, Closed, Membrane(membrane::Error) }
/// ```
///
/// A type whose every field is `Data` (cannot hold a reference) is `Data` too, and crosses untouched. Type parameters
/// are bounded by `Passable`, except those declared `?Sized`: bound the fields that use one in a `where` clause.
///
/// A type that mentions itself is rebuilt under a bound on its depth, and is not `Data`. What mentions itself by a
/// detour (through another type, or an alias) says so with `#[passable(recursive)]`: without it the compiler reports a
/// cycle.
///
/// | attribute on the type | meaning |
/// |---|---|
/// | `#[passable(data)]` | must not be taken apart, as it has a `Drop` or invariants: every field must be `Data`, and the value crosses as it is |
/// | `#[passable(recursive)]` | mentions itself where this macro cannot see it |
/// | `#[passable(crate = path)]` | where `membrane` is, if not at `::membrane` |
///
/// # Errors
///
/// Refused at compile time: unions, lifetime parameters (a borrowed value cannot cross), and a field whose type is not
/// `Passable`, at that field.
#[proc_macro_derive(Passable, attributes(passable))]
pub fn passable(item: TokenStream) -> TokenStream {
    passable::expand(item.into()).into()
}

/// Gives a struct or an enum a dynamic form: it becomes a `runtime::Value`, and is read from one.
///
/// | it is | its form |
/// |---|---|
/// | a struct with named fields | a record of them |
/// | a tuple struct | a list; of one field, that field |
/// | a unit struct | null |
/// | a case of an enum | its name as text; with fields, a record of one field: the name, with what they are as above |
///
/// A record that lacks a field, or has one more, is a mismatch. Type parameters are bounded by `runtime::Dynamic`.
/// `#[dynamic(crate = path)]` names `runtime` where it is not at `::runtime`. The type is to have `#[derive(Passable)]`,
/// too: this one says how it looks, that one how it crosses.
///
/// # Errors
///
/// Refused at compile time: unions, lifetime parameters, and a field whose type has no dynamic form, at that field.
#[proc_macro_derive(Dynamic, attributes(dynamic))]
pub fn dynamic(item: TokenStream) -> TokenStream {
    dynamic::expand(item.into()).into()
}

/// Lists the methods of one interface that a policy allows: an expression of type `membrane::Allow`.
///
/// ```text
/// allow!(dyn Account: balance, deposit)   // these two, and no other
/// allow!(dyn Account)                     // an opaque reference: no method at all
/// ```
///
/// The methods may be the interface's own or inherited ones. There is no wildcard: a method that is added to the
/// interface later stays denied until it is listed. `allow!(crate = path; dyn Account: balance)` says where `membrane`
/// is, if not at `::membrane`.
///
/// # Errors
///
/// Refused at compile time: a method that the interface lacks or that two of its super-interfaces have, a method listed
/// twice, a type that is not `dyn` of one interface.
#[proc_macro]
pub fn allow(list: TokenStream) -> TokenStream {
    allow::expand(list.into()).into()
}

/// Says what the arguments of one method must be like: an expression of type `membrane::ArgumentRule`, for
/// `PolicyBuilder::inbound_rule` and `outbound_rule`.
///
/// ```text
/// rule!(dyn Account: transfer, |to, amount| to != "me" && *amount <= 100)     // a closure over all arguments
/// rule!(dyn Account: transfer, amount: Check::range(..=100))                  // checks, each on one argument
/// rule!(dyn Files: list, path: Check::within("pub"), options.depth: Check::range(..=3))
/// rule!(dyn Account: Named::rename, |name| name.len() < 9)                    // inherited: say where from
/// ```
///
/// The closure is given each argument by reference (`&u64` for a `u64`, `&str` for a `&str`) and answers whether the call may
/// go on. It is `Fn + Send + Sync + 'static`; anything of that type does, such as the name of a function. For a method that
/// is inherited a closure's rule names the super-interface; one of checks need not. A check is an expression of type
/// `membrane::Check`, on an argument, or on a field of one.
/// `rule!(crate = path; ..)` says where `membrane` is, if not at `::membrane`.
///
/// # Errors
///
/// Refused at compile time: a method or an argument that the interface lacks, a closure that takes other arguments than the
/// method, or a type that is not `dyn` of one interface. What else can be wrong is reported when the policy is built.
#[proc_macro]
pub fn rule(tokens: TokenStream) -> TokenStream {
    rule::expand(tokens.into()).into()
}
