//! A method takes `&self`.

use membrane::{Error, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    fn close(self: Arc<Self>) -> Result<Option<Arc<dyn Account>>, Error>;
}

fn main() {}
