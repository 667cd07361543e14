//! An argument is not written to.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn read(&self, into: Vec<u8>) -> Result<Vec<u8>, Error>;
}

fn main() {}
