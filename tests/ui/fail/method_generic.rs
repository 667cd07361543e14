//! A method is not generic.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn add<T: Into<u64>>(&self, amount: T) -> Result<(), Error>;
}

fn main() {}
