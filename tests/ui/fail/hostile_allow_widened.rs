//! A list does not change.

use membrane::{Error, allow, interface};

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {
    let mut allow = allow!(dyn Account: balance);
    allow.mask = u64::MAX;
}
