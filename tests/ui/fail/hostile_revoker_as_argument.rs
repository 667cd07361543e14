//! A handle does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: membrane::Revoker) -> Result<(), Error>;
}

fn main() {}
