//! Names: single components.

use std::{ffi::OsStr, path::Path};

use super::FileError;

/// Returns `name` as a path of exactly one component that is an entry's own name.
pub(super) fn component(name: &OsStr) -> Result<&Path, FileError> {
    let bytes = name.as_encoded_bytes();
    let plain =
        !matches!(bytes, b"" | b"." | b"..") && !bytes.iter().any(|byte| matches!(byte, b'/' | 0));
    if plain {
        Ok(Path::new(name))
    } else {
        Err(FileError::InvalidName)
    }
}
