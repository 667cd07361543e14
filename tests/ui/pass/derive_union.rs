//! A value that crosses knows which field is set.

use membrane::Passable;

#[derive(Passable)]
pub enum Amount {
    Cents(u64),
    Shares(u32),
}

fn main() {}
