//! How often what happened in each scope, and who watches the scope.
//!
//! A refusal writes nothing that another thread writes, and takes no lock and allocates nothing, but for the first of a thread
//! in a scope, or one of a thread that is refused by more than a few dozen scopes in turn: then it takes a lock of the thread's
//! own. What is counted is freed with the scope. See `tally.rs` of `object-membrane-gate`.

use object_membrane_gate::{Counts, Tally};

/// What is counted. The values are kinds of a [`Tally`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// A method that is not listed.
    NotAllowed = 0,
    Revoked = 1,
    TooDeep = 2,
    Panicked = 3,
    /// An argument that may not cross.
    Rejected = 4,
    /// A condition that is not met.
    Condition = 5,
    /// A call that enters its target, where calls are counted.
    Called = 6,
}

/// A scope's number, and its counters; and whether somebody watches the scope.
///
/// In one word, so that a refusal that nobody hears of looks once. The flags: see [`watch`](super::watch).
#[derive(Debug)]
pub(crate) struct Place(Tally);

// The marks of the tally.
const AUDITED: u64 = 1;
const COUNTING: u64 = 2;

/// Who watches a scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// A hook is to be told.
    pub(crate) audited: bool,
    /// Calls are counted.
    pub(crate) counting: bool,
}

impl Flags {
    /// What either asks for.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            audited: self.audited || other.audited,
            counting: self.counting || other.counting,
        }
    }
}

impl Place {
    /// One of a number that no other has.
    pub(crate) fn new() -> Self {
        Self(Tally::new())
    }

    pub(crate) fn number(&self) -> u64 {
        self.0.number()
    }

    /// Counts one more, on this thread.
    pub(crate) fn count(&self, what: Counted) {
        if !self.count_again(what) {
            self.count_first(what);
        }
    }

    /// Counts one more, if this thread's last was this scope's, too, and nobody watches. Returns whether that is so.
    #[inline(always)]
    #[must_use = "if not, nothing was counted"]
    pub(crate) fn count_again(&self, what: Counted) -> bool {
        self.0.count_again(what as usize)
    }

    /// As [`count`](Self::count), for a scope that this thread did not count for just now.
    pub(crate) fn count_first(&self, what: Counted) {
        self.0.count_first(what as usize);
    }

    /// Who watches.
    #[inline(always)]
    pub(crate) fn flags(&self) -> Flags {
        // What was asked for before the flags were set is visible.
        let marks = self.0.marks();
        Flags {
            audited: marks & AUDITED != 0,
            counting: marks & COUNTING != 0,
        }
    }

    /// Under the lock of the node's family; or before anybody else has the node.
    pub(crate) fn set_flags(&self, flags: Flags) {
        for (on, mark) in [(flags.audited, AUDITED), (flags.counting, COUNTING)] {
            if on {
                self.0.mark(mark);
            } else {
                self.0.unmark(mark);
            }
        }
    }

    /// What was counted: all that happened before, and perhaps some of what happens meanwhile.
    pub(crate) fn counts(&self) -> Counts {
        self.0.counts()
    }
}
