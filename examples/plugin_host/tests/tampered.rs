//! A directory with which something is wrong.

use std::{path::Path, sync::Arc};

use runtime::{Dir, Entry, File, FileError, Metadata, Name};

use super::lent;

/// A directory that adds something to every call of the one within.
pub(super) struct Tampered<F> {
    dir: Arc<dyn Dir>,
    before: Arc<F>,
}

pub(super) fn tampered<F>(path: &Path, before: F) -> Arc<dyn Dir>
where
    F: Fn(&str, &Name) -> Result<(), FileError> + Send + Sync + 'static,
{
    Arc::new(Tampered {
        dir: lent(path),
        before: Arc::new(before),
    })
}

impl<F: Fn(&str, &Name) -> Result<(), FileError> + Send + Sync + 'static> Dir for Tampered<F> {
    fn list(&self) -> Result<Box<dyn Iterator<Item = Result<Entry, FileError>> + Send>, FileError> {
        (self.before)("list", &Name::from(""))?;
        let before = self.before.clone();
        Ok(Box::new(self.dir.list()?.map(move |entry| {
            let entry = entry?;
            before("next", &entry.name)?;
            Ok(entry)
        })))
    }
    fn metadata(&self, name: Name) -> Result<Metadata, FileError> {
        self.dir.metadata(name)
    }
    fn open_dir(&self, name: Name) -> Result<Arc<dyn Dir>, FileError> {
        (self.before)("open_dir", &name)?;
        Ok(Arc::new(Self {
            dir: self.dir.open_dir(name)?,
            before: self.before.clone(),
        }))
    }
    fn open_file(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        (self.before)("open_file", &name)?;
        self.dir.open_file(name)
    }
    fn open_write(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        self.dir.open_write(name)
    }
    fn open_append(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        self.dir.open_append(name)
    }
    fn create(&self, name: Name) -> Result<Arc<dyn File>, FileError> {
        self.dir.create(name)
    }
    fn create_dir(&self, name: Name) -> Result<(), FileError> {
        self.dir.create_dir(name)
    }
    fn remove(&self, name: Name) -> Result<(), FileError> {
        self.dir.remove(name)
    }
    fn remove_dir(&self, name: Name) -> Result<(), FileError> {
        self.dir.remove_dir(name)
    }
    fn rename(&self, from: Name, to: Name) -> Result<(), FileError> {
        self.dir.rename(from, to)
    }
}
