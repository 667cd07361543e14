//! The error takes in `membrane::Error`.

use membrane::interface;

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), membrane::Error>;
}

fn main() {}
