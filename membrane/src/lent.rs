//! What an owner learns of an object that it asks about.

use crate::authority::GrantId;
use crate::direction::Direction;
use crate::error::Error;
use crate::membrane_handle::Membrane;
use crate::reason::Reason;
use crate::revocation::Revoker;

/// A proxy of a membrane, as [`Membrane::lent`] finds it.
///
/// # Authority
///
/// To see what is lent, and to take it back. Nothing can be lent or unwrapped with it: the grant may be somebody else's, who
/// made it for lending on.
#[derive(Clone, Debug)]
pub struct Lent {
    pub(crate) direction: Direction,
    pub(crate) allowed: u64,
    pub(crate) membrane: Membrane,
}

impl Lent {
    /// The way that the object went.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The membrane or grant that the proxy is of, as [`Membrane::id`] and [snapshots](crate::Membrane::snapshot) name it.
    pub fn grant(&self) -> GrantId {
        self.membrane.id()
    }

    /// What ends access through that membrane or grant, and so through the proxy.
    pub fn revoker(&self) -> Revoker {
        self.membrane.revoker()
    }

    /// Whether calls still go through, as far as revocation goes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Revoked`](crate::ErrorKind::Revoked) with the reason, if they do not.
    pub fn check(&self) -> Result<(), Error> {
        let scope = &self.membrane.0;
        if scope.is_revoked() {
            Err(Error::revoked(Reason::from_number(scope.reason())))
        } else {
            Ok(())
        }
    }

    /// Whether the method of this number may be called: its position in
    /// [`Interface::METHODS`](crate::Interface::METHODS) of the interface that was asked about.
    pub fn allows(&self, method: u32) -> bool {
        method < u64::BITS && self.allowed & (1 << method) != 0
    }
}
