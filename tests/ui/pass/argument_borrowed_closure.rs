//! A reference to an object is passed by value.

use membrane::{Error, interface};
use std::sync::Arc;

type Watcher = Arc<dyn Fn(u64) -> Result<(), Error> + Send + Sync>;

#[interface]
pub trait Account {
    fn watch(&self, by: Watcher) -> Result<(), Error>;
}

fn main() {}
