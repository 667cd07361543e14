//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(
        &self,
        value: std::sync::Arc<dyn Fn(Vec<u8>) -> Result<(), Error> + Send + Sync>,
    ) -> Result<(), Error>;
}

fn main() {}
