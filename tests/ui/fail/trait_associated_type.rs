//! An interface has methods only.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    type Amount;
    fn add(&self, amount: Self::Amount) -> Result<(), Error>;
}

fn main() {}
