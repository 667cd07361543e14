//! A method has no `where` clause.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Error>
    where
        Self: Sized;
}

fn main() {}
