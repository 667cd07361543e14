//! The only option of `#[interface]` is the path of `membrane`.

use membrane::{Error, interface};

#[interface(name = membrane)]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
