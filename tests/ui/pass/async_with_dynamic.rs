//! An async method has no dynamic form.

use membrane::{Error, interface};

#[interface(dynamic)]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
