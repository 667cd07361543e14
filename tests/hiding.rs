//! What a holder can do with a proxy beside calling its methods, and what each of these shows.
//!
//! Two targets that differ in everything the language can see are lent side by side. Where a primitive must reveal nothing,
//! what is seen of their proxies is the same; where it reveals something, the test says exactly what.

#[path = "hiding/answers.rs"]
mod answers;
#[path = "hiding/surroundings.rs"]
mod surroundings;
#[path = "hiding/values.rs"]
mod values;

use futures_core::Stream;
use membrane::{
    Direction, Error, ErrorKind, Interface as _, Membrane, Policy, PolicyBuilder, allow, interface,
};
use std::any::{Any, type_name_of_val};
use std::collections::HashMap;
use std::fmt::Debug;
use std::future::poll_fn;
use std::hash::BuildHasher as _;
use std::hint::black_box;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tests::{Census, Door, Token, assert_kind, assert_revoked, keep_for_ever, start};

type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;
type Later = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>;
type News = Pin<Box<dyn Stream<Item = Result<u64, Error>> + Send>>;
type Key = Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>;

#[interface]
trait Visitor {
    fn enter(&self) -> Result<u64, Error>;
}

#[interface]
trait Vault: Debug {
    fn look(&self) -> Result<u64, Error>;
    fn open(&self) -> Result<u64, Error>;
    fn guard(&self, visitor: Arc<dyn Visitor>) -> Result<u64, Error>;
    fn items(&self) -> Result<Items, Error>;
    fn key(&self) -> Result<Key, Error>;
    fn later(&self) -> Result<Later, Error>;
    fn news(&self) -> Result<News, Error>;
    async fn wait(&self) -> Result<u64, Error>;
    fn motto(&self) -> Result<Arc<str>, Error>;
    fn notes(&self) -> Result<Vec<u8>, Error>;
    fn names(&self) -> Result<HashMap<u64, u64>, Error>;
    fn hashes_by(&self, names: &HashMap<u64, u64>) -> Result<Vec<u64>, Error>;
}

/// All but `open`.
fn listed() -> PolicyBuilder {
    let vault = allow!(dyn Vault: look, guard, items, key, later, news, wait, motto, notes, names, hashes_by);
    let visitor = allow!(dyn Visitor: enter);
    let builder = Policy::builder().inbound(vault).outbound(vault);
    builder.inbound(visitor).outbound(visitor)
}

fn policy() -> Policy {
    listed().build().unwrap()
}

/// What a target has beside what is the same in all: its size and alignment.
trait Contents: Clone + Debug + Default + Send + Sync + Unpin + 'static {}

impl Contents for () {}

#[derive(Clone, Debug)]
#[repr(align(128))]
struct Wide {
    _words: [u64; 64],
}

impl Default for Wide {
    fn default() -> Self {
        Self { _words: [7; 64] }
    }
}

impl Contents for Wide {}

/// Answers 7, whatever it has.
struct Safe<C> {
    contents: C,
    formatted: Arc<AtomicUsize>,
    motto: Arc<str>,
    names: Mutex<HashMap<u64, u64>>,
    door: Option<Arc<Door>>,
    _token: Option<Token>,
}

impl<C: Contents> Safe<C> {
    fn new() -> Self {
        Self {
            contents: C::default(),
            formatted: Arc::default(),
            motto: "nothing ventured".into(),
            names: Mutex::new((0..50).map(|name| (name, name)).collect()),
            door: None,
            _token: None,
        }
    }

    fn with_token(self, token: Token) -> Self {
        Self {
            _token: Some(token),
            ..self
        }
    }
}

impl<C: Contents> Debug for Safe<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.formatted.fetch_add(1, SeqCst);
        write!(f, "the combination is {:?} at {self:p}", self.contents)
    }
}

/// Is not over at its first poll, and has `contents` in its state.
async fn in_two_polls<C>(contents: C) -> Result<u64, Error> {
    let mut again = false;
    poll_fn(|_| {
        if again {
            return Poll::Ready(());
        }
        again = true;
        Poll::Pending
    })
    .await;
    black_box(&contents);
    Ok(7)
}

/// A stream of as many items as `C` has bytes.
struct Paper<C>(C);

impl<C: Contents> Stream for Paper<C> {
    type Item = Result<u64, Error>;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        black_box(&self.0);
        Poll::Ready(Some(Ok(7)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (size_of::<C>(), Some(size_of::<C>()))
    }
}

#[interface]
impl<C: Contents> Vault for Safe<C> {
    fn look(&self) -> Result<u64, Error> {
        if let Some(door) = &self.door {
            door.pass();
        }
        Ok(7)
    }
    fn open(&self) -> Result<u64, Error> {
        Ok(7)
    }
    #[inline(never)]
    fn guard(&self, visitor: Arc<dyn Visitor>) -> Result<u64, Error> {
        black_box(visitor.enter())
    }
    fn items(&self) -> Result<Items, Error> {
        let contents = self.contents.clone();
        Ok(Box::new((0..size_of::<C>()).map(move |_| {
            black_box(&contents);
            Ok(7)
        })))
    }
    fn key(&self) -> Result<Key, Error> {
        let contents = self.contents.clone();
        Ok(Arc::new(move || {
            black_box(&contents);
            Ok(7)
        }))
    }
    fn later(&self) -> Result<Later, Error> {
        Ok(Box::pin(in_two_polls(self.contents.clone())))
    }
    fn news(&self) -> Result<News, Error> {
        Ok(Box::pin(Paper(self.contents.clone())))
    }
    async fn wait(&self) -> Result<u64, Error> {
        in_two_polls(self.contents.clone()).await
    }
    fn motto(&self) -> Result<Arc<str>, Error> {
        Ok(self.motto.clone())
    }
    fn notes(&self) -> Result<Vec<u8>, Error> {
        let mut notes = Vec::with_capacity(1_000);
        notes.extend_from_slice(b"erased: all but this");
        notes.truncate(6);
        Ok(notes)
    }
    fn names(&self) -> Result<HashMap<u64, u64>, Error> {
        Ok(self.names.lock().unwrap().clone())
    }
    fn hashes_by(&self, names: &HashMap<u64, u64>) -> Result<Vec<u64>, Error> {
        Ok((0..50_u64)
            .map(|name| names.hasher().hash_one(name))
            .collect())
    }
}

/// A small target and a large one.
fn targets() -> [Arc<dyn Vault>; 2] {
    [Arc::new(Safe::<()>::new()), Arc::new(Safe::<Wide>::new())]
}

/// What of a pointer is no address: which implementation it points to.
fn implementation(object: &Arc<dyn Vault>) -> String {
    let shown = format!("{:?}", Arc::as_ptr(object));
    let (_, metadata) = shown.split_once("metadata").expect("a wide pointer");
    metadata.into()
}

/// All that the language shows of an object to whoever has one reference to it, but for where it is and what its methods answer.
fn seen(object: &Arc<dyn Vault>) -> Vec<(&'static str, String)> {
    let counts = [Arc::strong_count(object), Arc::weak_count(object)];
    let mut again = object.clone();
    let weak = Arc::downgrade(&again);
    let upgraded = weak.upgrade().is_some();
    drop(weak);
    let any: Box<dyn Any> = Box::new(again.clone());
    let found = [
        any.is::<Arc<dyn Vault>>(),
        any.is::<Arc<Safe<()>>>(),
        any.is::<Arc<Safe<Wide>>>(),
        any.is::<Safe<()>>(),
    ];
    drop(any);
    let up: Arc<dyn Debug> = again.clone();
    let debugged = format!("{up:?} {object:?} {object:#?} {:?}", &&**object);
    drop(up);
    let (strong, weak) = (counts[0], counts[1]);
    vec![
        ("size", size_of_val(&**object).to_string()),
        ("alignment", align_of_val(&**object).to_string()),
        ("type id", format!("{:?}", Any::type_id(&**object))),
        ("type name", type_name_of_val(&**object).into()),
        ("implementation", implementation(object)),
        ("debug", debugged),
        ("strong", strong.to_string()),
        ("weak", weak.to_string()),
        ("upgrades", upgraded.to_string()),
        ("downcasts", format!("{found:?}")),
        ("mutable", Arc::get_mut(&mut again).is_some().to_string()),
    ]
}

/// The names of what differs.
fn differences(one: &Arc<dyn Vault>, other: &Arc<dyn Vault>) -> Vec<&'static str> {
    let pairs = seen(one).into_iter().zip(seen(other));
    let differing = pairs.filter(|(one, other)| one.1 != other.1);
    differing.map(|(one, _)| one.0).collect()
}

// ---------------------------------------------------------------------------------------------------------------------
// Looking.

/// Size, alignment, type, implementation, formatting, counts, downcast, upgrade, upcast: on every way to a proxy.
///
/// Fails if a proxy holds its target by value, or asks it for its `Debug`.
#[test]
fn proxies_of_targets_that_differ_in_everything_look_the_same() {
    let raw = targets();
    assert_eq!(
        differences(&raw[0], &raw[1]),
        ["size", "alignment", "implementation", "debug"],
        "control: the targets differ"
    );
    for direction in [Direction::Outbound, Direction::Inbound] {
        let membrane = Membrane::new(policy());
        let further = membrane.attenuate(&policy()).unwrap();
        let lent = targets().map(|target| membrane.pass(target, direction).unwrap());
        assert!(differences(&lent[0], &lent[1]).is_empty());
        let foreign = Membrane::new(policy());
        let twice = lent
            .clone()
            .map(|proxy| foreign.pass(proxy, direction).unwrap());
        assert!(differences(&twice[0], &twice[1]).is_empty());
        drop(twice);
        let on = targets().map(|target| further.pass(target, direction).unwrap());
        assert!(differences(&on[0], &on[1]).is_empty());
        assert!(
            differences(&on[0], &lent[0]).is_empty(),
            "nor does its membrane show"
        );
        membrane.revoke("over");
        assert!(differences(&lent[0], &lent[1]).is_empty());
    }
}

/// Its list is shown, and nothing else: Debug goes by what crossed, whatever the target is.
#[test]
fn formatting_shows_the_interface_and_the_list_and_asks_no_target() {
    let target = Arc::new(Safe::<Wide>::new());
    let formatted = target.formatted.clone();
    let lent = Membrane::new(policy())
        .wrap(target.clone() as Arc<dyn Vault>)
        .unwrap();
    let shown = format!("{lent:?}");
    let methods: Vec<_> = <dyn Vault>::METHODS
        .iter()
        .filter(|method| **method != "open")
        .copied()
        .collect();
    assert_eq!(shown, format!("dyn Vault {{{}}}", methods.join(", ")));
    assert_eq!(formatted.load(SeqCst), 0);
    assert!(format!("{target:?}").contains("the combination"), "control");
}

/// What tells a proxy from an object of the holder's own, in full. None of it depends on the target.
#[test]
fn proxy_is_told_from_a_plain_object_by_what_says_nothing_of_its_target() {
    let membrane = Membrane::new(policy());
    for (own, target) in targets().into_iter().zip(targets()) {
        let lent = membrane.wrap(target).unwrap();
        let expected = ["size", "alignment", "implementation", "debug", "weak"];
        let found = differences(&own, &lent);
        assert!(
            found.iter().all(|name| expected.contains(name)),
            "{found:?}"
        );
        assert!(found.contains(&"weak"), "the membrane's table has one");
        assert_eq!((Arc::weak_count(&own), Arc::weak_count(&lent)), (0, 1));
        // What follows from that: nobody but a sole owner gets `&mut`.
        let (mut own, mut lent) = (own, lent);
        assert!(Arc::get_mut(&mut own).is_some());
        assert!(Arc::get_mut(&mut lent).is_none());
    }
}

/// A thread tells nothing: a proxy is looked at, called and refused alike wherever it is.
#[test]
fn proxy_looks_and_answers_the_same_on_another_thread() {
    let membrane = Membrane::new(policy());
    let lent = targets().map(|target| membrane.wrap(target).unwrap());
    let here = lent
        .clone()
        .map(|lent| (lent.look(), lent.open(), format!("{lent:?}")));
    let there = start({
        let lent = lent.clone();
        move || lent.map(|lent| (lent.look(), lent.open(), format!("{lent:?}")))
    });
    assert_eq!(there.finish(), here);
    assert_eq!(here[0], here[1]);
}

// ---------------------------------------------------------------------------------------------------------------------
// Counting.

/// `strong_count` is that of the references to the proxy, `weak_count` that of the table's and the holder's own.
///
/// Fails if a proxy's `Arc` is the target's, or if a call, a snapshot or another scope's proxy keeps one.
#[test]
fn counts_of_a_proxy_are_those_of_the_references_to_it() {
    let membrane = Membrane::new(policy());
    let grant = membrane.grant(&policy()).unwrap();
    let door = Door::shut();
    let target: Arc<dyn Vault> = Arc::new(Safe::<()> {
        door: Some(door.clone()),
        ..Safe::new()
    });
    let lent = membrane.wrap(target.clone()).unwrap();
    let counts = || (Arc::strong_count(&lent), Arc::weak_count(&lent));
    assert_eq!(counts(), (1, 1));

    let clones = vec![target.clone(); 5];
    let elsewhere = grant.wrap(target.clone()).unwrap();
    let upwards = membrane.wrap_inbound(target.clone()).unwrap();
    assert_eq!(counts(), (1, 1), "the owner's and other scopes' references");
    drop((clones, elsewhere, upwards));

    let call = start({
        let lent = lent.clone();
        move || lent.look()
    });
    door.await_arrivals(1);
    assert_eq!(counts(), (2, 1), "the caller's clone, and not its call");
    black_box(membrane.snapshot());
    assert_eq!(counts(), (2, 1));
    door.open();
    assert_eq!(call.finish(), Ok(7));

    // What shows: that somebody else on this side of this membrane was lent the same object.
    let other = membrane.wrap(target).unwrap();
    assert_eq!(counts(), (2, 1));
    drop(other);
    assert_eq!(counts(), (1, 1));
}

/// Who may call nothing is refused before and after. That there was a revocation shows in the count of what is weak.
#[test]
fn revocation_shows_in_the_weak_count_to_whoever_may_call_nothing() {
    let membrane = Membrane::new(Policy::deny_all());
    let [_, target] = targets();
    let mut lent = membrane.wrap(target).unwrap();
    assert_eq!(lent.look().map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(Arc::weak_count(&lent), 1);
    membrane.revoke("over");
    assert_eq!(lent.look().map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(Arc::weak_count(&lent), 0);
    // A sole owner gets `&mut`, and nothing with it: an interface's methods take `&self`.
    let unique: &mut dyn Vault = Arc::get_mut(&mut lent).expect("it is the only one");
    assert_eq!(unique.look().map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(format!("{unique:?}"), "dyn Vault {}");
}

// ---------------------------------------------------------------------------------------------------------------------
// Keeping and letting go.

/// A clone is the same reference: what is refused to one is refused to the other, and both die together.
#[test]
fn clone_is_the_same_reference() {
    let membrane = Membrane::new(policy());
    let [target, _] = targets();
    let lent = membrane.wrap(target).unwrap();
    let clone = lent.clone();
    assert!(Arc::ptr_eq(&lent, &clone));
    assert_eq!((lent.look(), clone.look()), (Ok(7), Ok(7)));
    assert_kind(clone.open(), ErrorKind::Refused);
    drop(lent);
    assert_eq!(clone.look(), Ok(7));
    membrane.revoke("over");
    assert_revoked(clone.look(), "over");
    assert_revoked(Arc::clone(&clone).look(), "over");
}

/// Fails if a weak reference is to the target, or finds the proxy that is made next.
#[test]
fn weak_reference_is_to_the_proxy_alone() {
    let (membrane, census) = (Membrane::new(policy()), Census::default());
    let lent: Arc<dyn Vault> = membrane
        .wrap(Arc::new(Safe::<()>::new().with_token(census.token())) as Arc<dyn Vault>)
        .unwrap();
    let weak = Arc::downgrade(&lent);
    assert!(weak.upgrade().is_some_and(|same| Arc::ptr_eq(&same, &lent)));
    drop(lent);
    assert_eq!(census.alive(), 0, "it kept nothing alive");
    assert!(weak.upgrade().is_none());

    let [target, _] = targets();
    let first = membrane.wrap(target.clone()).unwrap();
    let weak = Arc::downgrade(&first);
    drop(first);
    let second = membrane.wrap(target).unwrap();
    assert!(weak.upgrade().is_none(), "the next proxy is another object");
    let weak = Arc::downgrade(&second);
    membrane.revoke("over");
    assert_revoked(weak.upgrade().expect("it is held").look(), "over");
}

/// Fails if what holds the target is the proxy's memory, and not its scope's table.
#[test]
fn reference_that_is_leaked_keeps_no_target_past_the_revocation() {
    let (membrane, census) = (Membrane::new(policy()), Census::default());
    let target = || Arc::new(Safe::<()>::new().with_token(census.token())) as Arc<dyn Vault>;
    for _ in 0..3 {
        keep_for_ever(membrane.wrap(target()).unwrap());
        keep_for_ever(membrane.wrap_inbound(target()).unwrap());
    }
    assert_eq!(census.alive(), 6);
    membrane.revoke("over");
    assert_eq!(census.alive(), 0);
}

/// Whoever made an object sees by its counts, and by its `Drop`, whether the other side still has it. Nobody else does.
#[test]
fn owner_of_an_object_sees_how_many_proxies_hold_it() {
    let membrane = Membrane::new(policy());
    let [target, _] = targets();
    let lent = membrane.wrap(target.clone()).unwrap();
    assert_eq!(Arc::strong_count(&target), 2);
    let clones = vec![lent.clone(); 5];
    assert_eq!(
        Arc::strong_count(&target),
        2,
        "proxies, and not references to them"
    );
    let grant = membrane.grant(&policy()).unwrap();
    let of_grant = grant.wrap(target.clone()).unwrap();
    assert_eq!(Arc::strong_count(&target), 3);
    drop((lent, clones));
    assert_eq!(Arc::strong_count(&target), 2);
    grant.revoke("over");
    assert_eq!(Arc::strong_count(&target), 1);
    drop(of_grant);
}
