//! A closure's rule on an inherited method says where it is inherited from.

use membrane::{Error, interface, rule};

#[interface]
pub trait Named {
    fn rename(&self, name: &str) -> Result<(), Error>;
}

#[interface]
pub trait Account: Named {
    fn deposit(&self, amount: u64) -> Result<(), Error>;
    fn transfer(&self, to: &str, amount: u64) -> Result<(), Error>;
}

fn main() {
    let _ = rule!(dyn Account: Named::rename, |name| name.len() < 9);
}
