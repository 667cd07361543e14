//! A rule is made by `rule!`, for a method that there is.

use membrane::{ArgumentRule, Error, interface, rule};

#[interface]
pub trait Account {
    fn deposit(&self, amount: u64) -> Result<(), Error>;
}

fn main() {
    let rule: ArgumentRule = rule!(dyn Account: deposit, |_| true);
    let _ = rule.0;
}
