//! A version belongs to a dynamic interface.

use membrane::{Error, interface};

#[interface(version = 2)]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {}
