//! A method takes `&self`.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
