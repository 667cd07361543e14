//! Which way a value, or a call, goes.

/// Which way a call goes through a membrane: named after the side that is called.
///
/// **Wet** is the side that owns what the membrane guards, **dry** the side that it is lent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Dry calls an object of the wet side; such objects went *out*.
    Outbound,
    /// Wet calls an object of the dry side; such objects came *in*.
    Inbound,
}

impl Direction {
    /// The other one: a call's arguments travel against the direction in which its object crossed.
    #[inline(always)]
    pub(crate) const fn reversed(self) -> Self {
        match self {
            Self::Outbound => Self::Inbound,
            Self::Inbound => Self::Outbound,
        }
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
        })
    }
}
