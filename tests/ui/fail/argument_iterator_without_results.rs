//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: Box<dyn Iterator<Item = u64> + Send>) -> Result<(), Error>;
}

fn main() {}
