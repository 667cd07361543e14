//! Threads and depth.

use super::*;
use std::rc::Rc;

/// Another thread's call takes the ordinary way, with a frame of that thread.
#[test]
fn what_a_lease_lends_may_be_called_by_another_thread() {
    let stage = stage();
    let leased = lease(&stage.account);
    let lent = &*leased;
    std::thread::scope(|threads| {
        let call = threads.spawn(|| lent.depth());
        assert_eq!(call.join().unwrap(), Ok(1));
    });
    stage.membrane.revoke("enough");
    std::thread::scope(|threads| {
        let call = threads.spawn(|| lent.depth());
        assert_revoked(call.join().unwrap(), "enough");
    });
}

#[test]
#[cfg_attr(miri, ignore = "Miri has no stack with addresses in order")]
fn call_far_up_the_stack_takes_the_ordinary_way() {
    #[expect(clippy::large_stack_arrays, reason = "to be far away on the stack")]
    #[inline(never)]
    fn far(lease: &Lease<dyn Account>) -> Result<u64, Error> {
        let room = std::hint::black_box([0_u8; 64 << 10]);
        let depth = lease.depth();
        std::hint::black_box(&room);
        depth
    }
    let stage = stage();
    let leased = lease(&stage.account);
    assert_short(&leased);
    assert_eq!(far(&leased), Ok(1));
    assert_short(&leased);
}

/// Its target calls it again, by nothing but leases: no callback is in between, which would be a call of its own.
#[interface]
trait Again {
    fn again(&self, levels: u64) -> Result<u64, Error>;
}

type OfAgain = Box<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;

struct Recursive(OfAgain);

impl Again for Recursive {
    fn again(&self, levels: u64) -> Result<u64, Error> {
        match (self.0)(levels + 1) {
            Err(error) if error.kind() == ErrorKind::TooDeep => Ok(levels),
            other => other,
        }
    }
}

fn recursive(again: impl Fn(u64) -> Result<u64, Error> + Send + Sync + 'static) -> Arc<dyn Again> {
    let policy = Policy::builder().inbound(allow!(dyn Again: again)).build();
    let membrane = Membrane::new(policy.unwrap());
    membrane
        .wrap::<dyn Again>(Arc::new(Recursive(Box::new(again))))
        .unwrap()
}

thread_local! {
    static KEPT: RefCell<Option<Rc<Lease<dyn Again>>>> = const { RefCell::new(None) };
}

/// K13. Recursion through one lease, which a thread-local makes possible.
///
/// Overflows the stack when `Leased::__ready` does not look how far it is on it.
#[test]
fn recursion_through_one_lease_ends_with_an_error() {
    let deepest = soon(|| {
        let object = recursive(|levels| {
            let lease = KEPT.with_borrow(|kept| kept.clone().expect("set below"));
            lease.again(levels)
        });
        let leased = Rc::new(lease(&object));
        KEPT.set(Some(leased.clone()));
        let deepest = leased.again(0);
        assert_eq!(leased.again(0), deepest, "all is left again");
        KEPT.set(None);
        deepest.unwrap()
    });
    assert!((120..=400).contains(&deepest), "{deepest}");
}

/// K13. Recursion that takes a new lease each time.
///
/// Overflows the stack when the gate's `Cell::hold` does not count.
#[test]
fn recursion_through_ever_new_leases_ends_with_an_error() {
    let deepest = soon(|| {
        let own: Arc<std::sync::OnceLock<Arc<dyn Again>>> = Arc::default();
        // Weak, or the object would hold itself for ever.
        let inner = Arc::downgrade(&own);
        let object = recursive(move |levels| {
            let own = inner.upgrade().expect("outlives the calls");
            lease(own.get().expect("set below")).again(levels)
        });
        own.get_or_init(|| object.clone());
        let deepest = object.again(0);
        assert_eq!(object.again(0), deepest, "all is left again");
        deepest.unwrap()
    });
    assert!((200..=300).contains(&deepest), "{deepest}");
}

/// Fails when a lease takes the room of ordinary calls.
#[test]
fn leases_beyond_the_bound_are_ordinary_and_leave_calls_their_room() {
    let stage = stage();
    let leases: Vec<_> = (0..200).map(|_| lease(&stage.account)).collect();
    let short = leases.iter().filter(|lease| lease.depth() == Ok(0)).count();
    assert_eq!(short, 128);
    let account = stage.account.clone();
    assert_eq!(
        stage
            .account
            .run(callback(move || account.depth().unwrap())),
        Ok(3)
    );
    drop(leases);
    assert_short(&lease(&stage.account));
}

/// A lease that is taken and dropped in a call, in either order with the revocation.
#[test]
fn lease_that_is_taken_inside_a_call_counts_like_any_other() {
    let stage = stage();
    let (account, membrane, alive) = (
        stage.account.clone(),
        stage.membrane.clone(),
        stage.alive.clone(),
    );
    let inside = callback(move || {
        let leased = lease(&account);
        assert_eq!(leased.depth(), Ok(2), "the calls that it is inside of");
        membrane.revoke("inside");
        assert_kind(leased.depth(), ErrorKind::Revoked);
        drop(leased);
        alive.alive() as u64
    });
    let seen: Arc<Mutex<u64>> = Arc::default();
    let note = seen.clone();
    let result = stage.account.run(Arc::new(move || {
        let alive = inside()?;
        *note.lock().unwrap() = alive;
        Ok(alive)
    }));
    assert_revoked(result, "inside");
    assert_eq!(*seen.lock().unwrap(), 1, "the call outside still used it");
    assert_eq!(stage.alive.alive(), 0);
}

/// Leases come and go on two threads while a third revokes: each target goes once, and each waiter wakes.
#[test]
fn racing_leases_and_revocations_leave_nothing_behind() {
    for _ in 0..sized(300, 5) {
        let stage = stage();
        let callers: Vec<_> = (0..2)
            .map(|_| {
                let account = stage.account.clone();
                start(move || {
                    loop {
                        let leased = lease(&account);
                        for _ in 0..10 {
                            if leased.text("ab").is_err() {
                                return;
                            }
                        }
                    }
                })
            })
            .collect();
        std::thread::yield_now();
        let waited = stage
            .membrane
            .revoke_and_wait("enough", Duration::from_mins(1));
        assert_eq!((waited, stage.alive.alive()), (Ok(()), 0));
        callers.into_iter().for_each(tests::Started::finish);
    }
}
