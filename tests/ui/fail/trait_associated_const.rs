//! An interface has methods only.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    const LIMIT: u64;
    fn add(&self, amount: u64) -> Result<(), Error>;
}

fn main() {}
