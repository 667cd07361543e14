//! Which way a value, or a call, goes.

/// Which way a call or a value goes through a membrane.
///
/// **Wet** is the side that owns what the membrane guards, **dry** the side that it is lent to. A call of a lent object is
/// inbound; its arguments go inbound, its result outbound. So an object that went out is called inbound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum Direction {
    /// From the wet side to the dry side.
    Outbound,
    /// From the dry side to the wet side.
    Inbound,
}

impl Direction {
    /// The other one: an object is called against the direction in which it crossed.
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
