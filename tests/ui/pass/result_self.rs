//! An interface is named, not `Self`.

use membrane::{Error, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    fn twin(&self) -> Result<Arc<dyn Account>, Error>;
}

fn main() {}
