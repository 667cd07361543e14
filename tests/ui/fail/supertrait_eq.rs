//! A supertrait asks nothing of the target.

use membrane::{Error, interface};

#[interface]
pub trait Account: PartialEq {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
