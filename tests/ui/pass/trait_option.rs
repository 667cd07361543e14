//! The only option of `#[interface]` is the path of `membrane`.

use membrane::{Error, interface};

#[interface(crate = membrane)]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
