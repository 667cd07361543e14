//! A reference to an object is passed by value.

use membrane::{Error, Passable, interface};

#[derive(Passable)]
pub struct Tree(Vec<Tree>);

#[interface]
pub trait Account {
    fn add(&self, tree: &Tree) -> Result<(), Error>;
}

fn main() {}
