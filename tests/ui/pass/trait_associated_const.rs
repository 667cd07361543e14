//! An interface has methods only.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn limit(&self) -> Result<u64, Error>;
    fn add(&self, amount: u64) -> Result<(), Error>;
}

fn main() {}
