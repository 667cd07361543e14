//! A reference does not lead to its type.

use membrane::{Error, interface};
use std::any::Any;
use std::sync::Arc;

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn look(account: Arc<dyn Account>) -> Arc<dyn Account> {
    account
}

fn main() {
    let _: (fn(_) -> _, Option<&dyn Any>) = (look, None);
}
