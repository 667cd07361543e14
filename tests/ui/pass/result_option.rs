//! A method returns `Result<T, E>`.

use membrane::interface;

#[interface]
pub trait Account {
    fn balance(&self) -> Result<Option<u64>, membrane::Error>;
}

fn main() {}
