//! A handle does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self) -> Result<membrane::Membrane, Error>;
}

fn main() {}
