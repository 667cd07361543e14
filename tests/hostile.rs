//! Hostile implementors and holders, in safe Rust, with every hidden item that they can name.
//!
//! What generated code and `membrane::__private` offer is used here as an attacker would use it. Each attack counts how
//! often it was reached.

use membrane::__private::{Proxy, Query, Route as _, Target};
use membrane::{
    Direction, Error, ErrorKind, Interface as _, Membrane, OnPanic, Passable, Policy,
    PolicyBuilder, allow, interface,
};
use std::any::{Any, TypeId, type_name_of_val};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tests::sized;

#[interface]
trait Named: Debug {
    fn name(&self) -> Result<u64, Error>;
}

#[interface]
trait Safe: Named {
    fn open(&self) -> Result<u64, Error>;
    fn take(&self, other: Arc<dyn Safe>) -> Result<(), Error>;
    fn take_named(&self, other: Arc<dyn Named>) -> Result<(), Error>;
    fn give(&self) -> Result<Arc<dyn Safe>, Error>;
    fn destroy(&self) -> Result<u64, Error>;
}

fn opening() -> PolicyBuilder {
    let list = allow!(dyn Safe: name, open, take, take_named, give);
    let names = allow!(dyn Named: name);
    Policy::builder()
        .inbound(list)
        .outbound(list)
        .inbound(names)
        .outbound(names)
}

fn open_policy() -> Policy {
    opening().build().unwrap()
}

/// An honest object; what it was given last can be looked at.
#[derive(Default)]
struct Honest {
    number: u64,
    destroyed: AtomicUsize,
    formatted: AtomicUsize,
    taken: Mutex<Option<Arc<dyn Safe>>>,
    taken_named: Mutex<Option<Arc<dyn Named>>>,
    padding: [u64; 5],
}

impl Honest {
    fn new(number: u64) -> Arc<Self> {
        Arc::new(Self {
            number,
            padding: [number; 5],
            ..Self::default()
        })
    }

    #[track_caller]
    fn taken(&self) -> Arc<dyn Safe> {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("it was given one")
    }

    #[track_caller]
    fn taken_named(&self) -> Arc<dyn Named> {
        self.taken_named
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .expect("it was given one")
    }
}

impl Debug for Honest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.formatted.fetch_add(1, SeqCst);
        write!(f, "the combination is {}{:?}", self.number, self.padding)
    }
}

impl Named for Honest {
    fn name(&self) -> Result<u64, Error> {
        Ok(self.number)
    }
}

impl Safe for Honest {
    fn open(&self) -> Result<u64, Error> {
        Ok(self.number)
    }
    fn take(&self, other: Arc<dyn Safe>) -> Result<(), Error> {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
        Ok(())
    }
    fn take_named(&self, other: Arc<dyn Named>) -> Result<(), Error> {
        *self
            .taken_named
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(other);
        Ok(())
    }
    fn give(&self) -> Result<Arc<dyn Safe>, Error> {
        Ok(self.taken())
    }
    fn destroy(&self) -> Result<u64, Error> {
        self.destroyed.fetch_add(1, SeqCst);
        Ok(self.number)
    }
}

type Trick = Box<dyn Fn(&Evil, &Query<'_>) + Send + Sync>;

/// An object that overrides the hidden methods, at both levels.
struct Evil {
    me: Weak<Evil>,
    asked: AtomicUsize,
    trick: Trick,
}

impl Evil {
    fn new(trick: impl Fn(&Self, &Query<'_>) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            me: me.clone(),
            asked: AtomicUsize::new(0),
            trick: Box::new(trick),
        })
    }

    fn me(&self) -> Arc<dyn Safe> {
        self.me.upgrade().expect("it is being asked")
    }

    fn asked(&self) -> usize {
        self.asked.load(SeqCst)
    }

    fn play(&self, query: &Query<'_>) {
        self.asked.fetch_add(1, SeqCst);
        (self.trick)(self, query);
    }
}

impl Debug for Evil {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Evil")
    }
}

/// What an evil object answers to whoever calls it.
const EVIL: u64 = 666;

impl Named for Evil {
    fn name(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn __membrane_named(&self, query: &Query<'_>) {
        self.play(query);
    }
}

impl Safe for Evil {
    fn open(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn take(&self, _: Arc<dyn Safe>) -> Result<(), Error> {
        Ok(())
    }
    fn take_named(&self, _: Arc<dyn Named>) -> Result<(), Error> {
        Ok(())
    }
    fn give(&self) -> Result<Arc<dyn Safe>, Error> {
        Ok(self.me())
    }
    fn destroy(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn __membrane_safe(&self, query: &Query<'_>) {
        self.play(query);
    }
}

/// An owner with a victim, lent as `stolen`, and a desk to hand things to, lent as `desk`.
struct Stage {
    membrane: Membrane,
    victim: Arc<Honest>,
    stolen: Arc<dyn Safe>,
    owner: Arc<Honest>,
    desk: Arc<dyn Safe>,
}

fn stage() -> Stage {
    let membrane = Membrane::new(open_policy());
    let (victim, owner) = (Honest::new(1), Honest::new(2));
    let stolen = membrane.wrap::<dyn Safe>(victim.clone()).unwrap();
    let desk = membrane.wrap::<dyn Safe>(owner.clone()).unwrap();
    Stage {
        membrane,
        victim,
        stolen,
        owner,
        desk,
    }
}

impl Stage {
    /// Hands `evil` over by every way there is, as either interface, and asserts that it always arrives as itself: wrapped,
    /// answering for itself, and neither the victim nor anything of the victim's.
    #[track_caller]
    fn arrives_as_itself(&self, evil: &Arc<Evil>) {
        let raw: Arc<dyn Safe> = evil.clone();
        let raw_named: Arc<dyn Named> = evil.clone();
        let before = evil.asked();
        let ways: [&dyn Fn() -> Arc<dyn Safe>; 3] = [
            &|| {
                self.desk.take(raw.clone()).unwrap();
                self.owner.taken()
            },
            &|| {
                let container = vec![Some(raw.clone())];
                let passed = self.membrane.pass(container, Direction::Inbound).unwrap();
                passed.into_iter().flatten().next().unwrap()
            },
            &|| self.membrane.wrap(raw.clone()).unwrap(),
        ];
        for way in ways {
            // Nobody holds what arrived before: each time it is asked anew.
            let one = way();
            assert_eq!((one.open(), one.name()), (Ok(EVIL), Ok(EVIL)));
            assert!(!Arc::ptr_eq(&one, &raw), "it is wrapped");
            assert_eq!(one.destroy().map_err(Error::kind), Err(ErrorKind::Refused));
        }
        let (one, other) = (ways[0](), ways[1]());
        assert!(Arc::ptr_eq(&one, &other));
        self.desk.take_named(raw_named.clone()).unwrap();
        let named = self.owner.taken_named();
        assert_eq!(named.name(), Ok(EVIL));
        assert!(!Arc::ptr_eq(&named, &raw_named));
        assert!(evil.asked() >= before + 4, "the trick was reached");
        assert_eq!(self.victim.destroyed.load(SeqCst), 0);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The question is forwarded.

/// Positive control: this is what an honest answer brings about.
#[test]
fn proxy_that_is_asked_itself_answers_and_comes_home() {
    let stage = stage();
    stage.desk.take(stage.stolen.clone()).unwrap();
    let home = stage.owner.taken();
    let victim: Arc<dyn Safe> = stage.victim;
    assert!(Arc::ptr_eq(&home, &victim));
    assert_eq!(home.destroy(), Ok(1));
}

/// B3, C1, D3. The owner would take the evil object for its own victim, and call anything on it.
///
/// Fails when `Query::answer` does not compare addresses.
#[test]
fn object_that_forwards_the_question_to_a_stolen_proxy_is_not_believed() {
    let stage = stage();
    let stolen = stage.stolen.clone();
    let evil = Evil::new(move |_, query| stolen.__membrane_safe(query));
    stage.arrives_as_itself(&evil);
    let stolen = stage.stolen.clone();
    let evil = Evil::new(move |_, query| stolen.__membrane_named(query));
    stage.arrives_as_itself(&evil);
    let stolen = stage.stolen.clone();
    let evil = Evil::new(move |_, query| {
        let up: Arc<dyn Named> = stolen.clone();
        <dyn Safe as Target>::ask(&stolen, query);
        <dyn Named as Target>::ask(&up, query);
    });
    stage.arrives_as_itself(&evil);
}

/// The same from the wet side, against an object of the dry side's.
#[test]
fn object_of_the_owner_that_forwards_the_question_is_not_believed_either() {
    let stage = stage();
    let guests = Honest::new(3);
    let raw_guest: Arc<dyn Safe> = guests.clone();
    let taken_in = stage.membrane.wrap_inbound(raw_guest.clone()).unwrap();
    let forwarded = taken_in.clone();
    let evil = Evil::new(move |_, query| forwarded.__membrane_safe(query));
    stage.owner.take(evil.clone()).unwrap();
    let got = stage.desk.give().unwrap();
    assert!(!Arc::ptr_eq(&got, &raw_guest));
    assert_eq!(got.open(), Ok(EVIL));
    assert!(evil.asked() > 0);
    // Control.
    stage.owner.take(taken_in).unwrap();
    assert!(Arc::ptr_eq(&stage.desk.give().unwrap(), &raw_guest));
}

#[test]
fn object_that_forwards_the_question_to_many_proxies_or_in_turn_is_not_believed() {
    let stage = stage();
    let foreign = Membrane::new(open_policy());
    let victim: Arc<dyn Safe> = stage.victim.clone();
    let grant = stage.membrane.grant(&open_policy()).unwrap();
    let broken = stage.membrane.grant(&open_policy()).unwrap();
    let broken_proxy = broken.wrap(victim.clone()).unwrap();
    broken.revoke("gone");
    let loot = [
        stage.stolen.clone(),
        grant.wrap(victim.clone()).unwrap(),
        foreign.wrap(victim.clone()).unwrap(),
        foreign.wrap_inbound(victim).unwrap(),
        broken_proxy,
        Evil::new(|evil, _| assert!(evil.asked() > 0)) as Arc<dyn Safe>,
    ];
    let turn = AtomicUsize::new(0);
    let one_by_one = loot.clone();
    let evil = Evil::new(move |_, query| {
        one_by_one[turn.fetch_add(1, SeqCst) % one_by_one.len()].__membrane_safe(query);
    });
    for _ in 0..loot.len() {
        stage.arrives_as_itself(&evil);
    }
    let evil = Evil::new(move |_, query| {
        for one in &loot {
            one.__membrane_safe(query);
            one.__membrane_named(query);
        }
    });
    stage.arrives_as_itself(&evil);
}

/// C3: it answers differently each time it is asked; identity does not depend on what it says.
#[test]
fn object_that_changes_its_mind_has_one_proxy_all_the_same() {
    let stage = stage();
    let stolen = stage.stolen.clone();
    let evil = Evil::new(move |evil, query| {
        if evil.asked().is_multiple_of(2) {
            stolen.__membrane_safe(query);
        }
    });
    let raw: Arc<dyn Safe> = evil.clone();
    let first = stage.membrane.wrap_inbound(raw.clone()).unwrap();
    for _ in 0..4 {
        assert!(Arc::ptr_eq(
            &stage.membrane.wrap_inbound(raw.clone()).unwrap(),
            &first
        ));
    }
    assert_eq!(evil.asked(), 1, "what is known is not asked again");
    drop(first);
    for _ in 0..4 {
        let again = stage.membrane.wrap_inbound(raw.clone()).unwrap();
        assert_eq!(again.open(), Ok(EVIL));
        assert!(!Arc::ptr_eq(&again, &raw));
    }
    assert_eq!(evil.asked(), 5);
    let first = stage.membrane.wrap_inbound(raw.clone()).unwrap();
    // Home again it is itself: its proxy answers for it, not it.
    assert!(Arc::ptr_eq(&stage.membrane.wrap(first).unwrap(), &raw));
}

// ---------------------------------------------------------------------------------------------------------------------
// The question is answered with what is at hand.

/// D15. `offer` counts only after a proxy has answered; nothing is learnt from what it returns, nor from the query.
#[test]
fn query_takes_no_answer_from_an_object_and_tells_it_nothing() {
    let stage = stage();
    let victim: Arc<dyn Safe> = stage.victim.clone();
    let (plain, stolen) = (Honest::new(4), stage.stolen.clone());
    let plain: Arc<dyn Safe> = plain;
    let observed: Arc<Mutex<Vec<String>>> = Arc::default();
    let notes = observed.clone();
    let evil = Evil::new(move |evil, query| {
        let up: Arc<dyn Named> = stolen.clone();
        let mut note = Vec::new();
        for suspect in [&plain, &stolen, &evil.me(), &victim] {
            // What is there to be seen of the suspect, before and after it was asked?
            let before = (
                query.offer(suspect),
                <dyn Safe as Target>::offer(suspect, query),
            );
            if !Arc::ptr_eq(suspect, &evil.me()) {
                suspect.__membrane_safe(query);
            }
            let after = (
                query.offer(suspect),
                <dyn Safe as Target>::offer(suspect, query),
            );
            note.push(format!("{before:?} {after:?} {query:?}"));
        }
        note.push(format!(
            "{:?}",
            (query.offer(&up), <dyn Named as Target>::offer(&up, query))
        ));
        notes.lock().unwrap().push(note.join(";"));
    });
    stage.arrives_as_itself(&evil);
    let observed = observed.lock().unwrap();
    assert!(
        observed.iter().all(|note| *note == observed[0]),
        "{observed:?}"
    );
    assert!(
        !observed[0].contains("true"),
        "an offer was taken: {observed:?}"
    );
    let mut suspects = observed[0].split(';').take(4);
    let first = suspects.next().unwrap();
    assert!(
        suspects.all(|other| other == first),
        "a proxy looks like any other object: {observed:?}"
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// The question runs code.

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

// ---------------------------------------------------------------------------------------------------------------------
// A target type of the attacker's own making.

type Faces = Mutex<Vec<Arc<Proxy<Mine>>>>;

/// Implements by hand what `#[interface]` implements, so as to get hold of a proxy.
struct Mine {
    faces: Arc<Faces>,
    offered: Arc<dyn Safe>,
    asked_through: Arc<AtomicUsize>,
}

impl Target for Mine {
    const NAME: &'static str = "Safe";
    const METHODS: &'static [&'static str] =
        &["name", "open", "take", "take_named", "give", "destroy"];
    type Keep = ();

    fn face(proxy: Arc<Proxy<Self>>) -> Arc<Self> {
        let mine = Mutex::new(None);
        let _ = proxy.call(0, |target, _| {
            *mine.lock().unwrap() = Some((
                target.faces.clone(),
                target.offered.clone(),
                target.asked_through.clone(),
            ));
            Ok::<(), Error>(())
        });
        let (faces, offered, asked_through) =
            mine.into_inner().unwrap().expect("everything is allowed");
        faces.lock().unwrap().push(proxy);
        Arc::new(Self {
            faces,
            offered,
            asked_through,
        })
    }

    const CARRIED: bool = true;

    fn ask(_: &Arc<Self>, _: &Query<'_>) {}

    fn offer(target: &Arc<Self>, query: &Query<'_>) -> bool {
        target.asked_through.fetch_add(1, SeqCst);
        query.offer(&target.offered)
    }
}

/// A proxy of the attacker's own, first in an object of the attacker's own: at the same address.
#[repr(C)]
struct Mask {
    proxy: Proxy<Mine>,
    asked: AtomicUsize,
}

impl Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mask")
    }
}

impl Named for Mask {
    fn name(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn __membrane_named(&self, query: &Query<'_>) {
        self.__membrane_safe(query);
    }
}

impl Safe for Mask {
    fn open(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn take(&self, _: Arc<dyn Safe>) -> Result<(), Error> {
        Ok(())
    }
    fn take_named(&self, _: Arc<dyn Named>) -> Result<(), Error> {
        Ok(())
    }
    fn give(&self) -> Result<Arc<dyn Safe>, Error> {
        Err(ErrorKind::Rejected.into())
    }
    fn destroy(&self) -> Result<u64, Error> {
        Ok(EVIL)
    }
    fn __membrane_safe(&self, query: &Query<'_>) {
        self.asked.fetch_add(1, SeqCst);
        query.answer(&self.proxy);
    }
}

/// Makes a mask that answers for `handle`, as if it were its proxy in `direction`, and offers `offered` as the target.
fn mask(
    handle: &Membrane,
    direction: Direction,
    offered: &Arc<dyn Safe>,
) -> (Arc<Mask>, Arc<AtomicUsize>) {
    let (faces, asked_through) = (Arc::<Faces>::default(), Arc::<AtomicUsize>::default());
    let mine = Mine {
        faces: faces.clone(),
        offered: offered.clone(),
        asked_through: asked_through.clone(),
    };
    drop(handle.pass(Arc::new(mine), direction).unwrap());
    let proxy = faces.lock().unwrap().pop().expect("the proxy was caught");
    let proxy = Arc::into_inner(proxy).expect("nobody else holds it");
    (
        Arc::new(Mask {
            proxy,
            asked: AtomicUsize::new(0),
        }),
        asked_through,
    )
}

/// D3, B3. An object that holds a proxy at its own address does get an answer in; with a handle of the holder's it can
/// only say what is true of that handle's objects, so it reaches the owner as any object of the holder's.
#[test]
fn object_that_holds_a_proxy_of_its_makers_at_its_own_address_stays_the_holders() {
    let stage = stage();
    let on = stage.membrane.attenuate(&open_policy()).unwrap();
    let foreign = Membrane::new(open_policy());
    let victim: Arc<dyn Safe> = stage.victim.clone();
    for (handle, heard) in [
        (&on, 1),
        // A proxy of another tree has no say in this one.
        (&foreign, 0),
        (&on.grant(&open_policy()).unwrap(), 1),
        (&on.attenuate(&open_policy()).unwrap(), 1),
    ] {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let (mask, asked_through) = mask(handle, direction, &stage.stolen);
            let raw: Arc<dyn Safe> = mask.clone();
            stage.desk.take(raw.clone()).unwrap();
            assert_eq!(mask.asked.load(SeqCst), 1, "it was asked");
            assert_eq!(
                asked_through.load(SeqCst),
                heard,
                "and its answer was heard"
            );
            let arrived = stage.owner.taken();
            assert!(!Arc::ptr_eq(&arrived, &victim) && !Arc::ptr_eq(&arrived, &stage.stolen));
            assert!(!Arc::ptr_eq(&arrived, &raw));
            assert_eq!(
                arrived.destroy().map_err(Error::kind),
                Err(ErrorKind::Refused)
            );
            assert_eq!(arrived.open(), Ok(EVIL));
            assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Leases: the holder can name their type, and with it every hidden method.

/// An interface of the holder's own, made by hand, that pretends to be `Safe`.
trait Forged: Send + Sync {}

impl Target for dyn Forged {
    const NAME: &'static str = <dyn Safe as Target>::NAME;
    const METHODS: &'static [&'static str] = <dyn Safe as Target>::METHODS;
    type Keep = ();

    fn face(_: Arc<Proxy<Self>>) -> Arc<Self> {
        unreachable!("nothing of the kind crosses")
    }

    fn ask(_: &Arc<Self>, _: &Query<'_>) {}
}

impl membrane::Interface for dyn Forged {
    const NAME: &'static str = <dyn Safe as membrane::Interface>::NAME;
    const METHODS: &'static [&'static str] = <dyn Safe as membrane::Interface>::METHODS;
    const __OWN: &'static [&'static str] = <dyn Safe as membrane::Interface>::__OWN;
    const __KEY: &'static str = <dyn Safe as membrane::Interface>::__KEY;
    const __SUPERS: &'static [membrane::__private::Super] =
        <dyn Safe as membrane::Interface>::__SUPERS;
    const __ARGUMENTS: &'static [&'static [membrane::__private::Argument]] =
        <dyn Safe as membrane::Interface>::__ARGUMENTS;
    type __Key = ();

    fn __extends(_: TypeId) -> bool {
        true
    }
}

/// With the target in hand, the holder could call `destroy`. That the key of `Safe` itself cannot be made is shown by
/// `ui/fail/lease_key.rs`.
///
/// Fails when `Leased::__ready` does not ask `__extends`.
#[test]
fn holder_of_a_lease_gets_no_target_by_an_interface_of_its_own() {
    let stage = stage();
    let lease = membrane::lease(&stage.stolen);
    assert_eq!((lease.open(), lease.name()), (Ok(1), Ok(1)));
    for method in 0..6 {
        assert!(lease.__ready::<dyn Forged>((), method).is_none());
    }
    // What is left is an ordinary call of what the holder has anyway.
    let destroyed = lease.__object().destroy();
    assert_eq!(destroyed.map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
}

/// Whoever leases it calls the evil object, and nothing that it pointed at; and is told nothing of a panic.
#[test]
fn lease_of_an_object_that_answers_for_another_calls_the_object_itself() {
    let stage = stage();
    let stolen = stage.stolen.clone();
    let forwards = Evil::new(move |_, query| {
        stolen.__membrane_safe(query);
        stolen.__membrane_named(query);
    });
    for evil in [forwards, Evil::new(|_, _| panic!("asked"))] {
        let raw: Arc<dyn Safe> = evil.clone();
        let lease = membrane::lease(&raw);
        assert_eq!(evil.asked(), 1);
        assert_eq!((lease.open(), lease.name()), (Ok(EVIL), Ok(EVIL)));
        assert_eq!(format!("{lease:?}"), "Lease(dyn Safe)");
    }
    let (mask, _) = mask(&stage.membrane, Direction::Outbound, &stage.stolen);
    let raw: Arc<dyn Safe> = mask.clone();
    let lease = membrane::lease(&raw);
    assert_eq!(mask.asked.load(SeqCst), 1);
    assert_eq!((lease.open(), lease.destroy()), (Ok(EVIL), Ok(EVIL)));
    assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
}

/// The key of a lease is not to be had from what a lease lends, nor is there a target in its `Debug`.
#[test]
fn lease_shows_nothing_of_its_target() {
    let stage = stage();
    let lease = membrane::lease(&stage.stolen);
    assert_eq!(
        format!("{lease:?} {:?}", *lease),
        "Lease(dyn Safe) Lease(dyn Safe)"
    );
    assert_eq!(stage.victim.formatted.load(SeqCst), 0);
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

// ---------------------------------------------------------------------------------------------------------------------
// Looking at it from outside.

/// E3, E5, M12.
#[test]
fn debug_of_a_proxy_shows_the_listed_methods_and_never_asks_the_target() {
    let stage = stage();
    let other = Honest::new(123_456);
    let lent = stage.membrane.wrap::<dyn Safe>(other.clone()).unwrap();
    let shown = format!("{lent:?}");
    assert_eq!(shown, format!("{:?}", stage.stolen));
    assert_eq!(shown, "dyn Safe {open, take, take_named, give, name}");
    assert!(format!("{lent:#?}").contains("take_named"));
    let up: Arc<dyn Named> = lent.clone();
    assert_eq!(
        format!("{up:?}"),
        shown,
        "what crossed, whatever it is seen as"
    );
    let opaque = Membrane::new(Policy::deny_all())
        .wrap::<dyn Safe>(other.clone())
        .unwrap();
    assert_eq!(format!("{opaque:?}"), "dyn Safe {}");
    stage.membrane.revoke("over");
    assert_eq!(format!("{lent:?}"), shown);
    assert_eq!(other.formatted.load(SeqCst), 0);
    // Control.
    let raw: Arc<dyn Safe> = other.clone();
    assert!(format!("{raw:?}").contains("123456"));
    assert_eq!(other.formatted.load(SeqCst), 1);
}

/// M12: what the language lets a holder see of a value is the same for all proxies, and for a proxy and an object where
/// the type decides.
#[test]
fn proxies_look_alike_whatever_they_stand_for() {
    let stage = stage();
    let evil: Arc<dyn Safe> = Evil::new(|_, _| {});
    let raw: Arc<dyn Safe> = stage.victim.clone();
    let small = stage.membrane.wrap(evil.clone()).unwrap();
    let large = &stage.stolen;
    assert_ne!(
        size_of_val(&*evil),
        size_of_val(&*raw),
        "control: the objects differ"
    );
    assert_eq!(size_of_val(&*small), size_of_val(&**large));
    assert_eq!(align_of_val(&*small), align_of_val(&**large));
    for one in [&small, large, &raw, &evil] {
        assert_eq!(Any::type_id(&**one), TypeId::of::<dyn Safe>());
        assert_eq!(type_name_of_val(&**one), type_name_of_val(&*raw));
    }
    // Its address is its own: not the target's, nor one within it.
    let within =
        Arc::as_ptr(&stage.victim).addr()..Arc::as_ptr(&stage.victim).addr() + size_of::<Honest>();
    assert!(!within.contains(&Arc::as_ptr(large).cast::<()>().addr()));
    // Its counts are those of the holder's own clones.
    let before = Arc::strong_count(large);
    let clones = vec![raw.clone(); 5];
    assert_eq!(Arc::strong_count(large), before);
    drop(clones);
    assert_eq!(<dyn Safe as Target>::NAME, "Safe");
    assert_eq!(<dyn Safe as membrane::Interface>::METHODS.len(), 6);
}

/// What `__private` offers on a proxy that was lent: nothing that gets past its list.
#[test]
fn hidden_items_get_nothing_out_of_a_proxy_that_was_lent() {
    let stage = stage();
    let stolen = stage.stolen.clone();
    // Bits of one's own making, for a policy of one's own making: it attenuates nothing that was lent.
    let all = membrane::__private::allow::<dyn Safe>(u64::MAX);
    assert_eq!(all.methods().count(), 6);
    let wide = Policy::builder()
        .inbound(all)
        .outbound(all)
        .build()
        .unwrap();
    let on = stage.membrane.attenuate(&open_policy()).unwrap();
    assert!(on.attenuate(&wide).is_err() && on.grant(&wide).is_err());
    let own = Membrane::new(wide);
    for wrapped in [
        own.wrap(stolen.clone()).unwrap(),
        own.wrap_inbound(stolen.clone()).unwrap(),
    ] {
        assert_eq!(wrapped.open(), Ok(1));
        assert_eq!(
            wrapped.destroy().map_err(Error::kind),
            Err(ErrorKind::Refused)
        );
    }
    // Only a list for the interface itself counts, whatever bits it has.
    let excess = membrane::__private::allow::<dyn Safe>(1 << 40);
    let harmless = Policy::builder().inbound(excess).build().unwrap();
    if let Ok(grant) = on.grant(&harmless) {
        let lent = grant.wrap(stolen.clone()).unwrap();
        assert_eq!(lent.open().map_err(Error::kind), Err(ErrorKind::Refused));
        assert_eq!(lent.destroy().map_err(Error::kind), Err(ErrorKind::Refused));
    }
    let mask = membrane::__private::mask::<dyn Safe>(&["destroy"]);
    assert_eq!(mask, 1 << membrane::__private::index::<dyn Safe>("destroy"));
    assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
    assert!(!<dyn Safe>::__KEY.is_empty());
}

/// E22, M11: a method that is not listed is refused alike on live, dead, opaque and hostile objects, and the object never
/// hears of it.
#[test]
fn refusal_is_the_same_whatever_is_behind_the_proxy() {
    let stage = stage();
    let evil = stage
        .membrane
        .wrap_inbound::<dyn Safe>(Evil::new(|_, _| {}))
        .unwrap();
    let broken = {
        let grant = stage.membrane.grant(&open_policy()).unwrap();
        let lent = grant.wrap::<dyn Safe>(stage.victim.clone()).unwrap();
        grant.revoke("gone");
        lent
    };
    let opaque = Membrane::new(Policy::deny_all())
        .wrap::<dyn Safe>(Honest::new(5))
        .unwrap();
    for one in [&stage.stolen, &evil, &broken, &opaque] {
        let error = one.destroy().unwrap_err();
        assert_eq!(error, Error::from(ErrorKind::Refused));
        assert_eq!(
            error.to_string(),
            "refused: there is no such method, or it is not allowed"
        );
    }
    assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Wearing it down.

/// E7, E9: objects that are thrown at a membrane and let go leave nothing, whatever they did when asked.
#[test]
fn many_hostile_objects_leave_nothing_behind() {
    let stage = stage();
    let rounds = sized(300, 6);
    let mut panicked = 0;
    for round in 0..rounds {
        let stolen = stage.stolen.clone();
        let evil = Evil::new(move |_, query| match round % 3 {
            0 => stolen.__membrane_safe(query),
            1 => panic!("asked"),
            _ => {}
        });
        let weak = Arc::downgrade(&evil);
        panicked += usize::from(stage.desk.take(evil).is_err());
        drop(
            stage
                .owner
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        assert!(weak.upgrade().is_none());
        assert_eq!(stage.membrane.live_proxies(), 2);
    }
    assert_eq!(panicked, rounds / 3);
}

/// It hands on a proxy of its own, made by a membrane of its own, whose target hands on: wrapped each time, never peeled.
#[test]
fn proxies_of_the_attackers_own_membranes_are_objects_like_any_other() {
    let stage = stage();
    let victim: Arc<dyn Safe> = stage.victim.clone();
    let mut at = stage.stolen.clone();
    let layers = sized(20, 4);
    let mut own = Vec::new();
    for layer in 0..layers {
        let membrane = Membrane::new(open_policy());
        at = if layer % 2 == 0 {
            membrane.wrap(at).unwrap()
        } else {
            membrane.wrap_inbound(at).unwrap()
        };
        own.push(membrane);
    }
    stage.desk.take(at.clone()).unwrap();
    let arrived = stage.owner.taken();
    assert!(!Arc::ptr_eq(&arrived, &victim) && !Arc::ptr_eq(&arrived, &at));
    assert_eq!(arrived.open(), Ok(1));
    assert_eq!(
        arrived.destroy().map_err(Error::kind),
        Err(ErrorKind::Refused)
    );
    own[layers / 2].revoke("one of the layers");
    let error = arrived.open().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
}
