//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: Box<dyn Account>) -> Result<(), Error>;
}

fn main() {}
