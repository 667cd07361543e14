//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: Box<dyn Iterator<Item = Result<u64, Error>> + Send>)
    -> Result<(), Error>;
}

fn main() {}
