//! A method names no lifetime.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn note(&self, text: &str) -> Result<(), Error>;
}

fn main() {}
