//! Guests that come and go leave nothing behind.

use super::{Server, assert_works, knowing, policy, start_in};
use runtime::Limits;
use std::sync::Arc;
use tests::{Census, sized};

#[test]
fn guests_that_come_and_go_leave_nothing_behind() {
    let runtime = knowing();
    let census = Census::default();
    let (kept, survivor) = start_in(&runtime, "survivor", policy(), Limits::default());
    for round in 0..sized(300, 10) {
        let (guest, probe) = start_in(&runtime, "visitor", policy(), Limits::default());
        let server = Arc::new(Server::counted(&census));
        // Each leaves differently: with the host's object, with its own in the host's hands, with neither.
        match round % 3 {
            0 => probe.keep(server).expect("it keeps it"),
            1 => drop(probe.counter().expect("a counter")),
            _ => assert_eq!(probe.work(server, 2), Ok(3)),
        }
        drop(guest);
        assert!(probe.use_kept().is_err());
    }
    assert_eq!(census.made(), sized(300, 10));
    assert_eq!(census.alive(), 0);
    let host = runtime.host();
    assert_eq!((host.handles(), host.imports()), (0, 0));
    assert_works(&survivor);
    assert_eq!(kept.report().handles, 0);
    drop((kept, survivor));
}
