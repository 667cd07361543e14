//! A reference to an object is passed by value.

use membrane::{Error, interface};
use std::sync::Arc;

type Others = Vec<Arc<dyn Account>>;

#[interface]
pub trait Account {
    fn merge(&self, others: Others) -> Result<(), Error>;
}

fn main() {}
