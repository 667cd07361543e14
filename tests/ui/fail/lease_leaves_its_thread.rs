//! A lease stays on its thread.

use membrane::{Error, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn holder(account: &Arc<dyn Account>) {
    let lease = membrane::lease(account);
    std::thread::scope(|threads| {
        let lent = lease;
        threads.spawn(move || lent.balance());
    });
}

fn main() {}
