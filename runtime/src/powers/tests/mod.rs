//! The directory and file power against a real file system: what it does, and what it refuses.

mod facets;
mod files;
mod links;
mod names;
mod races;

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use tempfile::TempDir;

use super::{Dir, EntryKind, File, FileError, HostDir, Name, ambient_authority};

/// A directory `lent`, with `outside` beside it.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(root.path().join("lent")).expect("a new directory");
        fs::create_dir(root.path().join("outside")).expect("a new directory");
        fs::write(root.path().join("outside/secret"), "secret").expect("a new file");
        Self { root }
    }

    /// The host's own path of something that is lent.
    fn path(&self, below: &str) -> PathBuf {
        self.root.path().join("lent").join(below)
    }

    fn write(&self, below: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(below), content).expect("a new file");
    }

    fn mkdir(&self, below: &str) {
        fs::create_dir_all(self.path(below)).expect("a new directory");
    }

    fn link(&self, to: &str, below: &str) {
        std::os::unix::fs::symlink(to, self.path(below)).expect("a new link");
    }

    fn fifo(&self, below: &str) {
        use rustix::fs::{CWD, Mode, mkfifoat};
        mkfifoat(CWD, self.path(below), Mode::RWXU).expect("a new FIFO");
    }

    fn open(&self) -> HostDir {
        HostDir::open_ambient(self.path(""), ambient_authority()).expect("a directory")
    }

    fn secret(&self) -> Vec<u8> {
        fs::read(self.root.path().join("outside/secret")).expect("it is never removed")
    }
}

fn listed(dir: &dyn Dir) -> BTreeMap<Name, EntryKind> {
    dir.list()
        .unwrap()
        .map(|entry| entry.map(|entry| (entry.name, entry.kind)).unwrap())
        .collect()
}

fn content(file: &Arc<dyn File>) -> Result<Vec<u8>, FileError> {
    file.read_at(0, super::MAX_TRANSFER_BYTES)
}

/// Every way of opening a file that exists.
type Open = fn(&HostDir, Name) -> Result<Arc<dyn File>, FileError>;
const OPENINGS: [(&str, Open); 3] = [
    ("open_file", Dir::open_file),
    ("open_write", Dir::open_write),
    ("open_append", Dir::open_append),
];
