//! A plain `&T` of data is all that is lent.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn note(&self, text: Option<&str>) -> Result<(), Error>;
}

fn main() {}
