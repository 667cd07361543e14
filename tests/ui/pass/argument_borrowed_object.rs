//! A reference to an object is passed by value.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn merge(&self, other: std::sync::Arc<dyn Account>) -> Result<(), Error>;
}

fn main() {}
