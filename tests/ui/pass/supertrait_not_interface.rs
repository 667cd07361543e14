//! A supertrait is an interface itself.

use membrane::{Error, interface};

#[interface]
pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

#[interface]
pub trait Account: Named {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
