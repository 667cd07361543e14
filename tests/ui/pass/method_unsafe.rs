//! A method is safe.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
