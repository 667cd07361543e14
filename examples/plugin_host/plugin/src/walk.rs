//! Walks a tree of any size and depth in little memory and with few handles.
//!
//! Depth first, without recursion. Along the current path the listings are open: an entry is visited as it is read, and a
//! directory is opened when it is entered. So neither the number of files nor that of directories beside each other
//! matters.
//!
//! That alone would take handles in proportion to the depth. Hence only the innermost [`OPEN_LEVELS`] levels are open.
//! When one more is entered, the outermost of them is *parked*: the rest of its listing is read, files are visited at
//! once, and of its directories the names are kept. It does not matter whether a directory would list itself in the same
//! order again. When the walk comes back to a parked level that has names left, the directories down to it are opened
//! again by name, and the innermost of these stay open.
//!
//! So memory is bounded by the depth, and in trees deeper than [`OPEN_LEVELS`] also by the names of the directories
//! directly in parked ones. A directory that cannot be opened again, since someone moved it, counts as unreadable.

use std::{mem, sync::Arc};

use runtime::{Dir, Entry, EntryKind, FileError, Name};

/// How many levels are open at once. Each takes up to three handles of the host: the directory's, and the listing's two.
pub const OPEN_LEVELS: usize = 16;

type Listing = Box<dyn Iterator<Item = Result<Entry, FileError>> + Send>;

/// What is told of the tree.
pub(crate) trait Visitor {
    /// A regular file, in `dir`. An error ends the walk.
    fn file(&mut self, dir: &dyn Dir, place: &Place<'_>) -> Result<(), FileError>;
    /// Anything else that is no directory.
    fn other(&mut self, kind: EntryKind, place: &Place<'_>);
    /// A directory that could not be read, or not to its end.
    fn unreadable(&mut self, place: &Place<'_>, error: FileError);
}

/// A place in the tree. Its path is put together only when it is wanted.
pub(crate) struct Place<'a> {
    levels: &'a [Level],
    name: Name,
}

impl Place<'_> {
    pub(crate) fn name(&self) -> Name {
        self.name.clone()
    }

    pub(crate) fn path(&self) -> Vec<u8> {
        let mut path = Vec::new();
        let levels = self.levels.iter().map(|level| &level.name);
        for name in levels.chain([&self.name]) {
            // The name of the root is empty.
            if !path.is_empty() {
                path.push(b'/');
            }
            path.extend_from_slice(name.as_bytes());
        }
        path
    }
}

/// A directory on the current path.
struct Level {
    /// Empty for the root.
    name: Name,
    rest: Rest,
}

/// What of a directory is still to be visited.
enum Rest {
    Listing {
        dir: Arc<dyn Dir>,
        listing: Listing,
    },
    /// Directories in a level that was parked; `dir` if it was opened again.
    Names {
        dir: Option<Arc<dyn Dir>>,
        names: Vec<Name>,
    },
}

/// Visits everything below `root`. Ends with an error of the membrane's, and with no other.
pub(crate) fn walk(root: &Arc<dyn Dir>, visitor: &mut impl Visitor) -> Result<(), FileError> {
    let mut walk = Walk {
        root,
        levels: Vec::new(),
        visitor,
    };
    walk.enter(Name::from(""), Ok(root.clone()))?;
    while let Some(level) = walk.levels.last_mut() {
        match &mut level.rest {
            Rest::Listing { dir, listing } => match listing.next() {
                Some(Ok(Entry {
                    name,
                    kind: EntryKind::Directory,
                })) => {
                    let opened = dir.open_dir(name.clone());
                    walk.enter(name, opened)?;
                }
                Some(Ok(entry)) => {
                    let dir = dir.clone();
                    walk.visit(walk.levels.len() - 1, &dir, entry)?;
                }
                Some(Err(error)) => walk.leave(Some(error))?,
                None => walk.leave(None)?,
            },
            Rest::Names { dir, names } => match (names.pop(), dir) {
                (Some(name), Some(dir)) => {
                    let opened = dir.open_dir(name.clone());
                    walk.enter(name, opened)?;
                }
                (Some(name), None) => match walk.reopen() {
                    Ok(dir) => walk.enter(name.clone(), dir.open_dir(name))?,
                    Err(error) => walk.leave(Some(error))?,
                },
                (None, _) => walk.leave(None)?,
            },
        }
    }
    Ok(())
}

struct Walk<'a, V> {
    root: &'a Arc<dyn Dir>,
    levels: Vec<Level>,
    visitor: &'a mut V,
}

impl<V: Visitor> Walk<'_, V> {
    /// Enters the directory `name` of the innermost level.
    fn enter(
        &mut self,
        name: Name,
        opened: Result<Arc<dyn Dir>, FileError>,
    ) -> Result<(), FileError> {
        match opened.and_then(|dir| Ok((dir.list()?, dir))) {
            Ok((listing, dir)) => {
                self.levels.push(Level {
                    name,
                    rest: Rest::Listing { dir, listing },
                });
                match self.levels.len().checked_sub(OPEN_LEVELS + 1) {
                    Some(outermost) => self.park(outermost),
                    None => Ok(()),
                }
            }
            // It was removed after it had been listed.
            Err(FileError::NotFound) => Ok(()),
            Err(error) => self.unreadable(self.levels.len(), name, error),
        }
    }

    /// Leaves the innermost level, because of `error` if there is one.
    fn leave(&mut self, error: Option<FileError>) -> Result<(), FileError> {
        let left = self
            .levels
            .pop()
            .map_or_else(|| Name::from(""), |level| level.name);
        error.map_or(Ok(()), |error| {
            self.unreadable(self.levels.len(), left, error)
        })
    }

    /// Closes a level, and keeps what is left of it by name.
    fn park(&mut self, depth: usize) -> Result<(), FileError> {
        let parked = Rest::Names {
            dir: None,
            names: Vec::new(),
        };
        let kept = match mem::replace(&mut self.levels[depth].rest, parked) {
            Rest::Names { names, .. } => names,
            Rest::Listing { dir, listing } => {
                let mut kept = Vec::new();
                for entry in listing {
                    match entry {
                        Ok(Entry {
                            name,
                            kind: EntryKind::Directory,
                        }) => kept.push(name),
                        Ok(entry) => self.visit(depth, &dir, entry)?,
                        Err(error) => {
                            self.unreadable(depth, self.levels[depth].name.clone(), error)?;
                        }
                    }
                }
                kept
            }
        };
        self.levels[depth].rest = Rest::Names {
            dir: None,
            names: kept,
        };
        Ok(())
    }

    /// Opens the innermost level again, and the ones around it that may be open.
    fn reopen(&mut self) -> Result<Arc<dyn Dir>, FileError> {
        let stay_open = self.levels.len().saturating_sub(OPEN_LEVELS);
        let mut opened = self.root.clone();
        for (depth, Level { name, rest }) in self.levels.iter_mut().enumerate() {
            if depth > 0 {
                opened = opened.open_dir(name.clone())?;
            }
            if let Rest::Names { dir, .. } = rest
                && depth >= stay_open
            {
                *dir = Some(opened.clone());
            }
        }
        Ok(opened)
    }

    /// Visits what is no directory, in the level at `depth`.
    fn visit(&mut self, depth: usize, dir: &Arc<dyn Dir>, entry: Entry) -> Result<(), FileError> {
        let place = Place {
            levels: &self.levels[..=depth],
            name: entry.name,
        };
        match entry.kind {
            EntryKind::File => self.visitor.file(&**dir, &place),
            kind => {
                self.visitor.other(kind, &place);
                Ok(())
            }
        }
    }

    /// Notes a directory within the first `depth` levels, unless nothing can be read any more.
    fn unreadable(&mut self, depth: usize, name: Name, error: FileError) -> Result<(), FileError> {
        if let FileError::Membrane(_) = error {
            return Err(error);
        }
        let levels = &self.levels[..depth];
        self.visitor.unreadable(&Place { levels, name }, error);
        Ok(())
    }
}
