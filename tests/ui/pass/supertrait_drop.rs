//! A supertrait asks nothing of the target.

use membrane::{Error, interface};

#[interface]
pub trait Account: std::fmt::Debug {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
