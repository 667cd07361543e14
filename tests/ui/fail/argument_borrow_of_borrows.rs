//! A plain `&T` of data is all that is lent.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn note(&self, lines: &[&str]) -> Result<(), Error>;
}

fn main() {}
