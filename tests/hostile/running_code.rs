//! The question, or the rebuilding of a value, runs code.

use super::*;
use membrane::{OnPanic, Passable};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// D4.
#[test]
fn object_that_panics_when_asked_is_an_error_and_harms_nothing() {
    let stage = stage();
    let evil = Evil::new(|_, _| panic!("asked"));
    let raw: Arc<dyn Safe> = evil.clone();
    let panicked = |result: Result<(), Error>| {
        assert_eq!(result.map_err(Error::kind), Err(ErrorKind::Panicked));
    };
    panicked(stage.membrane.wrap(raw.clone()).map(drop));
    panicked(stage.membrane.wrap_inbound(raw.clone()).map(drop));
    panicked(
        stage
            .membrane
            .pass(vec![raw.clone()], Direction::Outbound)
            .map(drop),
    );
    panicked(stage.desk.take(raw.clone()));
    stage.owner.take(raw).unwrap();
    panicked(stage.desk.give().map(drop));
    assert_eq!(evil.asked(), 5);
    assert!(stage.owner.taken.lock().unwrap().is_none());
    // Nothing is left of it, and everything else works.
    assert_eq!(
        (Arc::strong_count(&evil), stage.membrane.live_proxies()),
        (1, 2)
    );
    assert_eq!(stage.stolen.open(), Ok(1));
}

/// M10: it is no target that panics here, so nothing propagates to whoever was made to carry the object.
///
/// Fails when `whose` does not catch what the question runs into.
#[test]
fn object_that_panics_when_asked_is_an_error_where_panics_of_targets_propagate() {
    let policy = opening().on_panic(OnPanic::Propagate).build().unwrap();
    let membrane = Membrane::new(policy);
    let owner = Honest::new(2);
    let desk = membrane.wrap::<dyn Safe>(owner.clone()).unwrap();
    let evil = Evil::new(|_, _| panic!("asked"));
    let taken = desk.take(evil.clone());
    assert_eq!(taken.map_err(Error::kind), Err(ErrorKind::Panicked));
    owner.take(evil.clone()).unwrap();
    let given = desk.give().map(drop);
    assert_eq!(given.map_err(Error::kind), Err(ErrorKind::Panicked));
    assert_eq!(evil.asked(), 2);
}

#[test]
fn object_that_revokes_when_asked_is_not_delivered() {
    for trial in 0..3 {
        let stage = stage();
        let membrane = stage.membrane.clone();
        let evil = Evil::new(move |_, _| membrane.revoke("asked for it"));
        let raw: Arc<dyn Safe> = evil.clone();
        let result = match trial {
            0 => stage.membrane.wrap(raw).map(drop),
            1 => stage.desk.take(raw),
            _ => {
                stage.owner.take(raw).unwrap();
                stage.desk.give().map(drop)
            }
        };
        tests::assert_revoked(result, "asked for it");
        assert_eq!(evil.asked(), 1);
        assert!(stage.owner.taken.lock().unwrap().is_none());
        assert_eq!(stage.membrane.live_proxies(), 0);
        tests::assert_revoked(stage.stolen.open(), "asked for it");
    }
}

/// M14: while it is asked it wraps others, and itself.
#[test]
fn object_that_wraps_when_asked_gets_what_it_would_get_at_any_time() {
    let stage = stage();
    let membrane = stage.membrane.clone();
    let victim: Arc<dyn Safe> = stage.victim.clone();
    let stolen = stage.stolen.clone();
    let seen: Arc<Mutex<Option<Arc<dyn Safe>>>> = Arc::default();
    let within = seen.clone();
    let evil = Evil::new(move |evil, _| {
        assert!(Arc::ptr_eq(
            &membrane.wrap(victim.clone()).unwrap(),
            &stolen
        ));
        assert!(Arc::ptr_eq(
            &membrane.wrap_inbound(stolen.clone()).unwrap(),
            &victim
        ));
        if evil.asked() % 2 == 1 {
            *within.lock().unwrap() = Some(membrane.wrap_inbound(evil.me()).unwrap());
        }
    });
    let raw: Arc<dyn Safe> = evil.clone();
    stage.desk.take(raw).unwrap();
    let within = seen.lock().unwrap().take().expect("it was reached");
    assert!(
        Arc::ptr_eq(&stage.owner.taken(), &within),
        "one object, one proxy"
    );
    assert_eq!(evil.asked(), 2);
}

/// It hands itself in again each time it is asked: a call in a call, which has a bound.
#[test]
fn object_that_calls_back_in_when_asked_ends_at_the_depth_limit() {
    let stage = stage();
    let desk = stage.desk.clone();
    let last: Arc<Mutex<Option<Error>>> = Arc::default();
    let told = last.clone();
    let evil = Evil::new(move |evil, _| {
        if let Err(error) = desk.take(evil.me()) {
            told.lock().unwrap().get_or_insert(error);
        }
    });
    stage.desk.take(evil.clone()).unwrap();
    let asked = evil.asked();
    assert!((100..=128).contains(&asked), "{asked}");
    assert_eq!(
        last.lock().unwrap().map(Error::kind),
        Some(ErrorKind::TooDeep)
    );
    assert_eq!(stage.stolen.open(), Ok(1));
    // It holds the desk, and the desk holds it.
    drop(stage.owner.taken());
}

#[test]
fn object_that_answers_nothing_or_asks_itself_is_an_ordinary_one() {
    let stage = stage();
    stage.arrives_as_itself(&Evil::new(|_, _| {}));
    let evil = Evil::new(|evil, query| match evil.asked() % 7 {
        0 => {}
        1 | 3 => <dyn Safe as Target>::ask(&evil.me(), query),
        _ => evil.__membrane_named(query),
    });
    stage.arrives_as_itself(&evil);
}

thread_local! {
    static WHEN_HASHED: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// A key of a map, whose author's code runs whenever the map is built anew.
#[derive(PartialEq, Eq, Passable)]
struct Key(u8);

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if let Some(hook) = WHEN_HASHED.take() {
            hook();
        }
        self.0.hash(state);
    }
}

/// D1: the membrane's own rebuilding of a map runs the key's code, after the value was wrapped.
///
/// Fails when `Membrane::pass` does not look at the switch once more at its end.
#[test]
fn map_whose_keys_revoke_or_panic_while_it_is_rebuilt_is_not_delivered() {
    for panics in [false, true] {
        let stage = stage();
        let mut map = HashMap::new();
        map.insert(Key(1), stage.victim.clone() as Arc<dyn Safe>);
        let (membrane, reached) = (stage.membrane.clone(), Rc::<Cell<bool>>::default());
        let seen = reached.clone();
        WHEN_HASHED.set(Some(Box::new(move || {
            seen.set(true);
            assert!(!panics, "hashed");
            membrane.revoke("hashed");
        })));
        let passed = stage.membrane.pass(map, Direction::Outbound);
        assert!(reached.get());
        if panics {
            assert_eq!(
                passed.map(drop).map_err(Error::kind),
                Err(ErrorKind::Panicked)
            );
            assert_eq!(stage.stolen.open(), Ok(1));
        } else {
            tests::assert_revoked(passed.map(drop), "hashed");
        }
    }
}
