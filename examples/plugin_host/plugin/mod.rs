//! The plugin. It is not trusted: it has one `Arc<dyn Dir>`, and the host believes nothing that it says.
//!
//! It counts what it finds, and then tries what it should not be able to do.

mod overreach;
mod walk;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use membrane::Error;
use runtime::{Dir, EntryKind, FileError};

use crate::progress::{Progress, Snapshot};
use walk::{Place, Visitor};

pub(crate) use overreach::Attempt;
#[cfg(test)]
pub(crate) use walk::OPEN_LEVELS;

/// The bytes asked for at once.
const BLOCK_BYTES: u32 = 256 * 1024;
/// How many of the entries that could not be read are kept by name; all are counted.
const MAX_NAMED: usize = 10_000;

/// What the plugin is to its host: something that was given a directory.
pub(crate) struct Plugin {
    dir: Arc<dyn Dir>,
    count: Arc<Count>,
}

impl Plugin {
    pub(crate) fn new(dir: Arc<dyn Dir>) -> Self {
        Self {
            dir,
            count: Arc::default(),
        }
    }

    /// The callback object: by it the host asks how far the plugin is.
    pub(crate) fn progress(&self) -> Arc<dyn Progress> {
        self.count.clone()
    }

    /// Walks the whole tree and reads every file in it, as long as it is let.
    pub(crate) fn survey(&self) -> Survey {
        *self.count.snapshot() = Snapshot::default();
        let mut surveyor = Surveyor {
            count: &self.count,
            survey: Survey::default(),
        };
        let cut = walk::walk(&self.dir, &mut surveyor).err();
        Survey {
            counted: *self.count.snapshot(),
            cut,
            ..surveyor.survey
        }
    }

    /// Tries once more to list the directory.
    pub(crate) fn touch(&self) -> Result<(), FileError> {
        self.dir.list().map(drop)
    }

    /// Tries what it was not lent the directory for.
    pub(crate) fn overreach(&self, survey: &Survey) -> Vec<Attempt> {
        overreach::overreach(&self.dir, survey)
    }
}

/// What the plugin found.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// `files` has those that could not be read, too; `bytes` and `lines` have not.
    pub(crate) counted: Snapshot,
    /// By bytes; of several the first, in the order of the paths' bytes.
    pub(crate) largest: Option<(PathBuf, u64)>,
    pub(crate) links: u64,
    /// FIFOs, sockets and devices.
    pub(crate) special: u64,
    pub(crate) unreadable: Unreadable,
    /// Something to overreach with.
    pub(crate) some_file: Option<PathBuf>,
    pub(crate) some_link: Option<PathBuf>,
    /// What ended the walk before its time.
    pub(crate) cut: Option<FileError>,
}

/// What could not be read.
#[derive(Debug, Default)]
pub(crate) struct Unreadable {
    pub(crate) files: u64,
    pub(crate) directories: u64,
    /// Those met first. The path of a directory ends in a separator.
    pub(crate) named: Vec<(PathBuf, FileError)>,
}

impl Unreadable {
    fn name(&mut self, path: impl FnOnce() -> PathBuf, error: FileError) {
        if self.named.len() < MAX_NAMED {
            self.named.push((path(), error));
        }
    }
}

/// The numbers while they grow. The host asks for them from its own thread.
#[derive(Default)]
struct Count(Mutex<Snapshot>);

impl Count {
    fn snapshot(&self) -> std::sync::MutexGuard<'_, Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Count {
    fn report(&self) -> Result<Snapshot, Error> {
        Ok(*self.snapshot())
    }
}

struct Surveyor<'a> {
    count: &'a Count,
    survey: Survey,
}

impl Visitor for Surveyor<'_> {
    fn file(&mut self, dir: &dyn Dir, place: &Place<'_>) -> Result<(), FileError> {
        let read = read(dir, place);
        let mut counted = self.count.snapshot();
        match read {
            Ok((bytes, lines)) => {
                counted.files += 1;
                counted.bytes = counted.bytes.saturating_add(bytes);
                counted.lines = counted.lines.saturating_add(lines);
                drop(counted);
                let survey = &mut self.survey;
                let larger = survey.largest.as_ref().is_none_or(|(path, most)| {
                    bytes > *most || bytes == *most && in_order(&place.path(), path)
                });
                if larger {
                    survey.largest = Some((place.path(), bytes));
                }
                survey.some_file.get_or_insert_with(|| place.path());
                Ok(())
            }
            // It was removed after it had been listed.
            Err(FileError::NotFound) => Ok(()),
            Err(error @ FileError::Membrane(_)) => Err(error),
            Err(error) => {
                counted.files += 1;
                self.survey.unreadable.files += 1;
                self.survey.unreadable.name(|| place.path(), error);
                Ok(())
            }
        }
    }

    fn other(&mut self, kind: EntryKind, place: &Place<'_>) {
        if kind == EntryKind::SymbolicLink {
            self.survey.links += 1;
            self.survey.some_link.get_or_insert_with(|| place.path());
        } else {
            self.survey.special += 1;
        }
    }

    fn unreadable(&mut self, place: &Place<'_>, error: FileError) {
        self.survey.unreadable.directories += 1;
        self.survey.unreadable.name(|| place.path().join(""), error);
    }
}

/// Whether `a` comes before `b` by their bytes, as `LC_ALL=C sort` has it.
fn in_order(a: &Path, b: &Path) -> bool {
    a.as_os_str().as_encoded_bytes() < b.as_os_str().as_encoded_bytes()
}

/// The bytes and the newlines of the file at `place`.
fn read(dir: &dyn Dir, place: &Place<'_>) -> Result<(u64, u64), FileError> {
    let file = dir.open_file(place.name())?;
    // One byte more than there seems to be: a small file then takes one call, since a short answer is the end.
    let len = file.len()?.saturating_add(1);
    let mut block = u32::try_from(len).unwrap_or(BLOCK_BYTES).min(BLOCK_BYTES);
    let (mut bytes, mut lines) = (0, 0);
    loop {
        let data = file.read_at(bytes, block)?;
        bytes += data.len() as u64;
        lines += newlines(&data);
        if data.len() < block as usize {
            return Ok((bytes, lines));
        }
        block = BLOCK_BYTES;
    }
}

/// Counted by the byte, so that the compiler can do many at once.
fn newlines(data: &[u8]) -> u64 {
    let in_chunk = |chunk: &[u8]| {
        chunk
            .iter()
            .map(|&byte| u8::from(byte == b'\n'))
            .sum::<u8>()
    };
    data.chunks(usize::from(u8::MAX))
        .map(|chunk| u64::from(in_chunk(chunk)))
        .sum()
}
