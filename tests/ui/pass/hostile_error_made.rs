//! An error is made of a kind.

use membrane::Error;

fn main() {
    let _ = Error::from(membrane::ErrorKind::Refused);
}
