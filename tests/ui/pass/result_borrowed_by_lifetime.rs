//! A result is owned.

use membrane::{Error, interface};
use std::borrow::Cow;

#[interface]
pub trait Account {
    fn name(&self) -> Result<Cow<'static, str>, Error>;
}

fn main() {}
