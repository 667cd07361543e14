//! A11 to A15: what is inside something, and what is read from it in bulk.

use super::chests;
use super::loot::{BOTH, Bag, look, settle, ways};
use crate::cast::{Safe, Vault, is_raw, listed};
use crate::lab::{breaks, contained};
use bytes::Bytes;
use futures_core::Stream;
use membrane::{Direction, Error, Membrane, Passable, Policy, allow, interface};
use std::collections::{BTreeMap, HashMap};
use std::future::{poll_fn, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tests::fixtures::parcel::{Secret, shapes, swap_policy};
use tests::fixtures::ways::Link;
use tests::{Census, Token};

type Lent = Result<Arc<dyn Vault>, Error>;
type Items = Box<dyn Iterator<Item = Lent> + Send>;
type Tell = Arc<dyn Fn(Arc<dyn Vault>) -> Result<(), Error> + Send + Sync>;
type Less = Arc<dyn Fn(Arc<dyn Vault>, Arc<dyn Vault>) -> Result<bool, Error> + Send + Sync>;
type Pairs = Vec<(Arc<dyn Vault>, Arc<dyn Vault>)>;

// ---------------------------------------------------------------------------------------------------------------------
// A11: in bulk.

/// Does in one call what would take many, half of it by default methods.
#[interface]
trait Store: Send + Sync {
    /// Listed nowhere.
    fn one(&self, index: u64) -> Result<Arc<dyn Vault>, Error>;
    fn count(&self) -> Result<u64, Error>;
    fn all(&self) -> Result<Vec<Arc<dyn Vault>>, Error> {
        (0..self.count()?).map(|index| self.one(index)).collect()
    }
    fn for_each(&self, tell: Tell) -> Result<(), Error> {
        self.all()?.into_iter().try_for_each(|vault| tell(vault))
    }
    /// Sorts by what the caller says.
    fn sort(&self, less: Less) -> Result<(), Error>;
    /// Takes all of the caller's.
    fn extend(&self, items: Items) -> Result<(), Error>;
    /// Pairs all of the caller's with its own.
    fn zip(&self, items: Items) -> Result<Pairs, Error>;
    /// A default method that is listed nowhere.
    fn raid(&self) -> Result<Arc<dyn Vault>, Error> {
        self.one(0)
    }
}

struct Shelf {
    safes: [Arc<Safe>; 3],
    taken: Bag<Arc<dyn Vault>>,
}

impl Shelf {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            safes: [(); 3].map(|()| Safe::new()),
            taken: Bag::new(),
        })
    }

    fn is_raw(&self, vault: &Arc<dyn Vault>) -> bool {
        self.safes.iter().any(|safe| is_raw(vault, safe))
    }
}

impl Store for Shelf {
    fn one(&self, index: u64) -> Result<Arc<dyn Vault>, Error> {
        let index = usize::try_from(index).expect("a small one");
        Ok(self.safes[index % 3].clone())
    }
    fn count(&self) -> Result<u64, Error> {
        Ok(3)
    }
    fn sort(&self, less: Less) -> Result<(), Error> {
        let mut all = self.all()?;
        all.sort_by(|a, b| match less(a.clone(), b.clone()) {
            Ok(true) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Equal,
        });
        Ok(())
    }
    fn extend(&self, items: Items) -> Result<(), Error> {
        let mut all: Vec<Lent> = Vec::new();
        all.extend(items);
        all.into_iter()
            .try_for_each(|vault| vault.map(|vault| self.taken.put(vault)))
    }
    fn zip(&self, items: Items) -> Result<Pairs, Error> {
        let pairs = items.zip(self.all()?);
        pairs.map(|(theirs, own)| Ok((theirs?, own))).collect()
    }
}

fn stores() -> Policy {
    let list = allow!(dyn Store: count, all, for_each, sort, extend, zip);
    let policy = listed().inbound(list).outbound(list).build();
    policy.expect("one list each way")
}

/// A store that is lent.
fn store(direction: Direction) -> (Arc<Shelf>, Arc<dyn Store>, Membrane) {
    let (shelf, membrane) = (Shelf::new(), Membrane::new(stores()));
    let object: Arc<dyn Store> = shelf.clone();
    let lent = membrane.pass(object, direction).expect("live");
    (shelf, lent, membrane)
}

/// A11: a list that one call gives, made by a default method of elements that no list lets one have.
#[test]
fn a11_all_at_once() {
    for direction in BOTH {
        contained(
            breaks![
                membrane::BareElements,
                membrane::BareResults,
                membrane::BareReferences
            ],
            |lab| {
                let (shelf, lent, _membrane) = store(direction);
                for vault in lent.all().expect("listed") {
                    lab.reached();
                    lab.escaped_if(shelf.is_raw(&vault), "an element");
                }
                for vault in membrane::lease(&lent).all().expect("listed") {
                    lab.escaped_if(shelf.is_raw(&vault), "an element, by a lease");
                }
            },
        );
    }
}

/// A11: what a loop or a sort of the owner's hands to the caller's closure, element by element.
#[test]
fn a11_elements_that_a_closure_sees() {
    for direction in BOTH {
        for sorting in [false, true] {
            contained(
                breaks![membrane::BareArguments, membrane::BareReferences],
                |lab| {
                    let (shelf, lent, _membrane) = store(direction);
                    let seen = Bag::new();
                    let (bag, pairs) = (seen.clone(), seen.clone());
                    if sorting {
                        let less = move |a, b| {
                            pairs.put(a);
                            pairs.put(b);
                            Ok(true)
                        };
                        lent.sort(Arc::new(less)).expect("listed");
                    } else {
                        let tell = move |vault| {
                            bag.put(vault);
                            Ok(())
                        };
                        lent.for_each(Arc::new(tell)).expect("listed");
                    }
                    for vault in seen.take() {
                        lab.reached();
                        lab.escaped_if(shelf.is_raw(&vault), "an element");
                    }
                },
            );
        }
    }
}

/// A11: what the owner extends a list of its own by, from the caller's iterator.
#[test]
fn a11_list_that_is_extended_by_an_iterator() {
    for direction in BOTH {
        contained(
            breaks![
                membrane::BareItems,
                membrane::BareSuspended,
                membrane::BareReferences
            ],
            |lab| {
                let (shelf, lent, _membrane) = store(direction);
                let mine = Safe::new();
                let vault: Arc<dyn Vault> = mine.clone();
                let items = std::iter::repeat_n(Ok(vault), 2);
                lent.extend(Box::new(items)).expect("listed");
                for vault in shelf.taken.take() {
                    lab.reached();
                    lab.escaped_if(is_raw(&vault, &mine), "the caller's");
                }
            },
        );
    }
}

/// A11: pairs of both sides' objects, of which each comes back as what it is.
#[test]
fn a11_zip_of_both_sides_objects() {
    for direction in BOTH {
        contained(
            breaks![
                membrane::BareResults,
                membrane::BareElements,
                membrane::BareReferences
            ],
            |lab| {
                let (shelf, lent, _membrane) = store(direction);
                let mine: Arc<dyn Vault> = Safe::new();
                let items = std::iter::repeat_n(Ok(mine.clone()), 2);
                for (theirs, own) in lent.zip(Box::new(items)).expect("listed") {
                    lab.reached();
                    lab.escaped_if(shelf.is_raw(&own), "the owner's");
                    lab.escaped_if(
                        !Arc::ptr_eq(&theirs, &mine),
                        "the membrane's own, for the caller's",
                    );
                }
            },
        );
    }
}

/// A11: a default method runs where the object is, and only if it is listed itself.
#[test]
fn a11_default_method_that_reads_elements() {
    for direction in BOTH {
        contained(breaks![membrane::AllowAll], |lab| {
            let (_, lent, _membrane) = store(direction);
            lab.reached();
            lab.escaped_if(lent.raid().is_ok(), "by the default method");
            lab.escaped_if(lent.one(0).is_ok(), "by the method that it calls");
            lab.escaped_if(membrane::lease(&lent).raid().is_ok(), "by a lease");
        });
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// A12: elements.

/// A12: in every container, by every way.
#[test]
fn a12_elements_of_every_container() {
    for shape in shapes() {
        for direction in BOTH {
            contained(
                breaks![membrane::BareElements, membrane::BareReferences],
                |lab| {
                    for (_, way) in ways().filter(|(way, _)| *way == direction) {
                        let membrane = Membrane::new(swap_policy());
                        let secret = Secret::new(1);
                        let got = way.carry(Link(Some(&membrane)), shape.build(&secret.raw));
                        look(
                            lab,
                            got,
                            &secret,
                            format!("{}, as {}", shape.name, way.name),
                        );
                    }
                },
            );
        }
    }
}

/// A12 by each way alone, and on through a second membrane.
#[test]
fn a12_elements_by_every_way() {
    for (direction, way) in ways() {
        for hops in [1, 2] {
            contained(
                breaks![membrane::BareElements, membrane::BareReferences],
                |lab| {
                    for shape in shapes().into_iter().filter(|shape| !shape.lazy) {
                        let one = Membrane::new(swap_policy());
                        let other = Membrane::new(swap_policy());
                        let secret = Secret::new(1);
                        let mut got = way.carry(Link(Some(&one)), shape.build(&secret.raw));
                        if hops == 2 {
                            got = other.pass(got, direction).expect("live");
                        }
                        look(lab, got, &secret, format!("{}, {hops} hops", way.name));
                    }
                },
            );
        }
    }
}

/// A12: the elements of a map. That they cannot be its keys is shown by `ui/fail/key_of_hash_map.rs`.
#[test]
fn a12_elements_of_a_map() {
    for direction in BOTH {
        contained(
            breaks![membrane::BareElements, membrane::BareReferences],
            |lab| {
                let membrane = Membrane::new(listed().build().expect("one list each"));
                let safe = Safe::new();
                let vault: Arc<dyn Vault> = safe.clone();
                let hashed = HashMap::from([("a", vec![vault.clone()]), ("b", vec![])]);
                let sorted = BTreeMap::from([((1, 'x'), Some([vault.clone(), vault]))]);
                let (hashed, sorted) = membrane.pass((hashed, sorted), direction).expect("live");
                let elements = hashed.into_values().flatten();
                let others = sorted.into_values().flatten().flatten();
                for vault in elements.chain(others) {
                    lab.reached();
                    lab.escaped_if(is_raw(&vault, &safe), "an element");
                }
            },
        );
    }
}

/// A12, dynamically: lists and records in a value.
#[test]
fn a12_elements_of_a_dynamic_list() {
    contained(
        breaks![
            membrane::BareElements,
            membrane::BareResults,
            membrane::BareReferences,
            runtime::SendsBare
        ],
        |lab| {
            let stage = chests::Stage::new();
            for (owner, holder) in stage.sides() {
                let (oak, lent) = chests::lend(owner, holder);
                let all = holder.call_named(&lent, "all", &[]).expect("listed");
                chests::look(lab, holder, &all, "an element");
                lab.escaped_if(oak.opened() > 0, "what is inside");
            }
        },
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// A13: holders that are not lists.

type Promise = Pin<Box<dyn Future<Output = Lent> + Send>>;
type Flow = Pin<Box<dyn Stream<Item = Lent> + Send>>;
type Give = Arc<dyn Fn() -> Lent + Send + Sync>;

/// Everything that holds a vault without being a container of it.
#[derive(Passable)]
pub(crate) struct Holders {
    promises: HashMap<String, Option<Promise>>,
    flows: Vec<(u8, Flow)>,
    gives: Result<Box<[Give; 1]>, Error>,
    items: Option<Items>,
}

struct Once(Option<Arc<dyn Vault>>);

impl Stream for Once {
    type Item = Lent;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Lent>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

pub(crate) fn holders(vault: &Arc<dyn Vault>) -> Holders {
    let promise: Promise = Box::pin(ready(Ok(vault.clone())));
    let flow: Flow = Box::pin(Once(Some(vault.clone())));
    let (given, item) = (vault.clone(), vault.clone());
    let give: Give = Arc::new(move || Ok(given.clone()));
    Holders {
        promises: HashMap::from([(String::from("a"), Some(promise)), (String::new(), None)]),
        flows: vec![(0, flow)],
        gives: Ok(Box::new([give])),
        items: Some(Box::new([Ok(item)].into_iter())),
    }
}

impl Holders {
    /// What they hold.
    pub(crate) fn open(self) -> Vec<(&'static str, Arc<dyn Vault>)> {
        let mut all = Vec::new();
        for promise in self.promises.into_values().flatten() {
            all.push(("a promise", settle(promise)));
        }
        for (_, mut flow) in self.flows {
            let item = settle(poll_fn(|context| flow.as_mut().poll_next(context)));
            all.push(("a stream", item.expect("one item")));
        }
        for give in *self.gives.expect("a success") {
            all.push(("a closure", give()));
        }
        for item in self.items.into_iter().flatten() {
            all.push(("an iterator", item));
        }
        all.into_iter()
            .map(|(name, vault)| (name, vault.expect("it gives one")))
            .collect()
    }
}

/// A13: the holder is wrapped, and so is what it gives. A set holds no reference at all: `ui/fail/key_of_hash_set.rs`.
#[test]
fn a13_contents_of_promises_streams_and_closures() {
    for direction in BOTH {
        let faults = breaks![
            membrane::BareElements,
            membrane::BareSuspended,
            membrane::BareCompletions,
            membrane::BareItems,
            membrane::BareResults,
            membrane::BareReferences
        ];
        contained(faults, |lab| {
            let membrane = Membrane::new(listed().build().expect("one list each"));
            let safe = Safe::new();
            let vault: Arc<dyn Vault> = safe.clone();
            let got = membrane.pass(holders(&vault), direction).expect("live");
            let got = got.open();
            assert_eq!(got.len(), 4, "each holds one");
            for (name, vault) in got {
                lab.reached();
                lab.escaped_if(is_raw(&vault, &safe), name);
            }
        });
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// A15: what is exempt.

/// Owns the bytes of a buffer: its `Drop` is its side's code, and what it has its side's own.
struct Owner {
    bytes: Vec<u8>,
    _token: Token,
}

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[interface]
trait Archive: Send + Sync {
    fn read(&self) -> Result<Bytes, Error>;
    fn write(&self, bytes: Bytes) -> Result<(), Error>;
}

struct Files {
    census: Census,
    written: Bag<Bytes>,
}

fn owned(census: &Census) -> Bytes {
    Bytes::from_owner(Owner {
        bytes: vec![7; 100],
        _token: census.token(),
    })
}

impl Archive for Files {
    fn read(&self) -> Result<Bytes, Error> {
        Ok(owned(&self.census))
    }
    fn write(&self, bytes: Bytes) -> Result<(), Error> {
        self.written.put(bytes);
        Ok(())
    }
}

/// A15: a buffer is plain bytes, and has an owner inside, which whoever gets the buffer would keep and drop.
#[test]
fn a15_owner_of_a_buffer() {
    for direction in BOTH {
        contained(breaks![membrane::BareBuffers], |lab| {
            let list = allow!(dyn Archive: read, write);
            let policy = Policy::builder().inbound(list).outbound(list).build();
            let membrane = Membrane::new(policy.expect("one list each"));
            let files = Arc::new(Files {
                census: Census::default(),
                written: Bag::new(),
            });
            let object: Arc<dyn Archive> = files.clone();
            let lent = membrane.pass(object, direction).expect("live");

            let read = lent.read().expect("listed");
            assert_eq!((read.len(), files.census.made()), (100, 1), "it is read");
            lab.reached();
            lab.escaped_if(files.census.alive() > 0, "the owner of a result");
            let listed = membrane.pass(vec![Some(owned(&files.census))], direction);
            lab.escaped_if(files.census.alive() > 0, "the owner of an element");
            drop((read, listed));

            let mine = Census::default();
            lent.write(owned(&mine)).expect("listed");
            lab.escaped_if(mine.alive() > 0, "the owner of an argument");
            assert_eq!(files.written.take()[0].len(), 100, "it was written");
        });
    }
}

#[interface]
trait Relay: Send + Sync {
    fn ask(&self) -> Result<u64, Error>;
    fn report(&self) -> Result<Vec<Error>, Error>;
}

/// Passes on what another membrane answered.
struct Broken(Arc<dyn Relay>);

impl Relay for Broken {
    fn ask(&self) -> Result<u64, Error> {
        self.0.ask()
    }
    fn report(&self) -> Result<Vec<Error>, Error> {
        Ok(self.0.ask().err().into_iter().collect())
    }
}

/// A15: an error is one word, and in it is the number of a text that another membrane's owner meant for its own holders.
#[test]
fn a15_reason_in_another_membranes_answer() {
    let policy = || {
        let list = allow!(dyn Relay: ask, report);
        let policy = Policy::builder().inbound(list).outbound(list).build();
        policy.expect("one list each way")
    };
    for direction in BOTH {
        contained(breaks![membrane::WholeErrors], |lab| {
            let (far, near) = (Membrane::new(policy()), Membrane::new(policy()));
            let dead: Arc<dyn Relay> = Arc::new(Broken(Arc::new(Dead)));
            let dead = far.wrap(dead).expect("live");
            far.revoke("what nobody else is to know");
            let relay: Arc<dyn Relay> = Arc::new(Broken(dead));
            let relay = near.pass(relay, direction).expect("live");
            let mut told = relay.report().expect("listed");
            assert_eq!(told.len(), 1, "it reports");
            told.extend(relay.ask().err());
            told.extend(membrane::lease(&relay).ask().err());
            for error in told {
                lab.reached();
                lab.escaped_if(error.reason().is_some(), "the reason");
                lab.escaped_if(error.to_string().contains("nobody"), "its text");
            }
        });
    }
}

/// Never asked.
struct Dead;

impl Relay for Dead {
    fn ask(&self) -> Result<u64, Error> {
        unreachable!("the membrane in front of it is revoked")
    }
    fn report(&self) -> Result<Vec<Error>, Error> {
        Ok(Vec::new())
    }
}
