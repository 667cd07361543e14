//! An object crosses as an interface.

use membrane::{Error, interface};
use std::sync::Arc;

pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

#[interface]
pub trait Account {
    fn give(&self, value: Arc<dyn Named>) -> Result<(), Error>;
}

fn main() {}
