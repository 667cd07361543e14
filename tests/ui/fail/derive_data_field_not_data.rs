//! A type that crosses untouched holds no reference.

use membrane::{Error, Passable, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

#[derive(Passable)]
#[passable(data)]
pub struct Entry {
    pub owner: Arc<dyn Account>,
}

fn main() {}
