//! A method returns `Result<T, E>`.

use membrane::interface;

#[interface]
pub trait Account {
    fn balance(&self) -> u64;
}

fn main() {}
