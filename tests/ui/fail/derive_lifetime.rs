//! A value that crosses owns its data.

use membrane::Passable;

#[derive(Passable)]
pub struct Note<'a>(&'a str);

fn main() {}
