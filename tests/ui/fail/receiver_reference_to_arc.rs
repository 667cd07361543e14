//! A method takes `&self`.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn close(self: &std::sync::Arc<Self>) -> Result<(), Error>;
}

fn main() {}
