//! A method returns `Result<T, E>`.

use membrane::interface;

#[interface]
pub trait Account {
    fn close(&self);
}

fn main() {}
