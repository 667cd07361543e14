//! The names of the conditions, as refusals tell them.

/// Which condition stood in the way.
///
/// # Examples
///
/// ```
/// use membrane::{Condition, Error, ErrorKind};
///
/// assert_eq!(Error::from(ErrorKind::Expired).condition(), Some(Condition::Expired));
/// assert_eq!(Error::from(ErrorKind::Refused).condition(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Condition {
    /// The membrane, or one that it derives from, is suspended.
    Suspended = 1,
    /// Its time is over.
    Expired = 2,
    /// Its budget of calls is spent.
    Calls = 3,
    /// Calls come faster than they may.
    Rate = 4,
    /// As many calls run as may at once.
    Concurrency = 5,
    /// The bytes that go inward are more than are left.
    BytesIn = 6,
    /// The bytes that go outward are more than are left.
    BytesOut = 7,
    /// As many proxies live as may, with what waits of async calls.
    Proxies = 8,
}

impl Condition {
    pub(crate) const ALL: [Self; 8] = [
        Self::Suspended,
        Self::Expired,
        Self::Calls,
        Self::Rate,
        Self::Concurrency,
        Self::BytesIn,
        Self::BytesOut,
        Self::Proxies,
    ];

    pub(crate) const fn number(self) -> u32 {
        self as u32
    }

    pub(crate) fn from_number(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|condition| condition.number() == number)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::Calls => "calls",
            Self::Rate => "rate",
            Self::Concurrency => "concurrency",
            Self::BytesIn => "bytes in",
            Self::BytesOut => "bytes out",
            Self::Proxies => "proxies",
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}
