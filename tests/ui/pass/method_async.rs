//! An async method needs a version that has them.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
