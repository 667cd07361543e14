//! A struct has a dynamic form, too.

use membrane::{Error, Passable, interface};

#[derive(Passable, runtime::Dynamic)]
pub struct Sum {
    pub cents: u64,
}

#[interface(dynamic)]
pub trait Account {
    fn give(&self, sum: Sum) -> Result<(), Error>;
}

fn main() {}
