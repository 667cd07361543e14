//! An interface has no parameters.

use membrane::{Error, interface};

#[interface]
pub trait Store<'a> {
    fn put(&self, value: u64) -> Result<(), Error>;
}

fn main() {}
