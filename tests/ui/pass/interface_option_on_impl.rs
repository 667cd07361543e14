//! The options of an interface stand on the trait.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    async fn close(&self) -> Result<(), Error>;
}

struct Savings;

#[interface]
impl Account for Savings {
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {}
