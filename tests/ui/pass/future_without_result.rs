//! A future that crosses ends with a `Result`.

use membrane::{Error, interface};
use std::pin::Pin;

#[interface]
pub trait Account {
    fn settle(&self, promised: Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>) -> Result<(), Error>;
}

fn main() {}
