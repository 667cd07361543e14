//! The plugin. It is not trusted: it has what it is lent, and the host believes nothing that it says.
//!
//! It counts what it finds in a directory, and then tries what it should not be able to do.
//!
//! It talks to its host by [`Plugin`], [`Progress`] and [`Watch`] and by the interfaces of what it is lent, and by nothing
//! else. So it needs nothing of a system, and is a WebAssembly component as well as a module of its host's program: names and paths are bytes, and a path
//! is the names joined by `/`.
//!
//! # Examples
//! ```
//! use plugin::plugin;
//! use runtime::FileError;
//!
//! assert_eq!(plugin().survey(), Err(FileError::Refused), "it was lent nothing yet");
//! ```
#![forbid(unsafe_code)]

mod interfaces;
mod lent;
mod overreach;
mod survey;
mod surveyor;
mod walk;

pub use interfaces::{Plugin, Progress, Watch};
pub use lent::plugin;
pub use overreach::Attempt;
pub use survey::{Snapshot, Survey, Unreadable};
pub use walk::OPEN_LEVELS;

#[cfg(target_arch = "wasm32")]
guest::plugin!(dyn Plugin, plugin);
