//! What a query asks is private.

use membrane::__private::Query;
use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

struct Spy;

impl Account for Spy {
    fn balance(&self) -> Result<u64, Error> {
        Ok(0)
    }

    fn __membrane_account(&self, query: &Query<'_>) {
        let _ = query.slot;
    }
}

fn main() {}
