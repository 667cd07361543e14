//! A method names no lifetime.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn note<'a>(&self, text: &'a str) -> Result<(), Error>;
}

fn main() {}
