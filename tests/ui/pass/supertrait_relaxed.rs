//! An interface is never `Sized`.

use membrane::{Error, interface};

#[interface]
pub trait Account: Send {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
