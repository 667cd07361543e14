//! An object is held by `Arc`.

use membrane::{Error, interface};

#[interface]
pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

#[interface]
pub trait Account {
    fn give(&self, value: std::sync::Arc<dyn Named>) -> Result<(), Error>;
}

fn main() {}
