//! What the plugin tells of a tree. Plain data, and the plugin's own claims.

use membrane::Passable;
use runtime::{Dynamic, FileError};

/// How many of the entries that could not be read are kept by name; all are counted.
const MAX_NAMED: usize = 10_000;

/// What the plugin found.
#[derive(Passable, Dynamic, Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// `files` has those that could not be read, too; `bytes` and `lines` have not.
    pub counted: Snapshot,
    /// By bytes; of several the first, in the order of the paths' bytes.
    pub largest: Option<(Vec<u8>, u64)>,
    /// Symbolic links.
    pub links: u64,
    /// FIFOs, sockets and devices.
    pub special: u64,
    /// What could not be read.
    pub unreadable: Unreadable,
    /// The path of a file, to overreach with.
    pub some_file: Option<Vec<u8>>,
    /// The path of a symbolic link, to overreach with.
    pub some_link: Option<Vec<u8>>,
    /// What ended the walk before its time: the text of the error, which has the reason, too.
    pub cut: Option<String>,
}

/// Numbers that the plugin claims.
#[derive(Passable, Dynamic, Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Regular files.
    pub files: u64,
    /// The bytes in them.
    pub bytes: u64,
    /// The newlines in them.
    pub lines: u64,
}

/// What could not be read.
#[derive(Passable, Dynamic, Debug, Clone, Default, PartialEq, Eq)]
pub struct Unreadable {
    /// How many files.
    pub files: u64,
    /// How many directories.
    pub directories: u64,
    /// Those met first. The path of a directory ends in a separator.
    pub named: Vec<(Vec<u8>, FileError)>,
}

impl Unreadable {
    pub(crate) fn name(&mut self, path: impl FnOnce() -> Vec<u8>, error: FileError) {
        if self.named.len() < MAX_NAMED {
            self.named.push((path(), error));
        }
    }
}
