//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: std::sync::Arc<dyn Fn(u64) -> Result<(), Error>>) -> Result<(), Error>;
}

fn main() {}
