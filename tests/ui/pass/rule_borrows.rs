//! A rule's closure outlives whoever makes it.

use membrane::{ArgumentRule, Error, interface, rule};

#[interface]
pub trait Account {
    fn deposit(&self, amount: u64) -> Result<(), Error>;
}

fn limited(most: u64) -> ArgumentRule {
    rule!(dyn Account: deposit, move |amount| *amount <= most)
}

fn main() {
    let _ = limited(9);
}
