//! A supertrait asks nothing of the target.

use membrane::{Error, interface};

#[interface]
pub trait Account: Sized {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
