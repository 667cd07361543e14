//! A handle does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self) -> Result<membrane::Revoker, Error>;
}

fn main() {}
