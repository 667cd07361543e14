//! What an owner learns of an object that it asks about.

use crate::authority::GrantId;
use crate::authority::tally::Counted;
use crate::authority::watch;
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
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
    /// The interface that the object crossed as.
    pub(crate) interface: &'static str,
    /// The methods of the one that was asked about.
    pub(crate) methods: &'static [&'static str],
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

/// What the proxy would answer to a call of this method whatever its arguments are, if it would refuse it: counted, and told
/// to whoever watches, as if it had been asked. For whoever has arguments to convert before there is anything to ask it.
pub fn turned_away(lent: &Lent, method: u32) -> Option<Error> {
    let (what, error) = if lent.allows(method) {
        (Counted::Revoked, lent.check().err()?)
    } else {
        (Counted::NotAllowed, ErrorKind::Refused.into())
    };
    let name = lent.methods.get(method as usize);
    let label = (lent.interface, name.copied().unwrap_or("?"));
    let calls = lent.direction.reversed();
    watch::turned_away_as(&lent.membrane.0, label, calls, what, || error);
    Some(error)
}
