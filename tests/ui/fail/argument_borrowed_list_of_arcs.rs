//! A reference to an object is passed by value.

use membrane::{Error, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    fn merge(&self, others: &Vec<Arc<dyn Account>>) -> Result<(), Error>;
}

fn main() {}
