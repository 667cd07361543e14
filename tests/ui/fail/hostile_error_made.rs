//! An error is made of a kind.

use membrane::Error;

fn main() {
    let _ = Error(1.try_into().unwrap());
}
