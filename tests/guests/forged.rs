//! Guests that abuse the boundary itself: handles, pointers, lengths, messages and numbers that are lies.

mod handles;
mod memory;
mod messages;

use crate::Server;
use crate::forger::{Forged, assert_ends, assert_told};
use runtime::wasm::End;
use std::sync::Arc;

/// Every attack begins with this: a call that arrives.
const MARK: &str = "(call $mark (local.get $h))";
/// The guest is ended for one of these: the engine tells some abuses of its boundary as traps.
const BROKEN: &[End] = &[End::Broke, End::Trapped];

#[track_caller]
fn all_end(attacks: &[(&str, &str)]) {
    for (name, attack) in attacks {
        assert_ends(
            name,
            &format!("{MARK} {attack} (call $number (i32.const 7))"),
            BROKEN,
        );
    }
}

#[track_caller]
fn all_told(failure: u64, attacks: &[(&str, &str)]) {
    for (name, attack) in attacks {
        assert_told(name, &format!("{MARK} {attack} (call $told)"), failure);
    }
}

#[test]
fn forger_that_behaves_works() {
    // The positive control: what the attacks are built on does what it says.
    let forged =
        Forged::new("(call $mark (local.get $h)) (call $mark (local.get $other)) (call $told)");
    let (victim, other) = (Server::new(), Server::new());
    assert_eq!(forged.forger.strike(victim.clone(), other.clone()), Ok(100));
    assert_eq!((victim.calls(), other.calls()), (1, 1));
    assert_eq!(forged.guest.report().handles, 2, "it gave none back");
    forged.guest.stop("done");
    forged.assert_contained();
    assert_eq!(
        (Arc::strong_count(&victim), Arc::strong_count(&other)),
        (1, 1)
    );
}
