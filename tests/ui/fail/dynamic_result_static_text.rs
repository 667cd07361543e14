//! A result has a dynamic form.

use membrane::{Error, interface};

#[interface(dynamic)]
pub trait Account {
    fn take(&self) -> Result<&'static str, Error>;
}

fn main() {}
