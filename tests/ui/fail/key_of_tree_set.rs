//! The keys of a map are plain data.

use membrane::{Error, Passable, interface};
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

#[derive(Passable, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Handle);

#[derive(Passable)]
pub struct Handle(Arc<dyn Account>);

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Handle {}

impl PartialOrd for Handle {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Handle {
    fn cmp(&self, other: &Self) -> Ordering {
        Arc::as_ptr(&self.0)
            .cast::<()>()
            .cmp(&Arc::as_ptr(&other.0).cast::<()>())
    }
}

impl Hash for Handle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

#[interface]
pub trait Account {
    fn tell(&self, values: BTreeSet<Key>) -> Result<(), Error>;
}

fn main() {}
