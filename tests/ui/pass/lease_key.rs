//! Only the code that is generated for an interface gets at what is behind a lease.

mod owner {
    use membrane::{Error, interface};

    #[interface]
    pub trait Account {
        fn balance(&self) -> Result<u64, Error>;
    }
}

use owner::Account;

type Key = <dyn Account as membrane::Interface>::__Key;

fn holder(account: &std::sync::Arc<dyn Account>) {
    let lease = membrane::lease(account);
    let balance: Option<(Key, u64)> = lease.balance().ok().and(None);
    drop(balance);
}

fn main() {}
