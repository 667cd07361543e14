//! Powers, and later the object model, on top of [`membrane`].
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
//! them.
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

pub mod docs;
mod powers;

#[cfg(all(feature = "fs", unix))]
pub use powers::{AmbientAuthority, HostDir, ambient_authority};
pub use powers::{Dir, Entry, EntryKind, File, FileError, MAX_TRANSFER_BYTES, Metadata, Rights};
