//! A method is not generic.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn add(&self, amount: impl Into<u64>) -> Result<(), Error>;
}

fn main() {}
