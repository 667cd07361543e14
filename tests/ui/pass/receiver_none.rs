//! A method takes `&self`.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn open(&self) -> Result<(), Error>;
}

fn main() {}
