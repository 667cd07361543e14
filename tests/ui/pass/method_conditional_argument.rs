//! A `cfg` stands on a method, not on one of its arguments.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    #[cfg(unix)]
    fn add(&self, amount: u64) -> Result<(), Error>;
}

fn main() {}
