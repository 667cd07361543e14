//! A method returns `Result<T, E>`.

use membrane::interface;

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, membrane::Error>;
}

fn main() {}
