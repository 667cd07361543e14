//! A type that owns its data has a dynamic form.

use runtime::Dynamic;

#[derive(Dynamic)]
pub struct Line(pub String);

fn main() {}
