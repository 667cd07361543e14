//! A target is not entered on the strength of a look at the switch from before foreign code ran.

use bytes::Bytes;
use membrane::{Error, Membrane, Policy, allow, interface};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tests::{Door, Worker, assert_revoked, start, working};

type Taker = Arc<dyn Fn(Arc<dyn Worker>) -> Result<u64, Error> + Send + Sync>;

/// A method for each kind of argument whose conversion can run the caller's code.
#[interface]
trait Desk {
    fn bytes(&self, bytes: Bytes) -> Result<u64, Error>;
    fn taker(&self) -> Result<Taker, Error>;
}

/// Counts how often it is entered.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl Counting {
    fn enter(&self) -> u64 {
        self.0.fetch_add(1, SeqCst);
        2
    }

    fn entered(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Desk for Counting {
    fn bytes(&self, _: Bytes) -> Result<u64, Error> {
        Ok(self.enter())
    }

    fn taker(&self) -> Result<Taker, Error> {
        let counting = self.clone();
        Ok(Arc::new(move |_| Ok(counting.enter())))
    }
}

impl Worker for Counting {
    fn run(&self) -> Result<u64, Error> {
        Ok(self.enter())
    }

    fn run_with(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
        Ok(self.enter())
    }

    fn unlisted(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
        Ok(self.enter())
    }
}

/// Foreign code: waits at the door when it is dropped, if anybody waits for it.
struct Slow(Arc<Door>);

impl Drop for Slow {
    fn drop(&mut self) {
        self.0.pass();
    }
}

impl AsRef<[u8]> for Slow {
    fn as_ref(&self) -> &[u8] {
        b"owned by the caller"
    }
}

fn desks() -> Policy {
    working()
        .inbound(allow!(dyn Desk: bytes, taker))
        .build()
        .unwrap()
}

/// Calls, and revokes while the call is in the `Drop` of an argument; or does not revoke.
fn revoked_at_the_door(
    membrane: &Membrane,
    door: &Arc<Door>,
    revoke: bool,
    call: impl FnOnce() -> Result<u64, Error> + Send + 'static,
) -> Result<u64, Error> {
    let calling = start(call);
    door.await_arrivals(1);
    if revoke {
        membrane.revoke("at the door");
    }
    door.open();
    calling.finish()
}

/// A holder's own proxy, the last one of a grant whose observer is the holder's: its conversion drops all three.
fn last_of_its_grant(
    membrane: &Membrane,
    lent: &Arc<dyn Worker>,
    door: &Arc<Door>,
) -> Arc<dyn Worker> {
    let narrower = membrane.attenuate(&desks()).unwrap();
    let own = narrower.wrap(lent.clone()).unwrap();
    let slow = Slow(door.clone());
    narrower.on_revoke(move |_| drop(slow));
    own
}

/// Fails if `Call::converted` does not look at the scope after the conversion.
#[test]
fn target_is_not_entered_when_revoked_in_the_drop_of_an_observer() {
    for revoke in [false, true] {
        for by_closure in [false, true] {
            let (door, membrane) = (Door::shut(), Membrane::new(desks()));
            let target = Counting::default();
            let lent = membrane
                .wrap::<dyn Worker>(Arc::new(target.clone()))
                .unwrap();
            let own = last_of_its_grant(&membrane, &lent, &door);
            let desk = membrane.wrap::<dyn Desk>(Arc::new(target.clone())).unwrap();
            let taker = desk.taker().unwrap();
            let call = move || {
                if by_closure {
                    taker(own)
                } else {
                    lent.run_with(own)
                }
            };
            let result = revoked_at_the_door(&membrane, &door, revoke, call);
            if revoke {
                assert_revoked(result, "at the door");
            } else {
                assert_eq!(result, Ok(2));
            }
            assert_eq!(target.entered(), usize::from(!revoke), "{by_closure}");
        }
    }
}

/// Fails if `Call::converted` does not look at the scope after the conversion.
#[test]
fn target_is_not_entered_when_revoked_in_the_drop_of_bytes() {
    for revoke in [false, true] {
        let (door, membrane) = (Door::shut(), Membrane::new(desks()));
        let target = Counting::default();
        let desk = membrane.wrap::<dyn Desk>(Arc::new(target.clone())).unwrap();
        let bytes = Bytes::from_owner(Slow(door.clone()));
        let result = revoked_at_the_door(&membrane, &door, revoke, move || desk.bytes(bytes));
        if revoke {
            assert_revoked(result, "at the door");
        } else {
            assert_eq!(result, Ok(2));
        }
        assert_eq!(target.entered(), usize::from(!revoke));
    }
}
