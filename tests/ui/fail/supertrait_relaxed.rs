//! An interface is never `Sized`.

use membrane::{Error, interface};

#[interface]
pub trait Account: ?Sized {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
