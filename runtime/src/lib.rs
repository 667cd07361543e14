//! Dynamic objects, domains, guests and powers, on top of [`membrane`].
//!
//! # The object model
//!
//! A [`Domain`] is a set of objects that share trust and fate: the host's program is one, each guest another. A [`Runtime`]
//! holds them and joins them by membranes. Objects are called with [`Value`]s, by a method's number or name; which of the
//! two call paths is taken, straight or through the membrane, follows from the domains. `#[interface(dynamic)]` on a trait
//! gives both directions: a Rust object that is called dynamically, and a guest's object that is used as
//! `Arc<dyn Trait>`. See [`Domain`] for an example.
//!
//! # Guests
//!
//! With the feature `wasm`, a guest is a WebAssembly component: see the module `wasm`.
//!
//! # Powers
//!
//! A guest has no ambient authority: no `open`, no working directory, no clock. It has the objects it was given.
//! This crate holds ready-made ones. Each power is an `#[interface]` trait, so that it crosses a membrane like any
//! other object, and an implementation that the host constructs from authority of its own:
//!
//! | power | interface | implementation (cargo feature) |
//! |---|---|---|
//! | a directory | [`Dir`] | `HostDir` (`fs`) |
//! | a file | [`File`] | what `HostDir` opens (`fs`) |
//!
//! The interfaces need no feature: a guest, or another implementation of a power, does not link cap-std for naming
//! them. They hold nothing of one system, either: what an entry is called is bytes, a [`Name`].
//!
//! There are two ways to lend less, and they add up. A *facet* ([`Rights`], `HostDir::attenuate`) is an object that
//! has less to give, whoever holds it. A *policy* of a membrane says which methods of an object one holder may call,
//! and is taken back by `revoke`. A facet survives without a membrane; a policy needs no cooperation of the object.
//! What the powers promise, and what they do not, is in [`docs`].
//!
//! # Examples
//! ```
//! # #[cfg(all(feature = "fs", unix))] {
//! use std::{error::Error, sync::Arc};
//! use membrane::{Membrane, Policy, allow};
//! use runtime::{Dir, File, FileError, HostDir, ambient_authority};
//!
//! # fn main() -> Result<(), Box<dyn Error>> {
//! # let place = tempfile::tempdir()?;
//! # std::fs::write(place.path().join("hello"), "hello, guest")?;
//! let dir: Arc<dyn Dir> = Arc::new(HostDir::open_ambient(place.path(), ambient_authority())?);
//! let policy = Policy::builder()
//!     .inbound(allow!(dyn Dir: list, open_file))
//!     .inbound(allow!(dyn File: read_at))
//!     .build()?;
//! let membrane = Membrane::new(policy);
//! let lent: Arc<dyn Dir> = membrane.wrap(dir)?;
//!
//! let file = lent.open_file("hello".into())?;
//! assert_eq!(file.read_at(7, 100)?, b"guest");
//! assert!(matches!(lent.remove("hello".into()), Err(FileError::Membrane(_))), "not on the list");
//! assert_eq!(lent.open_file("../hello".into()).err(), Some(FileError::InvalidName), "the power itself refuses");
//!
//! membrane.revoke("visiting hours are over");
//! assert!(matches!(file.read_at(0, 100), Err(FileError::Membrane(_))), "what was opened before is dead, too");
//! # Ok(())
//! # }
//! # main().unwrap();
//! # }
//! ```
#![forbid(unsafe_code)]

#[allow(
    unused_extern_crates,
    reason = "generated code names `::runtime`, here as everywhere"
)]
extern crate self as runtime;

mod call;
mod call_error;
mod describe;
pub mod docs;
mod domain;
mod dynamic;
#[cfg(not(membrane_faults))]
mod fault;
#[cfg(membrane_faults)]
#[doc(hidden)]
pub mod fault;
mod foreign;
mod interface;
mod limits;
mod object;
mod powers;
mod registry;
mod runtime_handle;
mod value;
#[cfg(feature = "wasm")]
pub mod wasm;
pub mod wire;

pub use call_error::{CallError, Limit, Mismatch};
pub use describe::Description;
pub use domain::{Domain, Handle, JoinError};
pub use dynamic::{Dynamic, DynamicInterface, DynamicRef};
pub use foreign::Foreign;
pub use interface::{
    Case, Describing, FieldType, Interface, InterfaceHash, Method, Parameter, Type,
};
pub use limits::Limits;
pub use object::Object;
pub use object_membrane_macros::Dynamic;
pub use runtime_handle::Runtime;
pub use value::{Extent, Field, Kind, MessageLimits, Value};

/// What the macros' expansions name. Not for use by hand.
#[doc(hidden)]
pub mod __private {
    pub use crate::dynamic::{
        ResultTypes, answer, arguments, field, fields, item, mention, mismatch, put,
    };
    pub use crate::foreign::Imported;
    pub use crate::interface::{interface, method};
    pub use membrane::Error;
    pub use std::borrow::Borrow;
}

#[cfg(all(feature = "fs", unix))]
pub use powers::{AmbientAuthority, HostDir, ambient_authority};
pub use powers::{
    Dir, Entry, EntryKind, File, FileError, MAX_TRANSFER_BYTES, Metadata, Name, Rights,
};
