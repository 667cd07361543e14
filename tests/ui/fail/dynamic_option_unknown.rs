//! An interface has known options.

use membrane::{Error, interface};

#[interface(dynamically)]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {}
