//! A version is a number.

use membrane::{Error, interface};

#[interface(dynamic, version = 2)]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {}
