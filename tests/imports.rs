//! Objects that are implemented elsewhere, as the host has them: one for each key, whichever threads bring it; and interfaces
//! that have the same text.

use membrane::{Error, ErrorKind, Policy, allow, interface};
use runtime::{
    CallError, Domain, DynamicInterface, Foreign, InterfaceHash, Limits, Object, Runtime, Value,
};
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::time::Duration;
use tests::{Census, Started, Token, soon, start};

const ROUNDS: u64 = if cfg!(miri) { 5 } else { 300 };
const THREADS: usize = 3;

#[interface(dynamic)]
trait Lamp {
    fn is_on(&self) -> Result<bool, Error>;
}

#[interface(dynamic)]
trait Door {
    fn is_open(&self) -> Result<bool, Error>;
}

/// What the other side has been told that nobody holds any more, handle by handle.
type Released = Arc<Mutex<Vec<u64>>>;

fn released(log: &Released) -> Vec<u64> {
    let mut released = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    released.sort_unstable();
    released
}

/// An object of the other side's, by a handle that was made for this one reference.
struct Far {
    side: Domain,
    key: u64,
    handle: u64,
    released: Released,
    _token: Token,
}

impl Foreign for Far {
    fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
        let released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Value::Bool(!released.contains(&self.handle)))
    }
}

impl Drop for Far {
    fn drop(&mut self) {
        self.side.forget_import(self.key);
        let mut released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        released.push(self.handle);
    }
}

struct Side {
    runtime: Runtime,
    guest: Domain,
    released: Released,
    census: Census,
}

impl Side {
    fn new() -> Arc<Self> {
        let runtime = Runtime::new();
        runtime.know::<dyn Lamp>();
        runtime.know::<dyn Door>();
        let guest = runtime.domain("guest", Limits::default());
        let policy = Policy::builder()
            .outbound(allow!(dyn Lamp: is_on))
            .outbound(allow!(dyn Door: is_open))
            .build()
            .expect("one list each");
        runtime
            .join(runtime.host(), &guest, policy)
            .expect("the first time");
        Arc::new(Self {
            runtime,
            guest,
            released: Released::default(),
            census: Census::default(),
        })
    }

    fn import(&self, key: u64, interface: InterfaceHash, handle: u64) -> Object {
        let far = || -> Arc<dyn Foreign> {
            // So that others come as far as here.
            std::thread::sleep(Duration::from_micros(100));
            Arc::new(Far {
                side: self.guest.clone(),
                key,
                handle,
                released: self.released.clone(),
                _token: self.census.token(),
            })
        };
        self.guest.import(key, interface, far).expect("it is known")
    }

    /// The object, called by the host through the membrane: whether the other side still has its handle.
    fn works(&self, object: &Object) -> bool {
        let host = self.runtime.host();
        let held = self.guest.send(object, host).expect("joined");
        host.call(&held, 0, &[]) == Ok(true.into())
    }
}

fn lamp() -> InterfaceHash {
    <dyn Lamp>::interface().hash()
}

/// Runs `work` on each of the threads at the same moment, over and over.
fn at_once<R: Send + 'static>(
    side: &Arc<Side>,
    work: impl Fn(&Side, u64, usize) -> R + Copy + Send + 'static,
    look: impl Fn(&Side, u64, Vec<R>),
) {
    for round in 0..ROUNDS {
        let barrier = Arc::new(Barrier::new(THREADS));
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                let (side, barrier) = (side.clone(), barrier.clone());
                start(move || {
                    barrier.wait();
                    work(&side, round, number)
                })
            })
            .collect();
        look(
            side,
            round,
            threads.into_iter().map(Started::finish).collect(),
        );
    }
}

/// Fails if an import looks whether the object is there, and then puts its own in the place without looking again.
#[test]
fn threads_that_import_one_key_at_once_have_one_object() {
    let side = Side::new();
    at_once(
        &side,
        |side, round, number| side.import(round, lamp(), round * 10 + number as u64),
        |side, round, objects| {
            for object in &objects {
                assert_eq!(*object, objects[0], "round {round}");
                assert_eq!(side.guest.import_key(object), Some(round));
                assert!(side.works(object), "its handle was not released");
            }
            let typed: Vec<Arc<dyn Lamp>> = objects
                .iter()
                .map(|object| object.typed().expect("a lamp"))
                .collect();
            assert!(typed.iter().all(|lamp| Arc::ptr_eq(lamp, &typed[0])));
            assert_eq!((side.guest.imports(), side.census.alive()), (1, 1));
            drop((objects, typed));
            assert_eq!((side.guest.imports(), side.census.alive()), (0, 0));
        },
    );
    let mut handles = released(&side.released);
    let count = handles.len();
    handles.dedup();
    assert_eq!(handles.len(), count, "each handle was released once");
    assert_eq!(count, side.census.made());
    assert!(
        side.census.made() as u64 > ROUNDS,
        "reached: some were made in vain"
    );
}

/// As above, with threads that drop what they have got at once: an object dies while it is imported anew.
#[test]
fn object_that_dies_while_it_is_imported_anew_leaves_the_new_one_alone() {
    let side = Side::new();
    at_once(
        &side,
        |side, round, number| {
            for step in 0..8 {
                let handle = (round * 10 + number as u64) * 10 + step;
                let object = side.import(7, lamp(), handle);
                assert!(side.works(&object), "its handle was not released");
                assert_eq!(side.guest.import_key(&object), Some(7));
                let again = side.import(7, lamp(), handle + 1_000_000);
                assert_eq!(again, object);
            }
        },
        |side, _, _| assert_eq!((side.guest.imports(), side.census.alive()), (0, 0)),
    );
    let mut handles = released(&side.released);
    let count = handles.len();
    handles.dedup();
    assert_eq!(handles.len(), count, "each handle was released once");
}

/// Fails if there is one object for a key, whatever the interface: the second import then makes the first be forgotten.
#[test]
fn key_has_one_object_for_each_interface() {
    let side = Side::new();
    let door = <dyn Door>::interface().hash();
    let (as_lamp, as_door) = (side.import(1, lamp(), 1), side.import(1, door, 2));
    assert_ne!(as_lamp, as_door);
    assert_eq!(side.import(1, lamp(), 3), as_lamp);
    assert_eq!(side.import(1, door, 4), as_door);
    for object in [&as_lamp, &as_door] {
        assert_eq!(side.guest.import_key(object), Some(1));
    }
    assert_eq!((side.guest.imports(), side.census.made()), (2, 2));
    drop(as_lamp);
    assert_eq!(
        (side.guest.imports(), released(&side.released)),
        (1, vec![1])
    );
    assert_eq!(side.guest.import_key(&as_door), Some(1));
    drop(as_door);
    assert_eq!(
        (side.guest.imports(), released(&side.released)),
        (0, vec![1, 2])
    );
}

/// Fails (deadlock) if `make`, or the `Drop` of what was made in vain, runs under a lock of the domain's.
#[test]
fn import_inside_an_import_of_the_same_key_is_the_first() {
    soon(|| {
        let side = Side::new();
        let mut inner = None;
        let outer = side
            .guest
            .import(1, lamp(), || {
                inner = Some(side.import(1, lamp(), 1));
                Arc::new(Far {
                    side: side.guest.clone(),
                    key: 1,
                    handle: 2,
                    released: side.released.clone(),
                    _token: side.census.token(),
                })
            })
            .expect("it is known");
        assert_eq!(Some(&outer), inner.as_ref());
        assert_eq!(released(&side.released), [2], "made in vain");
        assert!(side.works(&outer));
    });
}

// Two traits of one name and one text. Their hash is one; to the membrane they are two.

mod left {
    use membrane::{Error, interface};

    #[interface(dynamic)]
    pub(crate) trait Safe {
        fn look(&self) -> Result<u8, Error>;
        fn open(&self) -> Result<u8, Error>;
    }
}

mod right {
    use membrane::{Error, interface};

    #[interface(dynamic)]
    pub(crate) trait Safe {
        fn look(&self) -> Result<u8, Error>;
        fn open(&self) -> Result<u8, Error>;
    }
}

struct Steel;

impl left::Safe for Steel {
    fn look(&self) -> Result<u8, Error> {
        Ok(1)
    }
    fn open(&self) -> Result<u8, Error> {
        Ok(2)
    }
}

impl right::Safe for Steel {
    fn look(&self) -> Result<u8, Error> {
        Ok(3)
    }
    fn open(&self) -> Result<u8, Error> {
        Ok(4)
    }
}

const LOOK: u32 = 0;
const OPEN: u32 = 1;

/// On the left one may look, on the right open; both ways.
fn unlike() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn left::Safe: look))
        .inbound(allow!(dyn right::Safe: open))
        .outbound(allow!(dyn left::Safe: look))
        .outbound(allow!(dyn right::Safe: open))
        .build()
        .expect("they are two interfaces")
}

fn joined() -> (Runtime, Domain) {
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    runtime
        .join(runtime.host(), &guest, unlike())
        .expect("the first time");
    (runtime, guest)
}

/// What of the two methods the caller gets, by number, by name and by description.
#[track_caller]
fn assert_only(side: &Domain, object: &Object, number: u32, answer: u8) {
    let names = ["look", "open"];
    for (other, name) in (0..).zip(names) {
        let result = side.call(object, other, &[]);
        assert_eq!(side.call_named(object, name, &[]), result);
        if other == number {
            assert_eq!(result, Ok(i64::from(answer).into()));
            assert_eq!(object.method(name), Some(number));
        } else {
            assert_eq!(result, Err(ErrorKind::Refused.into()));
            assert_eq!(object.method(name), None);
        }
    }
    let description = side.describe(object).expect("it holds it");
    let told: Vec<u32> = description
        .methods()
        .iter()
        .map(|(number, _)| *number)
        .collect();
    assert_eq!(told, [number]);
}

/// Fails if a policy, a proxy or an identity goes by the text of an interface instead of the trait.
#[test]
fn two_traits_of_the_same_text_have_each_their_own_list() {
    let (left, right) = (
        <dyn left::Safe>::interface(),
        <dyn right::Safe>::interface(),
    );
    assert_eq!(left.hash(), right.hash(), "reached: the text is the same");
    let (runtime, guest) = joined();
    let host = runtime.host();
    let target = Arc::new(Steel);
    let as_left = host.own::<dyn left::Safe>(target.clone());
    let as_right = host.own::<dyn right::Safe>(target);
    let sent = [&as_left, &as_right].map(|object| host.send(object, &guest).expect("joined"));
    assert_ne!(sent[0], sent[1]);
    assert_only(&guest, &sent[0], LOOK, 1);
    assert_only(&guest, &sent[1], OPEN, 4);
    // Nor by name in the guest's table, nor by a cast.
    let names = [0, 1].map(|index| guest.insert(&sent[index]).expect("room"));
    assert_ne!(names[0], names[1]);
    assert_only(&guest, &guest.get(names[0]).expect("it is there"), LOOK, 1);
    assert!(sent[0].typed::<dyn right::Safe>().is_none());
    assert!(sent[1].typed::<dyn left::Safe>().is_none());
}

/// Fails if a later `know` takes the place of an earlier one.
#[test]
fn object_from_elsewhere_is_of_the_trait_that_was_known_first() {
    struct Open;
    impl Foreign for Open {
        fn call(&self, method: u32, _: &[Value]) -> Result<Value, CallError> {
            Ok(i64::from(method).into())
        }
    }
    let hash = <dyn left::Safe>::interface().hash();
    let (runtime, guest) = joined();
    runtime.know::<dyn left::Safe>();
    runtime.know::<dyn right::Safe>();
    let object = guest.import(1, hash, || Arc::new(Open)).expect("known");
    assert!(object.typed::<dyn left::Safe>().is_some());
    assert!(object.typed::<dyn right::Safe>().is_none());
    let held = guest.send(&object, runtime.host()).expect("joined");
    assert_only(runtime.host(), &held, LOOK, 0);
    // Another program, the other order.
    let (runtime, guest) = joined();
    runtime.know::<dyn right::Safe>();
    runtime.know::<dyn left::Safe>();
    let object = guest.import(1, hash, || Arc::new(Open)).expect("known");
    let held = guest.send(&object, runtime.host()).expect("joined");
    assert_only(runtime.host(), &held, OPEN, 1);
}
