//! The interface that a method is said to be inherited from is one.

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
    let _ = rule!(dyn Named: Account::deposit, |amount| *amount < 9);
}
