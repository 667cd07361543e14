//! A method returns `Result<T, E>`.

use membrane::interface;

type Answer = u64;

#[interface]
pub trait Account {
    fn balance(&self) -> Answer;
}

fn main() {}
