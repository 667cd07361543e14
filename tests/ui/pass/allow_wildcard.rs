//! There is no wildcard.

use membrane::{Error, allow, interface};

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
    fn deposit(&self, amount: u64) -> Result<(), Error>;
}

fn main() {
    let _ = allow!(dyn Account: balance);
}
