//! Interior mutability does not cross.

use membrane::{Direction, Membrane, Policy};

fn main() {
    let membrane = Membrane::new(Policy::deny_all());
    let _ = membrane.pass(std::sync::Mutex::new(7), Direction::Outbound);
}
