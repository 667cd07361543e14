//! An async method is implemented under `#[interface]`.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    async fn note(&self, text: &str) -> Result<u64, Error>;
}

struct Savings;

#[interface]
impl Account for Savings {
    async fn note(&self, text: &str) -> Result<u64, Error> {
        Ok(text.len() as u64)
    }
}

fn main() {}
