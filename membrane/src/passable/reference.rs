//! References: the one kind of value that is wrapped.

use super::Passable;
use crate::crossing::Crossing;
use crate::error::Error;
use crate::interface::Target;
use std::sync::Arc;

impl<T: ?Sized + Target> Passable for Arc<T> {
    const BARE: bool = false;

    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        crossing.reference(self)
    }

    /// Nothing: references are counted as proxies.
    fn size_bytes(&self) -> u64 {
        0
    }
}
