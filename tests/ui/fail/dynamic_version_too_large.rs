//! A version has 32 bits.

use membrane::{Error, interface};

#[interface(dynamic, version = 4294967296)]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {}
