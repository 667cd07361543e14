//! A method has no ABI.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    extern "C" fn close(&self) -> Result<(), Error>;
}

fn main() {}
