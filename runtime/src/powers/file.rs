//! The interface of an open file.

use membrane::interface;

use super::FileError;

/// The most bytes that one call reads or writes: 1 MiB. It bounds what one call can make the host allocate.
pub const MAX_TRANSFER_BYTES: u32 = 1 << 20;

/// An open file.
///
/// There is no position: each call says where. Calls may run at the same time; the system orders them.
///
/// # Authority
/// How the file was opened decides which methods it has: [`Dir::open_file`](crate::Dir::open_file) reads,
/// [`open_write`](crate::Dir::open_write) reads and writes, [`open_append`](crate::Dir::open_append) appends. The
/// object names the file itself, not its place: it goes on to work when the file is renamed or removed.
///
/// # Errors
/// Every method: [`FileError::Refused`] where the file was not opened for it; [`FileError::Membrane`] when the call
/// does not get through a membrane.
///
/// # Examples
/// Reading to the end takes no length, which may change meanwhile:
/// ```
/// use std::sync::Arc;
/// use runtime::{File, FileError};
///
/// fn newlines(file: &Arc<dyn File>) -> Result<usize, FileError> {
///     let (mut offset, mut newlines) = (0, 0);
///     loop {
///         let block = file.read_at(offset, 64 * 1024)?;
///         if block.is_empty() {
///             return Ok(newlines);
///         }
///         newlines += block.iter().filter(|&&byte| byte == b'\n').count();
///         offset += block.len() as u64;
///     }
/// }
/// # #[cfg(all(feature = "fs", unix))] {
/// # use runtime::Dir;
/// # let place = tempfile::tempdir().unwrap();
/// # std::fs::write(place.path().join("a"), "1\n2\n3").unwrap();
/// # let dir = runtime::HostDir::open_ambient(place.path(), runtime::ambient_authority()).unwrap();
/// # let file = dir.open_file("a".into()).unwrap();
/// assert_eq!(newlines(&file), Ok(2));
/// # }
/// ```
#[allow(
    clippy::len_without_is_empty,
    reason = "one call would not save the other: both can fail"
)]
#[interface(dynamic)]
pub trait File {
    /// The length in bytes, now. Every file has this method, however it was opened.
    fn len(&self) -> Result<u64, FileError>;

    /// Reads up to `len` bytes at `offset`. Fewer come only at the end of the file, and none from there on.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] if `len` is more than [`MAX_TRANSFER_BYTES`].
    fn read_at(&self, offset: u64, len: u32) -> Result<Vec<u8>, FileError>;

    /// Writes all of `data` at `offset`. A gap between the end of the file and `offset` reads as zeros.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] if `data` is more than [`MAX_TRANSFER_BYTES`] or the file would become larger than
    /// the system can have it. After [`FileError::Full`] or an error of the device, part of `data` may be written.
    fn write_at(&self, offset: u64, data: &[u8]) -> Result<(), FileError>;

    /// Adds all of `data` at the end, wherever that is by then: two that append do not overwrite each other.
    ///
    /// # Errors
    /// As [`write_at`](File::write_at).
    fn append(&self, data: &[u8]) -> Result<(), FileError>;

    /// Makes the file `len` bytes long: cuts it off, or fills it up with zeros.
    ///
    /// # Errors
    /// [`FileError::TooLarge`] if the system cannot have a file that large.
    fn truncate(&self, len: u64) -> Result<(), FileError>;

    /// Returns when the content is on the device, as far as the system can tell.
    fn sync(&self) -> Result<(), FileError>;
}
