//! A plain `&T` of data is all that is lent.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn note(&self, lines: &[String]) -> Result<(), Error>;
}

fn main() {}
