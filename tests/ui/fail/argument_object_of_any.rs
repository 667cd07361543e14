//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: std::sync::Arc<dyn std::any::Any + Send + Sync>) -> Result<(), Error>;
}

fn main() {}
