//! What an async method borrows is copied.

use membrane::{Error, Passable, interface};

#[derive(Clone, Passable)]
pub struct Note(String);

#[interface]
pub trait Account {
    async fn keep(&self, note: &Note) -> Result<(), Error>;
}

fn main() {}
