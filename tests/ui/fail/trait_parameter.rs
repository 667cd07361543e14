//! An interface has no parameters.

use membrane::{Error, interface};

#[interface]
pub trait Store<T> {
    fn put(&self, value: T) -> Result<(), Error>;
}

fn main() {}
