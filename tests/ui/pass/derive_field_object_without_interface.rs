//! An object crosses as an interface.

use membrane::{Error, Passable};
use std::sync::Arc;

#[membrane::interface]

pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

#[derive(Passable)]
pub struct Entry {
    pub owner: Arc<dyn Named>,
}

fn main() {}
