//! An interface has no `where` clause.

use membrane::{Error, interface};

#[interface]
pub trait Store
where
    Self: Send,
{
    fn put(&self, value: u64) -> Result<(), Error>;
}

fn main() {}
