//! What the plugin and its host are to each other.

use std::sync::Arc;

use membrane::{Error, interface};
use runtime::{Dir, FileError};

use crate::{Attempt, Snapshot, Survey};

/// A plugin, as its host sees it.
///
/// What is passed to it is lent: proxies of the membrane that the host keeps. What it answers is plain data.
///
/// # Errors
/// Every method but `start`: [`FileError::Refused`] before `start`.
#[interface(dynamic)]
pub trait Plugin {
    /// Keeps what it is lent, and hands `watch` an object by which the host may ask how far it is.
    fn start(&self, dir: Arc<dyn Dir>, watch: Arc<dyn Watch>) -> Result<(), FileError>;

    /// Walks the whole tree and reads every file in it, as long as it is let: what ends the walk before its time is
    /// [`Survey::cut`], no error.
    fn survey(&self) -> Result<Survey, FileError>;

    /// Tries what it was not lent the directory for, with what the last survey found.
    fn overreach(&self) -> Result<Vec<Attempt>, FileError>;

    /// Tries once more to list the directory. The text is that of the error: a [`membrane::Error`] that travels as data
    /// loses its reason, a text does not.
    fn touch(&self) -> Result<Result<(), String>, FileError>;
}

/// Tells how far the plugin is. The one object of the plugin's own that it hands in.
#[interface(dynamic)]
pub trait Progress {
    /// What was counted so far.
    fn report(&self) -> Result<Snapshot, Error>;
}

/// Takes the object by which the plugin can be asked how far it is. The host's.
#[interface(dynamic)]
pub trait Watch {
    /// Keeps `progress`. The host asks it only while the plugin waits: in a call to the host, or for one of the host's.
    fn watch(&self, progress: Arc<dyn Progress>) -> Result<(), Error>;
}
