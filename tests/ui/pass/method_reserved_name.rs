//! Names with `__membrane` belong to generated code.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Error>;
}

fn main() {}
