//! A supertrait has no parameters.

use membrane::{Error, interface};

pub trait Named<T> {
    fn name(&self) -> Result<T, Error>;
}

#[interface]
pub trait Account: Named<u64> {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
