//! An option is given once.

use membrane::{Error, interface};

#[interface(dynamic, version = 1, version = 2)]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {}
