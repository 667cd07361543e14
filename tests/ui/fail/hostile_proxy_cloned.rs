//! A proxy is not copied.

use membrane::__private::Proxy;
use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn look(proxy: &Proxy<dyn Account>) {
    let _: Proxy<dyn Account> = (*proxy).clone();
}

fn main() {
    let _: fn(&Proxy<dyn Account>) = look;
}
