//! The derive has one option.

use runtime::Dynamic;

#[derive(Dynamic)]
#[dynamic(version = 2)]
pub struct Sum(pub u64);

fn main() {}
