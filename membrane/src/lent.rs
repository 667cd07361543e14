//! What an owner learns of an object that it asks about.

use crate::direction::Direction;

/// A live proxy of a membrane, as [`Membrane::lent`](crate::Membrane::lent) finds it. Data: it carries no authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lent {
    pub(crate) direction: Direction,
    pub(crate) allowed: u64,
}

impl Lent {
    /// The way that the object went.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Whether the method of this number may be called: its position in
    /// [`Interface::METHODS`](crate::Interface::METHODS) of the interface that the object crossed as.
    pub fn allows(&self, method: u32) -> bool {
        method < u64::BITS && self.allowed & (1 << method) != 0
    }
}
