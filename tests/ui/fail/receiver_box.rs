//! A method takes `&self`.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn close(self: Box<Self>) -> Result<(), Error>;
}

fn main() {}
