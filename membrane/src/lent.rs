//! What an owner learns of an object that it asks about.

use crate::direction::Direction;
use crate::membrane_handle::Membrane;

/// A proxy of a membrane, as [`Membrane::lent`] finds it.
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

    /// The membrane or grant that the proxy is of.
    pub fn membrane(&self) -> &Membrane {
        &self.membrane
    }

    /// Whether the method of this number may be called: its position in
    /// [`Interface::METHODS`](crate::Interface::METHODS) of the interface that was asked about.
    pub fn allows(&self, method: u32) -> bool {
        method < u64::BITS && self.allowed & (1 << method) != 0
    }
}
