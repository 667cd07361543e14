//! A result is owned.

use membrane::{Error, interface};

#[interface]
pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

#[interface]
pub trait Account {
    fn owner(&self) -> Result<std::sync::Arc<dyn Named>, Error>;
}

fn main() {}
