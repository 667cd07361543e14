//! The one object of the plugin's that the host calls.

use membrane::{Error, Passable, interface};

/// Tells how far the plugin is.
#[interface]
pub(crate) trait Progress {
    /// What was counted so far.
    fn report(&self) -> Result<Snapshot, Error>;
}

/// Numbers that the plugin claims.
#[derive(Passable, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) lines: u64,
}
