//! A list is made by `allow!`.

use membrane::{Allow, Error, allow, interface};

#[interface]
pub trait Account {
    fn balance(&self) -> Result<u64, Error>;
}

fn main() {
    let _: Allow = allow!(dyn Account: balance);
}
