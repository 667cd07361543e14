//! The error is `From<membrane::Error>`.

use membrane::{Passable, interface};

#[derive(Passable)]
pub struct Closed(Option<membrane::Error>);

impl From<std::fmt::Error> for Closed {
    fn from(_: std::fmt::Error) -> Self {
        Self(None)
    }
}

#[interface]
pub trait Account {
    fn close(&self) -> Result<(), Closed>;
}

fn main() {}
