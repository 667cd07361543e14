//! Interior mutability does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn count(&self, seen: &std::sync::atomic::AtomicU64) -> Result<(), Error>;
}

fn main() {}
