//! Only the gate makes a sweep.

use object_membrane_gate::Reclaim;

fn look(cell: &dyn Reclaim) {
    let _ = cell.address();
}

fn main() {
    let _: fn(&dyn Reclaim) = look;
}
