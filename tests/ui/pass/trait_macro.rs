//! An interface is written out.

use membrane::{Error, interface};

macro_rules! methods {
    () => {
        fn close(&self) -> Result<(), Error>;
    };
}

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
