//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: Box<dyn Fn(u64) -> Result<(), Error> + Send + Sync>)
    -> Result<(), Error>;
}

fn main() {}
