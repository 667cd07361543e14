//! A supertrait is an interface itself.

use membrane::{Error, interface};

#[interface]
pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

pub trait Peek {
    fn peek(&self) -> usize {
        size_of_val(self)
    }
}

impl<T: ?Sized> Peek for T {}

#[interface]
pub trait Account: Peek {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
