//! The check that a name is a single component. The holder of a directory is hostile: what it passes is any bytes.

use std::path::Path;

use super::{FileError, Name};

/// Returns `name` as a path of exactly one component that is an entry's own name.
pub(super) fn component(name: &Name) -> Result<&Path, FileError> {
    let bytes = name.as_bytes();
    let plain =
        !matches!(bytes, b"" | b"." | b"..") && !bytes.iter().any(|byte| matches!(byte, b'/' | 0));
    if plain {
        Ok(Path::new(name.as_os_str()))
    } else {
        Err(FileError::InvalidName)
    }
}
