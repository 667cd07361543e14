//! A map is rebuilt, and hashes by a state of its own: another hasher would be the other side's code.

use membrane::{Error, interface};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};

type Hasher = BuildHasherDefault<DefaultHasher>;

#[interface]
pub trait Index {
    fn sort(&self, entries: HashMap<String, u64>) -> Result<(), Error>;
}

fn main() {}
