//! What is used up: memory, time, names; and what is not given back.

use super::staging::{Boxed, Chest, Coffer, SILVER, joined};
use crate::cast::{Safe, Vault, listed};
use crate::lab::{Lab, breaks, contained};
use bytes::Bytes;
use membrane::{
    Conditions, Direction, Error, ErrorKind, Membrane, Passable, Policy, allow, interface,
};
use runtime::{Limits, MessageLimits, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tests::{Census, Token, soon};

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a bomb");
    }
}

impl Vault for Bomb {
    fn name(&self) -> Result<String, Error> {
        Ok("a bomb".into())
    }

    fn open(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

type Closure = Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

fn vaults() -> Membrane {
    Membrane::new(listed().build().expect("one list each"))
}

/// Runs `victim` on a thread of its own, and says whether a panic of the other side came out of it there.
fn struck(lab: &Lab, what: &str, victim: impl FnOnce() + Send + 'static) {
    let struck = soon(move || catch_unwind(AssertUnwindSafe(victim)).is_err());
    lab.escaped_if(struck, format!("a panic in {what}"));
}

/// E6: "unhandled rejection": nobody waits for what a `Drop` of the other side has to say.
#[test]
fn e6_panicking_drop_of_what_is_taken_back() {
    contained(breaks![gate::LoudDrops], |lab| {
        let membrane = vaults();
        let bomb: Arc<dyn Vault> = Arc::new(Bomb);
        let taken = membrane.pass(bomb, Direction::Inbound).expect("live");
        lab.reached();
        struck(lab, "the revoker", move || {
            membrane.revoke("over");
            drop(taken);
        });

        let (membrane, bomb) = (vaults(), Bomb);
        let closure: Closure = Arc::new(move || {
            let _captured = &bomb;
            Ok(1)
        });
        let closure = membrane.pass(closure, Direction::Inbound).expect("live");
        struck(lab, "the last holder of a closure", move || drop(closure));

        let (membrane, bomb) = (vaults(), Bomb);
        let items: Items = Box::new((0..3).map(move |item| {
            let _captured = &bomb;
            Ok(item)
        }));
        let mut items = membrane.pass(items, Direction::Inbound).expect("live");
        assert_eq!(items.next(), Some(Ok(0)));
        struck(lab, "the last holder of an iterator", move || drop(items));

        let (membrane, bomb) = (vaults(), Bomb);
        let future: Boxed<u64> = Box::pin(async move {
            let _captured = bomb;
            std::future::pending().await
        });
        let future = membrane.pass(future, Direction::Inbound).expect("live");
        struck(lab, "whoever gives up waiting", move || drop(future));
    });
}

/// E6, of what arrives when it is over.
#[test]
fn e6_panicking_drop_of_what_comes_too_late() {
    contained(breaks![gate::LoudDrops], |lab| {
        let membrane = vaults();
        membrane.revoke("over");
        lab.reached();
        struck(lab, "whoever takes it in", move || {
            let bomb: Arc<dyn Vault> = Arc::new(Bomb);
            assert!(membrane.pass(bomb, Direction::Inbound).is_err());
        });
    });
}

/// Keeps what it is given.
#[derive(Default)]
struct Store {
    bytes: Mutex<usize>,
}

#[derive(Passable)]
#[passable(recursive)]
struct Nested(Option<Box<Nested>>, Option<Arc<dyn Vault>>);

#[interface]
trait Storing: Send + Sync {
    fn put(&self, bytes: Vec<u8>) -> Result<(), Error>;
    fn put_text(&self, text: &str) -> Result<(), Error>;
    fn put_nested(&self, nested: Nested) -> Result<u64, Error>;
    fn made(&self) -> Result<Arc<dyn Vault>, Error>;
}

impl Store {
    fn add(&self, bytes: usize) {
        *self.bytes.lock().unwrap_or_else(PoisonError::into_inner) += bytes;
    }

    fn stored(&self) -> usize {
        *self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Storing for Store {
    fn put(&self, bytes: Vec<u8>) -> Result<(), Error> {
        self.add(bytes.len());
        Ok(())
    }

    fn put_text(&self, text: &str) -> Result<(), Error> {
        self.add(text.len());
        Ok(())
    }

    fn put_nested(&self, mut nested: Nested) -> Result<u64, Error> {
        let mut levels = 1;
        while let Some(next) = nested.0.take() {
            (nested, levels) = (*next, levels + 1);
        }
        Ok(levels)
    }

    fn made(&self) -> Result<Arc<dyn Vault>, Error> {
        Ok(Safe::new())
    }
}

fn storing() -> Policy {
    let stores = allow!(dyn Storing: put, put_text, put_nested, made);
    listed().inbound(stores).build().expect("one list each")
}

fn store(conditions: &Conditions) -> (Arc<Store>, Membrane, Arc<dyn Storing>) {
    let store = Arc::new(Store::default());
    let membrane = Membrane::with_conditions(storing(), conditions).expect("no more than nothing");
    let lent = membrane.wrap::<dyn Storing>(store.clone()).expect("live");
    (store, membrane, lent)
}

/// E7: "`Buffer.alloc(N)`": in one piece, in many, and in depth.
#[test]
fn e7_size_of_arguments() {
    const MOST: u64 = 10_000;
    contained(
        breaks![membrane::UncountedBytes, membrane::OwnPurse],
        |lab| {
            let conditions = Conditions::builder().bytes_in(MOST).build();
            let conditions = conditions.expect("a condition");
            let (store, membrane, lent) = store(&conditions);
            let narrower = membrane.attenuate_with(&storing(), &conditions);
            let on = narrower.expect("no more").wrap(lent.clone()).expect("live");
            lab.reached();
            let refused = [
                lent.put(vec![0; 20_000]).is_err(),
                lent.put_text(&"x".repeat(20_000)).is_err(),
                on.put(vec![0; 20_000]).is_err(),
            ];
            lab.escaped_if(refused != [true; 3], "20,000 bytes at once");
            for lent in [&lent, &on] {
                for _ in 0..100 {
                    let _ = lent.put(vec![0; 1_000]);
                }
            }
            let stored = store.stored();
            lab.escaped_if(stored as u64 > MOST, format!("{stored} bytes"));
        },
    );
}

/// E7, in depth.
#[test]
fn e7_depth_of_data() {
    contained(breaks![membrane::NoLevels], |lab| {
        let (_store, _membrane, lent) = store(&Conditions::default());
        let nested = |levels: u64| {
            let none = Nested(None, None);
            (1..levels).fold(none, |inner, _| Nested(Some(Box::new(inner)), None))
        };
        assert_eq!(lent.put_nested(nested(100)), Ok(100));
        lab.reached();
        lab.escaped_if(lent.put_nested(nested(400)).is_ok(), "400 levels");
    });
}

/// E7, of dynamic calls: bytes, values and levels, of arguments and of results.
#[test]
fn e7_size_of_messages() {
    contained(breaks![runtime::AnyMessage], |lab| {
        let message = MessageLimits {
            bytes: 1_000,
            ..MessageLimits::default()
        };
        let limits = Limits {
            message,
            ..Limits::default()
        };
        let (runtime, guest, _membrane) = joined(limits);
        let own = runtime.host().own::<dyn Chest>(Arc::new(Coffer::default()));
        let lent = runtime.host().send(&own, &guest).expect("live");
        let say = |length: usize| guest.call_named(&lent, "say", &["x".repeat(length).into()]);
        assert!(say(900).is_ok());
        lab.reached();
        lab.escaped_if(say(1_100).is_ok(), "a text beyond the limit");
        let deep = (0..100).fold(Value::Null, |inner, _| vec![inner].into());
        let answer = guest.call_named(&lent, "say", &[deep]);
        let limit = matches!(answer, Err(runtime::CallError::Limit(_)));
        lab.escaped_if(!limit, "a value beyond the limit was looked at");
    });
}

/// E7: "wrapper table is a memory DoS": objects that the other side has made and wrapped.
#[test]
fn e7_number_of_proxies() {
    contained(breaks![membrane::UncountedProxies], |lab| {
        let conditions = Conditions::builder().proxies(20).build();
        let (_store, membrane, lent) = store(&conditions.expect("a condition"));
        lab.reached();
        let made: Vec<_> = (0..100).filter_map(|_| lent.made().ok()).collect();
        let handed: Vec<_> = (0..100)
            .filter_map(|_| membrane.wrap_inbound::<dyn Vault>(Safe::new()).ok())
            .collect();
        let live = membrane.live_proxies();
        lab.escaped_if(live > 20, format!("{live} proxies"));
        lab.escaped_if(made.len() + handed.len() > 20, "more than were reserved");
    });
}

/// E7: names for objects, in one domain.
#[test]
fn e7_number_of_names() {
    contained(breaks![runtime::AnyNumber], |lab| {
        let limits = Limits {
            handles: 8,
            ..Limits::default()
        };
        let (runtime, guest, _membrane) = joined(limits);
        lab.reached();
        let named = (0..20).filter(|_| {
            let own = runtime.host().own::<dyn Chest>(Arc::new(Coffer::default()));
            let lent = runtime.host().send(&own, &guest).expect("live");
            guest.insert(&lent).is_ok()
        });
        let named = named.count();
        lab.escaped_if(named > 8 || guest.handles() > 8, format!("{named} names"));
    });
}

/// The least time that it took to pass an object which is known, among so many others.
fn time_among(others: usize) -> Duration {
    let membrane = vaults();
    let others: Vec<_> = (0..others)
        .map(|_| membrane.wrap::<dyn Vault>(Safe::new()).expect("live"))
        .collect();
    let known: Arc<dyn Vault> = Safe::new();
    let proxy = membrane.wrap(known.clone()).expect("live");
    let batches = (0..40).map(|_| {
        let start = Instant::now();
        for _ in 0..10 {
            assert!(membrane.wrap(known.clone()).is_ok());
        }
        start.elapsed()
    });
    let least = batches.min().expect("some");
    drop((others, proxy));
    least
}

/// E8: "deep scan on each crossing": what a crossing costs does not grow with what the other side has made.
#[test]
fn e8_crossing_among_many() {
    contained(breaks![membrane::NoIndex], |lab| {
        let few = time_among(64);
        let many = time_among(6_400);
        lab.reached();
        lab.escaped_if(many > 10 * few, format!("{few:?} became {many:?}"));
    });
}

/// E9: "array of revoke functions keeps everything alive": entries of what nobody holds any more, of each kind.
#[test]
fn e9_entries_of_dropped_proxies() {
    contained(breaks![membrane::KeptEntries], |lab| {
        let membrane = vaults();
        for _ in 0..100 {
            for direction in [Direction::Outbound, Direction::Inbound] {
                let vault: Arc<dyn Vault> = Safe::new();
                let closure: Closure = Arc::new(|| Ok(1));
                let items: Items = Box::new((0..3).map(Ok));
                let future: Boxed<u64> = Box::pin(async { Ok(1) });
                drop(membrane.pass((vault, closure, items), direction));
                drop(membrane.pass(future, direction));
            }
        }
        lab.reached();
        let live = membrane.live_proxies();
        lab.escaped_if(live > 0, format!("{live} entries of nothing"));
    });
}

/// E9: names that a guest has given back.
#[test]
fn e9_names_that_were_released() {
    contained(breaks![runtime::KeepsNames], |lab| {
        let (runtime, guest, _membrane) = joined(Limits::default());
        let chest = Arc::new(Coffer::default());
        assert_eq!(chest.open(), Ok(SILVER));
        let own = runtime.host().own::<dyn Chest>(chest.clone());
        let lent = runtime.host().send(&own, &guest).expect("live");
        let name = guest.insert(&lent).expect("room");
        assert!(guest.release(name));
        drop((own, lent));
        lab.reached();
        lab.escaped_if(guest.handles() > 0, "a name of nothing");
        lab.escaped_if(guest.get(name).is_some(), "what it named");
        lab.escaped_if(Arc::strong_count(&chest) > 1, "the object is kept");
    });
}

/// E10: "sandbox never collected": what a membrane itself keeps goes with the last who holds it.
#[test]
fn e10_membrane_that_nobody_holds() {
    contained(breaks![membrane::KeptRoots], |lab| {
        let census = Census::default();
        let membrane = vaults();
        let kept = census.token();
        membrane.on_revoke(move |_| drop(kept));
        let kept = census.token();
        membrane.audit(move |_: &membrane::AuditRecord<'_>| {
            let _captured: &Token = &kept;
        });
        let grant = membrane.attenuate(membrane.policy()).expect("no more");
        let kept = census.token();
        grant.on_revoke(move |_| drop(kept));
        let vault = membrane.wrap::<dyn Vault>(Safe::new()).expect("live");
        let on = grant.wrap(vault).expect("live");
        assert!(on.name().is_ok());
        drop((membrane, grant, on));
        lab.reached();
        let alive = census.alive();
        lab.escaped_if(alive > 0, format!("{alive} things of a dead membrane"));
    });
}

/// Holds something of the other side's, and is counted.
struct Holding {
    #[allow(dead_code, reason = "it is held")]
    other: Mutex<Option<Arc<dyn Vault>>>,
    #[allow(dead_code, reason = "it counts while it lives")]
    token: Token,
}

impl Vault for Holding {
    fn name(&self) -> Result<String, Error> {
        Ok("holding".into())
    }

    fn open(&self) -> Result<u64, Error> {
        Err(ErrorKind::Failed.into())
    }
}

/// E10: two objects that hold each other's proxies, across the membrane: nobody frees them but a revocation.
#[test]
fn e10_targets_of_a_revoked_membrane() {
    contained(breaks![gate::NoCut], |lab| {
        let census = Census::default();
        let membrane = vaults();
        let holding = || {
            Arc::new(Holding {
                other: Mutex::default(),
                token: census.token(),
            })
        };
        let (wet, dry) = (holding(), holding());
        let to_dry = membrane.wrap::<dyn Vault>(wet.clone()).expect("live");
        let to_wet = membrane.wrap_inbound::<dyn Vault>(dry.clone());
        *dry.other.lock().expect("nobody panics") = Some(to_dry);
        *wet.other.lock().expect("nobody panics") = Some(to_wet.expect("live"));
        drop((wet, dry));
        assert_eq!(census.alive(), 2, "they hold each other");
        membrane.revoke("over");
        lab.reached();
        lab.escaped_if(census.alive() > 0, "a circle that a revocation leaves");
    });
}

/// A pool, and who is told when it goes.
struct Pool {
    memory: Vec<u8>,
    #[allow(dead_code, reason = "it counts while it lives")]
    token: Token,
}

impl AsRef<[u8]> for Pool {
    fn as_ref(&self) -> &[u8] {
        &self.memory
    }
}

#[interface]
trait Pooled: Send + Sync {
    fn read(&self) -> Result<Bytes, Error>;
    fn write(&self, bytes: Bytes) -> Result<usize, Error>;
}

struct Pooling(Bytes);

impl Pooled for Pooling {
    fn read(&self) -> Result<Bytes, Error> {
        Ok(self.0.slice(8..12))
    }

    fn write(&self, bytes: Bytes) -> Result<usize, Error> {
        Ok(bytes.as_ptr().addr())
    }
}

/// E11: "Buffer pool slice sees host bytes": a slice arrives as a buffer of its own, either way, and holds no pool.
#[test]
fn e11_slice_of_a_pool() {
    contained(breaks![membrane::BareBuffers], |lab| {
        let census = Census::default();
        let pool = Bytes::from_owner(Pool {
            memory: vec![7; 1_024],
            token: census.token(),
        });
        let within = pool.as_ptr().addr()..pool.as_ptr().addr() + pool.len();
        let policy = Policy::builder().inbound(allow!(dyn Pooled: read, write));
        let membrane = Membrane::new(policy.build().expect("one list"));
        let pooled: Arc<dyn Pooled> = Arc::new(Pooling(pool.clone()));
        let lent = membrane.wrap(pooled).expect("live");
        let slice = lent.read().expect("listed");
        assert_eq!(&slice[..], [7; 4]);
        lab.reached();
        lab.escaped_if(
            within.contains(&slice.as_ptr().addr()),
            "memory of the pool",
        );
        let other = vec![1_u8; 64];
        let sent = Bytes::from(other);
        let at = sent.as_ptr().addr();
        let arrived = lent.write(sent.slice(2..4)).expect("listed");
        lab.escaped_if((at..at + 64).contains(&arrived), "memory of the caller's");
        drop((pool, lent, membrane));
        lab.escaped_if(census.alive() > 0, "the pool is held");
    });
}
