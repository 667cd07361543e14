//! A result can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn log(&self) -> Result<Vec<u8>, Error>;
}

fn main() {}
