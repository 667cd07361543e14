//! A method returns `Result<T, E>`.

use membrane::interface;

type Answer = Result<u64, membrane::Error>;

#[interface]
pub trait Account {
    fn balance(&self) -> Answer;
}

fn main() {}
