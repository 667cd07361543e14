//! An interface lives as long as its holders like.

use membrane::{Error, interface};

#[interface]
pub trait Account: 'static {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
