//! A reference to an object is passed by value.

use membrane::{Error, Passable, interface};
use std::sync::Arc;

#[derive(Passable)]
pub struct Entry {
    owner: Arc<dyn Account>,
}

#[interface]
pub trait Account {
    fn add(&self, entry: &Entry) -> Result<(), Error>;
}

fn main() {}
