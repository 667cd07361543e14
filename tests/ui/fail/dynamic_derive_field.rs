//! A field has a dynamic form.

use membrane::Passable;
use runtime::Dynamic;

#[derive(Passable, Dynamic)]
pub struct Sum {
    pub name: String,
    pub cents: u128,
}

fn main() {}
