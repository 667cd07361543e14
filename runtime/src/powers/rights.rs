//! What a facet of a directory offers.

use std::{fmt, ops::BitOr};

/// What a facet of a directory, and everything opened through it, offers.
///
/// The three are independent, so that each means the same wherever it occurs:
///
/// | method of [`Dir`](crate::Dir) | needs |
/// |---|---|
/// | `open_dir` | nothing: what it opens has the same rights |
/// | `list`, `metadata`, `open_file` | [`READ`](Rights::READ) |
/// | `create_dir`, `create`, `open_append` | [`APPEND`](Rights::APPEND) |
/// | `remove`, `remove_dir`, `rename` | [`CHANGE`](Rights::CHANGE) |
/// | `open_write` | `READ` and `CHANGE` |
///
/// `create` yields a [`File`](crate::File) that reads and writes where there are all three rights, and one that
/// appends otherwise.
///
/// # Authority
/// A value of this type is data and carries none.
///
/// # Examples
/// ```
/// use runtime::Rights;
///
/// let log = Rights::READ | Rights::APPEND;
/// assert!(log.contains(Rights::READ));
/// assert!(!log.contains(Rights::CHANGE));
/// assert!(Rights::ALL.contains(log));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rights(u8);

impl Rights {
    /// Neither reads nor writes; can still go down into directories.
    pub const NONE: Self = Self(0);
    /// Sees what there is.
    pub const READ: Self = Self(1);
    /// Adds what was not there, and takes nothing away.
    pub const APPEND: Self = Self(2);
    /// Changes and removes what was there.
    pub const CHANGE: Self = Self(4);
    /// All of them.
    pub const ALL: Self = Self(7);

    /// Whether each of `rights` is among these.
    pub const fn contains(self, rights: Self) -> bool {
        self.0 & rights.0 == rights.0
    }
}

impl BitOr for Rights {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Debug for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = [
            (Self::READ, "READ"),
            (Self::APPEND, "APPEND"),
            (Self::CHANGE, "CHANGE"),
        ];
        f.debug_set()
            .entries(
                names
                    .iter()
                    .filter(|(right, _)| self.contains(*right))
                    .map(|(_, name)| name),
            )
            .finish()
    }
}
