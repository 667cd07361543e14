//! A check's argument is one of the method's, inherited or not.

use membrane::{Check, Error, interface, rule};

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
    let _ = rule!(dyn Account: rename, name: Check::length(..9));
}
