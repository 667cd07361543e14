//! `#[interface]` stands on a trait.

#[membrane::interface]
pub struct Account {
    pub balance: u64,
}

fn main() {}
