//! A rule's closure is given the method's own types.

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
    let _ = rule!(dyn Account: deposit, |amount: &u64| *amount < 9);
}
