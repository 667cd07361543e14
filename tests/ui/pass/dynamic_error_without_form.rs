//! An error has a dynamic form, too.

use membrane::{Error, Passable, interface};

#[derive(Passable, runtime::Dynamic)]
pub enum Trouble {
    Membrane(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

#[interface(dynamic)]
pub trait Account {
    fn take(&self) -> Result<u64, Trouble>;
}

fn main() {}
