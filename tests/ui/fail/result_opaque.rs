//! A method returns a type with a name.

use membrane::{Error, interface};

#[interface]
pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

#[interface]
pub trait Account {
    fn owner(&self) -> impl Named;
}

fn main() {}
