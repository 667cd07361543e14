//! A method returns `Result<T, E>`.

use membrane::interface;

#[interface]
pub trait Account {
    fn balance(&self) -> Option<u64>;
}

fn main() {}
