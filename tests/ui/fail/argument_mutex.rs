//! Interior mutability does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: std::sync::Mutex<u64>) -> Result<(), Error>;
}

fn main() {}
