//! The error takes in `membrane::Error`.

use membrane::interface;

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), String>;
}

fn main() {}
