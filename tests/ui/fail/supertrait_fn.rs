//! A supertrait asks nothing of the target.

use membrane::{Error, interface};

#[interface]
pub trait Account: Fn(u64) -> u64 {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
