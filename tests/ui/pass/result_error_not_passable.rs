//! The error can cross.

use membrane::{Error, interface};

#[derive(Debug, membrane::Passable)]
pub struct Closed(Option<Error>);

impl From<Error> for Closed {
    fn from(error: Error) -> Self {
        Self(Some(error))
    }
}

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Closed>;
}

fn main() {}
