//! What a caller is told when the membrane, rather than the target, answers: one word, and nothing of the other side.

use crate::crossing::Crossing;
use crate::passable::Passable;
use crate::reason::Reason;
use std::num::NonZeroU64;

/// What kind of answer an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum ErrorKind {
    /// There is no such method, or it is not allowed. The two cannot be told apart.
    Refused = 1,
    /// Access was taken back, for ever. [`Error::reason`] says why.
    Revoked = 2,
    /// The call ended in a panic. Nothing is said about it.
    Panicked = 3,
    /// Too many calls inside calls on this thread, or data nested too deeply.
    TooDeep = 4,
    /// An argument or a result may not cross this way.
    Rejected = 5,
    /// The target could not answer as its interface says: a guest or a peer that is busy, or whose answer makes no sense.
    Failed = 6,
    /// A limit of somebody's is reached: the size of a message, the number of references, a deadline.
    Exhausted = 7,
}

impl ErrorKind {
    const ALL: [Self; 7] = [
        Self::Refused,
        Self::Revoked,
        Self::Panicked,
        Self::TooDeep,
        Self::Rejected,
        Self::Failed,
        Self::Exhausted,
    ];

    const fn text(self) -> &'static str {
        match self {
            Self::Refused => "refused: there is no such method, or it is not allowed",
            Self::Revoked => "revoked",
            Self::Panicked => "the call panicked",
            Self::TooDeep => "nested too deeply",
            Self::Rejected => "rejected: a value may not cross this way",
            Self::Failed => "failed: the answer is not one of the interface's",
            Self::Exhausted => "exhausted: a limit is reached",
        }
    }
}

/// The membrane's own answer to a call: `Copy`, one machine word, no text, address or type of the other side.
///
/// An error type of an interface takes it in by `From<membrane::Error>`. When an `Error` itself travels through a
/// membrane as somebody's data (a target that passes on what another membrane told it), its kind stays and its reason
/// does not: reasons are for the holders of the scope that was revoked.
///
/// # Examples
///
/// ```
/// use membrane::{Error, ErrorKind};
///
/// let error = Error::from(ErrorKind::Refused);
/// assert_eq!(error.kind(), ErrorKind::Refused);
/// assert_eq!(error.reason(), None);
/// assert_eq!(size_of::<Result<(), Error>>(), size_of::<u64>());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error(NonZeroU64);

const KIND_BITS: u32 = 8;

impl Error {
    #[inline]
    const fn new(kind: ErrorKind, reason: Reason) -> Self {
        let word = kind as u64 | (reason.number() as u64) << KIND_BITS;
        match NonZeroU64::new(word) {
            Some(word) => Self(word),
            None => panic!("kinds start at one"),
        }
    }

    /// Revoked, for `reason`.
    pub(crate) const fn revoked(reason: Reason) -> Self {
        Self::new(ErrorKind::Revoked, reason)
    }

    /// The kind of answer.
    pub fn kind(self) -> ErrorKind {
        let number = self.0.get() & ((1 << KIND_BITS) - 1);
        // Built from a kind, so there is one.
        let found = ErrorKind::ALL
            .into_iter()
            .find(|kind| *kind as u64 == number);
        found.unwrap_or(ErrorKind::Refused)
    }

    /// The revoker's reason, if this is a revocation that gave one.
    pub fn reason(self) -> Option<Reason> {
        // Reasons have 24 bits.
        let number = u32::try_from(self.0.get() >> KIND_BITS).unwrap_or(0);
        (number != 0).then(|| Reason::from_number(number))
    }

    /// Whether access was taken back.
    ///
    /// ```
    /// # use membrane::{Error, ErrorKind};
    /// assert!(!Error::from(ErrorKind::Refused).is_revoked());
    /// ```
    pub fn is_revoked(self) -> bool {
        self.kind() == ErrorKind::Revoked
    }
}

impl From<ErrorKind> for Error {
    #[inline]
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, Reason::UNSPECIFIED)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.kind().text())?;
        match self.reason() {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut tuple = f.debug_tuple("Error");
        tuple.field(&self.kind());
        if let Some(reason) = self.reason() {
            tuple.field(&reason.as_str());
        }
        tuple.finish()
    }
}

impl std::error::Error for Error {}

impl Passable for Error {
    const BARE: bool = false;

    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        Ok(Self::from(self.kind()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_survives_the_word() {
        for kind in ErrorKind::ALL {
            assert_eq!(Error::from(kind).kind(), kind);
        }
        let error = Error::revoked(Reason::from("why not"));
        assert_eq!(error.kind(), ErrorKind::Revoked);
        assert_eq!(error.reason().map(Reason::as_str), Some("why not"));
        assert_eq!(error.to_string(), "revoked: why not");
    }
}
