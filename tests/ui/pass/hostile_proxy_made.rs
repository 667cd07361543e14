//! A proxy is made by its membrane.

use membrane::__private::Proxy;
use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn widen(proxy: Proxy<dyn Account>) -> Proxy<dyn Account> {
    proxy
}

fn main() {
    let _: fn(_) -> _ = widen;
}
