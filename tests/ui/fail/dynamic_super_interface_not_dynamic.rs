//! A super-interface is dynamic.

use membrane::{Error, interface};

#[interface]
pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

#[interface(dynamic)]
pub trait Account: Named {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {}
