//! Interior mutability does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn count(&self, seen: Option<&'static str>) -> Result<(), Error>;
}

fn main() {}
