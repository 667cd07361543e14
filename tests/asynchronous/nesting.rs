//! Calls inside calls: two membranes in a row, polls that call back, and the bound on their depth.

use super::executors::{EXECUTORS, block_on, poll_idly};
use super::library::{House, Library, policy};
use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use tests::{Census, assert_kind, assert_revoked, start};

/// A proxy of a proxy: revoked by either, and whoever waits outside is woken through both.
#[test]
fn call_over_two_membranes_ends_with_either() {
    for executor in EXECUTORS {
        for revoked in [None, Some(0), Some(1)] {
            let census = Census::default();
            let house = House::new(&census);
            let hops = [(); 2].map(|()| Membrane::new(policy()));
            let inner = hops[0].wrap::<dyn Library>(house.clone()).unwrap();
            let outer = hops[1].wrap(inner).unwrap();
            let caller = start({
                let outer = outer.clone();
                move || executor.run(async move { outer.wait(4).await })
            });
            while house.bell.wakers().is_empty() {
                std::thread::yield_now();
            }
            let Some(hop) = revoked else {
                house.bell.ring();
                assert_eq!(caller.finish(), Ok(8));
                continue;
            };
            hops[hop].revoke("hop");
            let error = caller.finish().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Revoked);
            // Whose reason it is to tell.
            assert_eq!(error.reason().is_some(), hop == 1, "{error}");
            drop((house, outer));
            // The house is with the other membrane's proxy no more.
            hops[1 - hop].revoke("rest");
            assert_eq!(census.alive(), 0);
        }
    }
}

/// A default policy, and a method that is called again from inside its own poll.
#[interface]
trait Tower {
    async fn climb(&self, steps: u64) -> Result<u64, Error>;
}

#[derive(Default)]
struct Stairs {
    /// The stairs, as lent.
    lent: OnceLock<Arc<dyn Tower>>,
    deepest: AtomicU64,
}

#[interface]
impl Tower for Stairs {
    async fn climb(&self, steps: u64) -> Result<u64, Error> {
        self.deepest.fetch_max(steps, SeqCst);
        // Each step of the stairs is a call inside a poll.
        tokio::task::yield_now().await;
        self.lent.get().expect("it was lent").climb(steps + 1).await
    }
}

#[test]
fn polls_inside_polls_are_bounded() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Tower: climb))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let stairs = Arc::new(Stairs::default());
    let lent = membrane.wrap::<dyn Tower>(stairs.clone()).unwrap();
    assert!(stairs.lent.set(lent.clone()).is_ok());
    let executor = super::executors::Executor::TokioOneThread;
    let climbed = executor.run(async move { lent.climb(0).await });
    assert_kind(climbed, ErrorKind::TooDeep);
    let deepest = stairs.deepest.load(SeqCst);
    assert!((64..=128).contains(&deepest), "{deepest}");
    membrane.revoke("down");
    assert_eq!(membrane.live_proxies(), 0);
    assert_eq!(Arc::strong_count(&stairs), 1);
}

/// A poll that drops its own proxy, revokes its own membrane's child, and lends through it.
#[test]
fn poll_may_come_back_through_its_membrane() {
    #[interface]
    trait Host {
        async fn visit(&self) -> Result<Vec<Arc<dyn Library>>, Error>;
    }
    struct Inn {
        membrane: Membrane,
        house: Arc<House>,
        own: std::sync::Mutex<Option<Arc<dyn Host>>>,
    }
    #[interface]
    impl Host for Inn {
        async fn visit(&self) -> Result<Vec<Arc<dyn Library>>, Error> {
            let grant = self.membrane.grant(&policy()).expect("live");
            let library: Arc<dyn Library> = self.house.clone();
            let lent = grant.wrap(library.clone())?;
            assert_eq!(lent.at_once(2).await, Ok(4));
            let mut waiting = lent.wait(1);
            assert!(poll_idly(&mut waiting).is_pending());
            grant.revoke("checked out");
            assert_revoked(waiting.await, "checked out");
            drop(self.own.lock().unwrap().take());
            Ok(vec![library; 2])
        }
    }
    let census = Census::default();
    let policy = super::library::lending()
        .inbound(allow!(dyn Host: visit))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let inn = Arc::new(Inn {
        membrane: membrane.clone(),
        house: House::new(&census),
        own: std::sync::Mutex::default(),
    });
    let lent = membrane.wrap::<dyn Host>(inn.clone()).unwrap();
    *inn.own.lock().unwrap() = Some(lent.clone());
    let got = block_on(lent.visit()).unwrap();
    assert!(Arc::ptr_eq(&got[0], &got[1]) && membrane.lent(&got[0]).is_some());
    drop(got);
    assert_eq!(membrane.live_proxies(), 1);
    assert!(inn.own.lock().unwrap().is_none());
}

/// A chain of grants is one hop, for async methods, too.
#[test]
fn chain_of_grants_is_one_call() {
    let census = Census::default();
    let house = House::new(&census);
    let root = Membrane::new(policy());
    let mut lent = root.wrap::<dyn Library>(house.clone()).unwrap();
    let mut last = root.clone();
    for _ in 0..20 {
        last = last.attenuate(&policy()).unwrap();
        lent = last.wrap(lent).unwrap();
    }
    let mut waiting = lent.wait(1);
    assert!(poll_idly(&mut waiting).is_pending());
    assert_eq!((root.live_proxies(), last.live_proxies()), (0, 2));
    house.bell.ring();
    assert_eq!(poll_idly(&mut waiting), Poll::Ready(Ok(2)));
    drop(waiting);
    assert_eq!(last.live_proxies(), 1);
    let mut waiting = lent.wait(1);
    root.revoke("all");
    let Poll::Ready(result) = poll_idly(&mut waiting) else {
        panic!("revoked")
    };
    assert_revoked(result, "all");
    assert_kind(
        block_on(
            Membrane::new(Policy::deny_all())
                .wrap::<dyn Library>(house)
                .unwrap()
                .wait(1),
        ),
        ErrorKind::Refused,
    );
}
