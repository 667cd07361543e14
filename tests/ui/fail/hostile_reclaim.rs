//! The cell alone reclaims its target.

use object_membrane_gate::{Cell, Holder, Reclaim};

struct Spy(Cell<u64, ()>);

impl Reclaim for Spy {
    fn address(&self) -> usize {
        0
    }
}

fn main() {
    let _: Option<(&Spy, &dyn Holder)> = None;
}
