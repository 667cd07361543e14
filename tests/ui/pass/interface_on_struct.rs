//! `#[interface]` stands on a trait.

#[derive(membrane::Passable)]
pub struct Account {
    pub balance: u64,
}

fn main() {}
