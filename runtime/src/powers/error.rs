//! Why a call on a directory or a file failed.
//!
//! An error is a message across a boundary: it holds a kind and nothing of the host, no text and no path. An
//! implementation that wants the whole cause kept does so on its own side, before it converts.

use std::{error, fmt, io};

use membrane::{Error, Passable};

use crate::Dynamic;

/// Why a call on a [`Dir`](crate::Dir) or a [`File`](crate::File) failed.
///
/// # Examples
/// An implementation converts what the system said; the text stays behind:
/// ```
/// use std::io;
/// use runtime::FileError;
///
/// let cause = io::Error::new(io::ErrorKind::NotFound, "/home/alice/secret: not there");
/// let error = FileError::from(cause);
/// assert_eq!(error, FileError::NotFound);
/// assert_eq!(error.to_string(), "no such file or directory");
/// ```
#[derive(Passable, Dynamic, Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// The call did not get through the membrane: refused, revoked, or the target failed.
    Membrane(Error),
    /// This facet of the directory or file does not offer the operation.
    Refused,
    /// The name is not one plain component.
    InvalidName,
    /// The name is a symbolic link, which is never followed.
    SymbolicLink,
    /// Neither a regular file nor a directory: a FIFO, a socket or a device, which is never opened.
    Special,
    /// Nothing has that name.
    NotFound,
    /// Something has that name already.
    AlreadyExists,
    /// The operation needs a directory.
    NotADirectory,
    /// The operation needs something other than a directory.
    IsADirectory,
    /// The directory still has entries.
    NotEmpty,
    /// The operating system does not let the host do this.
    Denied,
    /// The file system cannot be written.
    ReadOnly,
    /// More than one call may transfer, or than a file can hold.
    TooLarge,
    /// No space is left, or a quota is used up.
    Full,
    /// Someone else uses it, so that the operation would have to wait.
    Busy,
    /// The host has no handle, or no memory, left for this.
    Exhausted,
    /// The system does not have this operation for this object.
    Unsupported,
    /// Anything else: the error number of the system, or 0 if it gave none.
    Other(i32),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Membrane(error) => return fmt::Display::fmt(error, f),
            Self::Refused => "not offered by this facet",
            Self::InvalidName => "not a plain name",
            Self::SymbolicLink => "a symbolic link, which is not followed",
            Self::Special => "neither a regular file nor a directory",
            Self::NotFound => "no such file or directory",
            Self::AlreadyExists => "exists already",
            Self::NotADirectory => "not a directory",
            Self::IsADirectory => "is a directory",
            Self::NotEmpty => "directory not empty",
            Self::Denied => "denied by the operating system",
            Self::ReadOnly => "read-only file system",
            Self::TooLarge => "too large",
            Self::Full => "no space left",
            Self::Busy => "in use",
            Self::Exhausted => "host resources exhausted",
            Self::Unsupported => "not supported",
            Self::Other(0) => "input/output error",
            Self::Other(number) => return write!(f, "input/output error {number}"),
        })
    }
}

impl error::Error for FileError {}

impl From<Error> for FileError {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

/// Keeps the kind, drops the text.
impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::NotFound => Self::NotFound,
            Kind::PermissionDenied => Self::Denied,
            Kind::AlreadyExists => Self::AlreadyExists,
            Kind::NotADirectory => Self::NotADirectory,
            Kind::IsADirectory => Self::IsADirectory,
            Kind::DirectoryNotEmpty => Self::NotEmpty,
            Kind::ReadOnlyFilesystem => Self::ReadOnly,
            Kind::FileTooLarge => Self::TooLarge,
            Kind::StorageFull | Kind::QuotaExceeded => Self::Full,
            Kind::WouldBlock | Kind::ResourceBusy | Kind::ExecutableFileBusy | Kind::Deadlock => {
                Self::Busy
            }
            Kind::OutOfMemory => Self::Exhausted,
            Kind::InvalidFilename => Self::InvalidName,
            Kind::Unsupported => Self::Unsupported,
            _ => Self::Other(error.raw_os_error().unwrap_or(0)),
        }
    }
}
