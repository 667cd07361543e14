//! A method is not generic.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn add(&self, amounts: [u64; 4]) -> Result<(), Error>;
}

fn main() {}
