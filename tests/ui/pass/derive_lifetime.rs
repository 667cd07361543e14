//! A value that crosses owns its data.

use membrane::Passable;

#[derive(Passable)]
pub struct Note(String);

fn main() {}
