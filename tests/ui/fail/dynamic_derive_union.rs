//! A type whose fields are known has a dynamic form.

use runtime::Dynamic;

#[derive(Dynamic)]
pub union Sum {
    cents: u64,
}

fn main() {}
