//! A policy does not change.

use membrane::Policy;

fn main() {
    let policy = Policy::deny_all();
    let _ = policy;
}
