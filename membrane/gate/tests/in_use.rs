//! What is in use, in a process where nobody else uses anything: one test.

use object_membrane_gate::{Cell, InUse, Options, Refusal, Scope};
use std::sync::Arc;

#[test]
fn nothing_is_in_use_but_during_a_call_or_a_hold() {
    let nothing = || InUse::now().is_empty();
    let cell = Cell::new(Arc::new(Scope::new(Options::default(), ())), Arc::new(7));
    assert!(nothing());
    let inside = cell.call(0, |_| Ok(nothing()), |_, refusal: Refusal| refusal);
    assert_eq!(inside, Ok(false));
    assert!(nothing());
    let (hold, share) = cell.hold().expect("live");
    assert!(!nothing());
    drop(share);
    drop(hold);
    assert!(nothing());
}
