//! Only the gate makes a sweep.

use object_membrane_gate::Reclaim;

fn look(cell: &dyn Reclaim) {
    let _ = cell.claim(&object_membrane_gate::Sweep {
        scope: 0,
        in_use: &[],
    });
}

fn main() {
    let _: fn(&dyn Reclaim) = look;
}
