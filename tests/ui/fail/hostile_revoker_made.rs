//! A revoker is made by its membrane.

use membrane::{Membrane, Policy, Revoker};

fn main() {
    let membrane = Membrane::new(Policy::deny_all());
    let _: Revoker = Revoker(membrane.0);
}
