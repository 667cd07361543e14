//! A listed method is one.

use membrane::{Error, allow, interface};

#[interface]
pub trait Left {
    fn close(&self) -> Result<(), Error>;
}

#[interface]
pub trait Right {
    fn close(&self) -> Result<(), Error>;
    fn sign(&self) -> Result<(), Error>;
}

#[interface]
pub trait Both: Left + Right {}

fn main() {
    let _ = allow!(dyn Both: sign);
}
