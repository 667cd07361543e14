//! A query ends with the call.

use membrane::__private::Query;
use membrane::{Error, interface};
use std::cell::Cell;

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

thread_local! {
    static KEPT: Cell<Option<&'static Query<'static>>> = const { Cell::new(None) };
}

struct Spy;

impl Account for Spy {
    fn balance(&self) -> Result<u64, Error> {
        Ok(0)
    }

    fn __membrane_account(&self, query: &Query<'_>) {
        KEPT.set(Some(query));
        let _ = query;
    }
}

fn main() {}
