//! An interface is a trait.

use membrane::{Error, allow, interface};

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

pub struct Savings;

impl Account for Savings {
    fn balance(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

fn main() {
    let _ = allow!(dyn Savings: balance);
}
