//! Names of objects: handles.

use super::*;
use runtime::Handle;

#[test]
fn object_has_one_handle_which_is_counted_and_stale_for_ever_once_released() {
    let (runtime, guest) = two();
    let (own, _) = oak(&guest);
    let handle = guest.insert(&own).expect("room");
    let again = guest.insert(&guest.send(&own, &guest).expect("itself"));
    assert_eq!(again, Ok(handle));
    assert_eq!(guest.handles(), 1);
    assert_eq!(Handle::from_bits(handle.to_bits()), handle);
    assert!(guest.release(handle));
    assert_eq!(guest.get(handle), Some(own.clone()));
    assert!(guest.release(handle));
    assert_eq!((guest.get(handle), guest.handles()), (None, 0));
    assert!(!guest.release(handle));
    let mut seen = std::collections::HashSet::from([handle]);
    for _ in 0..1000 {
        let next = guest.insert(&own).expect("room");
        assert!(seen.insert(next), "a name was used twice");
        assert!(guest.release(next));
    }
    assert!(seen.iter().all(|old| guest.get(*old).is_none()));

    let handle = guest.insert(&own).expect("room");
    assert_eq!(runtime.host().get(handle), None, "another domain's");
    assert!(!runtime.host().release(handle));
    let bits = handle.to_bits();
    for made_up in [
        0,
        1,
        u128::MAX,
        bits ^ 1,
        bits ^ (1 << 32),
        bits ^ (1 << 64),
        bits + 2,
    ] {
        assert_eq!(guest.get(Handle::from_bits(made_up)), None, "{made_up:x}");
        assert!(!guest.release(Handle::from_bits(made_up)));
    }
    assert_eq!(guest.get(handle), Some(own));
}

#[test]
fn number_of_handles_is_limited_exactly() {
    let runtime = Runtime::new();
    let limits = Limits {
        handles: 2,
        ..Limits::default()
    };
    let guest = guest(&runtime, "guest", limits);
    let objects: Vec<_> = (0..3).map(|_| oak(&guest).0).collect();
    let first = guest.insert(&objects[0]).expect("room");
    guest.insert(&objects[1]).expect("room");
    assert_eq!(guest.insert(&objects[2]), Err(Limit::Handles.into()));
    assert_eq!(guest.insert(&objects[0]), Ok(first), "it has one");
    assert!(guest.release(first) && guest.release(first));
    assert!(guest.insert(&objects[2]).is_ok());
}
