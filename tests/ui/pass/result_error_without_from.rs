//! The error is `From<membrane::Error>`.

use membrane::{Passable, interface};

#[derive(Passable)]
pub struct Closed(Option<membrane::Error>);

impl From<membrane::Error> for Closed {
    fn from(_: membrane::Error) -> Self {
        Self(None)
    }
}

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Closed>;
}

fn main() {}
