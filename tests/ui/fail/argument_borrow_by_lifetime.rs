//! A plain `&T` of data is all that is lent.

use membrane::{Error, interface};
use std::borrow::Cow;

#[interface]
pub trait Account {
    fn note(&self, text: Cow<'_, str>) -> Result<(), Error>;
}

fn main() {}
