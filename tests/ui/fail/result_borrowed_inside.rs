//! A result is owned.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn name(&self) -> Result<Option<&str>, Error>;
}

fn main() {}
