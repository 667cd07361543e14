//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: Vec<std::process::Child>) -> Result<(), Error>;
}

fn main() {}
