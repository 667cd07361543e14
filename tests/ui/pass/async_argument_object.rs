//! A reference crosses by value, in an async method as in any.

use membrane::{Error, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    async fn merge(&self, other: Arc<dyn Account>) -> Result<(), Error>;
}

fn main() {}
