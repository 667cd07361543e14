//! An interface is named, not `Self`.

use membrane::{Error, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    fn merge(&self, other: Arc<dyn Account>) -> Result<(), Error>;
}

fn main() {}
