//! The scope of a handle is private.

use membrane::{Membrane, Policy};

fn main() {
    let membrane = Membrane::new(Policy::deny_all());
    let _ = membrane;
}
