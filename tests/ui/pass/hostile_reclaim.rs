//! The cell alone reclaims its target.

use object_membrane_gate::{Cell, Holder, Reclaim};

struct Spy(Cell<u64, ()>);

impl Holder for Spy {
    fn cell(&self) -> &dyn Reclaim {
        &self.0
    }

    fn method_name(&self, _: u32) -> (&'static str, Option<&'static str>) {
        ("", None)
    }
}

fn main() {
    let _: Option<(&Spy, &dyn Holder)> = None;
}
