//! What a caller is told when the membrane, rather than the target, answers: one word, and nothing of the other side.

use crate::conditions::Condition;
use crate::crossing::Crossing;
use crate::fault::{self, Fault};
use crate::passable::Passable;
use crate::reason::Reason;
use std::num::NonZeroU64;
use std::time::Duration;

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
    /// The target could not answer as its interface says: a guest or a peer that has ended, or whose answer makes no sense.
    Failed = 6,
    /// A limit of somebody's is reached: the size of a message, the number of references, a deadline. If it is a condition of
    /// the membrane's, [`Error::condition`] says which, and [`Error::retry_after`] when to try again if that is known.
    Exhausted = 7,
    /// Access is taken back for a while. [`Error::reason`] says why, [`Error::retry_after`] when to try again if that is known.
    Suspended = 8,
    /// The time for which access was given is over.
    Expired = 9,
    /// The target belongs to a guest or a peer that is at work for somebody else, and did not begin: the call may be made again.
    ///
    /// That is about the call that was answered so. An object in between that passes the answer on, of a call of its own, may have
    /// done its part before: to call that object again does it again. And an object can say it of itself, as it can give any
    /// answer: that is worth what its author's word is. The runtime believes it of no guest, but says [`Failed`](Self::Failed).
    Busy = 10,
}

impl ErrorKind {
    const ALL: [Self; 10] = [
        Self::Refused,
        Self::Revoked,
        Self::Panicked,
        Self::TooDeep,
        Self::Rejected,
        Self::Failed,
        Self::Exhausted,
        Self::Suspended,
        Self::Expired,
        Self::Busy,
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
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Busy => "busy: the target is at work for somebody else",
        }
    }
}

/// The membrane's own answer to a call: `Copy`, one machine word, no text, address or type of the other side.
///
/// An error type of an interface takes it in by `From<membrane::Error>`. When an `Error` itself travels through a
/// membrane as somebody's data (a target that passes on what another membrane told it), its kind stays and the
/// rest does not: reason, condition and time are for the holders of the scope that was revoked or refused.
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Error(NonZeroU64);

impl std::hash::Hash for Error {
    /// Hashes what the error tells, and not the word, which has the number of a reason in it: see [`Reason`].
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.kind().hash(state);
        self.condition().hash(state);
        self.retry_after().hash(state);
        self.reason().hash(state);
    }
}

// From the lowest bit: the kind, the reason or the condition, and the milliseconds after which to try again.
const KIND_BITS: u32 = 8;
const DETAIL_BITS: u32 = 24;

impl Error {
    #[inline]
    const fn new(kind: ErrorKind, detail: u32, retry_after_ms: u32) -> Self {
        let word = kind as u64
            | (detail as u64) << KIND_BITS
            | (retry_after_ms as u64) << (KIND_BITS + DETAIL_BITS);
        match NonZeroU64::new(word) {
            Some(word) => Self(word),
            None => panic!("kinds start at one"),
        }
    }

    /// Revoked, for `reason`.
    pub(crate) const fn revoked(reason: Reason) -> Self {
        Self::new(ErrorKind::Revoked, reason.number(), 0)
    }

    /// Suspended, for `reason`.
    pub(crate) const fn suspended(reason: Reason, retry_after_ms: u32) -> Self {
        Self::new(ErrorKind::Suspended, reason.number(), retry_after_ms)
    }

    /// Exhausted: `condition` is not met, for so long.
    pub(crate) fn unmet(condition: Condition, retry_after: Option<Duration>) -> Self {
        let retry_after_ms = in_milliseconds(retry_after);
        Self::new(ErrorKind::Exhausted, condition.number(), retry_after_ms)
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

    /// The reason of whoever revoked or suspended, if one was given.
    pub fn reason(self) -> Option<Reason> {
        let told = matches!(self.kind(), ErrorKind::Revoked | ErrorKind::Suspended);
        (told && self.detail() != 0).then(|| Reason::from_number(self.detail()))
    }

    /// Which condition of the membrane's stood in the way, if it was one.
    ///
    /// # Examples
    ///
    /// ```
    /// use membrane::{Condition, Membrane, Policy};
    /// use std::sync::Arc;
    /// use std::time::Duration;
    ///
    /// let membrane = Membrane::new(Policy::deny_all());
    /// let double: Arc<dyn Fn(u64) -> Result<u64, membrane::Error> + Send + Sync> = Arc::new(|n| Ok(2 * n));
    /// let lent = membrane.wrap(double)?;
    ///
    /// membrane.suspend("backup", Some(Duration::from_secs(5)));
    /// let error = lent(4).unwrap_err();
    /// assert_eq!(error.condition(), Some(Condition::Suspended));
    /// assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
    /// assert_eq!(error.to_string(), "suspended: backup; try again in 5s");
    /// # Ok::<(), membrane::Error>(())
    /// ```
    pub fn condition(self) -> Option<Condition> {
        match self.kind() {
            ErrorKind::Suspended => Some(Condition::Suspended),
            ErrorKind::Expired => Some(Condition::Expired),
            ErrorKind::Exhausted => Condition::from_number(self.detail()),
            _ => None,
        }
    }

    /// After how long to try again, if that is known: when the rate allows the next call, or what the suspender said. Rounded
    /// up to whole milliseconds, at least one, at most 49 days.
    pub fn retry_after(self) -> Option<Duration> {
        // The topmost 32 bits.
        let milliseconds = u32::try_from(self.0.get() >> (KIND_BITS + DETAIL_BITS));
        from_milliseconds(milliseconds.unwrap_or(u32::MAX))
    }

    fn detail(self) -> u32 {
        let bits = self.0.get() >> KIND_BITS & ((1 << DETAIL_BITS) - 1);
        u32::try_from(bits).unwrap_or(0)
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
        Self::new(kind, 0, 0)
    }
}

/// A time as errors hold it: zero for none, at least one otherwise.
pub(crate) fn in_milliseconds(time: Option<Duration>) -> u32 {
    let rounded_up = |time: Duration| time.as_nanos().div_ceil(1_000_000).max(1);
    time.map_or(0, |time| {
        u32::try_from(rounded_up(time)).unwrap_or(u32::MAX)
    })
}

/// The other way round.
pub(crate) fn from_milliseconds(milliseconds: u32) -> Option<Duration> {
    (milliseconds != 0).then(|| Duration::from_millis(u64::from(milliseconds)))
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.kind(), self.condition()) {
            (ErrorKind::Exhausted, Some(condition)) => write!(f, "exhausted: {condition}")?,
            (kind, _) => f.write_str(kind.text())?,
        }
        if let Some(reason) = self.reason() {
            write!(f, ": {reason}")?;
        }
        match self.retry_after() {
            Some(time) => write!(f, "; try again in {time:?}"),
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
        if let (ErrorKind::Exhausted, Some(condition)) = (self.kind(), self.condition()) {
            tuple.field(&condition);
        }
        if let Some(time) = self.retry_after() {
            tuple.field(&time);
        }
        tuple.finish()
    }
}

impl std::error::Error for Error {}

impl Passable for Error {
    const BARE: bool = false;

    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        if fault::on(Fault::WholeErrors) {
            return Ok(self);
        }
        Ok(Self::from(self.kind()))
    }

    /// Nothing: it is the membrane's own word.
    fn size_bytes(&self) -> u64 {
        0
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

    /// Fails if the parts of the word overlap, or a time is rounded down or wraps round.
    #[test]
    fn condition_and_time_survive_the_word() {
        for condition in Condition::ALL {
            let error = Error::unmet(condition, Some(Duration::from_micros(1_001)));
            assert_eq!(error.kind(), ErrorKind::Exhausted);
            assert_eq!(error.condition(), Some(condition));
            assert_eq!(error.reason(), None);
            assert_eq!(error.retry_after(), Some(Duration::from_millis(2)));
            assert_eq!(Error::unmet(condition, None).retry_after(), None);
        }
        let times = [
            (Duration::ZERO, 1),
            (Duration::from_millis(1), 1),
            (Duration::MAX, u32::MAX),
        ];
        for (time, milliseconds) in times {
            assert_eq!(in_milliseconds(Some(time)), milliseconds);
            let error = Error::suspended(Reason::from("why not"), milliseconds);
            assert_eq!(error.kind(), ErrorKind::Suspended);
            assert_eq!(error.reason().map(Reason::as_str), Some("why not"));
            assert_eq!(error.retry_after(), from_milliseconds(milliseconds));
        }
        assert_eq!(Error::from(ErrorKind::Exhausted).condition(), None);
    }
}
