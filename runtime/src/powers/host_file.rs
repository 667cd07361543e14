//! A file of the host's file system.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::FileExt,
    sync::{Mutex, PoisonError},
};

use rustix::{
    buffer::spare_capacity,
    io::Errno,
    process::{Resource, getrlimit},
};

use super::{File, FileError, MAX_TRANSFER_BYTES, host_dir::host_error};

/// The largest offset that the system's calls take.
const MAX_OFFSET: u64 = i64::MAX.cast_unsigned();

/// What a file was opened for. The handle is opened for no more than that, so that the system refuses, too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    ReadWrite,
    Append,
}

/// A regular file, opened for `mode`.
pub(super) struct HostFile {
    file: fs::File,
    mode: Mode,
}

impl HostFile {
    /// Takes a handle that was opened without waiting and without following links, if it is one of a regular file.
    pub(super) fn new(file: fs::File, mode: Mode) -> Result<Self, FileError> {
        let file_type = file.metadata().map_err(host_error)?.file_type();
        if file_type.is_file() {
            Ok(Self { file, mode })
        } else if file_type.is_dir() {
            Err(FileError::IsADirectory)
        } else {
            Err(FileError::Special)
        }
    }

    fn need(&self, modes: &[Mode]) -> Result<(), FileError> {
        if modes.contains(&self.mode) {
            Ok(())
        } else {
            Err(FileError::Refused)
        }
    }
}

impl File for HostFile {
    fn len(&self) -> Result<u64, FileError> {
        Ok(self.file.metadata().map_err(host_error)?.len())
    }

    fn read_at(&self, offset: u64, len: u32) -> Result<Vec<u8>, FileError> {
        self.need(&[Mode::Read, Mode::ReadWrite])?;
        if len > MAX_TRANSFER_BYTES {
            return Err(FileError::TooLarge);
        }
        // No file has a byte beyond: the system would call such an offset an error.
        let wanted = u64::from(len).min(MAX_OFFSET.saturating_sub(offset));
        let wanted = usize::try_from(wanted).map_err(|_| FileError::TooLarge)?;
        // Reserved, not touched: only what is read becomes memory in use.
        let mut data = Vec::with_capacity(wanted);
        while data.len() < wanted {
            let at = offset + data.len() as u64;
            match rustix::io::pread(&self.file, spare_capacity(&mut data), at) {
                Ok(0) => break,
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(host_error(error.into())),
            }
        }
        data.truncate(wanted);
        data.shrink_to_fit();
        Ok(data)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> Result<(), FileError> {
        self.need(&[Mode::ReadWrite])?;
        let end = offset.saturating_add(transferable(data)?);
        if end > MAX_OFFSET {
            return Err(FileError::TooLarge);
        }
        within_limit(
            || Ok(end),
            || self.file.write_all_at(data, offset).map_err(write_error),
        )
    }

    fn append(&self, data: &[u8]) -> Result<(), FileError> {
        self.need(&[Mode::Append])?;
        let count = transferable(data)?;
        within_limit(
            || Ok(self.len()?.saturating_add(count)),
            || (&self.file).write_all(data).map_err(write_error),
        )
    }

    fn truncate(&self, len: u64) -> Result<(), FileError> {
        self.need(&[Mode::ReadWrite])?;
        if len > MAX_OFFSET {
            return Err(FileError::TooLarge);
        }
        within_limit(|| Ok(len), || self.file.set_len(len).map_err(write_error))
    }

    fn sync(&self) -> Result<(), FileError> {
        self.file.sync_all().map_err(host_error)
    }
}

/// Runs `write`, unless the file would then end beyond what the process may write: the system answers that with a signal
/// (`SIGXFSZ`) which ends the process, unless somebody has asked it not to.
///
/// Where there is a limit, one write runs at a time: another one might make the file longer in between.
fn within_limit<R>(
    end: impl FnOnce() -> Result<u64, FileError>,
    write: impl FnOnce() -> Result<R, FileError>,
) -> Result<R, FileError> {
    static WRITING: Mutex<()> = Mutex::new(());
    let Some(limit) = getrlimit(Resource::Fsize).current else {
        return write();
    };
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    // Also what makes the file shorter and leaves it beyond the limit: it may be shorter still by the time of the write.
    if end()? > limit {
        return Err(FileError::TooLarge);
    }
    write()
}

fn transferable(data: &[u8]) -> Result<u64, FileError> {
    match u32::try_from(data.len()) {
        Ok(len) if len <= MAX_TRANSFER_BYTES => Ok(u64::from(len)),
        _ => Err(FileError::TooLarge),
    }
}

fn write_error(error: io::Error) -> FileError {
    match error.kind() {
        // What `write_all` makes of a device that takes nothing.
        io::ErrorKind::WriteZero => FileError::Full,
        _ => host_error(error),
    }
}
