//! A grantor is told when the last proxy is gone.

use membrane::{Direction, Error, ErrorKind, Homecoming, Membrane};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::{current, spawn};
use tests::{Census, Scripted, plain_worker, sized, soon, worker_policy, working};

/// How often it was told.
#[derive(Clone, Default)]
struct Told(Arc<AtomicUsize>);

impl Told {
    fn watch(&self, membrane: &Membrane) {
        let told = self.0.clone();
        membrane.on_dropped(move || {
            told.fetch_add(1, SeqCst);
        });
    }

    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

#[test]
fn last_proxy_of_either_direction_is_told_once() {
    let (membrane, told) = (Membrane::new(worker_policy()), Told::default());
    told.watch(&membrane);
    assert_eq!(told.count(), 0, "nothing was lent yet");
    let out = membrane.wrap(plain_worker()).unwrap();
    let inward = membrane.wrap_inbound(plain_worker()).unwrap();
    let copy = out.clone();
    drop(out);
    drop(inward);
    assert_eq!(told.count(), 0);
    drop(copy);
    assert_eq!(told.count(), 1);
    // Once.
    drop(membrane.wrap(plain_worker()).unwrap());
    assert_eq!(told.count(), 1);
    told.watch(&membrane);
    told.watch(&membrane);
    drop(membrane.wrap(plain_worker()).unwrap());
    assert_eq!(told.count(), 3);
}

/// Fails if the observer is called under the lock of the tables.
#[test]
fn observer_may_watch_again_lend_again_and_revoke() {
    soon(|| {
        let membrane = Membrane::new(worker_policy());
        let told = Told::default();
        let kept = Arc::new(Mutex::new(None));
        membrane.on_dropped({
            let (membrane, told, kept) = (membrane.clone(), told.clone(), kept.clone());
            move || {
                told.watch(&membrane);
                assert_eq!(
                    (membrane.live_proxies(), membrane.snapshot().grants.len()),
                    (0, 1)
                );
                *kept.lock().unwrap() = Some(membrane.wrap(plain_worker()).unwrap());
            }
        });
        drop(membrane.wrap(plain_worker()).unwrap());
        assert_eq!((told.count(), membrane.live_proxies()), (0, 1));
        let again = kept.lock().unwrap().take();
        drop(again);
        assert_eq!(told.count(), 1);

        let revoker = membrane.clone();
        membrane.on_dropped(move || revoker.revoke("nobody left"));
        drop(membrane.wrap(plain_worker()).unwrap());
        assert_eq!(membrane.reason().unwrap().as_str(), "nobody left");
    });
}

#[test]
fn it_is_told_on_the_dropping_thread_before_the_target_goes() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let lent = membrane.wrap(Scripted::counted(&census).share()).unwrap();
    let (tell, told) = channel();
    membrane.on_dropped({
        let census = census.clone();
        move || tell.send((current().id(), census.alive())).unwrap()
    });
    let dropper = spawn(move || {
        drop(lent);
        current().id()
    });
    let id = dropper.join().unwrap();
    assert_eq!(told.recv().unwrap(), (id, 1));
    assert_eq!(census.alive(), 0);
}

#[test]
fn grants_are_watched_each_by_itself() {
    let root = Membrane::new(worker_policy());
    let child = root.attenuate(&worker_policy()).unwrap();
    let (of_root, of_child) = (Told::default(), Told::default());
    of_root.watch(&root);
    of_child.watch(&child);
    let lent = root.wrap(plain_worker()).unwrap();
    let lent_on = child.wrap(lent.clone()).unwrap();
    drop(lent);
    assert_eq!((of_root.count(), of_child.count()), (1, 0));
    assert!(lent_on.run().is_ok());
    drop(lent_on);
    assert_eq!((of_root.count(), of_child.count()), (1, 1));
}

#[test]
fn proxy_that_never_arrives_counts() {
    let policy = working().homecoming(Homecoming::Refuse).build().unwrap();
    let (membrane, told) = (Membrane::new(policy), Told::default());
    let theirs = membrane.wrap_inbound(plain_worker()).unwrap();
    told.watch(&membrane);
    // The first is wrapped, the second may not come home.
    let both = vec![plain_worker(), theirs.clone()];
    let refused = membrane.pass(both, Direction::Outbound).map(drop);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Rejected);
    assert_eq!(told.count(), 0, "theirs is alive");
    drop(theirs);
    assert_eq!(told.count(), 1);

    let (membrane, told) = (Membrane::new(worker_policy()), Told::default());
    told.watch(&membrane);
    let lent = membrane
        .pass(
            (plain_worker(), Err::<u64, Error>(ErrorKind::Failed.into())),
            Direction::Outbound,
        )
        .map(drop);
    assert!(lent.is_ok());
    assert_eq!(told.count(), 1);
}

/// Fails if a revocation tells the observers, forgets to drop them, or drops them under a lock.
#[test]
fn revocation_ends_the_watch_unheard() {
    soon(|| {
        struct LooksBack(Membrane, Arc<Mutex<Vec<bool>>>);
        impl Drop for LooksBack {
            fn drop(&mut self) {
                let answer = self.0.snapshot().grants.len() == 1 && self.0.live_proxies() == 0;
                self.1.lock().unwrap().push(answer);
                // A panic here goes no further.
                std::panic::panic_any(());
            }
        }
        let dropped = Arc::new(Mutex::new(vec![]));
        for held in [true, false] {
            let (membrane, told) = (Membrane::new(worker_policy()), Told::default());
            let lent = membrane.wrap(plain_worker()).unwrap();
            let heard = told.clone();
            let back = LooksBack(membrane.clone(), dropped.clone());
            membrane.on_dropped(move || {
                let _back = &back;
                heard.0.fetch_add(1, SeqCst);
            });
            if held {
                membrane.revoke("over");
                drop(lent);
            } else {
                // The last proxy goes while the revocation is told of.
                let lent = Mutex::new(Some(lent));
                membrane.on_revoke(move |_| drop(lent.lock().unwrap().take()));
                membrane.revoke("over");
            }
            assert_eq!(
                (told.count(), dropped.lock().unwrap().pop()),
                (0, Some(true))
            );
            // Too late.
            let heard = told.clone();
            let back = LooksBack(membrane.clone(), dropped.clone());
            membrane.on_dropped(move || {
                let _back = &back;
                heard.0.fetch_add(1, SeqCst);
            });
            assert_eq!(
                (told.count(), dropped.lock().unwrap().pop()),
                (0, Some(true))
            );
        }
    });
}

struct Angry;

impl Drop for Angry {
    fn drop(&mut self) {
        panic!("angry");
    }
}

#[test]
fn observers_that_panic_harm_nobody() {
    let (membrane, told) = (Membrane::new(worker_policy()), Told::default());
    membrane.on_dropped(|| panic!("angry"));
    told.watch(&membrane);
    drop(membrane.wrap(plain_worker()).unwrap());
    assert_eq!(told.count(), 1);

    // Of a membrane that goes without having lent anything.
    let angry = Angry;
    membrane.on_dropped(move || drop(angry));
    told.watch(&membrane);
    drop(membrane);
    assert_eq!(told.count(), 1);
}

/// Wrapping the same object while its last proxy is dropped is one life or two, never less: who holds a proxy throughout
/// hears nothing, and who waits for the end hears of it.
#[test]
fn race_of_the_last_proxy_with_a_new_one_is_decided_once() {
    let rounds = sized(20_000, 50);
    let (membrane, told) = (Membrane::new(worker_policy()), Told::default());
    let object = plain_worker();
    let others = [(); 2].map(|()| {
        let (membrane, object) = (membrane.clone(), object.clone());
        spawn(move || {
            for _ in 0..rounds {
                assert!(membrane.wrap(object.clone()).unwrap().run().is_ok());
            }
        })
    });
    for _ in 0..rounds / 10 {
        let held = membrane.wrap(object.clone()).unwrap();
        let before = told.count();
        told.watch(&membrane);
        assert!(held.run().is_ok());
        assert_eq!(told.count(), before, "told while one is held");
        drop(held);
        if told.count() == before {
            // Another thread holds one: it is told in that one's place, unless it is told by the end.
            std::thread::yield_now();
        }
        while told.count() == before && others.iter().any(|other| !other.is_finished()) {
            std::thread::yield_now();
        }
    }
    for other in others {
        other.join().unwrap();
    }
    assert_eq!(membrane.live_proxies(), 0);
    assert_eq!(told.count(), rounds / 10, "each watch ends");
}
