//! A list does not change.

use membrane::{Error, allow, interface};

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {
    let allow = allow!(dyn Account: balance);
    drop(allow.methods());
}
