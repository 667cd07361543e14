//! The interface of a directory.
//!
//! Each method takes one *name*, never a path: a single component, as the system spells it. A [`Name`] that is empty, `.`
//! or `..`, or that holds a separator or a NUL, is [`FileError::InvalidName`]. There is therefore nothing to resolve,
//! and no way up: what a `Dir` gives out lies in it.
//!
//! Symbolic links are listed as links and never followed. A holder that wants to follow them cannot; a host that wants
//! them followed lends the directory they lead to.
//!
//! Opening is split by what the file may then be used for, so that a policy can say it: a holder that is allowed
//! `open_file` and not `open_write` cannot get a writable [`File`] out of this directory, whatever the policy says
//! about `File`.
//!
//! Deliberately absent: links (making or reading them), the mode and the owner of a file, moving between two
//! directories, and any path of the host.

use std::sync::Arc;

use membrane::interface;

use super::{Entry, File, FileError, Metadata, Name};

/// A directory, and the authority over what lies in it.
///
/// # Authority
/// A holder can reach everything below the directory and nothing above or beside it. A directory obtained by
/// [`open_dir`](Dir::open_dir) has the rights of the one it came from.
///
/// # Errors
/// Every method: [`FileError::InvalidName`] for a name that is not one plain component; [`FileError::NotFound`];
/// [`FileError::Denied`] where the operating system refuses the host; [`FileError::Refused`] where this facet does not
/// offer the operation; [`FileError::Membrane`] when the call does not get through a membrane.
///
/// # Examples
/// A guest's function needs nothing but the object:
/// ```
/// use std::sync::Arc;
/// use runtime::{Dir, EntryKind, FileError};
///
/// fn count_files(dir: &Arc<dyn Dir>) -> Result<usize, FileError> {
///     let mut count = 0;
///     for entry in dir.list()? {
///         count += usize::from(entry?.kind == EntryKind::File);
///     }
///     Ok(count)
/// }
/// # #[cfg(all(feature = "fs", unix))] {
/// # let place = tempfile::tempdir().unwrap();
/// # std::fs::write(place.path().join("a"), "").unwrap();
/// # std::os::unix::fs::symlink("a", place.path().join("link")).unwrap();
/// # let dir: Arc<dyn Dir> =
/// #     Arc::new(runtime::HostDir::open_ambient(place.path(), runtime::ambient_authority()).unwrap());
/// assert_eq!(count_files(&dir), Ok(1));
/// # }
/// ```
#[interface(dynamic)]
pub trait Dir {
    /// Lists the entries, in the order of the system, without `.` and `..`.
    ///
    /// The iterator reads as it goes: its size does not depend on the number of entries. What happens to the
    /// directory meanwhile may or may not be seen. Nothing follows an `Err`.
    fn list(&self) -> Result<Box<dyn Iterator<Item = Result<Entry, FileError>> + Send>, FileError>;

    /// Describes the entry `name`; a symbolic link is described itself.
    fn metadata(&self, name: Name) -> Result<Metadata, FileError>;

    /// Opens the directory `name`.
    ///
    /// # Errors
    /// [`FileError::NotADirectory`]; [`FileError::SymbolicLink`], even where it leads to a directory in this one.
    fn open_dir(&self, name: Name) -> Result<Arc<dyn Dir>, FileError>;

    /// Opens the regular file `name` for reading.
    ///
    /// # Errors
    /// [`FileError::IsADirectory`]; [`FileError::SymbolicLink`]; [`FileError::Special`] for a FIFO, a socket or a
    /// device: none of them is opened, and none of them can make the call wait.
    fn open_file(&self, name: Name) -> Result<Arc<dyn File>, FileError>;

    /// Opens the regular file `name` for reading and writing anywhere in it. The content stays until written over.
    ///
    /// # Errors
    /// As [`open_file`](Dir::open_file).
    fn open_write(&self, name: Name) -> Result<Arc<dyn File>, FileError>;

    /// Opens the regular file `name` for adding at its end, and for nothing else: it cannot be read, either.
    ///
    /// # Errors
    /// As [`open_file`](Dir::open_file).
    fn open_append(&self, name: Name) -> Result<Arc<dyn File>, FileError>;

    /// Creates the file `name` and opens it as [`open_write`](Dir::open_write) does, or, where this facet may only
    /// add, as [`open_append`](Dir::open_append) does.
    ///
    /// # Errors
    /// [`FileError::AlreadyExists`] if there is anything of that name, a dangling link included.
    fn create(&self, name: Name) -> Result<Arc<dyn File>, FileError>;

    /// Creates the directory `name`.
    ///
    /// # Errors
    /// [`FileError::AlreadyExists`].
    fn create_dir(&self, name: Name) -> Result<(), FileError>;

    /// Removes the entry `name`, unless it is a directory; of a symbolic link, the link.
    ///
    /// # Errors
    /// [`FileError::IsADirectory`].
    fn remove(&self, name: Name) -> Result<(), FileError>;

    /// Removes the empty directory `name`.
    ///
    /// # Errors
    /// [`FileError::NotEmpty`]; [`FileError::NotADirectory`].
    fn remove_dir(&self, name: Name) -> Result<(), FileError>;

    /// Renames the entry `from` to `to` in this directory. An entry `to` is replaced, in one step: this is how a file
    /// is saved so that nobody sees half of it.
    ///
    /// # Errors
    /// [`FileError::NotEmpty`], [`FileError::IsADirectory`] or [`FileError::NotADirectory`] if `to` cannot be
    /// replaced by `from`.
    fn rename(&self, from: Name, to: Name) -> Result<(), FileError>;
}
