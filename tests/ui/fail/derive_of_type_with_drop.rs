//! A type with a `Drop` is not taken apart.

use membrane::Passable;

#[derive(Passable)]
pub struct Secret(Vec<u8>);

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
    }
}

fn main() {}
