//! A handle is made by `Membrane::new`.

use membrane::{Membrane, Policy};

fn main() {
    let policy = Policy::deny_all();
    let _ = Membrane::new(policy);
}
