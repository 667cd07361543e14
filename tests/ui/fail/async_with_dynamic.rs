//! An async method has no dynamic form.

use membrane::{Error, interface};

#[interface(dynamic)]
pub trait Account {
    async fn close(&self) -> Result<(), Error>;
}

fn main() {}
