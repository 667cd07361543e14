//! A `cfg` stands on a method, not on one of its arguments.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn add(&self, #[cfg(unix)] amount: u64) -> Result<(), Error>;
}

fn main() {}
