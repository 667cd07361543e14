//! An interface is named alone.

use membrane::{Error, Membrane, Policy, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

struct Savings;

impl Account for Savings {
    fn balance(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

fn main() {
    let membrane = Membrane::new(Policy::deny_all());
    let _ = membrane.wrap::<dyn Account + Send>(Arc::new(Savings));
}
