//! What a closure takes has a dynamic form.

use membrane::{Error, interface};
use std::sync::Arc;

#[interface(dynamic)]
pub trait Account {
    fn watch(
        &self,
        watcher: Arc<dyn Fn(u128) -> Result<(), Error> + Send + Sync>,
    ) -> Result<(), Error>;
}

fn main() {}
