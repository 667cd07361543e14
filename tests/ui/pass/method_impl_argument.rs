//! A method is not generic.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn add(&self, amount: u64) -> Result<(), Error>;
}

fn main() {}
