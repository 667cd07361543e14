//! What an async method returns crosses.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    async fn read(&self) -> Result<std::sync::Mutex<String>, Error>;
}

fn main() {}
