//! A borrowed argument has a dynamic form.

use membrane::{Error, interface};

#[interface(dynamic)]
pub trait Account {
    fn give(&self, values: &[u64]) -> Result<(), Error>;
}

fn main() {}
