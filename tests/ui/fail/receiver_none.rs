//! A method takes `&self`.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn open() -> Result<(), Error>;
}

fn main() {}
