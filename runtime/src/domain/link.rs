//! The membrane between two domains, as each of them sees it.

use super::{Domain, DomainId, WeakDomain};
use membrane::{Direction, Membrane, Reason};
use std::fmt;

/// A membrane that joins two domains.
#[derive(Clone)]
pub(crate) struct Link {
    membrane: Membrane,
    wet: DomainId,
    dry: DomainId,
    /// The domain at the other end, as seen from the one that keeps this.
    peer: WeakDomain,
}

impl Link {
    pub(super) fn new(membrane: &Membrane, wet: &Domain, dry: &Domain) -> Self {
        Self {
            membrane: membrane.clone(),
            wet: wet.id(),
            dry: dry.id(),
            peer: dry.downgrade(),
        }
    }

    pub(super) fn clone_for(&self, peer: &Domain) -> Self {
        Self {
            peer: peer.downgrade(),
            ..self.clone()
        }
    }

    pub(crate) fn membrane(&self) -> &Membrane {
        &self.membrane
    }

    pub(super) fn peer(&self) -> &WeakDomain {
        &self.peer
    }

    /// The end that is not `domain`.
    pub(crate) fn peer_of(&self, domain: DomainId) -> DomainId {
        if domain == self.wet {
            self.dry
        } else {
            self.wet
        }
    }

    /// The way to `domain`.
    pub(crate) fn direction_to(&self, domain: DomainId) -> Direction {
        if domain == self.dry {
            Direction::Outbound
        } else {
            Direction::Inbound
        }
    }
}

/// Why two domains could not be joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// They are one domain.
    Itself,
    /// A membrane joins them already: two would give one object two identities.
    Joined,
    /// One of them is closed.
    Closed(Reason),
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Itself => f.write_str("a domain cannot be joined to itself"),
            Self::Joined => f.write_str("the two domains are joined already"),
            Self::Closed(reason) => write!(f, "one of the domains is closed: {reason}"),
        }
    }
}

impl std::error::Error for JoinError {}
