//! A supertrait asks nothing of the target.

use membrane::{Error, interface};

#[interface]
pub trait Account: std::hash::Hash {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
