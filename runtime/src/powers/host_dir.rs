//! A directory of the host's file system.
//!
//! Everything goes through a handle of cap-std: an entry is looked up in the handle, never by a path of the process, so
//! that renaming or replacing a directory above cannot redirect a call.
//!
//! Opening never checks a name and then uses it. An entry is opened without following links, and what the *handle*
//! turns out to be decides. Before that, the entry is looked at once for another reason: merely opening a FIFO wakes up
//! whoever waits at its other end, and merely opening a device can make it act. If an entry turns into one of these
//! between the look and the opening, it is opened without waiting, recognised, and closed unread; only someone with
//! authority over the directory outside this power can bring that about.

use std::{
    fmt, io,
    path::{Component, Path},
    sync::Arc,
};

pub use cap_std::{AmbientAuthority, ambient_authority};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{FileType, OpenOptions, ReadDir};
use rustix::io::Errno;

use super::{
    Dir, Entry, EntryKind, File, FileError, Metadata, Name, Rights,
    component::component,
    host_file::{HostFile, Mode},
};

/// A directory of the host's file system, as a power. Unix only, with the cargo feature `fs`.
///
/// # Authority
/// [`open_ambient`](HostDir::open_ambient) turns the authority of the process into an object; it takes an
/// [`AmbientAuthority`], so that the places which do can be found. The other constructors derive less from what there
/// is. The object names the directory itself, not its place: a directory that the host moves elsewhere stays open to
/// its holders. Quotas are not its business: a holder that may create can fill the disk.
///
/// # Examples
/// ```
/// use runtime::{Dir, FileError, HostDir, ambient_authority};
///
/// # let place = tempfile::tempdir().unwrap();
/// # let path = place.path();
/// let dir = HostDir::open_ambient(path, ambient_authority()).unwrap();
/// dir.create("a".into()).unwrap().write_at(0, b"one").unwrap();
///
/// let reader = dir.read_only().unwrap();
/// assert_eq!(reader.open_file("a".into()).unwrap().read_at(0, 10).unwrap(), b"one");
/// assert_eq!(reader.remove("a".into()), Err(FileError::Refused));
/// ```
pub struct HostDir {
    dir: Arc<cap_std::fs::Dir>,
    rights: Rights,
}

impl HostDir {
    /// Opens the directory at `path`, with all rights. Links in `path` are followed: it is the host's own path.
    ///
    /// # Authority
    /// Uses the authority of the process over its file system, and puts that over one directory into an object.
    ///
    /// # Errors
    /// Those of the system, whole: this end of the power belongs to the host.
    ///
    /// # Examples
    /// ```
    /// use runtime::{HostDir, ambient_authority};
    ///
    /// assert!(HostDir::open_ambient("/no/such/directory", ambient_authority()).is_err());
    /// assert!(HostDir::open_ambient(".", ambient_authority()).is_ok());
    /// ```
    pub fn open_ambient(path: impl AsRef<Path>, authority: AmbientAuthority) -> io::Result<Self> {
        cap_std::fs::Dir::open_ambient_dir(path, authority).map(Self::from)
    }

    /// What this facet offers.
    ///
    /// # Examples
    /// ```
    /// use runtime::{HostDir, Rights, ambient_authority};
    ///
    /// let dir = HostDir::open_ambient(".", ambient_authority()).unwrap();
    /// assert_eq!(dir.rights(), Rights::ALL);
    /// assert_eq!(dir.read_only().unwrap().rights(), Rights::READ);
    /// ```
    pub fn rights(&self) -> Rights {
        self.rights
    }

    /// A facet of this directory that offers `rights` only.
    ///
    /// # Errors
    /// [`FileError::Refused`] if this facet itself does not offer all of them.
    ///
    /// # Examples
    /// ```
    /// use runtime::{FileError, HostDir, Rights, ambient_authority};
    ///
    /// let dir = HostDir::open_ambient(".", ambient_authority()).unwrap();
    /// let log = dir.attenuate(Rights::READ | Rights::APPEND).unwrap();
    /// assert!(log.attenuate(Rights::READ).is_ok());
    /// assert_eq!(log.attenuate(Rights::ALL).err(), Some(FileError::Refused));
    /// ```
    pub fn attenuate(&self, rights: Rights) -> Result<Self, FileError> {
        self.need(rights)?;
        Ok(Self {
            dir: Arc::clone(&self.dir),
            rights,
        })
    }

    /// A facet that lists and reads, and changes nothing.
    ///
    /// # Errors
    /// [`FileError::Refused`] if this facet itself does not read.
    ///
    /// # Examples
    /// ```
    /// use runtime::{Dir, FileError, HostDir, ambient_authority};
    ///
    /// let dir = HostDir::open_ambient(".", ambient_authority()).unwrap().read_only().unwrap();
    /// assert!(dir.list().is_ok());
    /// assert_eq!(dir.create("new".into()).err(), Some(FileError::Refused));
    /// ```
    pub fn read_only(&self) -> Result<Self, FileError> {
        self.attenuate(Rights::READ)
    }

    /// A facet that creates files and directories and appends to files, and neither sees nor changes what was there.
    ///
    /// # Errors
    /// [`FileError::Refused`] if this facet itself does not append.
    ///
    /// # Examples
    /// ```
    /// use runtime::{Dir, FileError, HostDir, ambient_authority};
    ///
    /// # let place = tempfile::tempdir().unwrap();
    /// # let path = place.path();
    /// let dir = HostDir::open_ambient(path, ambient_authority()).unwrap().append_only().unwrap();
    /// let log = dir.create("log".into()).unwrap();
    /// log.append(b"one\n").unwrap();
    /// assert_eq!(log.write_at(0, b"two\n"), Err(FileError::Refused));
    /// assert_eq!(log.read_at(0, 4), Err(FileError::Refused));
    /// assert_eq!(dir.remove("log".into()), Err(FileError::Refused));
    /// ```
    pub fn append_only(&self) -> Result<Self, FileError> {
        self.attenuate(Rights::APPEND)
    }

    /// The directory at `path` below this one, with the same rights; an empty path is this directory.
    ///
    /// # Errors
    /// [`FileError::InvalidName`] if `path` is absolute or has `..` in it; otherwise as [`Dir::open_dir`], for each
    /// component in turn.
    ///
    /// # Examples
    /// ```
    /// use runtime::{Dir, FileError, HostDir, ambient_authority};
    ///
    /// # let place = tempfile::tempdir().unwrap();
    /// # std::fs::create_dir_all(place.path().join("plugins/weather")).unwrap();
    /// # let path = place.path();
    /// let dir = HostDir::open_ambient(path, ambient_authority()).unwrap();
    /// let weather = dir.subtree("plugins/weather").unwrap();
    /// assert_eq!(weather.list().unwrap().count(), 0);
    /// assert_eq!(weather.subtree("..").err(), Some(FileError::InvalidName));
    /// ```
    pub fn subtree(&self, path: impl AsRef<Path>) -> Result<Self, FileError> {
        let mut below = self.attenuate(self.rights)?;
        for part in path.as_ref().components() {
            below = match part {
                Component::CurDir => below,
                Component::Normal(name) => below.open_below(&name.into())?,
                Component::Prefix(_) | Component::RootDir | Component::ParentDir => {
                    return Err(FileError::InvalidName);
                }
            };
        }
        Ok(below)
    }

    fn need(&self, rights: Rights) -> Result<(), FileError> {
        if self.rights.contains(rights) {
            Ok(())
        } else {
            Err(FileError::Refused)
        }
    }

    fn open_below(&self, name: &Name) -> Result<Self, FileError> {
        let name = component(name)?;
        match self.dir.open_dir_nofollow(name) {
            Ok(dir) => Ok(Self {
                dir: Arc::new(dir),
                rights: self.rights,
            }),
            Err(error) => Err(match host_error(error) {
                // Systems call a link "not a directory" here. Looking again only words the refusal.
                FileError::NotADirectory if self.kind(name) == Ok(EntryKind::SymbolicLink) => {
                    FileError::SymbolicLink
                }
                error => error,
            }),
        }
    }

    fn kind(&self, name: &Path) -> Result<EntryKind, FileError> {
        self.dir
            .symlink_metadata(name)
            .map(|metadata| kind(metadata.file_type()))
            .map_err(host_error)
    }

    fn open_regular(&self, name: &Name, mode: Mode) -> Result<Arc<dyn File>, FileError> {
        let name = component(name)?;
        match self.kind(name)? {
            EntryKind::File => self.open(name, mode, false),
            EntryKind::Directory => Err(FileError::IsADirectory),
            EntryKind::SymbolicLink => Err(FileError::SymbolicLink),
            EntryKind::Other => Err(FileError::Special),
        }
    }

    fn open(&self, name: &Path, mode: Mode, create: bool) -> Result<Arc<dyn File>, FileError> {
        let mut options = OpenOptions::new();
        match mode {
            Mode::Read => options.read(true),
            Mode::ReadWrite => options.read(true).write(true),
            Mode::Append => options.append(true),
        };
        options
            .create_new(create)
            .follow(FollowSymlinks::No)
            .nonblock(true);
        let file = self.dir.open_with(name, &options).map_err(host_error)?;
        Ok(Arc::new(HostFile::new(file.into_std(), mode)?))
    }
}

impl Dir for HostDir {
    fn list(&self) -> Result<Box<dyn Iterator<Item = Result<Entry, FileError>> + Send>, FileError> {
        self.need(Rights::READ)?;
        Ok(Box::new(Entries {
            entries: Some(self.dir.entries().map_err(host_error)?),
        }))
    }

    fn metadata(&self, name: Name) -> Result<Metadata, FileError> {
        self.need(Rights::READ)?;
        let metadata = self
            .dir
            .symlink_metadata(component(&name)?)
            .map_err(host_error)?;
        Ok(Metadata {
            kind: kind(metadata.file_type()),
            len: metadata.len(),
            modified: metadata
                .modified()
                .ok()
                .map(cap_std::time::SystemTime::into_std),
        })
    }

    fn open_dir(&self, name: Name) -> Result<Arc<dyn Dir>, FileError> {
        Ok(Arc::new(self.open_below(&name)?))
    }

    fn open_file(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        self.need(Rights::READ)?;
        self.open_regular(&name, Mode::Read)
    }

    fn open_write(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        self.need(Rights::READ | Rights::CHANGE)?;
        self.open_regular(&name, Mode::ReadWrite)
    }

    fn open_append(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        self.need(Rights::APPEND)?;
        self.open_regular(&name, Mode::Append)
    }

    fn create(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        self.need(Rights::APPEND)?;
        let mode = if self.rights.contains(Rights::ALL) {
            Mode::ReadWrite
        } else {
            Mode::Append
        };
        self.open(component(&name)?, mode, true)
    }

    fn create_dir(&self, name: Name) -> Result<(), FileError> {
        self.need(Rights::APPEND)?;
        self.dir.create_dir(component(&name)?).map_err(host_error)
    }

    fn remove(&self, name: Name) -> Result<(), FileError> {
        self.need(Rights::CHANGE)?;
        self.dir.remove_file(component(&name)?).map_err(host_error)
    }

    fn remove_dir(&self, name: Name) -> Result<(), FileError> {
        self.need(Rights::CHANGE)?;
        self.dir.remove_dir(component(&name)?).map_err(host_error)
    }

    fn rename(&self, from: Name, to: Name) -> Result<(), FileError> {
        self.need(Rights::CHANGE)?;
        self.dir
            .rename(component(&from)?, &self.dir, component(&to)?)
            .map_err(host_error)
    }
}

/// A handle that the host opened by other means, with all rights.
impl From<cap_std::fs::Dir> for HostDir {
    fn from(dir: cap_std::fs::Dir) -> Self {
        Self {
            dir: Arc::new(dir),
            rights: Rights::ALL,
        }
    }
}

/// Shows the rights; the handle's own `Debug` would show the path.
impl fmt::Debug for HostDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostDir")
            .field("rights", &self.rights)
            .finish_non_exhaustive()
    }
}

/// The entries of one listing; `None` once it failed or ended, so that the handle is not kept for nothing.
struct Entries {
    entries: Option<ReadDir>,
}

impl Iterator for Entries {
    type Item = Result<Entry, FileError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.entries.as_mut()?.next() {
            Some(Ok(entry)) => {
                let kind = match entry.file_type() {
                    Ok(known) if known != FileType::unknown() => kind(known),
                    // Some file systems do not say in the listing.
                    _ => entry
                        .metadata()
                        .map_or(EntryKind::Other, |metadata| kind(metadata.file_type())),
                };
                Some(Ok(Entry {
                    name: entry.file_name().into(),
                    kind,
                }))
            }
            Some(Err(error)) => {
                self.entries = None;
                Some(Err(host_error(error)))
            }
            None => {
                self.entries = None;
                None
            }
        }
    }
}

fn kind(file_type: FileType) -> EntryKind {
    if file_type.is_file() {
        EntryKind::File
    } else if file_type.is_dir() {
        EntryKind::Directory
    } else if file_type.is_symlink() {
        EntryKind::SymbolicLink
    } else {
        EntryKind::Other
    }
}

/// Keeps the kind of `error`, with the ones that `io::ErrorKind` has no stable name for.
pub(super) fn host_error(error: io::Error) -> FileError {
    match Errno::from_io_error(&error) {
        Some(Errno::LOOP) => FileError::SymbolicLink,
        Some(Errno::NXIO | Errno::NODEV) => FileError::Special,
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) => FileError::Exhausted,
        _ => error.into(),
    }
}
