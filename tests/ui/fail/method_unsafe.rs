//! A method is safe.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    unsafe fn close(&self) -> Result<(), Error>;
}

fn main() {}
