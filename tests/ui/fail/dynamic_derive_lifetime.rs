//! A type that owns its data has a dynamic form.

use runtime::Dynamic;

#[derive(Dynamic)]
pub struct Line<'a>(pub &'a str);

fn main() {}
