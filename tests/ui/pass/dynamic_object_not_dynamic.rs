//! The interface of an object in an argument is dynamic.

use membrane::{Error, interface};
use std::sync::Arc;

#[interface(dynamic)]
pub trait Log {
    fn line(&self, text: &str) -> Result<(), Error>;
}

#[interface(dynamic)]
pub trait Account {
    fn report_to(&self, log: Arc<dyn Log>) -> Result<(), Error>;
}

fn main() {}
