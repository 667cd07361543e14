//! A method is not generic.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn add<const N: usize>(&self, amounts: [u64; N]) -> Result<(), Error>;
}

fn main() {}
