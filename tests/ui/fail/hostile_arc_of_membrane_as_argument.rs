//! A handle does not cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: std::sync::Arc<membrane::Membrane>) -> Result<(), Error>;
}

fn main() {}
