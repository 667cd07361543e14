//! A listed interface is one.

use membrane::{Error, allow};

#[membrane::interface]
pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

fn main() {
    let _ = allow!(dyn Named: name);
}
