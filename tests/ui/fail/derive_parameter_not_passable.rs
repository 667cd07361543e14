//! A parameter can cross.

use membrane::{Error, Passable, interface};

#[derive(Passable)]
pub struct Wrapper<T>(T);

#[interface]
pub trait Store {
    fn put(&self, value: Wrapper<std::sync::Mutex<u64>>) -> Result<(), Error>;
}

fn main() {}
