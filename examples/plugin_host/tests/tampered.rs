//! A directory with which something is wrong.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    sync::Arc,
};

use runtime::{Dir, Entry, File, FileError, Metadata};

use super::lent;

/// A directory that adds something to every call of the one within.
pub(super) struct Tampered<F> {
    dir: Arc<dyn Dir>,
    before: Arc<F>,
}

pub(super) fn tampered<F>(path: &Path, before: F) -> Arc<dyn Dir>
where
    F: Fn(&str, &OsStr) -> Result<(), FileError> + Send + Sync + 'static,
{
    Arc::new(Tampered {
        dir: lent(path),
        before: Arc::new(before),
    })
}

impl<F: Fn(&str, &OsStr) -> Result<(), FileError> + Send + Sync + 'static> Dir for Tampered<F> {
    fn list(&self) -> Result<Box<dyn Iterator<Item = Result<Entry, FileError>> + Send>, FileError> {
        (self.before)("list", OsStr::new(""))?;
        let before = self.before.clone();
        Ok(Box::new(self.dir.list()?.map(move |entry| {
            let entry = entry?;
            before("next", &entry.name)?;
            Ok(entry)
        })))
    }
    fn metadata(&self, name: OsString) -> Result<Metadata, FileError> {
        self.dir.metadata(name)
    }
    fn open_dir(&self, name: OsString) -> Result<Arc<dyn Dir>, FileError> {
        (self.before)("open_dir", &name)?;
        Ok(Arc::new(Self {
            dir: self.dir.open_dir(name)?,
            before: self.before.clone(),
        }))
    }
    fn open_file(&self, name: OsString) -> Result<Arc<dyn File>, FileError> {
        (self.before)("open_file", &name)?;
        self.dir.open_file(name)
    }
    fn open_write(&self, name: OsString) -> Result<Arc<dyn File>, FileError> {
        self.dir.open_write(name)
    }
    fn open_append(&self, name: OsString) -> Result<Arc<dyn File>, FileError> {
        self.dir.open_append(name)
    }
    fn create(&self, name: OsString) -> Result<Arc<dyn File>, FileError> {
        self.dir.create(name)
    }
    fn create_dir(&self, name: OsString) -> Result<(), FileError> {
        self.dir.create_dir(name)
    }
    fn remove(&self, name: OsString) -> Result<(), FileError> {
        self.dir.remove(name)
    }
    fn remove_dir(&self, name: OsString) -> Result<(), FileError> {
        self.dir.remove_dir(name)
    }
    fn rename(&self, from: OsString, to: OsString) -> Result<(), FileError> {
        self.dir.rename(from, to)
    }
}
