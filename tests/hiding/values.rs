//! What data shows beside what it says. It crosses as it is: the membrane guards references, and data holds none.

use super::{Safe, Vault, policy};
use membrane::{Direction, Membrane};
use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;
use std::sync::Arc;

fn lent() -> (Membrane, Arc<Safe<()>>, Arc<dyn Vault>) {
    let (membrane, target) = (Membrane::new(policy()), Arc::new(Safe::<()>::new()));
    let lent = membrane.wrap(target.clone() as Arc<dyn Vault>).unwrap();
    (membrane, target, lent)
}

/// `Arc<str>` and `Arc<[u8]>` are shared: either side sees how many references there are, also after the revocation. It is a
/// `String` that tells nothing more.
#[test]
fn shared_text_shows_its_counts_to_both_sides() {
    let (membrane, target, lent) = lent();
    let motto = lent.motto().unwrap();
    assert!(Arc::ptr_eq(&motto, &target.motto));
    assert_eq!(Arc::strong_count(&motto), 2);
    membrane.revoke("over");
    let kept = vec![target.motto.clone(); 3];
    assert_eq!(Arc::strong_count(&motto), 5);
    drop((kept, target, lent));
    assert_eq!(Arc::strong_count(&motto), 1);
    // It cannot be written by one side while the other has it.
    let mut one = motto.clone();
    assert!(Arc::get_mut(&mut one).is_none());
}

/// A buffer crosses with the room that it has: how much there is shows, and what was in it does not.
#[test]
fn buffer_shows_its_room_and_nothing_in_it() {
    let (_membrane, _target, lent) = lent();
    let mut notes = lent.notes().unwrap();
    assert_eq!(notes, b"erased");
    assert!(notes.capacity() >= 1_000);
    // All that safe code can do with the room is to write to it.
    notes.resize(20, 0);
    assert_eq!(&notes[6..], [0; 14]);
}

/// Whoever has a map can find keys that collide in it, and in every map that was cloned from it. So it hashes by a state of its
/// own when it has crossed; one that is lent for a call by reference is the caller's own.
///
/// Fails if a map of plain data crosses bare.
#[test]
fn map_that_crosses_hashes_by_a_state_of_its_own() {
    fn hashes(state: &RandomState) -> Vec<u64> {
        (0..50_u64).map(|n| state.hash_one(n)).collect()
    }
    let membrane = Membrane::new(policy());
    let map: HashMap<u64, u64> = (0..50).map(|n| (n, n)).collect();
    let set: HashSet<u64> = map.keys().copied().collect();
    assert_eq!(
        hashes(map.hasher()),
        hashes(map.clone().hasher()),
        "control"
    );
    for direction in [Direction::Outbound, Direction::Inbound] {
        let passed = membrane.pass(vec![map.clone()], direction).unwrap();
        assert_eq!(passed[0], map);
        assert_ne!(hashes(passed[0].hasher()), hashes(map.hasher()));
        let passed = membrane.pass(set.clone(), direction).unwrap();
        assert_eq!(passed, set);
        assert_ne!(hashes(passed.hasher()), hashes(set.hasher()));
    }
    let (_membrane, target, lent) = lent();
    let names = target.names.lock().unwrap().clone();
    assert_ne!(
        hashes(lent.names().unwrap().hasher()),
        hashes(names.hasher())
    );
    assert_eq!(lent.hashes_by(&names).unwrap(), hashes(names.hasher()));
}
