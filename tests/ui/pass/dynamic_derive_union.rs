//! A type whose fields are known has a dynamic form.

use runtime::Dynamic;

#[derive(Dynamic)]
pub struct Sum {
    cents: u64,
}

fn main() {}
