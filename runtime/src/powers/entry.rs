//! What a directory tells about an entry. Plain data: it crosses a membrane bare.

use std::time::SystemTime;

use membrane::Passable;

use crate::Dynamic;

use super::Name;

/// What an entry is. Nothing is said of what a symbolic link leads to.
#[derive(Passable, Dynamic, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, wherever it leads, if anywhere.
    SymbolicLink,
    /// Anything else (a FIFO, a socket, a device), or not known.
    Other,
}

/// One entry of a directory, as [`Dir::list`](crate::Dir::list) yields it.
///
/// # Examples
/// ```
/// use runtime::{Entry, EntryKind};
///
/// let entry = Entry { name: "notes.txt".into(), kind: EntryKind::File };
/// assert_eq!(entry.name, "notes.txt");
/// ```
#[derive(Passable, Dynamic, Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The name, as the system spells it.
    pub name: Name,
    /// What it was when it was listed. The object that opening it yields decides, not this.
    pub kind: EntryKind,
}

/// What is known of an entry without opening it, as [`Dir::metadata`](crate::Dir::metadata) yields it.
///
/// # Examples
/// ```
/// use runtime::{EntryKind, Metadata};
///
/// let empty = Metadata { kind: EntryKind::File, len: 0, modified: None };
/// assert_eq!(empty.kind, EntryKind::File);
/// ```
#[derive(Passable, Dynamic, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Metadata {
    /// What it is.
    pub kind: EntryKind,
    /// The length of a regular file in bytes; of anything else, what the system makes of it.
    pub len: u64,
    /// When the content changed last, where the system keeps that.
    pub modified: Option<SystemTime>,
}
