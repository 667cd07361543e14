//! An argument can cross.

use membrane::{Error, interface};

#[interface]
pub trait Account {
    fn give(&self, value: std::rc::Rc<str>) -> Result<(), Error>;
}

fn main() {}
