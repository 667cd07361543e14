//! Counts what a walk meets.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use membrane::Error;
use runtime::{Dir, EntryKind, FileError};

use crate::{
    Progress, Snapshot, Survey,
    walk::{self, Place, Visitor},
};

/// The bytes asked for at once.
const BLOCK_BYTES: u32 = 256 * 1024;

/// Walks the whole tree and reads every file in it, as long as it is let.
pub(crate) fn survey(dir: &Arc<dyn Dir>, count: &Count) -> Survey {
    *count.snapshot() = Snapshot::default();
    let mut surveyor = Surveyor {
        count,
        survey: Survey::default(),
    };
    let cut = walk::walk(dir, &mut surveyor).err();
    let cut = cut.map(|error| error.to_string());
    Survey {
        counted: *count.snapshot(),
        cut,
        ..surveyor.survey
    }
}

/// The numbers while they grow. The host asks for them while a call to it is running: no lock is held then.
#[derive(Default)]
pub(crate) struct Count(Mutex<Snapshot>);

impl Count {
    fn snapshot(&self) -> MutexGuard<'_, Snapshot> {
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
                    bytes > *most || bytes == *most && place.path() < *path
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
        self.survey.unreadable.name(
            || {
                let mut path = place.path();
                // The root has an empty path, and no separator.
                if !path.is_empty() {
                    path.push(b'/');
                }
                path
            },
            error,
        );
    }
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
