//! Names with `__membrane` belong to generated code.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn __membrane_close(&self) -> Result<(), Error>;
}

fn main() {}
