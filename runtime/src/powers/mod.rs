//! Powers: objects a guest is given instead of ambient authority.

#[cfg(all(feature = "fs", unix))]
mod component;
mod dir;
mod entry;
mod error;
mod file;
#[cfg(all(feature = "fs", unix))]
mod host_dir;
#[cfg(all(feature = "fs", unix))]
mod host_file;
mod name;
mod rights;
#[cfg(all(test, feature = "fs", unix))]
mod tests;

pub use dir::Dir;
pub use entry::{Entry, EntryKind, Metadata};
pub use error::FileError;
pub use file::{File, MAX_TRANSFER_BYTES};
#[cfg(all(feature = "fs", unix))]
pub use host_dir::{AmbientAuthority, HostDir, ambient_authority};
pub use name::Name;
pub use rights::Rights;
