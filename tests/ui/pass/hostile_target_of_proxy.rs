//! A reference does not lead to its proxy.

use membrane::__private::Proxy;
use membrane::{Error, interface};
use std::sync::Arc;

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn look(account: Arc<dyn Account>) -> Arc<dyn Account> {
    account
}

fn main() {
    let _: (fn(_) -> _, Option<Arc<Proxy<dyn Account>>>) = (look, None);
}
