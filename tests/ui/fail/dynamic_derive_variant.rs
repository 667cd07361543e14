//! What is in a variant has a dynamic form.

use membrane::Passable;
use runtime::Dynamic;

#[derive(Passable, Dynamic)]
pub enum Sum {
    Nothing,
    Cents(u128),
}

fn main() {}
