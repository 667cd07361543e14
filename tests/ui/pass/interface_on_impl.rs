//! `#[interface]` stands on the trait.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

struct Savings;

impl Account for Savings {
    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
