//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: std::sync::Arc<str>) -> Result<(), Error>;
}

fn main() {}
