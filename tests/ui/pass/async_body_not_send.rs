//! An async method may go on on another thread.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    async fn wait(&self) -> Result<u64, Error>;
}

struct Savings;

#[interface]
impl Account for Savings {
    async fn wait(&self) -> Result<u64, Error> {
        let kept = std::sync::Arc::new(1);
        std::future::ready(()).await;
        Ok(*kept)
    }
}

fn main() {}
