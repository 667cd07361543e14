//! A result can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn log(&self) -> Result<std::fs::File, Error>;
}

fn main() {}
