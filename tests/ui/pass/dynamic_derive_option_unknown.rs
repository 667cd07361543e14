//! The derive has one option.

use runtime::Dynamic;

#[derive(Dynamic)]
#[dynamic(crate = ::runtime)]
pub struct Sum(pub u64);

fn main() {}
