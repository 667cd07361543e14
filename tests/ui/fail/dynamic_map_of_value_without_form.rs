//! What is in a container has a dynamic form.

use membrane::{Error, interface};
use std::collections::HashMap;

#[interface(dynamic)]
pub trait Account {
    fn take(&self) -> Result<HashMap<String, u128>, Error>;
}

fn main() {}
